//! A call that is counted, timed and admitted, against the same by hand with one relaxed addition.

use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::runtime::Builder;
use weldkit::{CallError, Ctx, Host, Service};

use crate::{Bound, Case, Claim, Subject};

/// Does nothing: what remains is the call.
#[weldkit::service]
trait Idler {
    /// Gives the number back.
    #[method(read_only)]
    fn idle(&self, ctx: &Ctx, number: u64) -> Result<u64, CallError>;
}

struct Provider;

#[weldkit::plugin(id = "idler", provides(Idler))]
impl Provider {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

impl Idler for Provider {
    fn idle(&self, _: &Ctx, number: u64) -> Result<u64, CallError> {
        Ok(number)
    }
}

static FIXTURE: LazyLock<(Host, Service<dyn Idler>, Ctx)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime of one thread needs no more than memory");
    let host = runtime.block_on(Host::builder().plugin::<Provider>().start());
    let host = host.expect("a plugin that asks for nothing starts");
    let idler = host.service().expect("it is the one that was started");
    let ctx = host.ctx();
    (host, idler, ctx)
});

static COUNTED: AtomicU64 = AtomicU64::new(0);

const FLOOR: &str = "Box<dyn Trait> and one relaxed addition";
const OURS: &str = "Service<dyn Idler>, everything counted";

pub(super) fn subject() -> Subject {
    type Call = dyn Fn(u64) -> Result<u64, CallError> + Send + Sync;
    let floor: &'static Call = Box::leak(Box::new(Ok));
    Subject {
        title: "metrics on the path of a call",
        cases: vec![
            Case::new(FLOOR, move || {
                COUNTED.fetch_add(1, Relaxed);
                black_box(floor)(black_box(1))
            }),
            Case::new(OURS, || {
                let (_, idler, ctx) = &*FIXTURE;
                black_box(idler).idle(ctx, black_box(1))
            }),
        ],
        claims: vec![Claim::new(OURS, Bound::AtMostMore(5.0), FLOOR)],
    }
}
