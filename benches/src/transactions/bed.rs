use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};
use weldkit::transaction::{
    Branch, BytesMap, Capabilities, Containers, Durability, Fault, HostId, Isolation, Participant,
    Phase, TransactionId, Vote,
};
use weldkit::{CallError, Ctx, Host, HostBuilder, Service};

/// Does nothing, in a transaction.
#[weldkit::service]
pub(crate) trait Left {
    /// Nothing.
    #[method(transactional)]
    async fn touch_left(&self, ctx: &Ctx) -> Result<(), CallError>;
}

/// Does nothing, in the same one.
#[weldkit::service]
pub(crate) trait Right {
    /// Nothing.
    #[method(transactional)]
    async fn touch_right(&self, ctx: &Ctx) -> Result<(), CallError>;
}

pub(super) struct LeftHand;
pub(super) struct RightHand;

#[weldkit::plugin(id = "left", provides(Left), participant)]
impl LeftHand {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

#[weldkit::plugin(id = "right", provides(Right), participant)]
impl RightHand {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

impl Left for LeftHand {
    async fn touch_left(&self, _: &Ctx) -> Result<(), CallError> {
        Ok(())
    }
}

impl Right for RightHand {
    async fn touch_right(&self, _: &Ctx) -> Result<(), CallError> {
        Ok(())
    }
}

/// A participant that is always ready and has nothing to do.
macro_rules! idle {
    ($hand:ty) => {
        impl Participant for $hand {
            fn capabilities(&self) -> Capabilities {
                Capabilities {
                    isolation: Isolation::ALL.to_vec(),
                    savepoints: false,
                    durability: Durability::Volatile,
                    prepare: true,
                }
            }

            async fn begin(&self, _: &Branch) -> Result<(), CallError> {
                Ok(())
            }

            async fn prepare(&self, _: &Branch) -> Result<Vote, CallError> {
                Ok(Vote::Prepared)
            }

            async fn commit(&self, _: &Branch, _: Phase) -> Result<(), Fault> {
                Ok(())
            }

            async fn abort(&self, _: &Branch) -> Result<(), Fault> {
                Ok(())
            }

            async fn recover(&self, _: HostId) -> Result<Vec<TransactionId>, CallError> {
                Ok(Vec::new())
            }
        }
    };
}

idle!(LeftHand);
idle!(RightHand);

/// What the plugin below was given; the host that starts next takes it.
static GIVEN: Mutex<Option<BytesMap>> = Mutex::new(None);
/// How long what it keeps is to last.
static WANTED: Mutex<Durability> = Mutex::new(Durability::Volatile);

struct Keeper;

#[weldkit::plugin(id = "keeper", provides(Keeping))]
impl Keeper {
    async fn start(containers: Containers) -> weldkit::Result<Self> {
        let durability = *WANTED.lock().unwrap_or_else(PoisonError::into_inner);
        let map = containers.bytes("map", durability).await?;
        *GIVEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(map);
        Ok(Self)
    }
}

/// Nothing: its provider only keeps a container.
#[weldkit::service]
pub(crate) trait Keeping {
    /// Nothing.
    async fn nothing(&self, ctx: &Ctx) -> Result<(), CallError>;
}

impl Keeping for Keeper {
    async fn nothing(&self, _: &Ctx) -> Result<(), CallError> {
        Ok(())
    }
}

/// A running host with two participants that do nothing, and a container.
#[derive(Debug)]
pub struct Bed {
    /// Of one thread.
    pub runtime: Runtime,
    /// The host.
    pub host: Host,
    /// Its container.
    pub map: BytesMap,
    /// A root of calls.
    pub ctx: Ctx,
    pub(super) left: Service<dyn Left>,
    pub(super) right: Service<dyn Right>,
}

impl Bed {
    /// One whose container is gone with it.
    pub fn volatile() -> Self {
        Self::start(None, Self::quiet(), Host::builder())
    }

    /// One whose container is kept in a folder.
    pub fn durable(state: &Path) -> Self {
        Self::start(Some(state), Self::quiet(), Host::builder())
    }

    /// The same beside what `builder` brings, which talks to others.
    pub(super) fn beside(state: &Path, builder: HostBuilder) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a process may open a socket");
        Self::start(Some(state), runtime, builder)
    }

    /// Nothing in it waits for anything but time.
    fn quiet() -> Runtime {
        let runtime = Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime of one thread needs no more than memory")
    }

    fn start(state: Option<&Path>, runtime: Runtime, builder: HostBuilder) -> Self {
        let mut builder = builder
            .plugin::<LeftHand>()
            .plugin::<RightHand>()
            .plugin::<Keeper>();
        let mut wanted = Durability::Volatile;
        if let Some(state) = state {
            builder = builder.state(state);
            wanted = Durability::Durable;
        }
        *WANTED.lock().unwrap_or_else(PoisonError::into_inner) = wanted;
        let host = runtime
            .block_on(builder.start())
            .expect("plugins that ask for little start");
        let given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner).take();
        Self {
            map: given.expect("the plugin has started"),
            left: host.service().expect("it is provided"),
            right: host.service().expect("it is provided"),
            ctx: host.ctx(),
            runtime,
            host,
        }
    }
}
