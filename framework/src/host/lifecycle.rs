//! Start in dependency order, stop in reverse.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::builder::Setup;
use super::instance::{Running, Surroundings};
use super::metrics::{Instances, Process};
use super::{Host, Inner, Routes, State};
use crate::call::{AnySlot, Cancel, Consumer};
use crate::clock;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::event::Events;
use crate::metrics::Sources;
#[cfg(feature = "monitoring")]
use crate::monitoring::Monitoring;
#[cfg(feature = "orchestration")]
use crate::orchestration::Workflows;
use crate::registry::{Plan, PlannedInstance, order};
use crate::security::Policy;
#[cfg(feature = "transaction")]
use crate::transaction::{Ground, Transactions};

type States = watch::Sender<BTreeMap<String, State>>;

/// What every starting instance shares.
pub(super) struct Starter {
    setup: Setup,
    policy: Policy,
    states: States,
    events: Events,
    sources: Sources,
    #[cfg(feature = "monitoring")]
    monitoring: Monitoring,
    #[cfg(feature = "transaction")]
    transactions: Transactions,
    #[cfg(feature = "orchestration")]
    workflows: Workflows,
}

impl Starter {
    /// Makes what instances share; what an earlier run has left is recovered.
    async fn new(setup: Setup, policy: Policy, states: States) -> Result<Self> {
        #[cfg(feature = "transaction")]
        let transactions = recovered(&setup).await?;
        let events = Events::new(setup.clock.clone());
        let sources = Sources::new(setup.clock.clone());
        sources.add(events.clone());
        #[cfg(feature = "transaction")]
        sources.add(transactions.clone());
        #[cfg(feature = "orchestration")]
        let workflows = Workflows::new(transactions.clone(), events.clone(), setup.clock.clone());
        #[cfg(feature = "orchestration")]
        sources.add(workflows.clone());
        sources.add(Process);
        #[cfg(feature = "monitoring")]
        let monitoring = Monitoring::new(sources.clone(), events.clone(), setup.alerts.clone());
        Ok(Self {
            setup,
            policy,
            states,
            events,
            sources,
            #[cfg(feature = "monitoring")]
            monitoring,
            #[cfg(feature = "transaction")]
            transactions,
            #[cfg(feature = "orchestration")]
            workflows,
        })
    }

    /// Starts one instance, with the slots of what it asks for.
    pub(super) async fn start(
        &self,
        planned: PlannedInstance,
        slots: Vec<Arc<dyn AnySlot>>,
    ) -> Result<Running> {
        let name = planned.name.clone();
        let settings = self
            .setup
            .settings
            .get(&name)
            .cloned()
            .unwrap_or_else(|| Value::Object(Map::new()));
        set(&self.states, &name, State::Starting);
        let (states, quarantined) = (self.states.clone(), name.clone());
        let around = Surroundings {
            setup: &self.setup,
            policy: &self.policy,
            slots,
            events: &self.events,
            #[cfg(feature = "monitoring")]
            monitoring: &self.monitoring,
            #[cfg(feature = "transaction")]
            transactions: &self.transactions,
            #[cfg(feature = "orchestration")]
            workflows: &self.workflows,
            on_quarantine: Box::new(move || set(&states, &quarantined, State::Quarantined)),
        };
        Running::start(planned, settings, around).await
    }
}

pub(super) fn set(states: &States, instance: &str, state: State) {
    states.send_modify(|states| {
        states.insert(instance.to_owned(), state);
    });
}

