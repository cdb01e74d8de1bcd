//! The host: starts what is linked in, in order; routes calls; replaces and stops.
//!
//! ```text
//! HostBuilder -> resolve -> start -> serve -> stop
//! ```

mod builder;
#[cfg(feature = "composition")]
mod composites;
mod configured;
mod door;
#[cfg(feature = "monitoring")]
mod examine;
mod folder;
mod instance;
mod lifecycle;
mod metrics;
mod replace;
#[cfg(feature = "orchestration")]
mod runs;
mod status;

pub use builder::{HostBuilder, Limit};
pub use configured::catalog;
#[cfg(feature = "cli")]
pub(crate) use door::{collect, not_found};
pub use folder::Folder;
pub use replace::Reloaded;
pub use status::{InstanceStatus, State};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

pub use crate::call::Answer;
use crate::call::{AnyService, AnySlot, Cancel, Consumer, Contract, Ctx, Root, Service, Slot};

use crate::error::{Error, ErrorKind, Result};
use crate::event::Events;
use crate::metrics::{MethodCounts, Sources};
use crate::name;
use crate::registry::Plan;
use crate::security::{Policy, Principal};
#[cfg(feature = "transaction")]
use crate::transaction::{Backup, TransactionBuilder, Transactions};

use builder::Setup;
use instance::Running;

/// Running plugins and the ways to call them. Cheap to clone.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    setup: Setup,
    policy: Policy,
    plan: Plan,
    /// Whether it was us who locked the state folder: one that was given to us locked is kept by whoever did.
    owns_folder: bool,
    /// The newest instance under each name. Never held while plugin code runs.
    running: Mutex<BTreeMap<String, Arc<Running>>>,
    /// Composites as they run. Never held while plugin code runs.
    #[cfg(feature = "composition")]
    composed: Mutex<BTreeMap<String, crate::composition::Composite>>,
    routes: Routes,
    states: watch::Sender<BTreeMap<String, State>>,
    /// Thrown when the host stops: every call is given up.
    stopping: Cancel,
    /// One lifecycle change at a time.
    changing: tokio::sync::Mutex<()>,
    /// Where plugins run, whoever calls.
    runtime: tokio::runtime::Handle,
    events: Events,
    sources: Sources,
    #[cfg(feature = "monitoring")]
    monitoring: crate::monitoring::Monitoring,
    #[cfg(feature = "transaction")]
    transactions: Transactions,
    #[cfg(feature = "orchestration")]
    workflows: crate::orchestration::Workflows,
}

impl Drop for Inner {
    fn drop(&mut self) {
        #[cfg(feature = "monitoring")]
        self.monitoring.stop();
        #[cfg(feature = "orchestration")]
        self.workflows.close();
        self.events.close();
        #[cfg(feature = "transaction")]
        self.transactions.abandon();
    }
}

/// Its names come from contracts and are all there from the start on, so a caller can fill no bucket: a
/// hasher without a secret will do, and takes a third of the time.
#[expect(
    clippy::disallowed_types,
    reason = "one lookup on every JSON call; never iterated"
)]
type Methods =
    std::collections::HashMap<String, (Arc<dyn AnyService>, usize), foldhash::fast::FixedState>;

/// Where calls by name go. Fixed from the start on: slots stay when providers are replaced.
#[derive(Default)]
struct Routes {
    /// `service.method` -> the default provider's client and the index of the method.
    methods: Methods,
    /// The default provider's client of each service, the newest line under the bare name.
    services: BTreeMap<String, Arc<dyn AnyService>>,
    slots: Vec<Arc<dyn AnySlot>>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host")
            .field("states", &*self.0.states.borrow())
            .finish_non_exhaustive()
    }
}

impl Host {
    /// A host of no plugins; add them, or take [`HostBuilder::linked`].
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// A root `Ctx` of the local operator.
    pub fn ctx(&self) -> Ctx {
        self.ctx_as(&Principal::operator())
    }

