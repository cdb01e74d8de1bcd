use super::*;

/// A type of Rust.
#[weldkit_macros::data]
#[derive(Debug, PartialEq)]
struct Placed {
    /// Its number.
    order: u64,
}

impl EventType for Placed {
    const TYPE: &'static str = "shop.order.placed";
}

#[test]
fn every_filter_is_applied() {
    on_one_thread(async {
        let it = Fixture::new();
        let all = || Subscription::new("all");
        let cases: Vec<(Subscription, &[u64])> = vec![
            (all(), &[1, 2, 3, 4]),
            (all().kind("*"), &[1, 2, 3, 4]),
            (all().kind("a.b"), &[1]),
            (all().kind("a.b.*"), &[2, 3]),
            (all().kind("a.b").kind("a.bc"), &[1, 4]),
            (all().source("other"), &[3]),
            (all().source("other").source("test"), &[1, 2, 3, 4]),
            (all().attribute("region", "eu"), &[2, 3]),
            (all().attribute("region", "eu").attribute("level", 2), &[3]),
            (all().attribute("level", "2"), &[]),
            (all().attribute("subject", "s"), &[4]),
            (
                all().kind("a.b.*").source("test").attribute("region", "eu"),
                &[2],
            ),
            (all().kind("nobody"), &[]),
        ];
        let mut subscribers: Vec<_> = cases
            .into_iter()
            .map(|(subscription, expected)| {
                let shown = format!("{subscription:?}");
                (it.subscribe(subscription), expected, shown)
            })
            .collect();
        let other = |kind, data: u64| {
            let event = it.events.event(kind, "other", Data::Json(data.into()));
            event.unwrap().with("region", "eu").unwrap()
        };
        for event in [
            it.event("a.b", 1),
            it.event("a.b.c", 2).with("region", "eu").unwrap(),
            other("a.b.c.d", 3).with("level", 2).unwrap(),
            it.event("a.bc", 4).with_subject("s").unwrap(),
        ] {
            it.events.emit(&it.ctx, event).await.unwrap();
        }
        for (subscriber, expected, shown) in &mut subscribers {
            assert_eq!(&waiting(subscriber), expected, "{shown}");
        }
    });
}

