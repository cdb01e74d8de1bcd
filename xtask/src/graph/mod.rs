//! The graph of the chosen plugins, checked before anything is compiled.
//!
//! Pure: metadata in, problems out, all of them at once. A provider is settled by the
//! configuration, else by the defaults that the application embeds, else by being the only one.

mod cycle;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::configuration::Configuration;
use crate::error::Problem;
use crate::metadata::{PluginMetadata, Requirement, line};

/// Services that begin so are the host's own: whoever names one is compiled with the feature that has it.
const OF_THE_HOST: &str = "weldkit.";

/// What is asked: would these plugins work together?
#[derive(Debug, Clone, Default)]
pub struct Graph<'a> {
    /// The plugins that are to be welded.
    pub chosen: Vec<&'a PluginMetadata>,
    /// Every plugin that the application could weld in.
    pub known: Vec<&'a PluginMetadata>,
    /// Plugins of the workspace that the application does not depend on.
    pub elsewhere: Vec<&'a PluginMetadata>,
    /// Which provider serves whom.
    pub choices: Choices,
    /// The framework in the application's graph.
    pub framework: Option<semver::Version>,
}

/// Chosen providers: service or `consumer.service` -> plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// What the given configuration says; it must come true.
    pub given: BTreeMap<String, String>,
    /// What the application's embedded defaults say: a preference, which means nothing in a
    /// build without that plugin.
    pub preferred: BTreeMap<String, String>,
}

impl Choices {
    /// Reads both out of configurations, with instances followed to their plugins.
    pub fn new(given: Option<&Configuration>, defaults: &Configuration) -> Self {
        let read = |configuration: &Configuration| {
            let choices = configuration.choices.iter().map(|(key, instance)| {
                let key = match key.split_once('.') {
                    Some((consumer, service)) => {
                        format!("{}.{service}", configuration.plugin_of(consumer))
                    }
                    None => key.clone(),
                };
                (key, configuration.plugin_of(instance).to_owned())
            });
            choices.collect()
        };
        Self {
            given: given.map(read).unwrap_or_default(),
            preferred: read(defaults),
        }
    }

    /// The first of these plugins that is chosen for a service, seen from a consumer.
    fn pick<'a>(
        &self,
        consumer: &str,
        service: &str,
        among: &[&'a PluginMetadata],
    ) -> Option<&'a PluginMetadata> {
        let keys = [format!("{consumer}.{service}"), service.to_owned()];
        let maps = [&self.given, &self.preferred];
        let names = maps
            .iter()
            .flat_map(|map| keys.iter().filter_map(|key| map.get(key)));
        names
            .filter_map(|name| among.iter().copied().find(|plugin| plugin.id == *name))
            .next()
    }
}

/// How a requirement is met.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Supply<'a> {
    /// By this one.
    By(&'a PluginMetadata),
    /// By nobody, and nobody offers another version either.
    Missing,
    /// Only in versions that will not do.
    Incompatible,
    /// By several, and nothing says which.
    Ambiguous,
}

