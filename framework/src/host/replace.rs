//! Replacing an instance while the host runs.

use std::sync::{Arc, PoisonError};

use serde_json::Value;

use super::instance::Running;
use super::lifecycle::{set, slots};
use super::{Host, State};
use crate::clock;
use crate::error::{Error, ErrorKind, Problem, Result};

/// What a reload did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Instances that were replaced.
    pub replaced: Vec<String>,
    /// Instances that keep running as they were, and why.
    pub kept: Vec<(String, String)>,
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
        let _alone = self.0.changing.lock().await;
        if self.0.stopping.is_cancelled() {
            return Err(Error::new(ErrorKind::State, "the host has stopped"));
        }
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
            let quarantined =
                self.0.states.borrow().get(&planned.name) == Some(&State::Quarantined);
            if old.settings == *wanted && !quarantined {
                continue;
            }
            match self.replace(&old, wanted.clone()).await {
                Ok(()) => done.replaced.push(planned.name.clone()),
                Err(fault) => done.kept.push((planned.name.clone(), fault.to_string())),
            }
        }
        Ok(done)
    }

    fn newest(&self, name: &str) -> Result<Arc<Running>> {
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

    async fn replace(&self, old: &Arc<Running>, settings: Value) -> Result<()> {
        let exclusive = old.planned.entry.descriptor.exclusive;
        let deadline = clock::now() + self.0.setup.stop_deadline;
        if exclusive {
            old.drain(deadline).await;
            old.stop(deadline).await?;
        }
        let (new, outcome) = match self.start_again(old, settings).await {
            Ok(new) => (new, Ok(())),
            Err(fault) if exclusive => {
                let back = self
                    .start_again(old, old.settings.clone())
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

    async fn start_again(&self, old: &Running, settings: Value) -> Result<Running> {
        let mut setup = self.0.setup.clone();
        setup.settings.insert(old.planned.name.clone(), settings);
        let slots = {
            let running = self
                .0
                .running
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            slots(&old.planned, &running)
        };
        self.starter(setup).start(old.planned.clone(), slots).await
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
