//! Configuration: embedded defaults < file < environment < flags, every value with its origin.
//!
//! ```text
//! Sources ── read ──> one tree per layer ── merge ──> Config ── settings_value ──> a plugin's typed settings
//!                                                       └────── check ──────────> every Problem, with its place
//! ```
//!
//! Nothing stops at the first mistake. A [`Config`] always comes to be, as good as the sources allow; what is wrong is in
//! [`Config::problems`], and what is wrong with the settings of one instance is in [`Config::check`]. The names that may
//! be used come from a [`Catalog`], so that an unknown one is refused with the nearest known one.
//!
//! Not done here: reading secrets behind references, and decoding settings into a plugin's type.

mod catalog;
mod changes;
mod document;
mod granted;
mod layer;
mod names;
mod place;
mod problem;
mod reader;
mod render;
mod sample;
mod schema;
mod secret;
mod section;
mod settings;
mod show;
mod sources;
#[cfg(test)]
mod tests;
mod toml_text;
mod tree;
mod walk;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

pub use crate::duration::{format_duration, parse_duration};
pub use catalog::{Catalog, Plugin, Service};
pub use changes::{Changes, changes};
pub use place::Origin;
pub use problem::{Code, Problem};
pub use render::{render, render_warnings};
pub use sample::sample;
pub use schema::schema;
pub use section::{Alert, Host, Level, Limit, LogFormat};
pub use sources::Sources;

use names::Names;
use section::Typed;
use settings::Subject;
use tree::{Node, join};

/// The configuration of one host.
///
/// ```
/// use std::sync::Arc;
///
/// use weldkit::config::{Catalog, Config, Plugin, Sources};
///
/// let settings = || Some(serde_json::json!({"properties": {"batch": {"type": "integer"}}}));
/// let catalog = Catalog { plugins: vec![Plugin::new("records", "Reads records.", settings)], services: vec![] };
/// let sources = Sources::new("[plugins.records]\nbatch = 100").set("plugins.records.batch=500");
/// let config = Config::load(&sources, Arc::new(catalog));
///
/// assert!(config.problems().is_empty());
/// assert_eq!(config.settings_value("records")["batch"], 500);
/// assert_eq!(config.origin("/plugins/records/batch").unwrap().to_string(), "flag --set plugins.records.batch");
/// ```
pub struct Config {
    catalog: Arc<Catalog>,
    root: Node,
    typed: Typed,
    problems: Vec<Problem>,
    /// Something was left out, so that what is missing may well have been given.
    incomplete: bool,
}

impl Config {
    /// Reads all sources and merges them. What is wrong is in [`problems`](Self::problems).
    ///
    /// A file with a syntax error is left out as a whole. To reload, load again: the file is read anew.
    pub fn load(sources: &Sources, catalog: Arc<Catalog>) -> Self {
        let merged = layer::read(sources, &Names { catalog: &catalog });
        let (typed, found) = reader::read(&merged.root, &catalog);
        let mut problems = merged.problems;
        problems.extend(found);
        if merged.incomplete {
            problems.retain(|problem| problem.code != Code::Missing);
        }
        problem::finish(&mut problems, || secret::hidden(&merged.root, &catalog));
        Self {
            catalog,
            root: merged.root,
            typed,
            problems,
            incomplete: merged.incomplete,
        }
    }

    /// What is wrong with everything but the settings of instances; see [`check`](Self::check) for those.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// `[host]`.
    pub fn host(&self) -> &Host {
        &self.typed.host
    }

    /// `[instances]`: the further instances and the plugin of each. Default instances are not among them.
    pub fn instances(&self) -> &BTreeMap<String, String> {
        &self.typed.instances
    }

    /// The instances to start, and the plugin of each: default ones and further ones without the disabled ones.
    pub fn enabled(&self) -> BTreeMap<String, String> {
        let default = self
            .catalog
            .plugins
            .iter()
            .map(|plugin| (plugin.id.clone(), plugin.id.clone()));
        let further = self
            .typed
            .instances
            .iter()
            .map(|(instance, plugin)| (instance.clone(), plugin.clone()));
        default
            .chain(further)
            .filter(|(instance, _)| !self.typed.host.disable.contains(instance))
            .collect()
    }

    /// `[services]`: chosen instances by `service` and `consumer.service`.
    pub fn services(&self) -> &BTreeMap<String, String> {
        &self.typed.services
    }

    /// The instance that is chosen to provide a service for a consumer, if one is chosen.
    pub fn provider(&self, service: &str, consumer: Option<&str>) -> Option<&str> {
        let own =
            consumer.and_then(|consumer| self.typed.services.get(&format!("{consumer}.{service}")));
        own.or_else(|| self.typed.services.get(service))
            .map(String::as_str)
    }

    /// `[permissions]`: what is granted to each principal.
    pub fn permissions(&self) -> &BTreeMap<String, Vec<String>> {
        &self.typed.permissions
    }

    /// `[composites]`, as they are written.
    #[cfg(feature = "composition")]
    pub(crate) fn composites(&self) -> &BTreeMap<String, Value> {
        &self.typed.composites
    }

    /// Where the value at a JSON pointer is written: its name, if it has one.
    #[cfg(feature = "composition")]
    pub(crate) fn place_of(&self, pointer: &str) -> Option<Origin> {
        self.root.at(pointer).map(|node| node.place.origin_of_key())
    }

