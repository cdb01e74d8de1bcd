//! Events between plugins, and between a plugin and its host.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use weldkit::event::{HANDLER_FAILED, Handler, Overflow, Subscription};
use weldkit::testing::TestHost;
use weldkit::{CallError, Ctx, EventType, Events, Host, Service};

/// An order was placed.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
struct Placed {
    /// Its number.
    order: u64,
}

impl EventType for Placed {
    const TYPE: &'static str = "shop.order.placed";
}

/// A parcel was packed.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
struct Packed {
    /// The number of its order.
    order: u64,
}

impl EventType for Packed {
    const TYPE: &'static str = "shop.order.packed";
}

/// Takes orders.
#[weldkit::service]
trait Shop {
    /// Places one; how many heard of it.
    async fn place(&self, ctx: &Ctx, order: u64) -> Result<u64, CallError>;
}

struct Counter {
    events: Events,
}

#[weldkit::plugin(id = "counter", provides(Shop))]
impl Counter {
    fn start(events: Events) -> weldkit::Result<Self> {
        Ok(Self { events })
    }
}

impl Shop for Counter {
    async fn place(&self, ctx: &Ctx, order: u64) -> Result<u64, CallError> {
        let heard = self.events.publish(ctx, None, &Placed { order }).await?;
        Ok(heard as u64)
    }
}

/// How to pack.
#[weldkit::data]
#[derive(Debug, Clone)]
struct Packing {
    /// The size of a parcel.
    #[serde(default)]
    size: u32,
}

/// Packs what is placed, and panics over the order 13.
struct Packer {
    _handler: Mutex<Option<Handler>>,
}

#[weldkit::plugin(id = "packer")]
impl Packer {
    fn start(
        events: Events,
        background: weldkit::Background,
        _settings: weldkit::Settings<Packing>,
    ) -> weldkit::Result<Self> {
        let own = events.clone();
        let subscription = Subscription::new("packing").of::<Placed>();
        let handler = events.handle(subscription, move |event| {
            let (events, ctx) = (own.clone(), background.ctx());
            async move {
                let Placed { order } = event.read()?;
                assert_ne!(order, 13, "unlucky");
                let packed = Packed { order };
                events.publish(&ctx, None, &packed).await.map(drop)
            }
        });
        let handler = handler
            .map_err(|fault| weldkit::Error::new(weldkit::ErrorKind::Start, fault.to_string()))?;
        Ok(Self {
            _handler: Mutex::new(Some(handler)),
        })
    }
}

async fn shop() -> (TestHost, Service<dyn Shop>) {
    let test = TestHost::new(|host| host.plugin::<Counter>().plugin::<Packer>())
        .await
        .unwrap();
    let shop = test.service::<dyn Shop>().unwrap();
    (test, shop)
}

#[tokio::test]
async fn plugins_that_do_not_know_each_other_work_together() {
    let (test, shop) = shop().await;
    let mut packed = test
        .events()
        .subscribe_to::<Packed>(Subscription::new("door"))
        .unwrap();
    for order in 1..=3 {
        assert_eq!(shop.place(&test.ctx(), order).await.unwrap(), 1);
    }
    for order in 1..=3 {
        let received = packed.next().await.unwrap().unwrap();
        assert_eq!(received.data, Packed { order });
        assert_eq!(received.event.source(), "packer");
        let time = received.event.time().unwrap().to_string();
        assert_eq!(time, "2000-01-01T00:00:00Z");
    }
    test.stop().await.unwrap();
    assert!(packed.next().await.is_none());
}

#[tokio::test]
async fn a_panicking_handler_of_a_plugin_stops_nobody() {
    let (test, shop) = shop().await;
    let events = test.events();
    let mut failed = events
        .subscribe(Subscription::new("failed").kind(HANDLER_FAILED))
        .unwrap();
    let mut packed = events
        .subscribe_to::<Packed>(Subscription::new("door"))
        .unwrap();
    for order in [13, 14] {
        shop.place(&test.ctx(), order).await.unwrap();
    }
    assert_eq!(packed.next().await.unwrap().unwrap().data.order, 14);
    let report = failed.next().await.unwrap();
    assert_eq!(report.source(), "packer");
    let json = serde_json::to_value(&*report).unwrap();
    assert_eq!(json["data"]["handler"], "packing");
    assert_eq!(json["data"]["event"]["source"], "counter");
    assert_eq!(json["data"]["error"]["code"], "panicked");
    let counts = events.counts();
    let packing = &counts.subscribers[0];
    assert_eq!(
        (packing.name.as_str(), packing.delivered, packing.failed),
        ("packing", 2, 1)
    );
    test.stop().await.unwrap();
}

#[tokio::test]
async fn the_deadline_of_a_call_bounds_its_publishing() {
    let (test, shop) = shop().await;
    let full = Subscription::new("full").of::<Placed>().capacity(1);
    let _full = test.events().subscribe(full).unwrap();
    shop.place(&test.ctx(), 1).await.unwrap();
    let ctx = test.ctx().with_timeout(Duration::from_secs(1));
    let late = tokio::spawn(async move { shop.place(&ctx, 2).await });
    tokio::task::yield_now().await;
    test.clock().advance(Duration::from_secs(1));
    let error = late.await.unwrap().unwrap_err();
    assert_eq!(error.code(), &weldkit::Code::Timeout);
    test.stop().await.unwrap();
}

#[tokio::test]
async fn a_replaced_plugin_does_not_handle_twice() {
    let (test, shop) = shop().await;
    let settings = BTreeMap::from([("packer".to_owned(), json!({ "size": 2 }))]);
    test.reload(&settings).await.unwrap();
    let mut packed = test
        .events()
        .subscribe(
            Subscription::new("door")
                .of::<Packed>()
                .overflow(Overflow::Error),
        )
        .unwrap();
    for order in [1, 2] {
        shop.place(&test.ctx(), order).await.unwrap();
    }
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(packed.next().await.unwrap().read::<Packed>().unwrap().order);
    }
    assert_eq!(seen, [1, 2]);
    let names: Vec<String> = test
        .events()
        .counts()
        .subscribers
        .into_iter()
        .map(|counts| counts.name)
        .collect();
    assert_eq!(names, ["packing", "door"]);
    test.stop().await.unwrap();
}

#[tokio::test]
async fn a_host_that_has_stopped_publishes_nothing() {
    let host = Host::builder().start().await.unwrap();
    let (events, ctx) = (host.events().clone(), host.ctx());
    host.stop().await.unwrap();
    let error = events.publish(&ctx, None, &Placed { order: 1 }).await;
    assert_eq!(error.unwrap_err().code(), &weldkit::Code::Unavailable);
}