impl Host {
    pub(super) async fn start(setup: Setup, plan: Plan) -> Result<Self> {
        let policy = Policy::new(&setup.grants).map_err(|problems| {
            Error::problems(ErrorKind::Configuration, "bad permissions", problems)
        })?;
        let owns_folder = !setup.folder.is_open();
        let states = States::new(
            plan.instances
                .iter()
                .map(|planned| (planned.name.clone(), State::Waiting))
                .collect(),
        );
        let starter = Arc::new(Starter::new(setup.clone(), policy.clone(), states.clone()).await?);
        let mut started: BTreeMap<String, Arc<Running>> = BTreeMap::new();
        let failures = start_all(&starter, &plan, &mut started).await;
        if !failures.is_empty() {
            stop_all(&started, &states, setup.stop_deadline).await;
            starter.events.close();
            return Err(failure(failures));
        }
        let routes = Routes::new(&plan, &started);
        let inner = Inner {
            #[cfg(feature = "composition")]
            composed: Mutex::new(setup.declared()),
            setup,
            policy,
            plan,
            owns_folder,
            running: Mutex::new(started),
            routes,
            states,
            stopping: Cancel::new(),
            changing: tokio::sync::Mutex::new(()),
            runtime: tokio::runtime::Handle::current(),
            events: starter.events.clone(),
            sources: starter.sources.clone(),
            #[cfg(feature = "monitoring")]
            monitoring: starter.monitoring.clone(),
            #[cfg(feature = "transaction")]
            transactions: starter.transactions.clone(),
            #[cfg(feature = "orchestration")]
            workflows: starter.workflows.clone(),
        };
        let host = Self(Arc::new(inner));
        host.0.sources.add(Instances(Arc::downgrade(&host.0)));
        #[cfg(feature = "orchestration")]
        host.open_workflows().await?;
        #[cfg(feature = "monitoring")]
        host.open_monitoring();
        Ok(host)
    }

    pub(super) fn starter(&self, setup: Setup) -> Starter {
        Starter {
            setup,
            policy: self.0.policy.clone(),
            states: self.0.states.clone(),
            events: self.0.events.clone(),
            sources: self.0.sources.clone(),
            #[cfg(feature = "monitoring")]
            monitoring: self.0.monitoring.clone(),
            #[cfg(feature = "transaction")]
            transactions: self.0.transactions.clone(),
            #[cfg(feature = "orchestration")]
            workflows: self.0.workflows.clone(),
        }
    }

    /// Stops everything in reverse order, within the deadline of the host, and lets the state folder go: another host can
    /// start on it, even where this one is still held. A second call does nothing.
    ///
    /// # Errors
    ///
    /// Every plugin that did not stop as it should; the others have stopped. The state folder is kept then, until the
    /// host is dropped: something may still write to it.
    pub async fn stop(&self) -> Result<()> {
        let _alone = self.0.changing.lock().await;
        if self.0.stopping.is_cancelled() {
            return Ok(());
        }
        #[cfg(feature = "monitoring")]
        self.0.monitoring.stop();
        #[cfg(feature = "orchestration")]
        self.0.workflows.close();
        #[cfg(feature = "transaction")]
        self.0.transactions.close().await;
        self.0.stopping.cancel();
        let running = self
            .running()
            .into_iter()
            .map(|running| (running.planned.name.clone(), running))
            .collect();
        let faults = stop_all(&running, &self.0.states, self.0.setup.stop_deadline).await;
        self.0.events.close();
        #[cfg(feature = "transaction")]
        let faults = {
            let mut faults = faults;
            let latest = clock::now() + self.0.setup.stop_deadline;
            faults.extend(self.0.transactions.put_away(latest).await.err());
            faults
        };
        if faults.is_empty() {
            if self.0.owns_folder {
                self.0.setup.folder.release();
            }
            return Ok(());
        }
        let problems = faults
            .iter()
            .map(|fault| Problem::new("stop", fault.message()))
            .collect();
        Err(Error::problems(
            ErrorKind::Stop,
            "not everything stopped as it should",
            problems,
        ))
    }

    /// Completes once [`stop`](Host::stop) has been called.
    pub async fn stopping(&self) {
        self.0.stopping.cancelled().await;
    }
}

/// The transactions of a host; what an earlier run has left is recovered.
#[cfg(feature = "transaction")]
async fn recovered(setup: &Setup) -> Result<Transactions> {
    let folder = setup.folder.clone();
    let given = setup.disk.clone();
    let is_there = folder.path().join(Transactions::JOURNAL).exists() || given.is_some();
    let open = move || {
        let folder = crate::registry::StateFolder::open(&folder)?;
        Ok(Ground::new(folder, given.clone()))
    };
    let transactions = Transactions::new(setup.clock.clone(), Box::new(open));
    if is_there {
        transactions.recover().await?;
    }
    Ok(transactions)
}

