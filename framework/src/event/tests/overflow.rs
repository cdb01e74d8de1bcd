use super::*;

fn slow(overflow: Overflow) -> Subscription {
    Subscription::new("slow").capacity(2).overflow(overflow)
}

#[test]
fn block_makes_the_publisher_wait_for_room() {
    on_one_thread(async {
        let it = Arc::new(Fixture::new());
        let mut slow = it.subscribe(slow(Overflow::Block));
        let mut quick = it.subscribe(Subscription::new("quick"));
        let publisher = tokio::spawn({
            let it = it.clone();
            async move {
                for number in 1..=4 {
                    it.emit("t", number).await.unwrap();
                }
            }
        });
        settle().await;
        assert!(!publisher.is_finished());
        // The others have the event that the publisher waits with.
        assert_eq!(waiting(&mut quick), [1, 2, 3]);
        for number in 1..=4 {
            let event = slow.next().await.unwrap();
            assert_eq!(event.data(), Some(&Data::Json(number.into())));
        }
        publisher.await.unwrap();
        assert_eq!(it.counts("slow"), (4, 0, 0, 0));
    });
}

#[test]
fn block_is_bounded_by_the_deadline_and_names_who_goes_without() {
    on_one_thread(async {
        let it = Arc::new(Fixture::new());
        let _slow = it.subscribe(slow(Overflow::Block));
        let _slower = it.subscribe(Subscription::new("slower").capacity(2));
        let mut quick = it.subscribe(Subscription::new("quick"));
        it.emit("t", 1).await.unwrap();
        it.emit("t", 2).await.unwrap();
        // With a deadline of its own, and with none.
        for (timeout, after) in [
            (Some(Duration::from_secs(1)), 1),
            (None, limit::PUBLISH.as_secs()),
        ] {
            let ctx = timeout.map_or(it.ctx.clone(), |timeout| it.ctx.with_timeout(timeout));
            let late = tokio::spawn({
                let it = it.clone();
                async move { it.events.emit(&ctx, it.event("t", 3)).await }
            });
            settle().await;
            it.clock.advance(Duration::from_millis(after * 1000 - 1));
            settle().await;
            assert!(!late.is_finished());
            it.clock.advance(Duration::from_millis(1));
            let error = late.await.unwrap().unwrap_err();
            assert_eq!(error.code(), &Code::Timeout, "{error}");
            assert_eq!(
                error.detail().unwrap()["subscribers"],
                json!(["slow", "slower"])
            );
        }
        assert_eq!(waiting(&mut quick), [1, 2, 3, 3]);
        assert_eq!(it.counts("slow"), (0, 2, 2, 0));
        assert_eq!(it.counts("slower"), (0, 2, 2, 0));
    });
}

#[test]
fn a_publisher_that_gives_up_or_whose_subscriber_leaves_waits_no_longer() {
    on_one_thread(async {
        let it = Arc::new(Fixture::new());
        let full = it.subscribe(slow(Overflow::Block).capacity(1));
        it.emit("t", 1).await.unwrap();
        let cancel = Cancel::new();
        let ctx = it.ctx.with_cancel(&cancel);
        let emit = |ctx: Ctx| {
            let it = it.clone();
            tokio::spawn(async move { it.events.emit(&ctx, it.event("t", 2)).await })
        };
        let (given_up, aborted) = (emit(ctx.clone()), emit(it.ctx.clone()));
        let served = emit(it.ctx.clone());
        settle().await;
        cancel.cancel();
        assert_eq!(
            given_up.await.unwrap().unwrap_err().code(),
            &Code::Cancelled
        );
        aborted.abort();
        settle().await;
        assert_eq!(it.counts("slow"), (0, 1, 2, 0));
        drop(full);
        assert!(served.await.unwrap().is_ok());
        // Who has given up publishes nothing.
        assert_eq!(
            emit(ctx).await.unwrap().unwrap_err().code(),
            &Code::Cancelled
        );
    });
}

#[test]
fn drop_oldest_keeps_the_newest_and_counts_the_rest() {
    on_one_thread(async {
        let it = Fixture::new();
        let mut slow = it.subscribe(slow(Overflow::DropOldest));
        for number in 1..=5 {
            assert_eq!(it.emit("t", number).await.unwrap(), 1);
        }
        assert_eq!(it.counts("slow"), (0, 2, 3, 0));
        assert_eq!(waiting(&mut slow), [4, 5]);
        assert_eq!(it.counts("slow"), (2, 0, 3, 0));
    });
}

#[test]
fn a_slow_subscriber_does_not_block_others_under_drop_oldest() {
    on_one_thread(async {
        let it = Fixture::new();
        let _slow = it.subscribe(slow(Overflow::DropOldest));
        let mut quick = it.subscribe(Subscription::new("quick").overflow(Overflow::Error));
        for number in 0..100 {
            assert_eq!(it.emit("t", number).await.unwrap(), 2);
            assert_eq!(waiting(&mut quick), [number]);
        }
        assert_eq!(it.counts("slow"), (0, 2, 98, 0));
    });
}

#[test]
fn error_fails_the_publisher_and_names_the_subscriber() {
    on_one_thread(async {
        let it = Fixture::new();
        let mut slow = it.subscribe(slow(Overflow::Error));
        let mut quick = it.subscribe(Subscription::new("quick"));
        it.emit("t", 1).await.unwrap();
        it.emit("t", 2).await.unwrap();
        let error = it.emit("t", 3).await.unwrap_err();
        assert_eq!(error.code(), &Code::Limit);
        assert!(error.message().contains("`slow`"), "{error}");
        assert_eq!(error.detail().unwrap()["subscribers"], json!(["slow"]));
        assert_eq!(waiting(&mut slow), [1, 2]);
        assert_eq!(waiting(&mut quick), [1, 2, 3]);
        it.emit("t", 4).await.unwrap();
        assert_eq!(it.counts("slow"), (2, 1, 1, 0));
    });
}
