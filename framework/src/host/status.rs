use std::collections::BTreeMap;

use serde::Serialize;
use tokio::sync::watch;

use super::Host;
use super::instance::Running;
use crate::registry::Health;
#[cfg(feature = "transaction")]
use crate::transaction::Offer;

/// Where an instance is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for what it asks for.
    Waiting,
    /// Its constructor runs.
    Starting,
    /// Answers calls.
    Running,
    /// Panicked too often; answers no calls.
    Quarantined,
    /// Takes no further calls.
    Stopping,
    /// Has stopped.
    Stopped,
    /// Did not start, or did not stop.
    Failed,
}

impl State {
    /// The word used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Starting => "starting",
            State::Running => "running",
            State::Quarantined => "quarantined",
            State::Stopping => "stopping",
            State::Stopped => "stopped",
            State::Failed => "failed",
        }
    }
}

/// One instance, as `app list` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceStatus {
    /// The plugin.
    pub id: &'static str,
    /// The name of the instance.
    pub instance: String,
    /// The version of the plugin.
    pub version: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// Its services, as `name@version`.
    pub provides: Vec<String>,
    /// What it asks for, as `name@line`, with `?` behind an optional one.
    pub requires: Vec<String>,
    /// How settled the plugin is.
    pub stability: &'static str,
    /// Where it is in its life.
    pub state: State,
    /// Its own word on its health, when it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// What it gives to a transaction, when it takes part in any.
    #[cfg(feature = "transaction")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions: Option<Offer>,
    /// Calls under way.
    pub in_flight: u64,
    /// Panics that were contained.
    pub panics: u64,
}

impl Host {
    /// Every instance, by name. Asks each for its health: its own code, which may take its time.
    pub fn instances(&self) -> Vec<InstanceStatus> {
        let mut all = self.overview();
        for status in &mut all {
            status.health = self.health(&status.instance);
        }
        all
    }

    /// What an instance says of its health, when it is not well. Its own code, which may take its time.
    pub fn health(&self, instance: &str) -> Option<String> {
        let running = self.running();
        let running = running
            .iter()
            .find(|running| running.planned.name == instance)?;
        match running.health() {
            Health::Ready => None,
            Health::Degraded(why) => Some(format!("degraded: {why}")),
            Health::Failed(why) => Some(format!("failed: {why}")),
        }
    }

    /// Every instance, by name, without its health: no plugin code runs.
    pub fn overview(&self) -> Vec<InstanceStatus> {
        self.all(|running| !running.planned.entry.is_builtin())
    }

    /// The same with the host's own services among them.
    #[cfg(feature = "cli")]
    pub(crate) fn overview_with_builtin(&self) -> Vec<InstanceStatus> {
        self.all(|_| true)
    }

    fn all(&self, which: impl Fn(&Running) -> bool) -> Vec<InstanceStatus> {
        let states = self.0.states.borrow().clone();
        self.running()
            .iter()
            .filter(|running| which(running))
            .map(|running| {
                let plugin = running.planned.entry.descriptor;
                InstanceStatus {
                    id: plugin.id,
                    instance: running.planned.name.clone(),
                    version: plugin.version,
                    description: plugin.description,
                    provides: plugin
                        .provides
                        .iter()
                        .map(|service| format!("{}@{}", service.name, service.version))
                        .collect(),
                    requires: plugin
                        .requires()
                        .map(|(service, optional)| {
                            format!(
                                "{}@{}{}",
                                service.name,
                                service.line(),
                                if optional { "?" } else { "" }
                            )
                        })
                        .collect(),
                    stability: plugin.stability.as_str(),
                    state: states
                        .get(&running.planned.name)
                        .copied()
                        .unwrap_or(State::Waiting),
                    health: None,
                    #[cfg(feature = "transaction")]
                    transactions: self.transactions().offer(&running.planned.name),
                    in_flight: running.gate.in_flight(),
                    panics: running.gate.panics(),
                }
            })
            .collect()
    }

    /// The states of all instances by name, and every change of them.
    pub fn watch(&self) -> watch::Receiver<BTreeMap<String, State>> {
        self.0.states.subscribe()
    }
}
