//! What every command starts from: the linked plugins, the configuration, and what is wrong with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::App;
use super::args::Globals;
use super::failure::{Failure, Refusal};
use super::output::Output;
use crate::config::{self, Catalog, Config, Origin, Sources};
use crate::contract::ServiceDescriptor;
use crate::error::{CallError, Code, Problem, Result};
use crate::host::{self, HostBuilder};
use crate::registry::{Choices, Plan};

/// The configuration file that is read when no other is named.
const FILE: &str = "weldkit.toml";

/// One run of a command.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) app: App,
    pub(super) globals: Globals,
    pub(super) output: Output,
    pub(super) catalog: Arc<Catalog>,
}

impl Session {
    pub(super) fn new(app: App, globals: Globals) -> Self {
        let format = globals.format.unwrap_or_default().into();
        Self {
            catalog: Arc::new(host::catalog(&app.plugins().copied().collect::<Vec<_>>())),
            app,
            globals,
            output: Output { format },
        }
    }

    /// The same with further options, and what they change.
    pub(super) fn with(&self, globals: &Globals) -> Self {
        let globals = self.globals.clone().under(globals);
        let format = globals.format.unwrap_or_default().into();
        Self {
            app: self.app.clone(),
            catalog: Arc::clone(&self.catalog),
            globals,
            output: Output { format },
        }
    }

    /// Reads the configuration, as good as it is.
    pub(super) fn load(&self) -> Loaded {
        let config = Config::load(&self.sources(), Arc::clone(&self.catalog));
        let choices = Choices {
            known: self.app.facts.known,
            chosen: self.app.facts.chosen,
            ..Choices::default()
        };
        // A builder brings the host's own services along.
        let builder = self
            .app
            .plugins()
            .copied()
            .fold(HostBuilder::default().choices(choices), HostBuilder::entry);
        Loaded {
            builder: builder.configure(&config),
            config,
            not_linked: self.not_linked(),
        }
    }

    fn sources(&self) -> Sources {
        let sources = Sources::new(self.app.defaults).process_environment();
        let sources = match &self.globals.config {
            Some(path) => sources.file(path),
            None => sources.file_if_present(FILE),
        };
        let sources = self.globals.set.iter().fold(sources, Sources::set);
        match &self.globals.state {
            Some(state) => sources.flag("--state", &["host", "state"], state),
            None => sources,
        }
    }

    /// The configuration file, and whether it is there.
    pub(super) fn file(&self) -> (PathBuf, bool) {
        let path = PathBuf::from(self.globals.config.as_deref().unwrap_or(FILE));
        let exists = path.exists();
        (path, exists)
    }

    /// Plugins that were chosen when this binary was built, and are not in it.
    fn not_linked(&self) -> Vec<Problem> {
        let entries = &self.app.entries;
        let is_linked = |id: &str| entries.iter().any(|entry| entry.descriptor.id == id);
        let missing = self.app.facts.chosen.iter().filter(|id| !is_linked(id));
        let problem = |id: &&str| {
            Problem::new(
                "plugin_not_linked",
                format!("plugin `{id}` was chosen for this binary, but is not linked in"),
            )
            .help("a crate that no code names is dropped by the compiler: `cargo xtask tidy --fix` writes src/plugins.rs anew; then build again")
        };
        missing.map(problem).collect()
    }

    /// Every service of the linked plugins and of composites; of several lines of one name, the newest.
    pub(super) fn services(&self) -> Vec<&'static ServiceDescriptor> {
        let mut services: BTreeMap<&str, &'static ServiceDescriptor> = BTreeMap::new();
        let entries = self.load().builder.entries();
        let provided = entries.iter().flat_map(|entry| entry.descriptor.provides);
        for service in provided {
            let newest = services.entry(service.name).or_insert(service);
            if newest.version < service.version {
                *newest = service;
            }
        }
        services.into_values().collect()
    }

    /// Why `service.method` cannot be called; says which plugin would supply it.
    pub(super) fn not_found(&self, call: &str) -> CallError {
        let services = self.services();
        let error = host::not_found(call, &services);
        let service = call.rsplit_once('.').map_or(call, |(service, _)| service);
        match self
            .supply(service)
            .filter(|_| *error.code() == Code::ServiceNotFound)
        {
            Some(supply) => CallError::new(
                Code::ServiceNotFound,
                format!("no linked plugin provides the service `{service}`: {supply}"),
            ),
            None => error,
        }
    }

    /// Which plugin that is not linked provides a service, and the command that builds it in.
    pub(super) fn supply(&self, service: &str) -> Option<String> {
        let provides = |services: &[&str]| {
            let names = services.iter().map(|service| service.split('@').next());
            names.flatten().any(|name| name == service)
        };
        let known = self.app.facts.known.iter();
        let (id, _) = known.into_iter().find(|(_, services)| provides(services))?;
        let mut plugins: Vec<&str> = self.app.facts.chosen.iter().copied().chain([*id]).collect();
        plugins.sort_unstable();
        plugins.dedup();
        Some(format!(
            "plugin `{id}` does; weld it in: cargo xtask build --plugins {}",
            plugins.join(",")
        ))
    }
}

