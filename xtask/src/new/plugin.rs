//! `new plugin`: a contract crate and a provider crate, known to the application at once.

use std::path::{Path, PathBuf};

use toml_edit::Item;

use super::{check_name, fill};
use crate::add::{self, Metadata};
use crate::app::App;
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Snapshot};
use crate::{cargo, file, refresh, talk};

/// The command line of `new plugin`.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Its id; also the name of its crate and of its feature
    pub name: String,
    /// Leave out the last step, which compiles the application to write the plugin's metadata
    #[arg(long)]
    pub no_metadata: bool,
}

/// The files, by their place under `plugins/NAME/`.
const FILES: [(&str, &str); 9] = [
    (
        "contract/Cargo.toml",
        include_str!("../../templates/plugin/contract.toml"),
    ),
    (
        "contract/README.md",
        include_str!("../../templates/plugin/contract.md"),
    ),
    (
        "contract/LICENSE",
        include_str!("../../templates/plugin/LICENSE"),
    ),
    (
        "contract/src/lib.rs",
        include_str!("../../templates/plugin/contract.rs"),
    ),
    (
        "provider/Cargo.toml",
        include_str!("../../templates/plugin/provider.toml"),
    ),
    (
        "provider/README.md",
        include_str!("../../templates/plugin/provider.md"),
    ),
    (
        "provider/LICENSE",
        include_str!("../../templates/plugin/LICENSE"),
    ),
    (
        "provider/src/lib.rs",
        include_str!("../../templates/plugin/provider.rs"),
    ),
    (
        "provider/examples/basic.rs",
        include_str!("../../templates/plugin/basic.rs"),
    ),
];

/// The command.
///
/// # Errors
/// Fails with every file as it was, except when the finished plugin does not compile.
pub fn command(app: &App, arguments: &Arguments) -> Result<()> {
    let name = &arguments.name;
    check_name(name)?;
    let folder = app.root.join("plugins").join(name);
    let taken = app.plugins.contains_key(name) || app.editions.contains_key(name);
    if taken || app.elsewhere.iter().any(|plugin| plugin.id == *name) {
        return Err(Error::refused(format!(
            "there is a plugin or an edition `{name}` already"
        )));
    }
    if folder.exists() {
        return Err(Error::refused(format!(
            "{} is there already",
            folder.display()
        )));
    }
    let root = app.root.join("Cargo.toml");
    let files = [
        root.clone(),
        app.root.join("Cargo.lock"),
        app.folder.join("Cargo.toml"),
    ];
    let made = Snapshot::take(files).guard(|| {
        write(app, name, &folder)?;
        join(&root, name)?;
        let source = [
            "--path".to_owned(),
            folder.join("provider").display().to_string(),
        ];
        add::adopt(app, &source, None, Metadata::OfNew)
    });
    made.inspect_err(|_| {
        // The error of the change is the one to report.
        let _ = std::fs::remove_dir_all(&folder);
    })?;
    // The length and order of lines depend on the name. Without rustfmt they stay as they are.
    let contract = format!("{name}-contract");
    let format = ["fmt", "--package", name, "--package", &contract];
    let _ = cargo::output(cargo::command().current_dir(&app.root).args(format));
    if !arguments.no_metadata {
        let renewed = App::find(&app.folder, Some(&app.name))?;
        refresh::command(&renewed, refresh::Arguments::default())?;
    }
    talk::more(format_args!("test it:   cargo test -p {name}"));
    talk::more(format_args!(
        "try it:    cargo run -p {name} --example {name}-basic"
    ));
    talk::more("weld it:   cargo xtask build --all && dist/app list");
    talk::data(file::relative(&folder, &app.root));
    Ok(())
}