    /// `[limits]`: bounds by `service.method`.
    pub fn limits(&self) -> &BTreeMap<String, Limit> {
        &self.typed.limits
    }

    /// `[alerts]`: what raises each.
    pub fn alerts(&self) -> &BTreeMap<String, Alert> {
        &self.typed.alerts
    }

    /// The settings of an instance, ready to be decoded; an empty object where nothing is set.
    ///
    /// Defaults of the plugin's own type are not filled in: decoding does that.
    pub fn settings_value(&self, instance: &str) -> Value {
        let subject = self.subject(instance);
        match subject
            .node
            .filter(|node| node.entries().is_some_and(|entries| !entries.is_empty()))
        {
            Some(node) => {
                let schema = self.catalog.settings(subject.plugin);
                settings::settle(schema.unwrap_or(&Value::Null), schema, node)
            }
            None => Value::Object(serde_json::Map::new()),
        }
    }

    /// The JSON pointer of an instance's settings in the whole configuration.
    pub fn settings_pointer(&self, instance: &str) -> String {
        if self.typed.instances.contains_key(instance) {
            join(&join("/instances", instance), "settings")
        } else {
            join("/plugins", instance)
        }
    }

    /// Settings of an instance that its plugin does not know.
    ///
    /// Builds no validator, so a host can always ask; the rest of [`check`](Self::check) is for when decoding fails.
    pub fn unknown_settings(&self, instance: &str) -> Vec<Problem> {
        let subject = self.subject(instance);
        if subject.node.is_none() {
            return Vec::new();
        }
        let schema = self.catalog.settings(subject.plugin);
        self.finished(settings::unknown_names(&Subject { schema, ..subject }))
    }

    /// Everything that is wrong with the settings of an instance, by the schema of its plugin.
    pub fn check(&self, instance: &str) -> Vec<Problem> {
        let subject = self.subject(instance);
        if self.catalog.plugin(subject.plugin).is_none() {
            return Vec::new();
        }
        let schema = self.catalog.settings(subject.plugin);
        let mut problems = settings::check(&Subject { schema, ..subject });
        if self.incomplete {
            problems.retain(|problem| problem.code != Code::Missing);
        }
        self.finished(problems)
    }

    /// Everything that is wrong: [`problems`](Self::problems), and [`check`](Self::check) of each instance to start.
    pub fn check_all(&self) -> Vec<Problem> {
        let mut problems = self.problems.clone();
        problems.extend(
            self.enabled()
                .keys()
                .flat_map(|instance| self.check(instance)),
        );
        self.finished(problems)
    }

    /// Who set the value at a JSON pointer.
    pub fn origin(&self, pointer: &str) -> Option<Origin> {
        self.root
            .at(pointer)
            .filter(|_| !pointer.is_empty())
            .map(|node| node.place.origin())
    }

    /// Who set each value, by JSON pointer. An array counts as one value.
    pub fn origins(&self) -> BTreeMap<String, Origin> {
        let mut origins = BTreeMap::new();
        let mut open = vec![(String::new(), &self.root)];
        while let Some((pointer, node)) = open.pop() {
            match node.entries() {
                Some(entries) => open.extend(
                    entries
                        .iter()
                        .map(|(name, node)| (join(&pointer, name), node)),
                ),
                None => {
                    origins.insert(pointer, node.place.origin());
                }
            }
        }
        origins
    }

    /// A problem that somebody else found with a value, such as a rule that only the decoded type knows.
    ///
    /// It points at the value, or at what is nearest above it.
    pub fn problem_at(&self, pointer: &str, code: Code, message: impl Into<String>) -> Problem {
        let problem = Problem::new(code, pointer, message);
        let Some(node) = self.root.nearest_at(pointer) else {
            return problem;
        };
        let mut problem = match self.root.at(pointer) {
            Some(_) if node.entries().is_none() => problem.at_value(&node.place),
            Some(_) | None => problem.at_key(&node.place),
        };
        problem::finish(std::slice::from_mut(&mut problem), || self.hidden());
        problem
    }

    /// The effective configuration as TOML: with defaults, without secrets, and with the origin of each value behind it
    /// if `origins` is set.
    pub fn show(&self, origins: bool) -> String {
        show::show(self, origins)
    }

    fn finished(&self, mut problems: Vec<Problem>) -> Vec<Problem> {
        problem::finish(&mut problems, || self.hidden());
        problems
    }

    fn hidden(&self) -> Vec<place::Place> {
        secret::hidden(&self.root, &self.catalog)
    }

    /// The settings of an instance, still without their schema: building that costs, and may not be needed.
    fn subject<'a>(&'a self, instance: &'a str) -> Subject<'a> {
        let further = self.typed.instances.get(instance);
        let pointer = self.settings_pointer(instance);
        let node = self
            .root
            .at(&pointer)
            .filter(|node| node.entries().is_some());
        Subject {
            plugin: further.map_or(instance, String::as_str),
            pointer,
            node,
            schema: None,
        }
    }
}

impl fmt::Debug for Config {
    /// Values stay out: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("problems", &self.problems.len())
            .finish_non_exhaustive()
    }
}
