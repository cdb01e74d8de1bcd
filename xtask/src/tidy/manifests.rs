//! Rules about manifests and metadata.

use toml_edit::Item;

use crate::app::App;
use crate::error::Problem;
use crate::file;
use crate::manifest::Manifest;
use crate::metadata::{FILE, PluginMetadata};
use crate::workspace::{Package, Workspace};

/// Every breach in the manifests of a workspace.
pub(super) fn check(workspace: &Workspace, app: &App) -> Vec<Problem> {
    let mut problems = Vec::new();
    match Manifest::read(&workspace.root.join("Cargo.toml")) {
        Ok(root) => {
            problems.extend(reasons(&root));
            if root.get(&["workspace", "lints"]).is_some() {
                problems.extend(
                    workspace
                        .members()
                        .filter_map(|package| lints(workspace, package)),
                );
            }
        }
        Err(error) => problems.extend(error.problems().to_vec()),
    }
    for package in workspace.members() {
        problems.extend(plugin_on_plugin(workspace, app, package));
    }
    for plugin in app.plugins.values().filter(|plugin| plugin.is_member) {
        match &plugin.metadata {
            Ok(metadata) => {
                let package = workspace.package(&plugin.package);
                problems.extend(package.and_then(|package| stale(workspace, package, metadata)));
            }
            Err(error) => problems.extend(error.problems().to_vec()),
        }
    }
    problems
}

/// Every dependency from outside says why it is there, in a comment on its line.
fn reasons(root: &Manifest) -> Vec<Problem> {
    let table = root
        .get(&["workspace", "dependencies"])
        .and_then(Item::as_table);
    let entries = table.into_iter().flat_map(|table| table.iter());
    let without = entries.filter(|(_, item)| {
        let comment = item
            .as_value()
            .and_then(|value| value.decor().suffix()?.as_str());
        item.get("path").is_none() && !comment.is_some_and(|comment| comment.contains('#'))
    });
    without
        .map(|(name, _)| {
            Problem::new(format!(
                "Cargo.toml: `{name}` in [workspace.dependencies] does not say why it is there"
            ))
            .help("add the reason as a comment at the end of its line")
        })
        .collect()
}

fn lints(workspace: &Workspace, package: &Package) -> Option<Problem> {
    let shown = file::relative(&package.manifest_path, &workspace.root);
    let manifest = Manifest::read(&package.manifest_path).ok()?;
    let uses = manifest
        .get(&["lints", "workspace"])
        .and_then(Item::as_bool)
        == Some(true);
    (!uses).then(|| {
        Problem::new(format!("{shown} does not use the lints of the workspace"))
            .help("add: [lints] workspace = true")
    })
}

/// A plugin depends on contracts, never on another plugin.
fn plugin_on_plugin(workspace: &Workspace, app: &App, package: &Package) -> Vec<Problem> {
    if !app
        .plugins
        .values()
        .any(|plugin| plugin.package == package.name)
    {
        return Vec::new();
    }
    let shown = file::relative(&package.manifest_path, &workspace.root);
    let others = package.dependencies.iter().filter(|dependency| {
        dependency.kind.is_none()
            && app
                .plugins
                .values()
                .any(|plugin| plugin.package == dependency.name)
    });
    others
        .map(|other| {
            Problem::new(format!(
                "{shown}: the plugin depends on another plugin, {}",
                other.name
            ))
            .help("depend on the crate of its contract")
        })
        .collect()
}

/// The fields that the manifest alone decides.
fn stale(workspace: &Workspace, package: &Package, metadata: &PluginMetadata) -> Option<Problem> {
    let same = metadata.package == package.name
        && metadata.version == package.version
        && metadata.license == package.license.clone().unwrap_or_default()
        && package
            .repository
            .as_ref()
            .is_none_or(|source| *source == metadata.source)
        && package
            .description
            .as_ref()
            .is_none_or(|text| *text == metadata.description);
    let path = file::relative(&package.folder().join(FILE), &workspace.root);
    (!same).then(|| {
        Problem::new(format!("{path} is stale")).help("write it anew: cargo xtask metadata")
    })
}
