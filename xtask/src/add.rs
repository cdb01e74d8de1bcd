//! `add`: a plugin becomes an optional dependency of the application, a feature with its id, and a
//! member of an edition. On any failure every file is as it was.

use std::path::{Path, PathBuf};

use crate::app::App;
use crate::error::{self, Error, Problem, Result};
use crate::manifest::{Manifest, Snapshot};
use crate::metadata::{self, PluginMetadata};
use crate::workspace::Workspace;
use crate::{cargo, file, plugins_rs, talk};

/// The command line of `add`.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// A crate of the workspace or of the registry, as NAME or NAME@VERSION
    #[arg(value_name = "CRATE", required_unless_present_any = ["path", "git"])]
    pub name: Option<String>,
    /// The folder of the plugin's crate
    #[arg(long, value_name = "DIR", conflicts_with = "git")]
    pub path: Option<PathBuf>,
    /// The repository of the plugin's crate
    #[arg(long, value_name = "URL")]
    pub git: Option<String>,
    /// A branch of the repository
    #[arg(long, requires = "git")]
    pub branch: Option<String>,
    /// A tag of the repository
    #[arg(long, requires = "git", conflicts_with = "branch")]
    pub tag: Option<String>,
    /// A commit of the repository
    #[arg(long, requires = "git", conflicts_with_all = ["branch", "tag"])]
    pub rev: Option<String>,
    /// The edition it joins; the widest one unless given
    #[arg(long)]
    pub edition: Option<String>,
}

/// The command.
///
/// # Errors
/// Fails when the crate is not a plugin, does not fit, or is there already.
pub fn command(app: &App, arguments: &Arguments) -> Result<()> {
    if let Some(path) = &arguments.path {
        // Before anything changes: the commonest mistake is the folder beside the right one.
        PluginMetadata::read(path).map_err(|error| not_a_plugin(path, &error))?;
    }
    let id = adopt(
        app,
        &source(app, arguments)?,
        arguments.edition.as_deref(),
        Metadata::Needed,
    );
    talk::data(id.map_err(|error| match &arguments.name {
        Some(name) => mistyped(app, name, error),
        None => error,
    })?);
    Ok(())
}

/// The error with the plugin of the workspace that was meant, if one was.
fn mistyped(app: &App, name: &str, error: Error) -> Error {
    let own = app.plugins.values().map(|plugin| &plugin.package);
    let others = app.elsewhere.iter().map(|plugin| &plugin.package);
    let known: Vec<&str> = own.chain(others).map(String::as_str).collect();
    match error::nearest(name, &known) {
        Some(near) if !known.contains(&name) => error.help(format!("did you mean `{near}`?")),
        _ => error,
    }
}

fn not_a_plugin(path: &Path, error: &Error) -> Error {
    let what = error
        .problems()
        .first()
        .map_or("", |problem| problem.message.as_str());
    Error::refused(format!("{} is no plugin: {what}", path.display()))
        .help("a plugin's crate carries the file that `cargo xtask metadata` writes, beside its Cargo.toml")
}

/// The command line as `cargo add` wants it.
fn source(app: &App, arguments: &Arguments) -> Result<Vec<String>> {
    let mut source: Vec<String> = arguments.name.iter().cloned().collect();
    let workspace = Workspace::load(&app.root)?;
    let member = arguments
        .name
        .as_ref()
        .and_then(|name| workspace.members().find(|m| m.name == *name));
    let path = match (&arguments.path, member) {
        (Some(path), _) => Some(
            std::path::absolute(path)
                .map_err(|e| Error::failed(format!("{}: {e}", path.display())))?,
        ),
        (None, Some(member)) if arguments.git.is_none() => Some(member.folder().to_owned()),
        (None, _) => None,
    };
    if let Some(path) = path {
        source = vec!["--path".to_owned(), path.display().to_string()];
    }
    for (flag, value) in [
        ("--git", &arguments.git),
        ("--branch", &arguments.branch),
        ("--tag", &arguments.tag),
        ("--rev", &arguments.rev),
    ] {
        source.extend(
            value
                .iter()
                .flat_map(|value| [flag.to_owned(), value.clone()]),
        );
    }
    Ok(source)
}

/// Whether a plugin must have its metadata already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metadata {
    /// It comes from elsewhere.
    Needed,
    /// It was made a moment ago and bears this id.
    OfNew,
}

/// Adds a dependency by `cargo add`, then names the feature, joins the edition and rewrites
/// `plugins.rs`. Gives the plugin's id.
///
/// # Errors
/// Fails with every file as it was.
pub fn adopt(
    app: &App,
    source: &[String],
    edition: Option<&str>,
    metadata: Metadata,
) -> Result<String> {
    let manifest = app.folder.join("Cargo.toml");
    let files = [
        manifest.clone(),
        app.root.join("Cargo.lock"),
        plugins_rs::path(app),
    ];
    Snapshot::take(files).guard(|| {
        let before = Manifest::read(&manifest)?.dependencies();
        let mut command = cargo::command();
        command.current_dir(&app.root).args([
            "add",
            "--quiet",
            "--optional",
            "--package",
            &app.name,
        ]);
        cargo::output(command.args(source))?;
        let mut after = Manifest::read(&manifest)?;
        let key = after
            .dependencies()
            .into_iter()
            .find(|name| !before.contains(name))
            .ok_or_else(|| {
                Error::refused(format!("{} depends on it already", app.name))
                    .help("a plugin of another version: change its line in Cargo.toml")
            })?;
        let id = match metadata {
            Metadata::OfNew => key.clone(),
            Metadata::Needed => id_of(app, &key)?,
        };
        if let Some(other) = app.plugins.get(&id) {
            return Err(Error::refused(format!(
                "two plugins are called `{id}`: {} and {key}",
                other.package
            )));
        }
        let edition = edition.map_or_else(|| after.widest_edition(), str::to_owned);
        after.name_feature(&id, &key);
        after.join_edition(&edition, &id);
        after.write()?;
        let renewed = App::find(&app.folder, Some(&app.name))?;
        plugins_rs::write(&renewed)?;
        let shown = file::relative(&manifest, &app.root);
        talk::step(
            "Added",
            format_args!("plugin `{id}` to {shown}: dependency, feature, edition `{edition}`"),
        );
        Ok(id)
    })
}

/// The id of the plugin behind a dependency that was just added.
fn id_of(app: &App, key: &str) -> Result<String> {
    let workspace = Workspace::load(&app.root)?;
    let package = workspace.package(&app.name);
    let found = package.and_then(|package| {
        let dependency = package
            .dependencies
            .iter()
            .find(|dependency| dependency.key() == key)?;
        workspace.resolve(package, dependency)
    });
    let Some((found, _)) = found else {
        return Err(Error::failed(format!("Cargo does not resolve `{key}`")));
    };
    let metadata = PluginMetadata::read(found.folder())
        .map_err(|error| not_a_plugin(found.folder(), &error))?;
    if let Some(framework) = &app.framework
        && !metadata.requirements.weldkit_version.matches(framework)
    {
        let wanted = &metadata.requirements.weldkit_version;
        return Err(Error::Refused(vec![
            Problem::new(format!(
                "`{}` is made for weldkit {wanted}, and this application has {framework}",
                metadata.id
            ))
            .help(format!(
                "take a version of {key} made for weldkit {}",
                metadata::line(framework)
            )),
        ]));
    }
    Ok(metadata.id)
}
