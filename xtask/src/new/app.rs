//! `new app`: an application outside this repository, with its own `cargo xtask`.
//!
//! Its manifest, `main.rs`, defaults and README come from the checkout's own app-template, so that
//! there is one description of what an application is. Its dependencies are paths into the
//! checkout and its lock file is the checkout's, so that it builds offline.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item};

use super::{check_name, fill};
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::manifest::Manifest;
use crate::workspace::Workspace;
use crate::{file, plugins_rs, talk};

/// The command line of `new app`.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Its folder; the folder's name is the name of its package
    pub dir: PathBuf,
    /// The checkout of weldkit that it is built against; the one that this command comes from
    /// unless given
    #[arg(long, value_name = "PATH")]
    pub framework: Option<PathBuf>,
    /// Only these plugins of the checkout; all of them unless given
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub plugins: Vec<String>,
}

/// The tables of the checkout's manifest that an application repeats.
const TABLES: [&[&str]; 5] = [
    &["workspace", "lints"],
    &["profile", "dev"],
    &["profile", "release"],
    &["profile", "small"],
    &["profile", "fast"],
];

/// The command.
///
/// # Errors
/// Fails when the folder is not empty or the checkout is not one.
pub fn command(arguments: &Arguments) -> Result<()> {
    let folder = std::path::absolute(&arguments.dir)
        .map_err(|e| Error::failed(format!("{}: {e}", arguments.dir.display())))?;
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    check_name(&name)?;
    if std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::refused(format!("{} is not empty", folder.display())));
    }
    let checkout = checkout(arguments.framework.as_deref())?;
    let template = App::find(&checkout.join("app-template"), None)?;
    let plugins = chosen(&template, &arguments.plugins)?;
    let made = write(&folder, &name, &checkout, &template, &plugins);
    made.inspect_err(|_| {
        // The folder was not there or empty; the first error is the one to report.
        let _ = std::fs::remove_dir_all(&folder);
    })?;
    talk::step(
        "Made",
        format_args!("application `{name}` with {} plugins", plugins.len()),
    );
    talk::more(format_args!(
        "cd {} && cargo xtask build && dist/app list",
        arguments.dir.display()
    ));
    talk::data(arguments.dir.display());
    Ok(())
}

/// The folder of the framework's repository.
fn checkout(given: Option<&Path>) -> Result<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."));
    let folder = given.unwrap_or(own);
    let is_one = folder.join("framework/Cargo.toml").is_file()
        && folder.join("app-template/Cargo.toml").is_file();
    match std::fs::canonicalize(folder) {
        Ok(folder) if is_one => Ok(folder),
        _ => Err(Error::Usage(
            Problem::new(format!("{} is no checkout of weldkit", folder.display()))
                .help("name one: --framework PATH"),
        )),
    }
}

/// The ids that were asked for.
fn chosen(template: &App, asked: &[String]) -> Result<Vec<String>> {
    let known = || template.plugins.keys().map(String::as_str);
    let unknown: Vec<Problem> = asked
        .iter()
        .filter(|id| !template.plugins.contains_key(*id))
        .map(|id| Problem::new(format!("unknown plugin `{id}`")).names(id, known()))
        .collect();
    if !unknown.is_empty() {
        return Err(Error::Refused(unknown));
    }
    let is_asked = |id: &&String| asked.is_empty() || asked.contains(id);
    Ok(template.plugins.keys().filter(is_asked).cloned().collect())
}

/// The files that are filled in: where each goes, and its template.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../templates/app/Cargo.toml")),
    (
        ".cargo/config.toml",
        include_str!("../../templates/app/config.toml"),
    ),
    (".gitignore", include_str!("../../templates/app/gitignore")),
    (
        "clippy.toml",
        include_str!("../../templates/app/clippy.toml"),
    ),
    (
        "xtask/Cargo.toml",
        include_str!("../../templates/app/xtask.toml"),
    ),
    (
        "xtask/src/main.rs",
        include_str!("../../templates/app/xtask.rs"),
    ),
];