impl<'a> Graph<'a> {
    /// Everything that is wrong, in order and each once.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = self.duplicates();
        problems.extend(self.frameworks());
        problems.extend(self.wrong_choices());
        problems.extend(self.requirements());
        problems.extend(self.ambiguous());
        problems.extend(cycle::find(&self.edges()));
        let mut seen = BTreeSet::new();
        problems.retain(|problem| seen.insert(problem.clone()));
        problems
    }

    /// Adds what the chosen plugins require, as far as it is clear who supplies it.
    #[must_use]
    pub fn complete(mut self, services: &BTreeSet<String>) -> Self {
        let any = |service: &String| Requirement {
            service: service.clone(),
            version: semver::VersionReq::STAR,
            optional: false,
        };
        let mut waiting: Vec<(String, Requirement)> = services
            .iter()
            .map(|service| (String::new(), any(service)))
            .collect();
        waiting.extend(self.chosen.iter().flat_map(|plugin| needs(plugin)));
        while let Some((consumer, need)) = waiting.pop() {
            if matches!(
                supply(&self.chosen, &self.choices, &consumer, &need),
                Supply::By(_)
            ) {
                continue;
            }
            if let Supply::By(plugin) = supply(&self.known, &self.choices, &consumer, &need)
                && !self.chosen.iter().any(|chosen| chosen.id == plugin.id)
            {
                self.chosen.push(plugin);
                waiting.extend(needs(plugin));
            }
        }
        self.chosen.sort_by(|a, b| a.id.cmp(&b.id));
        self
    }

    fn duplicates(&self) -> Vec<Problem> {
        let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for plugin in &self.chosen {
            packages
                .entry(&plugin.id)
                .or_default()
                .push(&plugin.package);
        }
        let twice = packages
            .into_iter()
            .filter(|(_, packages)| packages.len() > 1);
        twice
            .map(|(id, packages)| {
                Problem::new(format!(
                    "two plugins are called `{id}`: {}",
                    packages.join(", ")
                ))
                .help("give one of them another id: #[weldkit::plugin(id = \"…\")]")
            })
            .collect()
    }

    fn frameworks(&self) -> Vec<Problem> {
        let Some(framework) = &self.framework else {
            return Vec::new();
        };
        let wrong = self
            .chosen
            .iter()
            .filter(|plugin| !plugin.requirements.weldkit_version.matches(framework));
        wrong
            .map(|plugin| {
                Problem::new(format!(
                    "`{}` {} is made for weldkit {}, and this application has {framework}",
                    plugin.id, plugin.version, plugin.requirements.weldkit_version
                ))
                .help(format!(
                    "take a version of {} made for weldkit {}",
                    plugin.package,
                    line(framework)
                ))
            })
            .collect()
    }

    /// A given choice must name a chosen plugin that provides the service.
    fn wrong_choices(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, id) in &self.choices.given {
            let service = key
                .split_once('.')
                .map_or(key.as_str(), |(_, service)| service);
            let offers = |plugin: &&&PluginMetadata| provides(plugin, service);
            match self.chosen.iter().find(|plugin| plugin.id == *id) {
                Some(plugin) if provides(plugin, service) => {}
                Some(_) => {
                    let others = self.known.iter().filter(offers);
                    problems.push(
                        Problem::new(format!(
                            "`[services] {key}` names `{id}`, which does not provide `{service}`"
                        ))
                        .names(id, others.map(|plugin| plugin.id.as_str())),
                    );
                }
                None => {
                    let others = self.chosen.iter().filter(offers);
                    problems.push(
                        Problem::new(format!(
                            "`[services] {key}` names `{id}`, which is not in this build"
                        ))
                        .names(id, others.map(|plugin| plugin.id.as_str())),
                    );
                }
            }
        }
        problems
    }

    fn requirements(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for plugin in &self.chosen {
            let of_plugins = |need: &&Requirement| !need.service.starts_with(OF_THE_HOST);
            for need in plugin.requires.iter().filter(of_plugins) {
                match supply(&self.chosen, &self.choices, &plugin.id, need) {
                    Supply::By(_) | Supply::Ambiguous => {}
                    Supply::Missing if need.optional => {}
                    Supply::Missing => problems.push(self.missing(plugin, need)),
                    Supply::Incompatible => problems.push(self.incompatible(plugin, need)),
                }
            }
        }
        problems
    }

    fn missing(&self, plugin: &PluginMetadata, need: &Requirement) -> Problem {
        let problem = Problem::new(format!(
            "`{}` requires the service `{}` {}, and no chosen plugin provides it",
            plugin.id, need.service, need.version
        ));
        self.ways_out(problem, plugin, need)
    }

    fn incompatible(&self, plugin: &PluginMetadata, need: &Requirement) -> Problem {
        let offers: Vec<String> = self
            .chosen
            .iter()
            .flat_map(|other| {
                let of = other
                    .service_contracts
                    .iter()
                    .filter(|c| c.name == need.service);
                of.map(|contract| format!("`{}` provides {}", other.id, contract.version))
            })
            .collect();
        let problem = Problem::new(format!(
            "`{}` requires the service `{}` {}, but {}",
            plugin.id,
            need.service,
            need.version,
            offers.join(", ")
        ));
        self.ways_out(problem, plugin, need)
    }

    /// Names who would supply a service, and the command that welds it in, with everything else
    /// that is missing.
    fn ways_out(&self, problem: Problem, plugin: &PluginMetadata, need: &Requirement) -> Problem {
        let mut suppliers = suppliers(&self.known, need);
        if let Some(first) = self.choices.pick(&plugin.id, &need.service, &suppliers) {
            suppliers.sort_by_key(|supplier| supplier.id != first.id);
        }
        let mut problem = problem;
        for supplier in &suppliers {
            let mut whole = self.clone();
            whole.chosen.push(supplier);
            let whole = whole.complete(&BTreeSet::new());
            let ids: BTreeSet<&str> = whole.chosen.iter().map(|p| p.id.as_str()).collect();
            let ids: Vec<&str> = ids.into_iter().collect();
            problem = problem.help(format!(
                "`{}` provides it: cargo xtask build --plugins {}",
                supplier.id,
                ids.join(",")
            ));
        }
        for supplier in self::suppliers(&self.elsewhere, need) {
            problem = problem.help(format!(
                "`{}` provides it: cargo xtask add {}",
                supplier.id, supplier.package
            ));
        }
        if problem.help.is_empty() {
            problem = problem.help("no plugin known here provides it: cargo xtask add CRATE");
        }
        problem
    }

    /// Two providers of one service line, and nothing says which one serves.
    fn ambiguous(&self) -> Vec<Problem> {
        let mut providers: BTreeMap<(&str, String), Vec<&'a PluginMetadata>> = BTreeMap::new();
        for plugin in &self.chosen {
            for contract in &plugin.service_contracts {
                let key = (contract.name.as_str(), line(&contract.version));
                let among = providers.entry(key).or_default();
                if among.iter().all(|other| other.id != plugin.id) {
                    among.push(plugin);
                }
            }
        }
        let mut problems = Vec::new();
        for ((service, line), among) in providers {
            if among.len() < 2 || self.choices.pick("", service, &among).is_some() {
                continue;
            }
            let ids: Vec<String> = among.iter().map(|p| format!("`{}`", p.id)).collect();
            let one = among.first().map_or("", |plugin| plugin.id.as_str());
            problems.push(
                Problem::new(format!(
                    "the service `{service}` {line} has several providers: {}",
                    ids.join(", ")
                ))
                .help(format!(
                    "choose one in the configuration: [services] {service} = \"{one}\""
                ))
                .help("or leave the others out of the build"),
            );
        }
        problems
    }

    /// Consumer -> provider.
    fn edges(&self) -> BTreeMap<&'a str, Vec<&'a str>> {
        let mut edges = BTreeMap::new();
        for plugin in &self.chosen {
            let to = plugin.requires.iter().filter_map(|need| {
                match supply(&self.chosen, &self.choices, &plugin.id, need) {
                    Supply::By(provider) => Some(provider.id.as_str()),
                    Supply::Missing | Supply::Incompatible | Supply::Ambiguous => None,
                }
            });
            edges.insert(plugin.id.as_str(), to.collect());
        }
        edges
    }
}

