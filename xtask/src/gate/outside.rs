//! An application outside of this repository, as a user makes one: with a plugin of its own and one from a path, offline,
//! tested, built, listed and called.
//!
//! Its commands are those of its own `cargo xtask`, never this process's file: the gate rebuilds that one.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::Step;
use crate::app::App;
use crate::error::{Error, Result};
use crate::{cargo, new};

/// The plugin that is made in it.
const MADE: &str = "greeting";

/// The plugin that it is made with.
const WELDED: &str = "records";

/// The plugin of the repository that is added by its path.
const ADDED: &str = "storage-memory";

/// The step of the gate.
pub(super) fn step(app: &App) -> Step {
    let app = app.clone();
    Step {
        name: "an application outside".to_owned(),
        run: Box::new(move || Outside::new(&app)?.live(&app).map(|()| 0)),
    }
}

struct Outside {
    /// A folder of its own in the system's temporary one.
    folder: PathBuf,
    /// Compiled dependencies are those of the gate, where nothing about them differs.
    target: PathBuf,
}

impl Drop for Outside {
    fn drop(&mut self) {
        // What is left there harms nobody, and the step has its verdict.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl Outside {
    fn new(app: &App) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("weldkit-outside-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .map_err(|e| Error::failed(format!("make {}: {e}", folder.display())))?;
        Ok(Self {
            folder,
            target: app.root.join("target"),
        })
    }

    fn live(&self, app: &App) -> Result<()> {
        let shop = self.folder.join("shop");
        new::app::command(&new::app::Arguments {
            dir: shop.clone(),
            framework: Some(app.root.clone()),
            plugins: vec![WELDED.to_owned()],
        })?;
        let added = app.plugins.get(ADDED).map(|plugin| &plugin.folder);
        let added = added.ok_or_else(|| Error::failed(format!("there is no `{ADDED}` to add")))?;
        let xtask = |arguments: &[&str]| self.xtask(&shop, arguments);
        xtask(&["add", "--path", &added.display().to_string()])?;
        xtask(&["new", "plugin", MADE])?;
        xtask(&["test"])?;
        xtask(&["build", "--all", "--profile", "fast"])?;
        check(&shop.join("dist/app"))
    }

    fn xtask(&self, shop: &Path, arguments: &[&str]) -> Result<()> {
        let mut command = cargo::command();
        command
            .current_dir(shop)
            .arg("xtask")
            .args(arguments)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_NET_OFFLINE", "true");
        cargo::run_command(&mut command)
    }
}

/// Whether the binary lists all three plugins, and the one that was made answers.
fn check(binary: &Path) -> Result<()> {
    let list = answer(binary, &["list", "--format", "json"])?;
    let plugins = list["plugins"].as_array().into_iter().flatten();
    let mut ids: Vec<&str> = plugins.filter_map(|plugin| plugin["id"].as_str()).collect();
    ids.sort_unstable();
    if ids != [MADE, WELDED, ADDED] {
        return Err(Error::failed(format!("the application lists {ids:?}")));
    }
    let reply = answer(binary, &["call", "greeting.greet", "--name", "Ada"])?;
    match reply["text"].as_str() {
        Some(text) if text.contains("Ada") => Ok(()),
        _ => Err(Error::failed(format!("the new plugin answered {reply}"))),
    }
}

/// What a command of the application prints.
fn answer(binary: &Path, arguments: &[&str]) -> Result<Value> {
    let state = binary.with_file_name("state");
    let mut command = Command::new(binary);
    let text = cargo::output(command.arg("--state").arg(state).args(arguments))?;
    serde_json::from_str(&text).map_err(|e| Error::failed(format!("read its answer: {e}")))
}
