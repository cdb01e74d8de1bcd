//! What a plugin's constructor may ask for.

use std::future::Future;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::task::JoinSet;

use super::descriptor::{Need, PluginDescriptor};
use crate::call::{AnySlot, Cancel, Consumer, Contract, Ctx, Service, Slot};
use crate::contract::{ServiceDescriptor, input_schema};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Events;
use crate::metrics::Meter;
#[cfg(feature = "transaction")]
use crate::transaction::{Containers, Transactions};

/// A type that a plugin's constructor may ask for.
///
/// Implemented by [`Service`], `Option<Service>`, [`Settings`], [`Meter`], [`Background`], [`Events`]
/// and [`StateDir`]. An application may add its own.
#[diagnostic::on_unimplemented(
    message = "a plugin's constructor cannot ask for `{Self}`",
    label = "not something a host can hand over",
    note = "ask for `Service<dyn Contract>`, `Option<Service<dyn Contract>>`, `Settings<T>`, `Meter`, `Background`, `Events` or `StateDir`",
    note = "`T` of `Settings<T>` needs `#[weldkit::data]`; two versions of weldkit in the graph look like this as well: see `cargo tree -d -i weldkit`"
)]
pub trait FromHost: Sized {
    /// What is asked for, known before anything runs.
    const NEED: Need;

    /// Takes it from the host.
    ///
    /// # Errors
    ///
    /// When the host does not have it, or settings do not fit their type.
    fn from_host(binder: &Binder) -> Result<Self>;
}

/// What a host hands to a starting instance.
#[derive(Debug)]
pub struct Binder {
    pub(crate) plugin: &'static PluginDescriptor,
    pub(crate) instance: Arc<str>,
    pub(crate) settings: Value,
    pub(crate) slots: Vec<Arc<dyn AnySlot>>,
    pub(crate) consumer: Consumer,
    pub(crate) meter: Meter,
    pub(crate) ctx: Ctx,
    pub(crate) tasks: Tasks,
    pub(crate) open_state: Arc<dyn StateFolder>,
    pub(crate) events: Events,
    #[cfg(feature = "monitoring")]
    pub(crate) monitoring: crate::monitoring::Monitoring,
    #[cfg(feature = "transaction")]
    pub(crate) transactions: Transactions,
    #[cfg(feature = "orchestration")]
    pub(crate) workflows: crate::orchestration::Workflows,
}

impl Binder {
    /// The plugin that starts.
    pub fn plugin(&self) -> &'static PluginDescriptor {
        self.plugin
    }

    /// The name of the instance that starts.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    fn slot(&self, service: &ServiceDescriptor) -> Option<&Arc<dyn AnySlot>> {
        self.slots.iter().find(|slot| {
            slot.service().name == service.name && slot.service().line() == service.line()
        })
    }

    fn service<S: Contract + ?Sized + 'static>(&self) -> Result<Option<Service<S>>> {
        let Some(slot) = self.slot(S::DESCRIPTOR) else {
            return Ok(None);
        };
        match slot.as_any().downcast_ref::<Slot<S>>() {
            Some(slot) => Ok(Some(slot.bind(&self.consumer))),
            None => Err(Error::new(
                ErrorKind::Graph,
                format!(
                    "`{}` asks for `{}` of another copy of its contract crate; see `cargo tree -d -i {}`",
                    self.instance,
                    S::DESCRIPTOR.name,
                    S::DESCRIPTOR.package
                ),
            )),
        }
    }
}

impl<S: Contract + ?Sized + 'static> FromHost for Service<S> {
    const NEED: Need = Need::Service {
        service: S::DESCRIPTOR,
        optional: false,
    };

    fn from_host(binder: &Binder) -> Result<Self> {
        binder.service()?.ok_or_else(|| {
            Error::new(
                ErrorKind::Graph,
                format!("nobody provides `{}`", S::DESCRIPTOR.name),
            )
        })
    }
}

impl<S: Contract + ?Sized + 'static> FromHost for Option<Service<S>> {
    const NEED: Need = Need::Service {
        service: S::DESCRIPTOR,
        optional: true,
    };

    fn from_host(binder: &Binder) -> Result<Self> {
        binder.service()
    }
}

/// The plugin's part of the configuration, checked against its schema and rules. At most one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings<T>(T);