fn needs(plugin: &PluginMetadata) -> Vec<(String, Requirement)> {
    let must = plugin.requires.iter().filter(|need| !need.optional);
    must.map(|need| (plugin.id.clone(), need.clone())).collect()
}

fn provides(plugin: &PluginMetadata, service: &str) -> bool {
    plugin
        .service_contracts
        .iter()
        .any(|contract| contract.name == service)
}

/// The plugins that provide a service in a version that will do.
fn suppliers<'a>(among: &[&'a PluginMetadata], need: &Requirement) -> Vec<&'a PluginMetadata> {
    let fits = |plugin: &PluginMetadata| {
        plugin
            .service_contracts
            .iter()
            .any(|c| c.name == need.service && need.version.matches(&c.version))
    };
    among
        .iter()
        .copied()
        .filter(|plugin| fits(plugin))
        .collect()
}

fn supply<'a>(
    among: &[&'a PluginMetadata],
    choices: &Choices,
    consumer: &str,
    need: &Requirement,
) -> Supply<'a> {
    let fitting = suppliers(among, need);
    if let Some(picked) = choices.pick(consumer, &need.service, &fitting) {
        return Supply::By(picked);
    }
    match fitting.as_slice() {
        [only] => Supply::By(only),
        [] if among.iter().any(|plugin| provides(plugin, &need.service)) => Supply::Incompatible,
        [] => Supply::Missing,
        _ => Supply::Ambiguous,
    }
}
