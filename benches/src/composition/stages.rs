//! What it costs to put five calls of a service together as stages, in place of writing them down.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};
use weldkit::composition::typed::{Stage, stage};
use weldkit::{CallError, Ctx, Host, Service};

use crate::{Bound, Case, Claim, Subject};

/// One step of five.
#[weldkit::service(name = "stepper", version = "1.0")]
trait Stepper {
    /// The next number.
    #[method(read_only)]
    async fn step(&self, ctx: &Ctx, number: u64) -> Result<u64, CallError>;
}

#[derive(Debug)]
struct Counter;

#[weldkit::plugin(id = "stepper", provides(Stepper))]
impl Counter {
    async fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

impl Stepper for Counter {
    async fn step(&self, _: &Ctx, number: u64) -> Result<u64, CallError> {
        Ok(number + 1)
    }
}

struct Fixture {
    runtime: Runtime,
    ctx: Ctx,
    stepper: Service<dyn Stepper>,
    _host: Host,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime of one thread needs no more than memory");
    let host = runtime
        .block_on(Host::builder().plugin::<Counter>().start())
        .expect("a host of one plugin starts");
    Fixture {
        ctx: host.ctx(),
        stepper: host.service().expect("the plugin provides it"),
        _host: host,
        runtime,
    }
});

const HAND: &str = "5 typed calls by hand";
const OURS: &str = "5 typed stages";
const BOXED: &str = "5 typed stages, boxed";

async fn step(stepper: &Service<dyn Stepper>, ctx: &Ctx, number: u64) -> Result<u64, CallError> {
    stepper.step(ctx, number).await
}

fn five() -> impl Stage<u64, Output = u64, Error = CallError> + 'static {
    let one = || stage(FIXTURE.stepper.clone(), step);
    one().then(one()).then(one()).then(one()).then(one())
}

pub(super) fn subject() -> Subject {
    let (plain, boxed) = (five(), five().boxed());
    Subject {
        title: "composite of 5 typed stages",
        cases: vec![
            Case::awaited(HAND, &FIXTURE.runtime, async || {
                let Fixture { stepper, ctx, .. } = &*FIXTURE;
                let mut number = 0;
                for _ in 0..5 {
                    number = stepper.step(ctx, number).await?;
                }
                Ok::<u64, CallError>(number)
            }),
            Case::awaited(OURS, &FIXTURE.runtime, async move || {
                plain.run(&FIXTURE.ctx, 0).await
            }),
            Case::awaited(BOXED, &FIXTURE.runtime, async move || {
                boxed.run(&FIXTURE.ctx, 0).await
            }),
        ],
        claims: vec![Claim::new(OURS, Bound::AtMostTimes(1.3), HAND)],
    }
}
