//! The composites of a host: declared, compared with what is linked, and made entries like the linked ones; replaced
//! while it runs.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError};

use serde_json::Value;

use super::builder::Setup;
use super::{Host, HostBuilder, Reloaded};
#[cfg(feature = "cli")]
use crate::composition::Plan;
use crate::composition::{Composite, Parts, entry, make, remake};
use crate::config::Config;
use crate::contract::difference;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::registry::{PlannedInstance, PluginEntry, resolve};

/// The composites that were declared, and what has become of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Composites {
    declared: Vec<Composite>,
    /// What was wrong with those that could not even be read.
    unreadable: Vec<Problem>,
    /// Made once: contracts live as long as the process. Emptied by whatever they depend on.
    made: Arc<OnceLock<Made>>,
}

struct Made {
    #[cfg(feature = "cli")]
    plans: Vec<Arc<Plan>>,
    entries: Vec<PluginEntry>,
    problems: Vec<Problem>,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.entries).finish()
    }
}

impl Composites {
    /// Forgets what was made: something that it depends on changes.
    pub(super) fn renew(&mut self) {
        self.made = Arc::default();
    }

    fn made(&self, setup: &Setup) -> &Made {
        self.made.get_or_init(|| {
            let (plans, mut problems) = make(&self.declared, &setup.parts());
            problems.extend(self.unreadable.iter().cloned());
            Made {
                entries: plans.iter().map(entry).collect(),
                #[cfg(feature = "cli")]
                plans,
                problems,
            }
        })
    }
}

impl HostBuilder {
    /// Adds a composite.
    #[must_use]
    pub fn composite(mut self, composite: Composite) -> Self {
        self.setup.composites.renew();
        self.setup.composites.declared.push(composite);
        self
    }

    /// Adds a composite of a configuration, with the places where its values were written.
    pub(super) fn declared(mut self, name: &str, value: &Value, config: &Config) -> Self {
        self.setup.composites.renew();
        let root = format!("/composites/{}", name.replace('~', "~0").replace('/', "~1"));
        let mut places = BTreeMap::new();
        let mut open = vec![String::new()];
        while let Some(pointer) = open.pop() {
            let here = format!("{root}{pointer}");
            if let Some(origin) = config.place_of(&here) {
                places.insert(pointer.clone(), origin.to_string());
            }
            match value.pointer(&pointer) {
                Some(Value::Object(fields)) => open.extend(fields.keys().map(|name| {
                    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
                })),
                Some(Value::Array(items)) => {
                    open.extend((0..items.len()).map(|index| format!("{pointer}/{index}")))
                }
                Some(_) | None => {}
            }
        }
        match Composite::read(name, value, places) {
            Ok(composite) => self.setup.composites.declared.push(composite),
            Err(found) => self.setup.composites.unreadable.extend(found),
        }
        self
    }

    /// The composites that were declared and could be read.
    #[cfg(feature = "cli")]
    pub(crate) fn declared_composites(&self) -> &[Composite] {
        &self.setup.composites.declared
    }

    /// The composites that fit what they are made of.
    #[cfg(feature = "cli")]
    pub(crate) fn composites(&self) -> &[Arc<Plan>] {
        &self.setup.composites.made(&self.setup).plans
    }
}

impl Setup {
    fn parts(&self) -> Parts<'_> {
        Parts {
            entries: &self.entries,
            instances: &self.choices.instances,
            grants: &self.grants,
        }
    }

    /// The composites that were declared, by name.
    pub(super) fn declared(&self) -> BTreeMap<String, Composite> {
        let declared = self.composites.declared.iter().cloned();
        declared
            .map(|composite| (composite.name.clone(), composite))
            .collect()
    }

    /// All entries, those of composites included, and what is wrong with composites.
    pub(super) fn composed(&self) -> (Vec<PluginEntry>, Vec<Problem>) {
        let made = self.composites.made(self);
        let entries = self.entries.iter().chain(&made.entries).copied().collect();
        (entries, made.problems.clone())
    }
}

