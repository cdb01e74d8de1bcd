use std::sync::Mutex;

use super::*;

#[test]
fn a_handler_may_publish_subscribe_and_unsubscribe() {
    on_one_thread(async {
        let it = Arc::new(Fixture::new());
        let own: Arc<Mutex<Option<Handler>>> = Arc::default();
        let added: Arc<Mutex<Vec<Subscriber>>> = Arc::default();
        let mut echoes = it.subscribe(Subscription::new("echoes").kind("echo"));
        let handler = it.events.handle(Subscription::new("busy").kind("go"), {
            let (it, own, added) = (it.clone(), own.clone(), added.clone());
            move |_| {
                let (it, own, added) = (it.clone(), own.clone(), added.clone());
                async move {
                    added
                        .lock()
                        .unwrap()
                        .push(it.subscribe(Subscription::new("late")));
                    it.emit("echo", 1).await?;
                    drop(own.lock().unwrap().take());
                    it.emit("echo", 2).await.map(drop)
                }
            }
        });
        *own.lock().unwrap() = Some(handler.unwrap());
        it.emit("go", 1).await.unwrap();
        it.emit("go", 2).await.unwrap();
        settle().await;
        // It handled one event to its end, and not the one after it left.
        assert_eq!(waiting(&mut echoes), [1, 2]);
        let mut added = added.lock().unwrap();
        assert_eq!(added.len(), 1);
        assert_eq!(waiting(&mut added[0]), [1, 2]);
        let names: Vec<_> = it.events.counts().subscribers;
        assert!(
            names.iter().all(|counts| counts.name != "busy"),
            "{names:?}"
        );
    });
}

#[test]
fn a_handler_that_fills_its_own_queue_waits_no_longer_than_its_deadline() {
    on_one_thread(async {
        let it = Arc::new(Fixture::new());
        let heard: Arc<Mutex<Vec<Code>>> = Arc::default();
        let _handler = it
            .events
            .handle(Subscription::new("own").kind("t").capacity(1), {
                let (it, heard) = (it.clone(), heard.clone());
                move |_| {
                    let (it, heard) = (it.clone(), heard.clone());
                    async move {
                        if heard.lock().unwrap().is_empty() {
                            it.emit("t", 2).await?;
                            let error = it.emit("t", 3).await.unwrap_err();
                            heard.lock().unwrap().push(error.code().clone());
                        }
                        Ok(())
                    }
                }
            });
        it.emit("t", 1).await.unwrap();
        settle().await;
        it.clock.advance(limit::PUBLISH);
        settle().await;
        assert_eq!(*heard.lock().unwrap(), [Code::Timeout]);
        assert_eq!(it.counts("own"), (2, 0, 1, 0));
    });
}

#[test]
fn a_handler_that_fails_or_panics_is_counted_reported_and_goes_on() {
    on_one_thread(async {
        let it = Fixture::new();
        let mut reports = it.subscribe(Subscription::new("reports").kind(HANDLER_FAILED));
        let mut others = it.subscribe(Subscription::new("others").kind("t"));
        let _handler = it
            .events
            .handle(Subscription::new("bad").kind("t"), |event| {
                let number = match event.data() {
                    Some(Data::Json(number)) => number.as_u64().unwrap(),
                    other => panic!("{other:?}"),
                };
                assert_ne!(number, 1, "at once");
                async move {
                    tokio::task::yield_now().await;
                    assert_ne!(number, 2, "later");
                    match number {
                        3 => Err(CallError::not_found("no third")),
                        _ => Ok(()),
                    }
                }
            });
        for number in 1..=4 {
            it.emit("t", number).await.unwrap();
        }
        settle().await;
        assert_eq!(it.counts("bad"), (4, 0, 0, 3));
        assert_eq!(waiting(&mut others), [1, 2, 3, 4]);
        let reports = waiting(&mut reports);
        let codes: Vec<_> = reports
            .iter()
            .map(|report| &report["error"]["code"])
            .collect();
        assert_eq!(codes, ["panicked", "panicked", "not_found"]);
        for (report, said) in reports.iter().zip(["at once", "later", "no third"]) {
            assert!(
                report["error"]["message"].as_str().unwrap().contains(said),
                "{report}"
            );
            assert_eq!(report["handler"], "bad");
            assert_eq!(report["event"]["type"], "t");
        }
    });
}

#[test]
fn a_handler_that_fails_on_reports_does_not_feed_itself() {
    on_one_thread(async {
        let it = Fixture::new();
        let failing = |_| async { Err(CallError::internal("always")) };
        let _all = it.events.handle(Subscription::new("all"), failing).unwrap();
        it.emit("t", 1).await.unwrap();
        settle().await;
        // The event, and the one report about it.
        assert_eq!(it.counts("all"), (2, 0, 0, 2));
        assert_eq!(it.events.counts().published, 2);
    });
}

#[test]
fn a_panic_in_a_destructor_of_a_handler_is_contained() {
    /// Ends at once, and panics when it goes.
    struct Bomb;
    impl Future for Bomb {
        type Output = Result<(), CallError>;

        fn poll(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Self::Output> {
            std::task::Poll::Ready(Ok(()))
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in the destructor");
        }
    }
    on_one_thread(async {
        let it = Fixture::new();
        let _handler = it
            .events
            .handle(Subscription::new("bad").kind("t"), |_| Bomb);
        it.emit("t", 1).await.unwrap();
        it.emit("t", 2).await.unwrap();
        settle().await;
        let (.., failed) = it.counts("bad");
        assert_eq!(failed, 2);
    });
}

#[test]
fn the_handlers_of_an_instance_end_with_it() {
    on_one_thread(async {
        let it = Fixture::new();
        let until = Cancel::new();
        let events = it.events.of(&"shop".into(), until.clone());
        let handler = events.handle(Subscription::new("own"), |_| std::future::pending());
        it.emit("t", 1).await.unwrap();
        settle().await;
        until.cancel();
        settle().await;
        assert_eq!(it.events.counts().subscribers, []);
        assert_eq!(handler.unwrap().counts().delivered, 1);
        assert_eq!(events.event("t", None, None).unwrap().source(), "shop");
    });
}