/// Starts each instance as soon as what it asks for runs. Stops starting at the first failure.
async fn start_all(
    starter: &Arc<Starter>,
    plan: &Plan,
    started: &mut BTreeMap<String, Arc<Running>>,
) -> Vec<Error> {
    let mut waiting: Vec<PlannedInstance> = plan.instances.clone();
    let mut starting = JoinSet::new();
    let mut failures = Vec::new();
    loop {
        if failures.is_empty() {
            let (ready, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|planned| {
                planned
                    .bindings
                    .iter()
                    .all(|binding| started.contains_key(&binding.provider))
            });
            waiting = later;
            for planned in ready {
                let slots = slots(&planned, started);
                let starter = starter.clone();
                starting.spawn(async move {
                    (planned.name.clone(), starter.start(planned, slots).await)
                });
            }
        }
        match starting.join_next().await {
            None => return failures,
            Some(Ok((name, Ok(running)))) => {
                set(&starter.states, &name, State::Running);
                started.insert(name, Arc::new(running));
            }
            Some(Ok((name, Err(fault)))) => {
                set(&starter.states, &name, State::Failed);
                failures.push(fault);
            }
            Some(Err(ended)) => failures.push(ended.into()),
        }
    }
}

/// The slots of what an instance asks for.
pub(super) fn slots(
    planned: &PlannedInstance,
    started: &BTreeMap<String, Arc<Running>>,
) -> Vec<Arc<dyn AnySlot>> {
    planned
        .bindings
        .iter()
        .filter_map(|binding| {
            started
                .get(&binding.provider)?
                .slot(binding.service)
                .cloned()
        })
        .collect()
}

fn failure(mut failures: Vec<Error>) -> Error {
    if failures.len() == 1 {
        return failures.remove(0);
    }
    let problems = failures
        .iter()
        .map(|fault| Problem::new("start", fault.message()))
        .collect();
    Error::problems(
        ErrorKind::Start,
        format!("{} plugins did not start", failures.len()),
        problems,
    )
}

/// Consumers before their providers; a plugin that hangs costs the others nothing but time.
async fn stop_all(
    started: &BTreeMap<String, Arc<Running>>,
    states: &States,
    within: std::time::Duration,
) -> Vec<Error> {
    let deadline = clock::now() + within;
    let mut faults = Vec::new();
    // As it is by now: a composite may be made of others than at the start.
    let planned = started.values().map(|running| running.planned.clone());
    let ordered = order(planned.collect()).expect("what runs was resolved, which finds circles");
    for running in ordered.iter().rev().map(|planned| &started[&planned.name]) {
        let name = &running.planned.name;
        set(states, name, State::Stopping);
        running.drain(deadline).await;
        match running.stop(deadline).await {
            Ok(()) => set(states, name, State::Stopped),
            Err(fault) => {
                set(states, name, State::Failed);
                faults.push(fault);
            }
        }
    }
    faults
}

impl Routes {
    fn new(plan: &Plan, started: &BTreeMap<String, Arc<Running>>) -> Self {
        let mut routes = Self {
            slots: started
                .values()
                .flat_map(|running| running.slots.clone())
                .collect(),
            ..Self::default()
        };
        // Lines come in ascending order, so the newest line of a name is what stays.
        for ((name, line), provider) in &plan.defaults {
            let slot = started.get(provider).and_then(|running| {
                running
                    .slots
                    .iter()
                    .find(|slot| slot.service().name == *name && slot.service().line() == *line)
            });
            if let Some(slot) = slot {
                routes
                    .services
                    .insert((*name).to_owned(), slot.client(&Consumer::door()));
            }
        }
        for (name, client) in &routes.services {
            for (index, method) in client.descriptor().methods.iter().enumerate() {
                routes
                    .methods
                    .insert(format!("{name}.{}", method.name), (client.clone(), index));
            }
        }
        routes
    }
}