fn write(app: &App, name: &str, folder: &Path) -> Result<()> {
    let root = Manifest::read(&app.root.join("Cargo.toml"))?;
    // As the workspace has it, else any version of the line that the templates are written for.
    let shared = |name: &str, version: &str| match root.get(&["workspace", "dependencies", name]) {
        Some(_) => "workspace = true".to_owned(),
        None => format!("version = \"{version}\""),
    };
    let (thiserror, tokio) = (shared("thiserror", "2"), shared("tokio", "1"));
    let lints = if root.get(&["workspace", "lints"]).is_some() {
        "\n[lints]\nworkspace = true\n"
    } else {
        ""
    };
    let kind = type_name(name);
    let values = [
        ("name", name),
        ("crate", &name.replace('-', "_")),
        ("Type", &kind),
        ("service", &service_name(&kind)),
        ("weldkit", &framework(app, &root, folder)?),
        ("thiserror", &thiserror),
        ("tokio", &tokio),
        ("lints", lints),
    ];
    for (place, template) in FILES {
        file::write(&folder.join(place), &fill(template, &values))?;
    }
    Ok(())
}

/// The framework as a dependency of a crate two folders below `plugins/`.
fn framework(app: &App, root: &Manifest, folder: &Path) -> Result<String> {
    if root
        .get(&["workspace", "dependencies", "weldkit"])
        .is_some()
    {
        return Ok("workspace = true".to_owned());
    }
    let manifest = Manifest::read(&app.folder.join("Cargo.toml"))?;
    let item = manifest.get(&["dependencies", "weldkit"]);
    let text = |key: &str| item.and_then(|item| item.get(key)).and_then(Item::as_str);
    if let Some(path) = text("path") {
        let path: PathBuf = app.folder.join(path);
        let path = std::fs::canonicalize(&path)
            .map_err(|e| Error::failed(format!("{}: {e}", path.display())))?;
        return Ok(format!(
            "path = \"{}\"",
            file::relative(&path, &folder.join("provider"))
        ));
    }
    let pairs = ["version", "git", "branch", "tag", "rev", "registry"];
    let pairs = pairs
        .iter()
        .filter_map(|key| Some(format!("{key} = \"{}\"", text(key)?)));
    let pairs: Vec<String> = pairs.collect();
    match item.and_then(Item::as_str) {
        Some(version) => Ok(format!("version = \"{version}\"")),
        None if !pairs.is_empty() => Ok(pairs.join(", ")),
        None => Err(Error::refused(format!(
            "{} does not depend on weldkit",
            app.name
        ))),
    }
}

/// Makes both crates members, unless a pattern such as `plugins/*/*` has them already.
fn join(root: &Path, name: &str) -> Result<()> {
    let mut manifest = Manifest::read(root)?;
    let members = manifest
        .get(&["workspace", "members"])
        .and_then(Item::as_array);
    let covered = members.is_some_and(|members| {
        members
            .iter()
            .any(|member| member.as_str() == Some("plugins/*/*"))
    });
    if !covered {
        manifest.join_workspace(&[
            format!("plugins/{name}/contract"),
            format!("plugins/{name}/provider"),
        ]);
        manifest.write()?;
    }
    Ok(())
}

/// `rate-limit` as `RateLimit`.
fn type_name(name: &str) -> String {
    let words = name.split(['-', '_']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            format!("{}{rest}", first.to_ascii_uppercase())
        })
        .collect()
}

/// `RateLimit` as `rate_limit`: the name that the macro gives the service.
fn service_name(kind: &str) -> String {
    let mut name = String::new();
    for letter in kind.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_type_and_a_service() {
        let check = |name: &str, kind: &str, service: &str| {
            assert_eq!(type_name(name), kind);
            assert_eq!(service_name(kind), service);
        };
        check("greeting", "Greeting", "greeting");
        check("rate-limit", "RateLimit", "rate_limit");
        check("x_2", "X2", "x2");
    }

    #[test]
    fn no_template_has_a_hole_left() {
        let keys = [
            "name",
            "crate",
            "Type",
            "service",
            "weldkit",
            "thiserror",
            "tokio",
            "lints",
        ];
        let values: Vec<(&str, &str)> = keys.iter().map(|key| (*key, "x")).collect();
        for (place, template) in FILES {
            assert!(!fill(template, &values).contains("{{"), "{place}");
        }
    }
}
