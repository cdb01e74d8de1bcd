//! What it costs until an event is in the hands of everybody.

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast;
use weldkit::event::{Data, Event, Overflow, Subscription};
use weldkit::{Ctx, Host};

use crate::{Bound, Case, Claim, Subject};

struct Fixture {
    runtime: Runtime,
    ctx: Ctx,
    event: Arc<Event>,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime of one thread needs no more than memory");
    let host = host(&runtime);
    let data = Data::Json(json!({"order": 7, "customer": "c-12", "total": 19.9}));
    let event = host.events().event("shop.order.placed", "shop", data);
    Fixture {
        ctx: host.ctx(),
        event: Arc::new(event.expect("its type and source keep the rules")),
        runtime,
    }
});

fn host(runtime: &Runtime) -> Host {
    runtime
        .block_on(Host::builder().start())
        .expect("a host of no plugins starts")
}

const FLOOR: &str = "tokio broadcast of an Arc";
const OURS: &str = "Events::emit, all of a type";
const DROPPING: &str = "the same, DropOldest";

pub(super) fn subject(title: &'static str, subscribers: usize) -> Subject {
    Subject {
        title,
        cases: vec![
            floor(subscribers),
            ours(OURS, subscribers, Overflow::Block),
            ours(DROPPING, subscribers, Overflow::DropOldest),
        ],
        claims: vec![
            Claim::new(OURS, Bound::AtMostTimes(1.5), FLOOR),
            Claim::new(DROPPING, Bound::AtMostTimes(1.5), FLOOR),
        ],
    }
}

fn floor(subscribers: usize) -> Case {
    let (sender, first) = broadcast::channel(256);
    let mut receivers = vec![first];
    receivers.resize_with(subscribers, || sender.subscribe());
    Case::awaited(FLOOR, &FIXTURE.runtime, async move || {
        sender.send(FIXTURE.event.clone()).ok();
        for receiver in &mut receivers {
            black_box(receiver.recv().await.ok());
        }
    })
}

fn ours(name: &'static str, subscribers: usize, overflow: Overflow) -> Case {
    let host = host(&FIXTURE.runtime);
    let subscribe = |number| {
        let subscription = Subscription::new(format!("subscriber-{number}"))
            .kind("shop.order.placed")
            .overflow(overflow);
        let subscribed = host.events().subscribe(subscription);
        subscribed.expect("the name and the type keep the rules")
    };
    let mut subscribers: Vec<_> = (0..subscribers).map(subscribe).collect();
    Case::awaited(name, &FIXTURE.runtime, async move || {
        host.events()
            .emit(&FIXTURE.ctx, FIXTURE.event.clone())
            .await
            .ok();
        for subscriber in &mut subscribers {
            black_box(subscriber.next().await);
        }
    })
}