/// A configuration, and the host it describes.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) config: Config,
    pub(super) builder: HostBuilder,
    not_linked: Vec<Problem>,
}

impl Loaded {
    pub(super) fn state(&self) -> &Path {
        &self.config.host().state
    }

    /// Everything that is wrong with the whole.
    pub(super) fn refusal(&self) -> Refusal {
        let configuration = self.config.check_all();
        let mut graph = self.not_linked.clone();
        if let Err(error) = self.builder.check() {
            graph.extend(error.list().iter().cloned());
        }
        Refusal {
            configuration: configuration
                .into_iter()
                .filter(|problem| !passed_over(problem))
                .collect(),
            graph,
        }
    }

    /// What is no obstacle and still not likely to be meant.
    pub(super) fn warnings(&self) -> Vec<config::Problem> {
        let entries = self.builder.entries();
        let plugins = || entries.iter().map(|entry| entry.descriptor);
        let services = plugins().flat_map(|plugin| plugin.provides);
        let asked = services.flat_map(|service| {
            let methods = service.methods.iter();
            methods.map(|method| method.permission.unwrap_or(service.name))
        });
        let declared = plugins().flat_map(|plugin| plugin.permissions.iter().copied());
        self.config.idle_grants(&asked.chain(declared).collect())
    }

    /// The plan of the whole.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, of configuration and graph alike.
    pub(super) fn plan(&self) -> Result<Plan, Failure> {
        let refusal = self.refusal();
        if !refusal.is_empty() {
            return Err(Failure::Refused(refusal));
        }
        Ok(self.builder.check()?)
    }

    /// A builder of what calls of `service` reach, and what is wrong elsewhere and no obstacle.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, where some of it is in the way.
    pub(super) fn reaching(&self, service: &str) -> Result<(HostBuilder, Refusal), Failure> {
        let refusal = self.refusal();
        let builder = self.builder.clone().reaching(service);
        if refusal.is_empty() {
            return Ok((builder, refusal));
        }
        let plan = match builder.check() {
            Ok(plan) if self.not_linked.is_empty() => plan,
            Ok(_) | Err(_) => return Err(Failure::Refused(refusal)),
        };
        let in_the_way = |problem: &config::Problem| match instance(&problem.pointer) {
            Some(name) => plan.instances.iter().any(|planned| planned.name == name),
            None => true,
        };
        if refusal.configuration.iter().any(in_the_way) {
            return Err(Failure::Refused(refusal));
        }
        Ok((builder, refusal))
    }
}

/// The instance whose part of the configuration a JSON pointer points into.
fn instance(pointer: &str) -> Option<&str> {
    let mut steps = pointer.split('/').skip(1);
    match steps.next()? {
        "plugins" | "instances" => steps.next(),
        _ => None,
    }
}

/// The embedded defaults may name plugins that are not linked: one text serves every edition.
fn passed_over(problem: &config::Problem) -> bool {
    let by_default = matches!(problem.place, Some(Origin::Default { .. }));
    let mut steps = problem.pointer.split('/').skip(1);
    let section = steps.next().unwrap_or_default();
    let is_name = match section {
        "plugins" => steps.count() == 1,
        "instances" | "services" | "permissions" | "limits" => true,
        "host" => steps.next() == Some("disable"),
        _ => false,
    };
    by_default && is_name && problem.code == config::Code::UnknownName
}
