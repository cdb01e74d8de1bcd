//! One instance: how it is started, guarded and stopped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Instant;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::Setup;
use crate::call::{AnySlot, Consumer, Ctx, Instance, MethodGate, Root};
use crate::clock;
use crate::contract::{MethodKind, ServiceDescriptor};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Events;
use crate::limit;
use crate::metrics::{Lanes, Meter};
use crate::registry::{Binder, Health, PlannedInstance, Running as RunningPlugin, Tasks};
use crate::security::{Permission, Policy, Principal};
#[cfg(feature = "transaction")]
use crate::transaction::Transactions;

/// A started instance.
pub(super) struct Running {
    pub(super) planned: PlannedInstance,
    pub(super) settings: Value,
    plugin: Arc<dyn RunningPlugin>,
    pub(super) gate: Arc<Instance>,
    pub(super) slots: Vec<Arc<dyn AnySlot>>,
    pub(super) meter: Meter,
    /// When it was started.
    pub(super) since: Instant,
    /// Instances that stood in its place before.
    pub(super) restarts: u64,
    tasks: Tasks,
}

/// What starting an instance takes beside its plan.
pub(super) struct Surroundings<'a> {
    pub(super) setup: &'a Setup,
    pub(super) policy: &'a Policy,
    /// The slots of what it asks for, in the order of its bindings.
    pub(super) slots: Vec<Arc<dyn AnySlot>>,
    pub(super) events: &'a Events,
    #[cfg(feature = "monitoring")]
    pub(super) monitoring: &'a crate::monitoring::Monitoring,
    #[cfg(feature = "transaction")]
    pub(super) transactions: &'a Transactions,
    #[cfg(feature = "orchestration")]
    pub(super) workflows: &'a crate::orchestration::Workflows,
    pub(super) on_quarantine: Box<dyn Fn() + Send + Sync>,
}

impl Running {
    /// Starts an instance and puts its services behind gates.
    pub(super) async fn start(
        planned: PlannedInstance,
        settings: Value,
        around: Surroundings<'_>,
    ) -> Result<Self> {
        let name = planned.name.clone();
        let failed = |fault: Error| fault.context(format!("`{name}` did not start"));
        let tasks = Tasks::default();
        let meter = Meter::default();
        let binder = binder(&planned, &settings, &around, &tasks, &meter)?;
        let start = planned.entry.start.start(binder);
        let deadline = clock::now() + around.setup.start_deadline;
        // A task of its own contains a panic in the constructor.
        let mut task = tokio::spawn(start);
        let plugin = match clock::until(deadline, &mut task).await {
            Some(Ok(plugin)) => plugin.map_err(failed)?,
            Some(Err(ended)) => {
                return Err(failed(Error::new(
                    ErrorKind::Start,
                    format!("its constructor panicked{}", said(ended)),
                )));
            }
            None => {
                task.abort();
                tasks.stop();
                return Err(failed(Error::new(
                    ErrorKind::Start,
                    format!(
                        "its constructor took longer than {:?}; see start_deadline in [host]",
                        around.setup.start_deadline
                    ),
                )));
            }
        };
        #[cfg(feature = "transaction")]
        seat(&planned, &plugin, around.transactions)
            .await
            .map_err(failed)?;
        let gate = Arc::new(Instance::new(
            &planned.name,
            around.setup.clock.clone(),
            around.on_quarantine,
        ));
        let (mut slots, mut all_gates) = (Vec::new(), Vec::new());
        for provided in plugin.clone().provide() {
            let gates = gates(provided.service(), around.setup, around.policy)?;
            all_gates.push(gates.clone());
            slots.extend(provided.slot(gates, gate.clone()).map_err(failed)?);
        }
        gate.guard(all_gates);
        Ok(Self {
            planned,
            settings,
            plugin,
            gate,
            slots,
            meter,
            since: around.setup.clock.now(),
            restarts: 0,
            tasks,
        })
    }

    pub(super) fn slot(&self, service: &ServiceDescriptor) -> Option<&Arc<dyn AnySlot>> {
        self.slots.iter().find(|slot| {
            slot.service().name == service.name && slot.service().line() == service.line()
        })
    }

    /// The plugin's own word; one that panics over it is not well.
    pub(super) fn health(&self) -> Health {
        catch_unwind(AssertUnwindSafe(|| self.plugin.health()))
            .unwrap_or_else(|_| Health::Failed("its health check panicked".to_owned()))
    }

    /// The same plugin with slots of its own, where consumers are bound to others already.
    pub(super) fn behind(self, old: &Self) -> Self {
        Self {
            slots: old.slots.clone(),
            restarts: old.restarts + 1,
            ..self
        }
    }

    /// Waits until no call is under way, then lets none in.
    pub(super) async fn drain(&self, deadline: Instant) -> bool {
        let mut drained = self.gate.in_flight() == 0;
        while !drained && clock::now() < deadline {
            clock::moment().await;
            drained = self.gate.in_flight() == 0;
        }
        self.gate.close();
        drained
    }