fn write(
    folder: &Path,
    name: &str,
    checkout: &Path,
    template: &App,
    plugins: &[String],
) -> Result<()> {
    let root = Manifest::read(&checkout.join("Cargo.toml"))?;
    let text = |keys: &[&str]| {
        root.get(keys)
            .and_then(Item::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let framework = checkout.display().to_string().replace('\\', "/");
    let editions: Vec<String> = template
        .editions
        .keys()
        .map(|name| format!("\"{name}\""))
        .collect();
    let values = [
        ("name", name),
        ("rust", &text(&["workspace", "package", "rust-version"])),
        (
            "thiserror",
            &text(&["workspace", "dependencies", "thiserror"]),
        ),
        (
            "version",
            &text(&["workspace", "dependencies", "weldkit", "version"]),
        ),
        ("framework", &framework),
        ("layers", &layers(template)?),
        ("editions", &editions.join(", ")),
        ("features", &features(template, plugins)),
        ("dependencies", &dependencies(template, plugins)),
        (
            "tables",
            &tables(&root, &linked(checkout, template, plugins)?),
        ),
    ];
    for (place, template) in FILES {
        file::write(&folder.join(place), &fill(template, &values))?;
    }
    for same in [
        "src/main.rs",
        "src/plugins.rs",
        "defaults.toml",
        "README.md",
    ] {
        file::copy(&template.folder.join(same), &folder.join(same))?;
    }
    let lock = checkout.join("Cargo.lock");
    if lock.is_file() {
        file::copy(&lock, &folder.join("Cargo.lock"))?;
    }
    plugins_rs::write(&App::find(folder, Some(name))?)?;
    Ok(())
}

/// The features of the framework that the template has, as a list of TOML.
fn layers(template: &App) -> Result<String> {
    let manifest = Manifest::read(&template.folder.join("Cargo.toml"))?;
    let framework = manifest.get(&["dependencies", "weldkit"]);
    let features = framework.and_then(|item| item.get("features"));
    let features = features.and_then(Item::as_value).map(ToString::to_string);
    Ok(features.map_or_else(|| "[]".to_owned(), |list| list.trim().to_owned()))
}

/// The editions as far as their plugins are there, then one feature per plugin.
fn features(template: &App, plugins: &[String]) -> String {
    let list = |ids: &mut dyn Iterator<Item = &String>| {
        let quoted: Vec<String> = ids.map(|id| format!("\"{id}\"")).collect();
        quoted.join(", ")
    };
    let mut text = String::new();
    let default = list(&mut template.default.iter().filter(|id| plugins.contains(id)));
    let of_default = template
        .editions
        .iter()
        .find(|(_, ids)| **ids == template.default);
    let default = of_default.map_or(default, |(edition, _)| format!("\"{edition}\""));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "default = [{default}]");
    for (edition, ids) in &template.editions {
        let _ = writeln!(
            text,
            "{edition} = [{}]",
            list(&mut ids.iter().filter(|id| plugins.contains(id)))
        );
    }
    for id in plugins {
        let _ = writeln!(text, "{id} = [\"dep:{}\"]", template.plugins[id].package);
    }
    text
}

fn dependencies(template: &App, plugins: &[String]) -> String {
    let line = |id: &String| {
        let plugin = &template.plugins[id];
        let path = plugin.folder.display().to_string().replace('\\', "/");
        format!(
            "{} = {{ path = \"{path}\", optional = true }}\n",
            plugin.package
        )
    };
    plugins.iter().map(line).collect()
}

/// The crates that the application links, as Rust names them.
fn linked(checkout: &Path, template: &App, plugins: &[String]) -> Result<BTreeSet<String>> {
    let workspace = Workspace::load(checkout)?;
    let packages = plugins
        .iter()
        .map(|id| template.plugins[id].package.as_str());
    let packages = packages.chain(["weldkit"]);
    Ok(packages.flat_map(|name| workspace.crates(name)).collect())
}

/// Lints and profiles as the checkout has them, without its comments, and without what they say
/// about crates that are not linked here: Cargo warns of those.
fn tables(root: &Manifest, linked: &BTreeSet<String>) -> String {
    let mut document = DocumentMut::new();
    for keys in TABLES {
        let (Some(item), Some((last, parents))) = (root.get(keys), keys.split_last()) else {
            continue;
        };
        let mut at = document.as_table_mut();
        for key in parents {
            let next = at.entry(key).or_insert_with(|| {
                let mut table = toml_edit::Table::new();
                table.set_implicit(true);
                Item::Table(table)
            });
            let Some(table) = next.as_table_mut() else {
                return String::new();
            };
            at = table;
        }
        let mut item = item.clone();
        if let Some(table) = item.as_table_mut() {
            table.decor_mut().clear();
            if let Some(overrides) = table.get_mut("package").and_then(Item::as_table_mut) {
                let is_linked = |name: &str| linked.contains(&name.replace('-', "_"));
                overrides.retain(|name, _| name == "*" || is_linked(name));
                overrides
                    .iter_mut()
                    .filter_map(|(_, item)| item.as_table_mut())
                    .for_each(|table| table.decor_mut().clear());
            }
        }
        at.insert(last, item);
    }
    document.to_string().trim().to_owned()
}
