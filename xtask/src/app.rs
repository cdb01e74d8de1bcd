//! The application: the package with `[package.metadata.weldkit]`, the plugins that it can weld in,
//! and its editions.
//!
//! One Cargo feature per plugin, named by the plugin's id; an edition is a feature that turns on
//! others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::configuration::Configuration;
use crate::error::{Error, Problem, Result};
use crate::metadata::PluginMetadata;
use crate::workspace::{Dependency, Package, Workspace};

/// An application and everything it could be built from.
#[derive(Debug, Clone)]
pub struct App {
    /// Its package's name.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
    /// Its folder.
    pub folder: PathBuf,
    /// The folder of the workspace's root.
    pub root: PathBuf,
    /// The plugins it can weld in, by id.
    pub plugins: BTreeMap<String, Plugin>,
    /// Its editions, with the ids of the plugins in each.
    pub editions: BTreeMap<String, BTreeSet<String>>,
    /// The ids in its default features.
    pub default: BTreeSet<String>,
    /// Features of its own that are neither plugins nor editions, and are on by default.
    pub other_defaults: BTreeSet<String>,
    /// Plugins among the members of the workspace that it does not depend on.
    pub elsewhere: Vec<PluginMetadata>,
    /// What its embedded defaults say about the graph.
    pub defaults: Result<Configuration>,
    /// The version of the framework in its graph.
    pub framework: Option<semver::Version>,
}

/// A plugin as a dependency of the application.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The feature that turns it on; nothing when it is always in.
    pub feature: Option<String>,
    /// The name of its extern crate.
    pub extern_name: String,
    /// Its package.
    pub package: String,
    /// The version of its package.
    pub version: semver::Version,
    /// The folder of its package.
    pub folder: PathBuf,
    /// Whether its package is a member of this workspace.
    pub is_member: bool,
    /// What it says about itself, or why that cannot be read.
    pub metadata: Result<PluginMetadata>,
}

impl App {
    /// Finds the application of a workspace: the one around the folder, else the only one.
    ///
    /// # Errors
    /// Fails where there is none, or where it is not clear which.
    pub fn find(folder: &Path, package: Option<&str>) -> Result<Self> {
        let workspace = Workspace::load(folder)?;
        let package = choose(&workspace, folder, package)?;
        Ok(Self::of(&workspace, package))
    }

    /// Reads the application out of its package.
    pub fn of(workspace: &Workspace, package: &Package) -> Self {
        let mut plugins = BTreeMap::new();
        for dependency in &package.dependencies {
            if let Some((id, plugin)) = read_plugin(workspace, package, dependency) {
                plugins.insert(id, plugin);
            }
        }
        let always = plugins
            .iter()
            .filter(|(_, plugin)| plugin.feature.is_none());
        let always: BTreeSet<String> = always.map(|(id, _)| id.clone()).collect();
        let in_feature = |name: &str| -> BTreeSet<String> {
            let on = closure(&package.features, name);
            let of = plugins.iter().filter(|(_, plugin)| {
                plugin
                    .feature
                    .as_ref()
                    .is_some_and(|feature| on.contains(feature))
            });
            of.map(|(id, _)| id.clone()).chain(always.clone()).collect()
        };
        let editions: BTreeMap<_, _> = edition_names(package)
            .map(|name| (name.to_owned(), in_feature(name)))
            .collect();
        let is_plugin = |name: &String| {
            plugins
                .values()
                .any(|plugin| plugin.feature.as_ref() == Some(name))
        };
        let other_defaults = closure(&package.features, "default")
            .into_iter()
            .filter(|name| name != "default" && !editions.contains_key(name) && !is_plugin(name))
            .collect();
        let framework = workspace
            .package("weldkit")
            .map(|found| found.version.clone());
        Self {
            name: package.name.clone(),
            version: package.version.clone(),
            folder: package.folder().to_owned(),
            root: workspace.root.clone(),
            default: in_feature("default"),
            elsewhere: elsewhere(workspace, &plugins),
            defaults: embedded_defaults(package.folder()),
            plugins,
            editions,
            other_defaults,
            framework,
        }
    }

    /// What the plugins say about themselves; those that cannot be read are problems.
    pub fn metadata<'a>(
        &'a self,
        ids: impl IntoIterator<Item = &'a String>,
    ) -> (Vec<PluginMetadata>, Vec<Problem>) {
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for plugin in ids.into_iter().filter_map(|id| self.plugins.get(id)) {
            match &plugin.metadata {
                Ok(metadata) => found.push(metadata.clone()),
                Err(error) => problems.extend(error.problems().to_vec()),
            }
        }
        (found, problems)
    }

    /// The features that weld in exactly these plugins.
    pub fn features(&self, ids: &BTreeSet<String>) -> Vec<String> {
        let plugins = ids
            .iter()
            .filter_map(|id| self.plugins.get(id)?.feature.clone());
        plugins.chain(self.other_defaults.iter().cloned()).collect()
    }
}

