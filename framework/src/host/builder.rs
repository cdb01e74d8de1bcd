use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::configured::{reduced, within_reach};
use super::{Folder, Host};
use crate::clock::Clock;
#[cfg(feature = "orchestration")]
use crate::contract::Secret;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::limit;
use crate::registry::{Choices, Plan, Plugin, PluginEntry, linked, resolve};
use crate::security::Policy;

/// Collects plugins and choices, then starts them.
///
/// ```
/// # async fn example() -> weldkit::Result<()> {
/// let host = weldkit::Host::builder().linked().start().await?;
/// let answer = host.call_json(&host.ctx(), "storage.get", br#"{"key":"a"}"#).await;
/// # drop(answer);
/// host.stop().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HostBuilder {
    pub(super) setup: Setup,
}

/// What a host is made of.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) entries: Vec<PluginEntry>,
    #[cfg(feature = "composition")]
    pub(super) composites: super::composites::Composites,
    pub(super) choices: Choices,
    /// Only what calls of this service reach is started.
    pub(super) reach: Option<String>,
    pub(super) settings: BTreeMap<String, Value>,
    pub(super) grants: BTreeMap<String, Vec<String>>,
    pub(super) limits: BTreeMap<String, Limit>,
    /// What raises an alert.
    #[cfg(feature = "monitoring")]
    pub(super) alerts: Vec<crate::monitoring::Rule>,
    /// How often the host looks at its metrics, if not as alerts need it.
    #[cfg(feature = "monitoring")]
    pub(super) monitor: Option<Duration>,
    /// What `$secrets` of workflows is, before the environment.
    #[cfg(feature = "orchestration")]
    pub(super) secrets: BTreeMap<String, Secret<String>>,
    pub(super) clock: Clock,
    pub(super) folder: Folder,
    /// In place of the machine's disk under the journal.
    #[cfg(feature = "transaction")]
    pub(super) disk: Option<crate::transaction::GivenDisk>,
    pub(super) start_deadline: Duration,
    pub(super) stop_deadline: Duration,
}

/// What the configuration bounds for one method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limit {
    /// Calls at once; further ones wait. Async methods only.
    pub concurrency: Option<usize>,
    /// In place of the contract's timeout.
    pub timeout: Option<Duration>,
}

#[cfg(not(feature = "composition"))]
impl Setup {
    /// All entries, and what is wrong with them already.
    pub(super) fn composed(&self) -> (Vec<PluginEntry>, Vec<Problem>) {
        (self.entries.clone(), Vec::new())
    }
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            setup: Setup {
                #[cfg(any(feature = "transaction", feature = "monitoring"))]
                entries: vec![crate::registry::builtin()],
                #[cfg(not(any(feature = "transaction", feature = "monitoring")))]
                entries: Vec::new(),
                #[cfg(feature = "composition")]
                composites: super::composites::Composites::default(),
                choices: Choices::default(),
                reach: None,
                settings: BTreeMap::new(),
                grants: BTreeMap::new(),
                limits: BTreeMap::new(),
                #[cfg(feature = "monitoring")]
                alerts: Vec::new(),
                #[cfg(feature = "monitoring")]
                monitor: None,
                #[cfg(feature = "orchestration")]
                secrets: BTreeMap::new(),
                clock: Clock::System,
                folder: Folder::new("state"),
                #[cfg(feature = "transaction")]
                disk: None,
                start_deadline: limit::START,
                stop_deadline: limit::STOP,
            },
        }
    }
}

impl HostBuilder {
    /// Adds every plugin that is linked in.
    #[must_use]
    pub fn linked(mut self) -> Self {
        #[cfg(feature = "composition")]
        self.setup.composites.renew();
        self.setup.entries.extend(linked());
        self
    }

    /// Adds one plugin by hand; no linker needed.
    #[must_use]
    pub fn plugin<P: Plugin>(self) -> Self {
        self.entry(PluginEntry::new::<P>(""))
    }

    /// Adds one plugin by its entry.
    #[must_use]
    pub fn entry(mut self, entry: PluginEntry) -> Self {
        #[cfg(feature = "composition")]
        self.setup.composites.renew();
        self.setup.entries.push(entry);
        self
    }

    /// Gives an instance its settings.
    #[must_use]
    pub fn settings(mut self, instance: &str, settings: Value) -> Self {
        self.setup.settings.insert(instance.to_owned(), settings);
        self
    }

