//! `src/plugins.rs` of an application: the list that anchors every plugin's registration.
//!
//! A crate that no code names is dropped without a word; so each plugin is named here, behind its
//! feature, and the ids that were chosen are known to the host. So are those that were not: a
//! message about a missing service names the plugin that supplies it.

use std::fmt::Write;
use std::path::PathBuf;

use crate::app::{App, Plugin};
use crate::error::Result;
use crate::{file, metadata};

/// What stands above the second list. A line per plugin reads better than what rustfmt makes of it.
const KNOWN: &str = "\
/// Every plugin that this application can weld in, chosen or not, and its services as `name@line`; a message about a
/// missing service names the plugin that supplies it and the command that builds it in.
#[rustfmt::skip]
pub(crate) const KNOWN: &[(&str, &[&str])] = &[
";

/// Where the file is.
pub fn path(app: &App) -> PathBuf {
    app.folder.join("src/plugins.rs")
}

/// What the file must be.
pub fn render(app: &App) -> String {
    let mut crates: Vec<_> = app.plugins.values().collect();
    crates.sort_by(|a, b| a.extern_name.cmp(&b.extern_name));
    let mut text = String::from(
        "//! The plugins this application can weld in. Written by `cargo xtask tidy --fix` from Cargo.toml.\n\n",
    );
    for plugin in crates {
        text.push_str(&switch("", plugin.feature.as_deref()));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "use {} as _;", plugin.extern_name);
    }
    text.push_str(
        "\n/// The ids of the plugins chosen at build time; the host refuses to start when one of them is not linked.\n\
         pub(crate) const CHOSEN: &[&str] = &[\n",
    );
    for (id, plugin) in &app.plugins {
        text.push_str(&switch("    ", plugin.feature.as_deref()));
        let _ = writeln!(text, "    \"{id}\",");
    }
    text.push_str("];\n\n");
    text.push_str(KNOWN);
    for (id, plugin) in &app.plugins {
        let _ = writeln!(text, "    (\"{id}\", &[{}]),", services(plugin));
    }
    text.push_str("];\n");
    text
}

/// `"storage@1", "search@0.3"`; nothing of a plugin that says nothing about itself yet.
fn services(plugin: &Plugin) -> String {
    let contracts = plugin.metadata.iter().flat_map(|of| &of.service_contracts);
    let quoted: Vec<String> = contracts
        .map(|contract| {
            format!(
                "\"{}@{}\"",
                contract.name,
                metadata::line(&contract.version)
            )
        })
        .collect();
    quoted.join(", ")
}

fn switch(indent: &str, feature: Option<&str>) -> String {
    feature.map_or_else(String::new, |name| {
        format!("{indent}#[cfg(feature = \"{name}\")]\n")
    })
}

/// Writes the file where it is not true; says whether it was.
///
/// # Errors
/// Fails when it cannot be written.
pub fn write(app: &App) -> Result<bool> {
    file::write(&path(app), &render(app))
}

/// Whether the file is true.
pub fn is_true(app: &App) -> bool {
    file::read(&path(app)).is_ok_and(|text| text == render(app))
}