/// The members that are plugins and are not in the application.
fn elsewhere(workspace: &Workspace, plugins: &BTreeMap<String, Plugin>) -> Vec<PluginMetadata> {
    let known = |package: &Package| {
        plugins
            .values()
            .any(|plugin| plugin.package == package.name)
    };
    let others = workspace.members().filter(|package| !known(package));
    others
        .filter_map(|package| PluginMetadata::read(package.folder()).ok())
        .collect()
}

/// `defaults.toml`, where there is one.
fn embedded_defaults(folder: &Path) -> Result<Configuration> {
    let path = folder.join("defaults.toml");
    if path.is_file() {
        Configuration::read(&path)
    } else {
        Ok(Configuration::default())
    }
}

/// The names in `[package.metadata.weldkit] editions`.
fn edition_names(package: &Package) -> impl Iterator<Item = &str> {
    let editions = package.metadata["weldkit"]["editions"].as_array();
    editions
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str())
}

/// The application that is meant.
fn choose<'a>(
    workspace: &'a Workspace,
    folder: &Path,
    package: Option<&str>,
) -> Result<&'a Package> {
    let apps: Vec<&Package> = workspace
        .members()
        .filter(|package| package.metadata["weldkit"].is_object())
        .collect();
    if let Some(name) = package {
        let named = apps.iter().find(|app| app.name == name).copied();
        let names = apps.iter().map(|app| app.name.as_str());
        return named.ok_or_else(|| {
            Error::Usage(Problem::new(format!("no application `{name}` here")).names(name, names))
        });
    }
    let around = apps.iter().filter(|app| folder.starts_with(app.folder()));
    if let Some(app) = around.max_by_key(|app| app.folder().components().count()) {
        return Ok(app);
    }
    match apps.as_slice() {
        [app] => Ok(app),
        [] => Err(Error::refused("there is no application here")
            .help("an application is a package with `[package.metadata.weldkit]` in its Cargo.toml")
            .help("make one: cargo xtask new app DIR")),
        several => {
            let names: Vec<&str> = several.iter().map(|app| app.name.as_str()).collect();
            let message = format!("several applications here: {}", names.join(", "));
            Err(Error::Usage(
                Problem::new(message).help("choose one: --package NAME"),
            ))
        }
    }
}

/// A dependency as a plugin, if it is one: it uses the framework, and either has its metadata or
/// is turned on by a feature.
fn read_plugin(
    workspace: &Workspace,
    app: &Package,
    dependency: &Dependency,
) -> Option<(String, Plugin)> {
    if dependency.kind.is_some() {
        return None;
    }
    let (package, extern_name) = workspace.resolve(app, dependency)?;
    let feature = plugin_feature(app, dependency);
    let has_file = package.folder().join(crate::metadata::FILE).is_file();
    if package.name == "weldkit" || !package.uses_framework() || !(has_file || feature.is_some()) {
        return None;
    }
    let is_member = workspace.is_member(package);
    let metadata = PluginMetadata::read(package.folder())
        .map_err(|error| if is_member { error } else { of_another(error) });
    let id = match (&feature, &metadata) {
        (Some(feature), _) => feature.clone(),
        (None, Ok(metadata)) => metadata.id.clone(),
        (None, Err(_)) => dependency.key().to_owned(),
    };
    let plugin = Plugin {
        feature,
        extern_name: extern_name.to_owned(),
        package: package.name.clone(),
        version: package.version.clone(),
        folder: package.folder().to_owned(),
        is_member,
        metadata,
    };
    Some((id, plugin))
}

/// The file of a crate from elsewhere is not written here.
fn of_another(error: Error) -> Error {
    let problems = error.problems().iter().map(|problem| {
        Problem::new(&problem.message)
            .help("the file comes with the crate: run `cargo xtask metadata` in its own workspace, or ask its author")
    });
    Error::Refused(problems.collect())
}

/// The feature that turns a dependency on, and is not an edition that merely contains it.
fn plugin_feature(app: &Package, dependency: &Dependency) -> Option<String> {
    if !dependency.optional {
        return None;
    }
    let switch = format!("dep:{}", dependency.key());
    let editions: Vec<&str> = edition_names(app).collect();
    app.features
        .iter()
        .filter(|(name, _)| *name != "default" && !editions.contains(&name.as_str()))
        .find(|(_, turns_on)| turns_on.contains(&switch))
        .map(|(name, _)| name.clone())
}

/// A feature and all the features of this package that it turns on.
fn closure(features: &BTreeMap<String, Vec<String>>, name: &str) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut waiting = vec![name.to_owned()];
    while let Some(name) = waiting.pop() {
        if let Some(turns_on) = features.get(&name)
            && on.insert(name)
        {
            waiting.extend(turns_on.iter().cloned());
        }
    }
    on
}