    /// A root `Ctx` of any principal. It holds what the configuration grants to it.
    pub fn ctx_as(&self, principal: &Principal) -> Ctx {
        self.root(principal, None)
    }

    fn root(&self, principal: &Principal, cancel: Option<Cancel>) -> Ctx {
        let inner = &self.0;
        Ctx::root(Root {
            principal: principal.clone(),
            roles: inner.policy.roles(principal),
            clock: inner.setup.clock.clone(),
            cancel,
        })
    }

    /// The events of the host.
    pub fn events(&self) -> &Events {
        &self.0.events
    }

    /// The terms of a new transaction of the local operator; [`run`](TransactionBuilder::run) it, or
    /// [`begin`](TransactionBuilder::begin) and end it by hand.
    #[cfg(feature = "transaction")]
    pub fn transaction(&self) -> TransactionBuilder {
        self.0.transactions.transaction(&self.ctx())
    }

    /// The transactions of the host.
    #[cfg(feature = "transaction")]
    pub fn transactions(&self) -> &Transactions {
        &self.0.transactions
    }

    /// Backs up everything that is durable, while calls go on: see [`Transactions::backup`].
    ///
    /// # Errors
    ///
    /// As [`Transactions::backup`].
    #[cfg(feature = "transaction")]
    pub async fn backup(&self, into: impl AsRef<std::path::Path>) -> Result<Backup> {
        self.0.transactions.backup(into).await
    }

    /// The workflows of the host.
    #[cfg(feature = "orchestration")]
    pub fn workflows(&self) -> &crate::orchestration::Workflows {
        &self.0.workflows
    }

    /// A client of a service.
    ///
    /// # Errors
    ///
    /// When no running plugin provides it.
    pub fn service<S: Contract + ?Sized + 'static>(&self) -> Result<Service<S>> {
        let (wanted, line) = (S::DESCRIPTOR.name, S::DESCRIPTOR.line());
        let provider = self.0.plan.defaults.get(&(wanted, line));
        let slot = provider.and_then(|provider| self.slot(provider, wanted, line));
        match slot.and_then(|slot| slot.as_any().downcast_ref::<Slot<S>>()) {
            Some(slot) => Ok(slot.bind(&Consumer::door())),
            None => {
                let help = name::suggest(wanted, self.0.routes.services.keys().map(String::as_str))
                    .unwrap_or_default();
                Err(Error::new(
                    ErrorKind::Graph,
                    format!("nobody provides `{wanted}` {line}; {help}"),
                ))
            }
        }
    }

    fn slot(
        &self,
        provider: &str,
        service: &str,
        line: crate::contract::Line,
    ) -> Option<&Arc<dyn AnySlot>> {
        let at = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(provider)?
            .slots
            .clone();
        let found = at
            .iter()
            .find(|slot| slot.service().name == service && slot.service().line() == line)?;
        self.0
            .routes
            .slots
            .iter()
            .find(|slot| Arc::ptr_eq(slot, found))
    }

    /// What every method has done, by `instance`, then `service.method`.
    pub fn counts(&self) -> BTreeMap<String, BTreeMap<String, Vec<MethodCounts>>> {
        let running: Vec<Arc<Running>> = self.running();
        let mut counts: BTreeMap<String, BTreeMap<String, Vec<MethodCounts>>> = BTreeMap::new();
        for instance in running {
            let methods = counts.entry(instance.planned.name.clone()).or_default();
            for gate in instance
                .slots
                .iter()
                .flat_map(|slot| slot.gates())
                .flat_map(|gates| {
                    gates
                        .iter()
                        .map(|gate| {
                            (
                                format!("{}.{}", gate.service, gate.method.name),
                                gate.lanes.counts(),
                            )
                        })
                        .collect::<Vec<_>>()
                })
            {
                methods.entry(gate.0).or_default().push(gate.1);
            }
        }
        counts
    }

    fn running(&self) -> Vec<Arc<Running>> {
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }
}