    /// Ends its tasks and calls its `stop`.
    pub(super) async fn stop(&self, deadline: Instant) -> Result<()> {
        let name = &self.planned.name;
        let mut tasks = self.tasks.stop();
        let joined = clock::until(deadline, async {
            while tasks.join_next().await.is_some() {}
        })
        .await;
        tasks.abort_all();
        let plugin = self.plugin.clone();
        let mut task = tokio::spawn(async move { plugin.stop().await });
        let late = |what: &str| {
            Error::new(
                ErrorKind::Stop,
                format!("`{name}` {what} before the deadline; see stop_deadline in [host]"),
            )
        };
        match clock::until(deadline.max(clock::now() + limit::BLOCKED), &mut task).await {
            Some(Ok(stopped)) => {
                stopped.map_err(|fault| fault.context(format!("`{name}` did not stop")))?
            }
            Some(Err(ended)) => {
                return Err(Error::new(
                    ErrorKind::Stop,
                    format!("`{name}` panicked when it stopped{}", said(ended)),
                ));
            }
            None => {
                task.abort();
                return Err(late("did not stop"));
            }
        }
        joined.ok_or_else(|| late("did not end its tasks"))
    }
}

/// Lets an instance take part in transactions, once what it has left in doubt is decided.
#[cfg(feature = "transaction")]
async fn seat(
    planned: &PlannedInstance,
    plugin: &Arc<dyn RunningPlugin>,
    transactions: &Transactions,
) -> Result<()> {
    if let Some(participant) = plugin.clone().participant() {
        return transactions.seat(&planned.name, participant).await;
    }
    if planned.entry.descriptor.passes_transactions() {
        transactions.sit(&planned.name);
    }
    Ok(())
}

fn said(ended: tokio::task::JoinError) -> String {
    let Ok(payload) = ended.try_into_panic() else {
        return String::new();
    };
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    text.map_or_else(String::new, |text| format!(": {text}"))
}

fn binder(
    planned: &PlannedInstance,
    settings: &Value,
    around: &Surroundings<'_>,
    tasks: &Tasks,
    meter: &Meter,
) -> Result<Binder> {
    let plugin = planned.entry.descriptor;
    let principal = Principal::plugin(&planned.name);
    let mut declared = Vec::new();
    for text in plugin
        .permissions
        .iter()
        .copied()
        .chain(plugin.requires().map(|(service, _)| service.name))
    {
        declared.push(Permission::new(text).map_err(|fault| {
            Error::new(ErrorKind::Graph, format!("plugin `{}`: {fault}", plugin.id))
        })?);
    }
    let clock = around.setup.clock.clone();
    let instance: Arc<str> = planned.name.as_str().into();
    Ok(Binder {
        plugin,
        events: around.events.of(&instance, tasks.stopping().clone()),
        instance,
        settings: settings.clone(),
        slots: around.slots.clone(),
        consumer: Consumer {
            name: planned.name.as_str().into(),
            declared: crate::call::Declared::Only(declared),
        },
        meter: meter.clone(),
        ctx: Ctx::root(Root {
            roles: around.policy.roles(&principal),
            principal,
            clock,
            cancel: Some(tasks.stopping().clone()),
        }),
        tasks: tasks.clone(),
        open_state: Arc::new(around.setup.folder.clone()),
        #[cfg(feature = "monitoring")]
        monitoring: around.monitoring.clone(),
        #[cfg(feature = "transaction")]
        transactions: around.transactions.clone(),
        #[cfg(feature = "orchestration")]
        workflows: around.workflows.clone(),
    })
}

/// The gates of one service of one instance.
fn gates(
    service: &'static ServiceDescriptor,
    setup: &Setup,
    policy: &Policy,
) -> Result<Arc<[MethodGate]>> {
    if service.methods.len() > limit::METHODS_PER_SERVICE {
        return Err(Error::new(
            ErrorKind::Graph,
            format!(
                "`{}` has {} methods; a service has at most {}",
                service.name,
                service.methods.len(),
                limit::METHODS_PER_SERVICE
            ),
        ));
    }
    let gate = |method: &'static crate::contract::MethodDescriptor| {
        let bounds = setup
            .limits
            .get(&format!("{}.{}", service.name, method.name))
            .copied()
            .unwrap_or_default();
        let permits = bounds
            .concurrency
            .filter(|_| method.kind == MethodKind::Async)
            .map(|permits| Semaphore::new(permits.clamp(1, Semaphore::MAX_PERMITS)));
        MethodGate {
            method,
            service: service.name,
            lanes: Lanes::default(),
            allowed: AtomicU64::new(policy.granted(method.permission.unwrap_or(service.name))),
            closed_to: AtomicU64::new(0),
            timeout: bounds.timeout.or(method.timeout).unwrap_or(limit::TIMEOUT),
            special: method.isolated || permits.is_some(),
            aside: AtomicBool::new(method.isolated || permits.is_some()),
            permits,
        }
    };
    Ok(service.methods.iter().map(gate).collect())
}
