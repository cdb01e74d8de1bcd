use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::descriptor::PluginDescriptor;
use super::inject::Binder;
use crate::call::{AnySlot, BoxFuture, Contract, Instance, MethodGate, Slot};
use crate::contract::ServiceDescriptor;
use crate::error::{Error, Result};
use crate::transaction::AnyParticipant;

/// A plugin: what `#[weldkit::plugin]` implements, and what can be written by hand.
///
/// Its life: `start` once, after every service it asks for has started; calls; `stop` once, when no
/// call is under way any more. After a failed `start` nothing else is called.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin",
    label = "not a plugin",
    note = "put `#[weldkit::plugin(provides(…))]` on the impl block with its constructor `start`"
)]
pub trait Plugin: Sized + Send + Sync + 'static {
    /// What the plugin is.
    const DESCRIPTOR: &'static PluginDescriptor;

    /// Makes an instance.
    fn start(binder: &Binder) -> BoxFuture<'_, Result<Self>>;

    /// The services of the instance.
    fn provide(self: Arc<Self>) -> Vec<Provided>;

    /// Gives back what the instance holds: files, connections. Its memory may outlive this call.
    fn stop(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    /// How the instance is.
    fn health(&self) -> Health {
        Health::Ready
    }

    /// The instance as a participant of transactions, when it has a resource of its own.
    fn participant(self: Arc<Self>) -> Option<Arc<dyn AnyParticipant>> {
        None
    }
}

/// How an instance is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Working.
    Ready,
    /// Working, but not as it should: why.
    Degraded(String),
    /// Not working: why.
    Failed(String),
}

/// A started instance without its type.
pub(crate) trait Running: Send + Sync {
    fn provide(self: Arc<Self>) -> Vec<Provided>;
    fn stop(&self) -> BoxFuture<'_, Result<()>>;
    fn health(&self) -> Health;
    #[cfg(feature = "transaction")]
    fn participant(self: Arc<Self>) -> Option<Arc<dyn AnyParticipant>>;
}

impl<P: Plugin> Running for P {
    fn provide(self: Arc<Self>) -> Vec<Provided> {
        Plugin::provide(self)
    }

    fn stop(&self) -> BoxFuture<'_, Result<()>> {
        Plugin::stop(self)
    }

    fn health(&self) -> Health {
        Plugin::health(self)
    }

    #[cfg(feature = "transaction")]
    fn participant(self: Arc<Self>) -> Option<Arc<dyn AnyParticipant>> {
        Plugin::participant(self)
    }
}

/// An instance that starts.
pub(crate) type Starting = BoxFuture<'static, Result<Arc<dyn Running>>>;

/// How an instance comes to be.
#[derive(Clone, Copy)]
pub(crate) enum Start {
    /// By its constructor.
    Constructor(fn(Binder) -> Starting),
    /// By what a definition says.
    #[cfg(feature = "composition")]
    Made(&'static (dyn Fn(Binder) -> Starting + Send + Sync)),
    /// It is there already: a test's stand-in.
    #[cfg(feature = "testing")]
    Given(&'static (dyn Fn() -> Arc<dyn Running> + Send + Sync)),
}

impl Start {
    pub(crate) fn start(self, binder: Binder) -> Starting {
        match self {
            Start::Constructor(constructor) => constructor(binder),
            #[cfg(feature = "composition")]
            Start::Made(make) => make(binder),
            #[cfg(feature = "testing")]
            Start::Given(given) => Box::pin(async move { Ok(given()) }),
        }
    }
}

/// What a plugin crate registers: a descriptor and how to start it. Costs nothing until it is used.
#[derive(Clone, Copy)]
pub struct PluginEntry {
    /// What the plugin is.
    pub descriptor: &'static PluginDescriptor,
    /// The same as text, for readers of the binary.
    pub text: &'static str,
    pub(crate) start: Start,
}

impl PluginEntry {
    /// The entry of a plugin, with its descriptor as text.
    pub const fn new<P: Plugin>(text: &'static str) -> Self {
        Self {
            descriptor: P::DESCRIPTOR,
            text,
            start: Start::Constructor(start::<P>),
        }
    }
}

impl PluginEntry {
    /// Whether it is the host itself.
    pub(crate) fn is_builtin(&self) -> bool {
        self.descriptor.id == super::BUILTIN
    }
}

fn start<P: Plugin>(binder: Binder) -> Starting {
    Box::pin(async move {
        let plugin: Arc<dyn Running> = Arc::new(P::start(&binder).await?);
        Ok(plugin)
    })
}

impl fmt::Debug for PluginEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PluginEntry({} {})",
            self.descriptor.id, self.descriptor.version
        )
    }
}

/// Puts a twin, whose type only this function knows, behind its gates.
type MakeSlot = fn(&Provided, Arc<[MethodGate]>, Arc<Instance>) -> Result<Option<Arc<dyn AnySlot>>>;

/// One service of an instance.
pub struct Provided {
    service: &'static ServiceDescriptor,
    twin: Box<dyn Any + Send + Sync>,
    slot: MakeSlot,
}

impl Provided {
    /// The service `S`, provided by `twin`.
    pub fn new<S: Contract + ?Sized + 'static>(twin: Arc<S::Twin>) -> Self {
        Self {
            service: S::DESCRIPTOR,
            twin: Box::new(twin),
            slot: |provided, gates, instance| {
                let twin = provided.twin.downcast_ref::<Arc<S::Twin>>();
                Ok(twin.map(|twin| {
                    let slot: Arc<dyn AnySlot> =
                        Arc::new(Slot::<S>::new(twin.clone(), gates, instance));
                    slot
                }))
            },
        }
    }

    /// A service whose contract was made at start.
    #[cfg(feature = "composition")]
    pub(crate) fn dynamic(
        service: &'static ServiceDescriptor,
        provider: Arc<dyn crate::call::Dynamic>,
    ) -> Self {
        Self {
            service,
            twin: Box::new(provider),
            slot: |provided, gates, instance| {
                let twin = provided
                    .twin
                    .downcast_ref::<Arc<dyn crate::call::Dynamic>>();
                let Some(twin) = twin.cloned() else {
                    return Ok(None);
                };
                let slot = crate::call::DynamicSlot::new(provided.service, twin, gates, instance)?;
                Ok(Some(slot))
            },
        }
    }

    pub(crate) fn service(&self) -> &'static ServiceDescriptor {
        self.service
    }

    pub(crate) fn slot(
        &self,
        gates: Arc<[MethodGate]>,
        instance: Arc<Instance>,
    ) -> Result<Option<Arc<dyn AnySlot>>> {
        (self.slot)(self, gates, instance)
    }
}

impl fmt::Debug for Provided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provided({})", self.service.name)
    }
}

/// What a constructor may return: `Result<Self, E>` with any error that becomes a [`weldkit::Error`](crate::Error).
#[diagnostic::on_unimplemented(
    message = "a plugin's `start` and `stop` return `weldkit::Result<…>`, not `{Self}`",
    label = "return `weldkit::Result<Self>`"
)]
pub trait Started<P> {
    /// The result with the framework's error.
    ///
    /// # Errors
    ///
    /// What the constructor returned.
    fn into_result(self) -> Result<P>;
}

impl<P, E: Into<Error>> Started<P> for std::result::Result<P, E> {
    fn into_result(self) -> Result<P> {
        self.map_err(Into::into)
    }
}
