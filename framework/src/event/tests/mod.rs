//! Tests of the whole module: events in, what subscribers see out.

mod delivery;
mod envelope;
mod handlers;
mod overflow;
mod probed;

use std::future::Future;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::*;
use crate::call::Root;
use crate::clock::ManualClock;
use crate::error::Code;
use crate::security::{Principal, Roles};

/// A bus, the clock that it goes by, and a caller.
struct Fixture {
    events: Events,
    clock: ManualClock,
    ctx: Ctx,
}

impl Fixture {
    fn new() -> Self {
        let clock = ManualClock::default();
        Self {
            events: Events::new(Clock::Manual(clock.clone())),
            ctx: Ctx::root(Root {
                principal: Principal::operator(),
                roles: Roles::NONE,
                clock: Clock::Manual(clock.clone()),
                cancel: None,
            }),
            clock,
        }
    }

    fn event(&self, kind: &str, data: impl Into<Value>) -> Event {
        self.events
            .event(kind, "test", Data::Json(data.into()))
            .unwrap()
    }

    async fn emit(&self, kind: &str, data: impl Into<Value>) -> Result<usize, CallError> {
        self.events.emit(&self.ctx, self.event(kind, data)).await
    }

    fn subscribe(&self, subscription: Subscription) -> Subscriber {
        self.events.subscribe(subscription).unwrap()
    }

    /// What the bus has counted of a subscriber: delivered, waiting, dropped, failed.
    fn counts(&self, name: &str) -> (u64, usize, u64, u64) {
        let counts = self.events.counts().subscribers;
        let found = counts.iter().find(|counts| counts.name == name).unwrap();
        (found.delivered, found.waiting, found.dropped, found.failed)
    }
}

/// Runs a test on one thread, where only an await lets others run.
fn on_one_thread(test: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(test);
}

/// Lets every task run until it waits.
async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

/// What waits at the subscriber, without waiting for more.
fn waiting(subscriber: &mut Subscriber) -> Vec<Value> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut found = Vec::new();
    while let std::task::Poll::Ready(Some(event)) = subscriber.queue.poll(&mut cx) {
        match event.data() {
            Some(Data::Json(value)) => found.push(value.clone()),
            other => panic!("no JSON: {other:?}"),
        }
    }
    found
}
