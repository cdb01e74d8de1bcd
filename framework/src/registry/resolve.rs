//! Which instance answers whom, and in which order they start. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::PluginEntry;
use super::order::order;
use super::plan::{Binding, Choices, Plan, PlannedInstance};
use crate::contract::{Line, ServiceDescriptor};
use crate::error::Problem;
use crate::name;

/// Fits the plugins together, or lists everything that does not fit.
///
/// # Errors
///
/// Duplicate ids, unknown names, missing services, incompatible lines, ambiguous providers and
/// cycles: all of them at once.
pub fn resolve(entries: &[PluginEntry], choices: &Choices) -> Result<Plan, Vec<Problem>> {
    let mut problems = duplicates(entries);
    let instances = instances(entries, choices, &mut problems);
    let resolver = Resolver {
        instances: &instances,
        choices,
    };
    let mut planned = Vec::new();
    for (name, entry) in &instances {
        let mut bindings = Vec::new();
        let asked = entry.descriptor.requires().zip(entry.descriptor.pins());
        for ((service, optional), pin) in asked {
            let found = match pin {
                Some(instance) => resolver.pinned(instance, service),
                None => resolver.provider(Some(name), service.name, service.line()),
            };
            match found {
                Ok(Some(provider)) => bindings.push(Binding { service, provider }),
                Ok(None) if optional => {}
                Ok(None) => problems.push(resolver.missing(name, service)),
                Err(problem) => problems.push(problem),
            }
        }
        planned.push(PlannedInstance {
            name: name.clone(),
            entry: *entry,
            bindings,
        });
    }
    let mut defaults = BTreeMap::new();
    for service in instances
        .values()
        .flat_map(|entry| entry.descriptor.provides)
    {
        match resolver.provider(None, service.name, service.line()) {
            Ok(Some(provider)) => drop(defaults.insert((service.name, service.line()), provider)),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    resolver.unknown_choices(&mut problems);
    match order(planned) {
        Ok(instances) if problems.is_empty() => Ok(Plan {
            instances,
            defaults,
        }),
        Ok(_) => Err(unique(problems)),
        Err(cycles) => {
            problems.extend(cycles);
            Err(unique(problems))
        }
    }
}

fn unique(mut problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    problems.retain(|problem| seen.insert(problem.to_string()));
    problems
}

fn duplicates(entries: &[PluginEntry]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let plugin = entry.descriptor;
        if let Some(other) = entries[..index]
            .iter()
            .find(|other| other.descriptor.id == plugin.id)
        {
            let (first, second) = (other.descriptor.package, plugin.package);
            let message = format!(
                "two plugins have the id `{}`: packages `{first}` and `{second}`",
                plugin.id
            );
            problems.push(
                Problem::new("duplicate_plugin", message)
                    .help("leave one out, or give one another id: #[weldkit::plugin(id = \"…\")]"),
            );
        }
    }
    problems
}

/// Every instance by name: the default one of each plugin, and those of the configuration.
fn instances(
    entries: &[PluginEntry],
    choices: &Choices,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, PluginEntry> {
    let ids = || entries.iter().map(|entry| entry.descriptor.id);
    let mut instances: BTreeMap<String, PluginEntry> = entries
        .iter()
        .filter(|entry| !choices.disable.contains(entry.descriptor.id))
        .map(|entry| (entry.descriptor.id.to_owned(), *entry))
        .collect();
    for id in choices
        .disable
        .iter()
        .filter(|id| !ids().any(|known| known == *id))
    {
        let problem = Problem::new(
            "unknown_plugin",
            format!("`{id}` is disabled but not linked"),
        )
        .place("host.disable");
        problems.push(with_suggestion(problem, id, ids()));
    }
    for (name, plugin) in &choices.instances {
        let place = format!("instances.{name}");
        if let Some(fault) = name::fault(name) {
            problems.push(Problem::new("bad_name", fault).place(place));
            continue;
        }
        match entries.iter().find(|entry| entry.descriptor.id == plugin) {
            None => {
                let problem = Problem::new(
                    "unknown_plugin",
                    format!("instance `{name}` is of plugin `{plugin}`, which is not linked"),
                )
                .place(place);
                let build = build_command(choices, plugin)
                    .filter(|_| choices.known.iter().any(|(id, _)| id == plugin));
                problems.push(match build {
                    Some(build) => problem.help(build),
                    None => with_suggestion(problem, plugin, ids()),
                });
            }
            Some(entry) => {
                if instances.insert(name.clone(), *entry).is_some() {
                    problems.push(
                        Problem::new(
                            "duplicate_instance",
                            format!("`{name}` is the default instance of a plugin already"),
                        )
                        .place(place),
                    );
                }
            }
        }
    }
    instances
}

fn with_suggestion<'a>(
    problem: Problem,
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Problem {
    match name::suggest(word, candidates) {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// The command that builds what is chosen and one plugin more.
fn build_command(choices: &Choices, more: &str) -> Option<String> {
    if choices.chosen.is_empty() && choices.known.is_empty() {
        return None;
    }
    let plugins: BTreeSet<&str> = choices.chosen.iter().copied().chain([more]).collect();
    Some(format!(
        "cargo xtask build --plugins {}",
        plugins.into_iter().collect::<Vec<_>>().join(",")
    ))
}

struct Resolver<'a> {
    instances: &'a BTreeMap<String, PluginEntry>,
    choices: &'a Choices,
}

impl Resolver<'_> {
    fn candidates(&self, service: &str, line: Line) -> Vec<&str> {
        let provides = |entry: &PluginEntry| {
            entry
                .descriptor
                .provides
                .iter()
                .any(|provided| provided.name == service && provided.line() == line)
        };
        self.instances
            .iter()
            .filter(|(_, entry)| provides(entry))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// The instance that answers: by choice of the consumer, by choice for all, the only default
    /// instance, the only one.
    fn provider(
        &self,
        consumer: Option<&str>,
        service: &str,
        line: Line,
    ) -> Result<Option<String>, Problem> {
        let candidates = self.candidates(service, line);
        let keys = consumer
            .map(|consumer| format!("{consumer}.{service}"))
            .into_iter()
            .chain([service.to_owned()]);
        for key in keys {
            let chosen = self
                .choices
                .services
                .get(&key)
                .or_else(|| self.choices.preferred.get(&key));
            if let Some(chosen) = chosen.filter(|chosen| candidates.contains(&chosen.as_str())) {
                return Ok(Some(chosen.clone()));
            }
        }
        let defaults: Vec<&str> = candidates
            .iter()
            .copied()
            .filter(|name| self.instances[*name].descriptor.id == *name)
            .collect();
        match (defaults.as_slice(), candidates.as_slice()) {
            ([only], _) | ([], [only]) => Ok(Some((*only).to_owned())),
            ([], []) => Ok(None),
            _ => {
                let list = candidates.join("`, `");
                let help = format!(
                    "choose one in the configuration:\n[services]\n{service} = \"{}\"",
                    candidates[0]
                );
                Err(Problem::new(
                    "ambiguous_provider",
                    format!("`{service}` has several providers: `{list}`"),
                )
                .help(help))
            }
        }
    }

    /// The instance that a consumer names itself.
    fn pinned(
        &self,
        instance: &str,
        service: &ServiceDescriptor,
    ) -> Result<Option<String>, Problem> {
        let candidates = self.candidates(service.name, service.line());
        if candidates.contains(&instance) {
            return Ok(Some(instance.to_owned()));
        }
        let problem = Problem::new(
            "unknown_instance",
            format!("`{instance}` does not provide `{}`", service.name),
        );
        Err(with_suggestion(problem, instance, candidates))
    }

    /// Why nobody provides a service, and what to do about it.
    fn missing(&self, consumer: &str, service: &ServiceDescriptor) -> Problem {
        let (wanted, line) = (service.name, service.line());
        let other = self.instances.iter().find_map(|(name, entry)| {
            let provided = entry
                .descriptor
                .provides
                .iter()
                .find(|provided| provided.name == wanted)?;
            Some((name, provided.version))
        });
        if let Some((name, version)) = other {
            let message = format!(
                "`{consumer}` asks for `{wanted}` {line}, but `{name}` provides {version}, which is another compatibility line"
            );
            let help = format!(
                "build both against one line: `cargo tree -i {}` shows who asks for which",
                service.package
            );
            return Problem::new("incompatible_line", message).help(help);
        }
        let problem = Problem::new(
            "missing_service",
            format!("`{consumer}` asks for the service `{wanted}` {line}, which nobody provides"),
        );
        if let Some(disabled) = self
            .choices
            .disable
            .iter()
            .find(|id| self.supplies(id, wanted, line))
        {
            return problem.help(format!("plugin `{disabled}` provides it and is disabled: take it out of `disable` in [host]"));
        }
        let suppliers: Vec<&str> = self
            .choices
            .known
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| self.supplies(id, wanted, line))
            .collect();
        match suppliers.as_slice() {
            [] => problem.help(format!(
                "link a plugin that provides `{wanted}`, or leave `{consumer}` out"
            )),
            [first, ..] => {
                let build = build_command(self.choices, first).unwrap_or_default();
                problem.help(format!(
                    "plugin `{}` provides it: {build}",
                    suppliers.join("` or `")
                ))
            }
        }
    }

    fn supplies(&self, id: &str, service: &str, line: Line) -> bool {
        let wanted = format!("{service}@{line}");
        self.choices
            .known
            .iter()
            .any(|(known, services)| *known == id && services.contains(&wanted.as_str()))
    }

    /// Choices that name no service, no consumer or no provider.
    fn unknown_choices(&self, problems: &mut Vec<Problem>) {
        let services: BTreeSet<&str> = self
            .instances
            .values()
            .flat_map(|entry| entry.descriptor.provides.iter().map(|service| service.name))
            .collect();
        for (key, chosen) in &self.choices.services {
            let place = format!("services.{key}");
            let (consumer, service) = key
                .split_once('.')
                .map_or((None, key.as_str()), |(consumer, service)| {
                    (Some(consumer), service)
                });
            if let Some(consumer) =
                consumer.filter(|consumer| !self.instances.contains_key(*consumer))
            {
                let problem = Problem::new(
                    "unknown_instance",
                    format!("there is no instance `{consumer}`"),
                )
                .place(place.clone());
                problems.push(with_suggestion(
                    problem,
                    consumer,
                    self.instances.keys().map(String::as_str),
                ));
            }
            if !services.contains(service) {
                let problem = Problem::new(
                    "unknown_service",
                    format!("nobody provides the service `{service}`"),
                )
                .place(place);
                problems.push(with_suggestion(problem, service, services.iter().copied()));
                continue;
            }
            let provides = |entry: &PluginEntry| {
                entry
                    .descriptor
                    .provides
                    .iter()
                    .any(|provided| provided.name == service)
            };
            let providers: Vec<&str> = self
                .instances
                .iter()
                .filter(|(_, entry)| provides(entry))
                .map(|(name, _)| name.as_str())
                .collect();
            if !providers.contains(&chosen.as_str()) {
                let problem = Problem::new(
                    "unknown_instance",
                    format!("`{chosen}` does not provide `{service}`"),
                )
                .place(place);
                problems.push(with_suggestion(problem, chosen, providers));
            }
        }
    }
}
