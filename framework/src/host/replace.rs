//! Replacing an instance while the host runs.

use std::sync::{Arc, PoisonError};

use serde_json::Value;

use super::instance::Running;
use super::lifecycle::{set, slots};
use super::{Host, State};
use crate::clock;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::registry::PlannedInstance;

/// What a reload did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Instances that were replaced.
    pub replaced: Vec<String>,
    /// Instances that keep running as they were, and why.
    pub kept: Vec<(String, String)>,
}

impl Reloaded {
    /// What both did.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.replaced.extend(other.replaced);
        self.kept.extend(other.kept);
        self
    }
}

impl Host {
    /// Gives instances new settings and replaces those whose settings changed, providers first.
    ///
    /// A new instance is started, put in front, the old one drained and stopped. When the new one
    /// does not start, the old one stays. An `exclusive` plugin is stopped first; when its new
    /// instance does not start, the old settings are started again.
    ///
    /// # Errors
    ///
    /// Names of instances that do not exist, or a host that has stopped: nothing is changed then.
    pub async fn reload(
        &self,
        settings: &std::collections::BTreeMap<String, Value>,
    ) -> Result<Reloaded> {
        let _alone = self.changing().await?;
        let known: Vec<&str> = self
            .0
            .plan
            .instances
            .iter()
            .map(|planned| planned.name.as_str())
            .collect();
        let unknown: Vec<Problem> = settings
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| Problem::new("unknown_instance", format!("there is no instance `{name}`")))
            .collect();
        if !unknown.is_empty() {
            return Err(Error::problems(
                ErrorKind::Configuration,
                "settings for nobody",
                unknown,
            ));
        }
        let mut done = Reloaded::default();
        for planned in &self.0.plan.instances {
            let Some(wanted) = settings.get(&planned.name) else {
                continue;
            };
            let old = self.newest(&planned.name)?;
            if old.settings == *wanted && !self.is_quarantined(&planned.name) {
                continue;
            }
            let again = (old.planned.clone(), wanted.clone());
            match self.replace(&old, again).await {
                Ok(()) => done.replaced.push(planned.name.clone()),
                Err(fault) => done.kept.push((planned.name.clone(), fault.to_string())),
            }
        }
        Ok(done)
    }

    /// One change at a time, and none of a host that has stopped.
    pub(super) async fn changing(&self) -> Result<tokio::sync::MutexGuard<'_, ()>> {
        let alone = self.0.changing.lock().await;
        if self.0.stopping.is_cancelled() {
            return Err(Error::new(ErrorKind::State, "the host has stopped"));
        }
        Ok(alone)
    }

    pub(super) fn newest(&self, name: &str) -> Result<Arc<Running>> {
        let running = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running
            .get(name)
            .cloned()
            .ok_or_else(|| Error::new(ErrorKind::State, format!("`{name}` is not running")))
    }

    /// Starts an instance anew, as planned and with these settings, in place of the old one.
    pub(super) async fn replace(
        &self,
        old: &Arc<Running>,
        again: (PlannedInstance, Value),
    ) -> Result<()> {
        let exclusive = old.planned.entry.descriptor.exclusive;
        let deadline = clock::now() + self.0.setup.stop_deadline;
        if exclusive {
            old.drain(deadline).await;
            old.stop(deadline).await?;
        }
        let (new, outcome) = match self.start_again(again).await {
            Ok(new) => (new, Ok(())),
            Err(fault) if exclusive => {
                let back = self
                    .start_again((old.planned.clone(), old.settings.clone()))
                    .await
                    .inspect_err(|_| set(&self.0.states, &old.planned.name, State::Failed))?;
                (back, Err(fault.context("the old settings run again")))
            }
            Err(fault) => {
                set(&self.0.states, &old.planned.name, State::Running);
                return Err(fault);
            }
        };
        self.put_in_front(old, new)?;
        if !exclusive {
            old.drain(deadline).await;
            old.stop(deadline).await?;
        }
        outcome
    }

    pub(super) fn is_quarantined(&self, instance: &str) -> bool {
        self.0.states.borrow().get(instance) == Some(&State::Quarantined)
    }

    async fn start_again(&self, again: (PlannedInstance, Value)) -> Result<Running> {
        let (planned, settings) = again;
        let mut setup = self.0.setup.clone();
        setup.settings.insert(planned.name.clone(), settings);
        let slots = {
            let running = self
                .0
                .running
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            slots(&planned, &running)
        };
        self.starter(setup).start(planned, slots).await
    }

    /// Consumers hold the old slots, so the new providers go in there.
    fn put_in_front(&self, old: &Arc<Running>, new: Running) -> Result<()> {
        for slot in &new.slots {
            if let Some(held) = old.slot(slot.service()) {
                held.replace(slot.as_ref())?;
            }
        }
        let name = old.planned.name.clone();
        let new = Arc::new(new.behind(old));
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.clone(), new);
        set(&self.0.states, &name, State::Running);
        Ok(())
    }
}