impl<T> Settings<T> {
    /// Settings made by hand, for tests.
    pub fn new(settings: T) -> Self {
        Self(settings)
    }

    /// The settings themselves.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Settings<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + JsonSchema + garde::Validate<Context = ()>> FromHost for Settings<T> {
    const NEED: Need = Need::Settings {
        schema: input_schema::<T>,
    };

    fn from_host(binder: &Binder) -> Result<Self> {
        let doing = || format!("settings of `{}`", binder.instance);
        let settings = T::deserialize(&binder.settings).map_err(|fault| {
            Error::new(ErrorKind::Configuration, fault.to_string()).context(doing())
        })?;
        match settings.validate() {
            Ok(()) => Ok(Self(settings)),
            Err(report) => Err(Error::new(
                ErrorKind::Configuration,
                report.to_string().trim_end().to_owned(),
            )
            .context(doing())),
        }
    }
}

impl FromHost for Meter {
    const NEED: Need = Need::Host;

    fn from_host(binder: &Binder) -> Result<Self> {
        Ok(binder.meter.clone())
    }
}

/// What the instance publishes has its name as source, and its handlers end with it.
impl FromHost for Events {
    const NEED: Need = Need::Host;

    fn from_host(binder: &Binder) -> Result<Self> {
        Ok(binder.events.clone())
    }
}

/// The folder of the host's state, where an instance keeps what must survive a restart.
///
/// The host holds its lock; the folder exists once the host has started.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// A folder by hand, for tests.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// What makes and locks the folder; the host's.
pub(crate) trait StateFolder: Send + Sync + std::fmt::Debug {
    fn open(&self) -> Result<PathBuf>;
}

impl FromHost for StateDir {
    const NEED: Need = Need::Host;

    fn from_host(binder: &Binder) -> Result<Self> {
        binder.open_state.open().map(Self)
    }
}

/// Work of a plugin's own, outside of any call: a principal of its own, and tasks that end with it.
#[derive(Debug, Clone)]
pub struct Background {
    ctx: Ctx,
    tasks: Tasks,
}

/// The tasks of one instance.
#[derive(Debug, Clone)]
pub(crate) struct Tasks {
    running: Arc<Mutex<JoinSet<()>>>,
    stopping: Cancel,
}

impl Default for Tasks {
    fn default() -> Self {
        Self {
            running: Arc::default(),
            stopping: Cancel::new(),
        }
    }
}

impl Tasks {
    /// Asks the tasks to end, and takes them to be waited for.
    pub(crate) fn stop(&self) -> JoinSet<()> {
        self.stopping.cancel();
        std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn stopping(&self) -> &Cancel {
        &self.stopping
    }
}

impl Background {
    /// A root `Ctx` of the principal `plugin:INSTANCE`, cancelled when the instance stops. It holds
    /// what `[permissions]` grants to that principal.
    pub fn ctx(&self) -> Ctx {
        self.ctx.clone()
    }

    /// Runs a task until it ends or the instance stops.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.tasks.stopping.clone();
        let mut running = self
            .tasks
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        running.spawn(async move {
            tokio::select! {
                () = task => {}
                () = stopping.cancelled() => {}
            }
        });
    }
}

impl FromHost for Background {
    const NEED: Need = Need::Host;

    fn from_host(binder: &Binder) -> Result<Self> {
        Ok(Self {
            ctx: binder.ctx.clone(),
            tasks: binder.tasks.clone(),
        })
    }
}

#[cfg(feature = "transaction")]
impl FromHost for Transactions {
    const NEED: Need = Need::Host;

    fn from_host(binder: &Binder) -> Result<Self> {
        Ok(binder.transactions.clone())
    }
}

#[cfg(feature = "orchestration")]
impl FromHost for crate::orchestration::Workflows {
    const NEED: Need = Need::Host;

    fn from_host(binder: &Binder) -> Result<Self> {
        Ok(binder.workflows.clone())
    }
}

#[cfg(feature = "transaction")]
impl FromHost for Containers {
    const NEED: Need = Need::Containers;

    fn from_host(binder: &Binder) -> Result<Self> {
        let (transactions, instance) = (binder.transactions.clone(), binder.instance.clone());
        Ok(Containers::new(transactions, instance))
    }
}
