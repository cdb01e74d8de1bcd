//! The snapshot: every call is in it, whoever made it, and nothing costs the caller a lookup.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use serde_json::json;
use weldkit::metrics::{FORMAT, Snapshot, Value};
use weldkit::testing::TestHost;

use crate::fixture::{Notes, Shelf};

async fn start() -> TestHost {
    TestHost::new(|host| host.plugin::<Shelf>()).await.unwrap()
}

#[tokio::test]
async fn every_call_is_counted_by_method_instance_and_code() {
    let test = start().await;
    let (notes, ctx) = (test.service::<dyn Notes>().unwrap(), test.ctx());
    for id in 0..100 {
        notes.get(&ctx, id).await.ok();
    }
    test.call("notes.get", r#"{"id":3}"#).await.unwrap();
    test.call("notes.act", r#"{"how":"panic"}"#)
        .await
        .unwrap_err();
    let (ended, ()) = tokio::join!(test.call("notes.act", r#"{"how":"wait"}"#), async {
        tokio::task::yield_now().await;
        test.clock().advance(std::time::Duration::from_secs(2));
    });
    ended.unwrap_err();
    let snapshot = test.metrics();
    assert_eq!(snapshot.format, FORMAT);
    let get = snapshot.method("shelf", "notes.get").unwrap();
    assert_eq!((get.started, get.finished, get.in_flight), (101, 101, 0));
    assert_eq!(
        (get.failed["not_found"], get.errors(), get.line.as_str()),
        (90, 90, "1")
    );
    assert_eq!(
        (get.input_bytes, get.output_bytes),
        (8, r#"{"text":"3","stars":1}"#.len() as u64)
    );
    assert_eq!((get.latency_ns.count, get.is_sampled), (101, false));
    let latency = &get.latency_ns;
    assert!(latency.p50 <= latency.p90 && latency.p90 <= latency.p99 && latency.p99 <= latency.max);
    let act = snapshot.method("shelf", "notes.act").unwrap();
    assert_eq!(
        (act.started, act.finished, act.panics, act.timeouts),
        (2, 2, 1, 1)
    );
    let shelf = snapshot
        .plugins
        .iter()
        .find(|plugin| plugin.instance == "shelf")
        .unwrap();
    assert_eq!(
        (&*shelf.state, shelf.restarts, shelf.panics),
        ("running", 0, 1)
    );
    assert_eq!(
        snapshot.value("shelf_starts", &[("instance", "shelf")]),
        Some(&Value::Counter(1))
    );
}

#[tokio::test]
async fn a_snapshot_is_what_its_json_says() {
    let test = start().await;
    test.call("notes.get", r#"{"id":3}"#).await.unwrap();
    let snapshot = test.metrics();
    let text = serde_json::to_string(&snapshot).unwrap();
    let read: Snapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(read, snapshot);
    let service: Snapshot = serde_json::from_value(
        test.call("weldkit.monitoring.snapshot", "{}")
            .await
            .unwrap(),
    )
    .unwrap();
    assert_eq!(
        service.method("shelf", "notes.get"),
        snapshot.method("shelf", "notes.get")
    );
}

#[tokio::test]
async fn a_replaced_instance_keeps_its_counts() {
    let test = start().await;
    test.call("notes.get", r#"{"id":3}"#).await.unwrap();
    let settings = [("shelf".to_owned(), json!({"prefix": "new "}))].into();
    test.reload(&settings).await.unwrap();
    test.call("notes.get", r#"{"id":3}"#).await.unwrap();
    let snapshot = test.metrics();
    assert_eq!(snapshot.method("shelf", "notes.get").unwrap().finished, 2);
    let shelf = snapshot
        .plugins
        .iter()
        .find(|plugin| plugin.instance == "shelf")
        .unwrap();
    assert_eq!(shelf.restarts, 1);
}

#[tokio::test]
async fn what_came_in_between_is_told_apart() {
    let test = start().await;
    for _ in 0..10 {
        test.call("notes.get", r#"{"id":3}"#).await.unwrap();
    }
    let first = test.metrics();
    for id in [3, 3, 12] {
        test.call("notes.get", &json!({ "id": id }).to_string())
            .await
            .ok();
    }
    let delta = test.metrics().since(&first);
    let get = delta.method("shelf", "notes.get").unwrap();
    assert_eq!(
        (
            get.started,
            get.finished,
            get.errors(),
            get.latency_ns.count
        ),
        (3, 3, 1, 3)
    );
    assert_eq!(delta.value("shelf_starts", &[]), Some(&Value::Counter(0)));
}

/// Read while two threads call: `errors <= finished <= started` holds in every snapshot, and at the end nothing is lost.
/// 2 x 10,000,000 calls in a release build; a tenth of it in a debug build, which takes as long.
#[tokio::test]
async fn nothing_is_lost_while_two_threads_call() {
    let calls: u64 = if cfg!(debug_assertions) {
        1_000_000
    } else {
        10_000_000
    };
    let test = start().await;
    let (notes, ctx) = (test.service::<dyn Notes>().unwrap(), test.ctx());
    let done = Arc::new(AtomicBool::new(false));
    let host = weldkit::Host::clone(&test);
    let ended = done.clone();
    let reader = std::thread::spawn(move || {
        let mut reads = 0;
        while !ended.load(Relaxed) {
            let snapshot = host.metrics();
            let count = snapshot.method("shelf", "notes.count").unwrap();
            assert!(
                count.errors() <= count.finished && count.finished <= count.started,
                "{count:?}"
            );
            reads += 1;
        }
        reads
    });
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..calls).for_each(|_| drop(notes.count(&ctx))));
        }
    });
    done.store(true, Relaxed);
    assert!(reader.join().unwrap() > 0);
    let snapshot = test.metrics();
    let count = snapshot.method("shelf", "notes.count").unwrap();
    assert_eq!((count.started, count.finished), (2 * calls, 2 * calls));
    assert!(count.is_sampled && count.latency_ns.count >= 1_000);
}
