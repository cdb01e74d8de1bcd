//! An application outside of this repository, as a user makes one: with a plugin of its own, tested, built and called.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::Step;
use crate::app::App;
use crate::cargo;
use crate::error::{Error, Result};

/// The plugin that is made in it.
const PLUGIN: &str = "greeting";

/// The step of the gate.
pub(super) fn step(app: &App) -> Step {
    let root = app.root.clone();
    Step {
        name: "an application outside".to_owned(),
        run: Box::new(move || {
            let outside = Outside::new(&root)?;
            let result = outside.live();
            drop(std::fs::remove_dir_all(&outside.folder));
            result.map(|()| 0)
        }),
    }
}

struct Outside {
    folder: PathBuf,
    /// Compiled dependencies are those of the gate, where nothing about them differs.
    target: PathBuf,
}

impl Outside {
    fn new(root: &Path) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("weldkit-outside-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .map_err(|e| Error::failed(format!("make {}: {e}", folder.display())))?;
        Ok(Self {
            folder,
            target: root.join("target"),
        })
    }

    fn live(&self) -> Result<()> {
        let own = std::env::current_exe().map_err(|e| Error::failed(format!("who am I: {e}")))?;
        let plugins = "records,storage-memory";
        let made = ["new", "app", "shop", "--plugins", plugins];
        self.run(Command::new(own).current_dir(&self.folder).args(made))?;
        let shop = self.folder.join("shop");
        let xtask = |arguments: &[&str]| {
            let mut command = cargo::command();
            self.run(command.current_dir(&shop).arg("xtask").args(arguments))
        };
        xtask(&["new", "plugin", PLUGIN])?;
        xtask(&["test", "-p", PLUGIN])?;
        xtask(&["build", "--all", "--profile", "fast"])?;
        let app = shop.join("dist/app");
        let list: Value = answer(&app, &["list", "--format", "json"])?;
        let mut ids: Vec<&str> = list["plugins"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|plugin| plugin["id"].as_str())
            .collect();
        ids.sort_unstable();
        if ids != [PLUGIN, "records", "storage-memory"] {
            return Err(Error::failed(format!("the application lists {ids:?}")));
        }
        let reply: Value = answer(&app, &["call", "greeting.greet", "--name", "Ada"])?;
        match reply["text"].as_str() {
            Some(text) if text.contains("Ada") => Ok(()),
            _ => Err(Error::failed(format!("the new plugin answered {reply}"))),
        }
    }

    fn run(&self, command: &mut Command) -> Result<()> {
        cargo::run_command(command.env("CARGO_TARGET_DIR", &self.target))
    }
}

/// What a command of the application prints.
fn answer(app: &Path, arguments: &[&str]) -> Result<Value> {
    let state = app.with_file_name("state");
    let text = cargo::output(Command::new(app).arg("--state").arg(state).args(arguments))?;
    serde_json::from_str(&text).map_err(|e| Error::failed(format!("read its answer: {e}")))
}
