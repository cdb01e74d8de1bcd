//! `metadata`: asks the application, with every plugin linked, what its plugins say about
//! themselves, and writes it beside their manifests.

use std::path::PathBuf;

use serde::Deserialize;

use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::metadata::{self, PluginMetadata};
use crate::{build, cargo, file, plugins_rs, talk};

/// The command line of `metadata`.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Arguments {
    /// Write nothing; fail where a file is missing or stale
    #[arg(long)]
    pub check: bool,
}

/// What the hidden command `app metadata` prints.
#[derive(Debug, Deserialize)]
struct Printed {
    format: u32,
    plugins: Vec<PluginMetadata>,
}

/// The command.
///
/// # Errors
/// Fails with Cargo, when a plugin is missing from the linked application, or, with `--check`,
/// with every stale file.
pub fn command(app: &App, arguments: Arguments) -> Result<()> {
    if arguments.check && !plugins_rs::is_true(app) {
        return Err(stale_list(app));
    }
    if !arguments.check {
        write_list(app)?;
    }
    let printed = ask(app)?;
    let mut stale = lost(app, &printed);
    for found in &printed {
        let plugin = app
            .plugins
            .values()
            .find(|plugin| plugin.package == found.package);
        let Some(plugin) = plugin.filter(|plugin| plugin.is_member) else {
            continue;
        };
        let path = file::relative(&plugin.folder.join(metadata::FILE), &app.root);
        if !arguments.check {
            if found.write(&plugin.folder)? {
                talk::step("Wrote", path);
            }
        } else if plugin.metadata.as_ref().ok() != Some(found) {
            stale.push(
                Problem::new(format!("{path} is stale"))
                    .help("write it anew: cargo xtask metadata"),
            );
        }
    }
    if !arguments.check {
        // The list names the services of every plugin, and they may have changed a moment ago.
        write_list(&App::find(&app.folder, Some(&app.name))?)?;
    }
    if stale.is_empty() {
        talk::step(
            "Checked",
            format_args!("the metadata of {} plugins", printed.len()),
        );
        Ok(())
    } else {
        Err(Error::Failed(stale))
    }
}

fn write_list(app: &App) -> Result<()> {
    if plugins_rs::write(app)? {
        talk::step("Wrote", file::relative(&plugins_rs::path(app), &app.root));
    }
    Ok(())
}

/// The error for a `plugins.rs` that is not what the manifest says.
fn stale_list(app: &App) -> Error {
    let path = file::relative(&plugins_rs::path(app), &app.root);
    Error::failed(format!("{path} is not what Cargo.toml says"))
        .help("write it anew: cargo xtask tidy --fix")
}

/// Plugins that the application should hold and does not print.
fn lost(app: &App, printed: &[PluginMetadata]) -> Vec<Problem> {
    let missing = app
        .plugins
        .iter()
        .filter(|(_, plugin)| !printed.iter().any(|found| found.package == plugin.package));
    missing
        .map(|(id, plugin)| {
            Problem::new(format!(
                "`{id}` ({}) is linked and registers nothing",
                plugin.package
            ))
            .help("a plugin is an impl with #[weldkit::plugin]")
        })
        .collect()
}

/// Builds the application with every plugin and runs its hidden command.
fn ask(app: &App) -> Result<Vec<PluginMetadata>> {
    talk::step(
        "Building",
        format_args!(
            "{} with all {} plugins, profile dev",
            app.name,
            app.plugins.len()
        ),
    );
    let features = app.features(&app.plugins.keys().cloned().collect());
    let program: PathBuf = build::run_cargo(
        cargo::command()
            .current_dir(&app.root)
            .args(["build", "--package", &app.name, "--no-default-features"])
            .args(["--features", &features.join(",")]),
        &app.name,
    )?;
    let text = cargo::output(std::process::Command::new(&program).arg("metadata"))?;
    let printed: Printed = serde_json::from_str(&text)
        .map_err(|e| Error::failed(format!("read what `{} metadata` prints: {e}", app.name)))?;
    if printed.format != 1 {
        return Err(Error::failed(format!(
            "`{} metadata` prints format {}",
            app.name, printed.format
        )));
    }
    Ok(printed.plugins)
}
