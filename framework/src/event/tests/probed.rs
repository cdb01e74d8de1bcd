//! What other buses were found to get wrong, each as a test.

use std::sync::Mutex;

use super::*;

#[test]
fn a_filter_that_rejects_everything_receives_nothing() {
    on_one_thread(async {
        let it = Fixture::new();
        let mut none = it.subscribe(Subscription::new("none").kind("a").source("nowhere"));
        assert_eq!(it.emit("a", 1).await.unwrap(), 0);
        assert!(waiting(&mut none).is_empty());
    });
}

#[test]
fn a_handler_error_is_not_swallowed() {
    on_one_thread(async {
        let it = Fixture::new();
        let mut reports = it.subscribe(Subscription::new("reports").kind(HANDLER_FAILED));
        let failing = |_| async { Err(CallError::internal("broken")) };
        let handler = it
            .events
            .handle(Subscription::new("bad").kind("t"), failing)
            .unwrap();
        it.emit("t", 1).await.unwrap();
        settle().await;
        assert_eq!(handler.counts().failed, 1);
        assert_eq!(waiting(&mut reports).len(), 1);
    });
}

#[test]
fn two_subscriptions_of_one_name_to_one_type_are_each_served_once() {
    on_one_thread(async {
        let it = Fixture::new();
        let called: Arc<Mutex<Vec<&str>>> = Arc::default();
        let _handlers = ["first", "second"].map(|which| {
            let called = called.clone();
            let handle = move |_| {
                called.lock().unwrap().push(which);
                std::future::ready(Ok(()))
            };
            it.events
                .handle(Subscription::new("twice").kind("t"), handle)
                .unwrap()
        });
        it.emit("t", 1).await.unwrap();
        settle().await;
        let mut called = called.lock().unwrap().clone();
        called.sort_unstable();
        assert_eq!(called, ["first", "second"]);
    });
}

#[test]
fn an_idle_subscription_stays() {
    on_one_thread(async {
        let it = Fixture::new();
        let mut idle = it.subscribe(Subscription::new("idle"));
        it.clock.advance(Duration::from_secs(60 * 60 * 24 * 365));
        it.emit("t", 1).await.unwrap();
        assert_eq!(waiting(&mut idle), [1]);
    });
}

#[test]
fn publishing_waits_for_no_handler() {
    on_one_thread(async {
        let it = Fixture::new();
        let _handlers: Vec<_> = (0..8)
            .map(|_| {
                let stuck = |_| std::future::pending();
                it.events.handle(Subscription::new("stuck"), stuck).unwrap()
            })
            .collect();
        assert_eq!(it.emit("t", 1).await.unwrap(), 8);
        settle().await;
        assert_eq!(it.emit("t", 2).await.unwrap(), 8);
    });
}

#[test]
fn a_queued_event_is_read_as_it_was_published() {
    on_one_thread(async {
        let it = Fixture::new();
        let mut later = it.subscribe(Subscription::new("later"));
        it.emit("t", json!({"deep": [1, {"a": null}]}))
            .await
            .unwrap();
        settle().await;
        assert_eq!(waiting(&mut later), [json!({"deep": [1, {"a": null}]})]);
    });
}