    /// Gives workflows a secret. Those that are not given here come from the environment, as `WELDKIT_SECRET_NAME`.
    #[cfg(feature = "orchestration")]
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        let value = Secret::new(value.to_owned());
        self.setup.secrets.insert(name.to_owned(), value);
        self
    }

    /// Adds a further instance of a plugin.
    #[must_use]
    pub fn instance(mut self, name: &str, plugin: &str) -> Self {
        #[cfg(feature = "composition")]
        self.setup.composites.renew();
        self.setup
            .choices
            .instances
            .insert(name.to_owned(), plugin.to_owned());
        self
    }

    /// Leaves the default instance of a plugin out.
    #[must_use]
    pub fn disable(mut self, plugin: &str) -> Self {
        self.setup.choices.disable.insert(plugin.to_owned());
        self
    }

    /// Chooses the provider of `service`, or of `consumer.service`.
    #[must_use]
    pub fn provider(mut self, service: &str, instance: &str) -> Self {
        self.setup
            .choices
            .services
            .insert(service.to_owned(), instance.to_owned());
        self
    }

    /// The same, passed over where that instance is not there: an application's own defaults.
    #[must_use]
    pub fn preferred(mut self, service: &str, instance: &str) -> Self {
        self.setup
            .choices
            .preferred
            .insert(service.to_owned(), instance.to_owned());
        self
    }

    /// Replaces all choices at once.
    #[must_use]
    pub fn choices(mut self, choices: Choices) -> Self {
        #[cfg(feature = "composition")]
        self.setup.composites.renew();
        self.setup.choices = choices;
        self
    }

    /// Grants permissions to a principal.
    #[must_use]
    pub fn grant(mut self, principal: &str, permissions: &[&str]) -> Self {
        #[cfg(feature = "composition")]
        self.setup.composites.renew();
        let granted = self.setup.grants.entry(principal.to_owned()).or_default();
        granted.extend(
            permissions
                .iter()
                .map(|permission| (*permission).to_owned()),
        );
        self
    }

    /// Bounds `service.method`.
    #[must_use]
    pub fn limit(mut self, method: &str, limit: Limit) -> Self {
        self.setup.limits.insert(method.to_owned(), limit);
        self
    }

    /// Raises an alert where a number crosses a bound; see [`Rule`](crate::monitoring::Rule).
    #[cfg(feature = "monitoring")]
    #[must_use]
    pub fn alert(mut self, rule: crate::monitoring::Rule) -> Self {
        self.setup.alerts.push(rule);
        self
    }

    /// Looks at all metrics at this interval from the start on; see [`Host::start_monitoring`].
    #[cfg(feature = "monitoring")]
    #[must_use]
    pub fn monitor(mut self, every: Duration) -> Self {
        self.setup.monitor = Some(every);
        self
    }

    /// Takes the time from elsewhere.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.setup.clock = clock;
        self
    }

    /// Keeps the state in this folder; `state` in the working folder otherwise. It is made and
    /// locked when the first plugin asks for it.
    #[must_use]
    pub fn state(mut self, folder: impl Into<PathBuf>) -> Self {
        self.setup.folder = Folder::new(folder);
        self
    }

    /// The same with a folder that is locked already. A host that stops leaves it locked.
    #[must_use]
    pub fn folder(mut self, folder: Folder) -> Self {
        self.setup.folder = folder;
        self
    }

    /// Puts a disk under the journal, in place of the machine's; it may hold a journal already. The rest of the state
    /// stays in the folder.
    #[cfg(all(feature = "transaction", feature = "testing"))]
    #[must_use]
    pub fn disk(
        mut self,
        disk: std::sync::Arc<dyn crate::journal::Disk>,
        options: crate::journal::Options,
    ) -> Self {
        self.setup.disk = Some(crate::transaction::GivenDisk(disk, options));
        self
    }

    /// Bounds how long one instance may take to start, and all of them to stop.
    #[must_use]
    pub fn deadlines(mut self, start: Duration, stop: Duration) -> Self {
        (self.setup.start_deadline, self.setup.stop_deadline) = (start, stop);
        self
    }

    /// All plugins: those that are linked, the host itself, and composites that fit what they are made of.
    #[cfg(feature = "cli")]
    pub(crate) fn entries(&self) -> Vec<PluginEntry> {
        self.setup.composed().0
    }

    /// Fits everything together without starting anything.
    ///
    /// # Errors
    ///
    /// Every problem at once.
    pub fn check(&self) -> Result<Plan> {
        let (entries, mut problems) = self.setup.composed();
        let resolved = match &self.setup.reach {
            None => resolve(&entries, &self.setup.choices),
            Some(service) => {
                // What is wrong with composites is an obstacle to those who call one.
                problems.clear();
                let (entries, choices) = within_reach(&self.setup, &entries, service);
                resolve(&entries, &choices).map(|plan| reduced(plan, service))
            }
        };
        problems.extend(self.other_problems(&entries));
        let plan = resolved.map_err(|found| problems.extend(found)).ok();
        match plan {
            Some(plan) if problems.is_empty() => Ok(plan),
            _ => Err(Error::problems(
                ErrorKind::Graph,
                count(problems.len()),
                problems,
            )),
        }
    }

    /// What does not hang on the graph: settings and limits of nobody, bad grants.
    fn other_problems(&self, entries: &[PluginEntry]) -> Vec<Problem> {
        let mut problems = Policy::new(&self.setup.grants).err().unwrap_or_default();
        let methods: Vec<String> = entries
            .iter()
            .flat_map(|entry| entry.descriptor.provides)
            .flat_map(|service| {
                service
                    .methods
                    .iter()
                    .map(|method| format!("{}.{}", service.name, method.name))
            })
            .collect();
        for named in self
            .setup
            .limits
            .keys()
            .filter(|named| !methods.contains(named))
        {
            let problem = Problem::new("unknown_method", format!("there is no method `{named}`"))
                .place(format!("limits.{named}"));
            problems.push(
                match crate::name::suggest(named, methods.iter().map(String::as_str)) {
                    Some(help) => problem.help(help),
                    None => problem,
                },
            );
        }
        problems
    }

    /// Starts everything in order.
    ///
    /// Plugins set timers and open sockets, so the runtime must have both (`enable_all`, as `#[tokio::main]` does).
    ///
    /// # Errors
    ///
    /// Every problem of the graph at once, or the first plugin that does not start; what had
    /// started is stopped again.
    pub async fn start(self) -> Result<Host> {
        let plan = self.check()?;
        Host::start(self.setup, plan).await
    }
}

fn count(problems: usize) -> String {
    match problems {
        1 => "the plugins do not fit together".to_owned(),
        more => format!("the plugins do not fit together: {more} problems"),
    }
}
