//! Which plugins: by name, by edition, all, or those that a configuration needs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::configuration::Configuration;
use crate::error::{Error, Problem, Result};
use crate::graph::{Choices, Graph};
use crate::metadata::PluginMetadata;

/// The part of the command line that chooses plugins; without any of it, the application's
/// default features do.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(multiple = false)]
pub struct Choice {
    /// Weld these plugins, and nothing else
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub plugins: Vec<String>,
    /// Weld the plugins of an edition
    #[arg(long)]
    pub edition: Option<String>,
    /// Weld every plugin of the application
    #[arg(long)]
    pub all: bool,
    /// Weld what a configuration file needs, and what that requires
    #[arg(long = "for", value_name = "CONFIG.toml")]
    pub configuration: Option<PathBuf>,
}

/// The plugins of one build, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Their ids.
    pub ids: BTreeSet<String>,
    /// The edition, where one was asked for.
    pub edition: Option<String>,
    /// What they say about themselves, by id.
    pub metadata: Vec<PluginMetadata>,
    /// Plugins of the application that the configuration has no use for.
    pub unused: Vec<String>,
}

/// Chooses and checks; compiles nothing.
///
/// # Errors
/// Fails with everything that is wrong: unknown names, metadata that cannot be read, and the
/// graph.
pub fn select(app: &App, choice: &Choice) -> Result<Selection> {
    let given = match &choice.configuration {
        Some(path) => Some(Configuration::read(path)?),
        None => None,
    };
    let defaults = app.defaults.clone()?;
    let mut problems = Vec::new();
    let asked = asked(app, choice, given.as_ref(), &mut problems);
    let (known, _) = app.metadata(app.plugins.keys());
    // A plugin that nobody asked for may be as broken as it likes.
    problems.extend(app.metadata(&asked).1);
    problems.extend(misnamed(app));
    let mut graph = Graph {
        chosen: known
            .iter()
            .filter(|plugin| asked.contains(&plugin.id))
            .collect(),
        known: known.iter().collect(),
        elsewhere: app.elsewhere.iter().collect(),
        choices: Choices::new(given.as_ref(), &defaults),
        framework: app.framework.clone(),
    };
    if let (Some(given), Some(path)) = (&given, &choice.configuration) {
        graph = graph.complete(&given.limited);
        problems.extend(disabled_but_needed(&graph, given, path));
    }
    problems.extend(graph.check());
    if !problems.is_empty() {
        return Err(Error::Refused(problems));
    }
    let metadata: Vec<PluginMetadata> = graph
        .chosen
        .iter()
        .map(|plugin| (*plugin).clone())
        .collect();
    let ids: BTreeSet<String> = metadata.iter().map(|plugin| plugin.id.clone()).collect();
    let unused = app
        .plugins
        .keys()
        .filter(|id| given.is_some() && !ids.contains(*id));
    Ok(Selection {
        unused: unused.cloned().collect(),
        ids,
        edition: choice.edition.clone(),
        metadata,
    })
}

/// The ids that were asked for; names that nobody bears are problems.
fn asked(
    app: &App,
    choice: &Choice,
    given: Option<&Configuration>,
    problems: &mut Vec<Problem>,
) -> BTreeSet<String> {
    let always = app
        .plugins
        .iter()
        .filter(|(_, plugin)| plugin.feature.is_none());
    let mut ids: BTreeSet<String> = always.map(|(id, _)| id.clone()).collect();
    if let Some(edition) = &choice.edition {
        match app.editions.get(edition) {
            Some(members) => ids.extend(members.clone()),
            None => problems.push(
                Problem::new(format!("{} has no edition `{edition}`", app.name))
                    .names(edition, app.editions.keys().map(String::as_str)),
            ),
        }
    } else if choice.all {
        ids.extend(app.plugins.keys().cloned());
    } else if let (Some(given), Some(path)) = (given, &choice.configuration) {
        let named = given.named();
        if named.is_empty() && given.limited.is_empty() {
            let what = format!("{} names no plugin", path.display());
            problems.push(
                Problem::new(what)
                    .help("a plugin is named by [plugins.ID], [instances.NAME] or [services]"),
            );
        }
        ids.extend(known(
            app,
            named,
            &format!("{}: ", path.display()),
            problems,
        ));
    } else if !choice.plugins.is_empty() {
        let named = choice.plugins.iter().map(|id| id.trim().to_owned());
        ids.extend(known(app, named.collect(), "", problems));
    } else {
        ids.extend(app.default.clone());
    }
    ids
}

/// The names that the application knows; the others are problems.
fn known(
    app: &App,
    names: BTreeSet<String>,
    place: &str,
    problems: &mut Vec<Problem>,
) -> BTreeSet<String> {
    let (known, unknown): (BTreeSet<_>, BTreeSet<_>) = names
        .into_iter()
        .partition(|id| app.plugins.contains_key(id));
    for id in unknown {
        let problem = Problem::new(format!("{place}unknown plugin `{id}`"));
        let problem = problem.names(&id, app.plugins.keys().map(String::as_str));
        let elsewhere = app
            .elsewhere
            .iter()
            .find(|plugin| plugin.id == id || plugin.package == id);
        problems.push(match elsewhere {
            Some(plugin) => problem.help(format!(
                "it is in this workspace: cargo xtask add {}",
                plugin.package
            )),
            None => problem,
        });
    }
    known
}

/// The feature bears the plugin's id; anything else would make every name ambiguous.
fn misnamed(app: &App) -> Vec<Problem> {
    let named = app.plugins.iter().filter_map(|(name, plugin)| {
        let metadata = plugin.metadata.as_ref().ok()?;
        (metadata.id != *name).then(|| {
            Problem::new(format!(
                "the feature `{name}` turns on a plugin whose id is `{}`",
                metadata.id
            ))
            .help(format!(
                "rename the feature in {}/Cargo.toml",
                app.folder.display()
            ))
        })
    });
    named.collect()
}

/// A plugin that is switched off in the configuration cannot serve the others.
fn disabled_but_needed(graph: &Graph<'_>, given: &Configuration, path: &Path) -> Vec<Problem> {
    let off = graph
        .chosen
        .iter()
        .filter(|plugin| given.is_off(&plugin.id));
    off.map(|plugin| {
        Problem::new(format!(
            "{}: `{}` is disabled and the others need it",
            path.display(),
            plugin.id
        ))
        .help("take it out of [host] disable")
    })
    .collect()
}
