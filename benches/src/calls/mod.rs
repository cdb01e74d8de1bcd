//! Calls of one provider in one process: typed and as JSON.

mod asynchronous;
mod json;
mod payload;
#[cfg(feature = "peers")]
mod peers;
mod sync;

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};
use weldkit::{CallError, Ctx, Host, Service};

pub use payload::{Item, Order};

use crate::Subject;

/// Adds, which costs nothing: what remains is the call.
#[weldkit::service]
pub trait Adder {
    /// Adds two numbers.
    #[method(read_only, permission = "adder.add")]
    async fn add(&self, ctx: &Ctx, a: i64, b: i64) -> Result<i64, CallError>;
    /// Adds two numbers.
    #[method(read_only, permission = "adder.add")]
    fn add_now(&self, ctx: &Ctx, a: i64, b: i64) -> Result<i64, CallError>;
    /// Gives an order back.
    #[method(read_only)]
    fn echo(&self, ctx: &Ctx, order: Order) -> Result<Order, CallError>;
}

struct Provider;

#[weldkit::plugin(id = "adder", provides(Adder))]
impl Provider {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

impl Adder for Provider {
    async fn add(&self, _: &Ctx, a: i64, b: i64) -> Result<i64, CallError> {
        Ok(a.wrapping_add(b))
    }

    fn add_now(&self, _: &Ctx, a: i64, b: i64) -> Result<i64, CallError> {
        Ok(a.wrapping_add(b))
    }

    fn echo(&self, _: &Ctx, order: Order) -> Result<Order, CallError> {
        Ok(order)
    }
}

/// What every case calls: one running host, and its client.
struct Fixture {
    runtime: Runtime,
    host: Host,
    adder: Service<dyn Adder>,
    ctx: Ctx,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime of one thread needs no more than memory");
    let host = runtime
        .block_on(Host::builder().plugin::<Provider>().start())
        .expect("a plugin that asks for nothing starts");
    let adder = host.service().expect("it is the one that was started");
    let ctx = host.ctx();
    Fixture {
        runtime,
        host,
        adder,
        ctx,
    }
});

/// All subjects about calls.
pub fn subjects() -> Vec<Subject> {
    let mut subjects = vec![
        sync::one_thread(),
        sync::two_threads(),
        asynchronous::subject(),
        json::subject(),
    ];
    subjects.extend(payload::subjects());
    subjects
}