impl Host {
    /// Replaces composites that are now declared in another way, those first that others are made of.
    ///
    /// They are compared with what runs, and each is replaced as an instance is: see [`reload`](Host::reload). Its
    /// callers hold its contract, so one whose contract would be another is kept as it was and says what differs;
    /// descriptions stay those of the start. An event that comes in the moment of the change may be answered twice.
    ///
    /// # Errors
    ///
    /// Composites that the host was not started with, or a host that has stopped: nothing is changed then.
    pub async fn reload_composites(&self, composites: &[Composite]) -> Result<Reloaded> {
        let _alone = self.changing().await?;
        let unknown: Vec<Problem> = {
            let declared = self.composed();
            let unknown = composites
                .iter()
                .filter(|composite| !declared.contains_key(&composite.name));
            unknown
                .map(|composite| {
                    let message = format!("there is no composite `{}`", composite.name);
                    Problem::new("unknown_instance", message)
                })
                .collect()
        };
        if !unknown.is_empty() {
            let message = "composites that were not there at the start";
            return Err(Error::problems(ErrorKind::Configuration, message, unknown));
        }
        let mut done = Reloaded::default();
        for planned in &self.0.plan.instances {
            let name = &planned.name;
            let Some(wanted) = composites.iter().find(|wanted| wanted.name == *name) else {
                continue;
            };
            let is_same = self.composed()[name].means(wanted);
            if is_same && !self.is_quarantined(name) {
                continue;
            }
            match self.recompose(wanted).await {
                Ok(()) => done.replaced.push(name.clone()),
                Err(fault) => done.kept.push((name.clone(), fault.to_string())),
            }
        }
        Ok(done)
    }

    async fn recompose(&self, wanted: &Composite) -> Result<()> {
        let old = self.newest(&wanted.name)?;
        let planned = self.planned_anew(wanted)?;
        let contracts = |planned: &PlannedInstance| planned.entry.descriptor.provides[0];
        if let Some(what) = difference(contracts(&old.planned), contracts(&planned)) {
            let message = format!("its contract would change, which takes a restart: {what}");
            return Err(Error::new(ErrorKind::Graph, message));
        }
        self.replace(&old, (planned, old.settings.clone())).await?;
        self.composed().insert(wanted.name.clone(), wanted.clone());
        Ok(())
    }

    /// The composite among all that runs, the other composites as they are by now.
    fn planned_anew(&self, wanted: &Composite) -> Result<PlannedInstance> {
        let setup = &self.0.setup;
        let refused =
            |problems| Error::problems(ErrorKind::Graph, "it does not fit what runs", problems);
        let declared: Vec<String> = self.composed().keys().cloned().collect();
        let running = self.running().into_iter();
        let running = running.filter(|running| declared.contains(&running.planned.name));
        let composites: Vec<PluginEntry> = running.map(|running| running.planned.entry).collect();
        let made: Vec<_> = composites
            .iter()
            .flat_map(|entry| entry.descriptor.provides)
            .copied()
            .collect();
        let plan = remake(wanted, &setup.parts(), &made).map_err(refused)?;
        let others = composites
            .into_iter()
            .filter(|entry| entry.descriptor.id != wanted.name);
        let mut entries: Vec<PluginEntry> = setup.entries.iter().copied().chain(others).collect();
        entries.push(entry(&plan));
        let mut plan = resolve(&entries, &setup.choices).map_err(refused)?;
        plan.instances.retain(|planned| planned.name == wanted.name);
        let planned = plan.instances.pop();
        planned.ok_or_else(|| Error::new(ErrorKind::State, "it is disabled"))
    }

    /// Never held while plugin code runs.
    fn composed(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Composite>> {
        let composed = self.0.composed.lock();
        composed.unwrap_or_else(PoisonError::into_inner)
    }
}