#[test]
fn a_subscription_is_refused_with_all_problems() {
    let it = Fixture::new();
    let wrong = Subscription::new("Bad Name")
        .kind("a.*.b")
        .kind("")
        .kind("a*")
        .source("a b")
        .attribute("Region", 1)
        .capacity(0);
    let error = it.events.subscribe(wrong).unwrap_err();
    let list = error.detail().unwrap()["violations"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(list.len(), 7, "{list:?}");
    let many = (0..=limit::EVENT_FILTERS).fold(Subscription::new("a"), |many, number| {
        many.source(number.to_string())
    });
    assert!(it.events.subscribe(many).is_err());
}

#[test]
fn subscribers_have_a_bound_and_leave_when_dropped() {
    let it = Fixture::new();
    let subscribe = || it.events.subscribe(Subscription::new("one"));
    let mut all: Vec<_> = (0..limit::SUBSCRIBERS)
        .map(|_| subscribe().unwrap())
        .collect();
    assert_eq!(subscribe().unwrap_err().code(), &Code::Limit);
    all.pop();
    assert_eq!(it.events.counts().subscribers.len(), limit::SUBSCRIBERS - 1);
    assert!(subscribe().is_ok());
}

#[test]
fn typed_events_are_received_as_what_they_are() {
    on_one_thread(async {
        let it = Fixture::new();
        let mut placed = it
            .events
            .subscribe_to::<Placed>(Subscription::new("packing"))
            .unwrap();
        let published = it.events.publish(&it.ctx, None, &Placed { order: 7 }).await;
        assert_eq!(published.unwrap(), 1);
        it.emit(Placed::TYPE, json!({"order": "seven"}))
            .await
            .unwrap();
        assert_eq!(it.emit("other", json!({"order": 8})).await.unwrap(), 0);
        it.events
            .publish(&it.ctx, "shop", &Placed { order: 9 })
            .await
            .unwrap();

        let first = placed.next().await.unwrap().unwrap();
        assert_eq!(
            (first.data, first.event.source()),
            (Placed { order: 7 }, "weldkit")
        );
        let error = placed.next().await.unwrap().unwrap_err();
        assert!(
            error.message().contains("carries no `shop.order.placed`"),
            "{error}"
        );
        let third = placed.next().await.unwrap().unwrap();
        assert_eq!(
            (third.data, third.event.source()),
            (Placed { order: 9 }, "shop")
        );
        assert!(
            serde_json::to_string(&Placed::schema())
                .unwrap()
                .contains("order")
        );
        let counts = it.events.counts();
        assert_eq!((counts.published, counts.unheard), (4, 1));
    });
}

#[test]
fn events_of_one_publisher_keep_their_order_at_every_subscriber() {
    const EVENTS: u64 = 300;
    // Publishers that run at the same time, and queues that make them wait now and then.
    let runtime = Builder::new_multi_thread()
        .worker_threads(3)
        .build()
        .unwrap();
    runtime.block_on(async {
        let it = Arc::new(Fixture::new());
        let mut subscribers: Vec<_> = ["a", "b", "c"]
            .map(|name| it.subscribe(Subscription::new(name).capacity(7)))
            .into_iter()
            .collect();
        let publishers: Vec<_> = ["x", "y", "z"]
            .map(|kind| {
                let it = it.clone();
                tokio::spawn(async move {
                    for number in 0..EVENTS {
                        it.emit(kind, number).await.unwrap();
                    }
                })
            })
            .into_iter()
            .collect();
        let readers: Vec<_> = subscribers
            .drain(..)
            .map(|mut subscriber| {
                tokio::spawn(async move {
                    let mut seen = BTreeMap::<String, u64>::new();
                    for _ in 0..3 * EVENTS {
                        let event = subscriber.next().await.unwrap();
                        let next = seen.entry(event.kind().to_owned()).or_default();
                        assert_eq!(event.data(), Some(&Data::Json((*next).into())));
                        *next += 1;
                    }
                    seen
                })
            })
            .collect();
        for publisher in publishers {
            publisher.await.unwrap();
        }
        for reader in readers {
            assert_eq!(
                reader.await.unwrap().into_values().collect::<Vec<_>>(),
                [EVENTS; 3]
            );
        }
    });
}

#[test]
fn an_event_is_shared_and_not_copied() {
    on_one_thread(async {
        let it = Fixture::new();
        let [mut a, mut b] = ["a", "b"].map(|name| it.subscribe(Subscription::new(name)));
        let event = Arc::new(it.event("t", 1));
        it.events.emit(&it.ctx, event.clone()).await.unwrap();
        assert!(Arc::ptr_eq(&a.next().await.unwrap(), &event));
        assert!(Arc::ptr_eq(&b.next().await.unwrap(), &event));
    });
}

#[test]
fn a_closed_bus_delivers_what_is_there_and_takes_no_more() {
    on_one_thread(async {
        let it = Fixture::new();
        let mut subscriber = it.subscribe(Subscription::new("a"));
        it.emit("t", 1).await.unwrap();
        it.events.close();
        assert!(subscriber.next().await.is_some());
        assert!(subscriber.next().await.is_none());
        assert_eq!(
            it.emit("t", 2).await.unwrap_err().code(),
            &Code::Unavailable
        );
        let late = it.events.subscribe(Subscription::new("late")).unwrap_err();
        assert_eq!(late.code(), &Code::Unavailable);
    });
}

#[test]
fn an_event_beyond_its_bound_is_refused() {
    on_one_thread(async {
        let it = Fixture::new();
        let error = it
            .emit("t", "x".repeat(limit::EVENT_BYTES))
            .await
            .unwrap_err();
        assert_eq!(error.code(), &Code::Limit);
        assert_eq!(it.events.counts().published, 0);
    });
}
