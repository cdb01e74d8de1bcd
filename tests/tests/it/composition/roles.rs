//! Slots: who takes over, who observes, what a slot keeps.

use std::time::Duration;

use serde_json::{Value, json};
use weldkit::testing::TestHost;

use super::{call, with};
use crate::wait::until;

/// `main` behaves as it is told and `spare` is well.
async fn host(mood: Value, slots: &str, methods: &str) -> TestHost {
    let toml = format!("permissions = ['ledger.write']\n[slots]\n{slots}\n{methods}");
    TestHost::new(|host| {
        let host = host.instance("main", "flaky").settings("main", mood);
        let host = host
            .instance("spare", "flaky")
            .settings("spare", json!({"factor": 100}));
        with(host, "calc", &toml)
    })
    .await
    .unwrap()
}

fn calls(host: &TestHost, instance: &str, method: &str) -> u64 {
    host.counts()[instance][method]
        .iter()
        .map(|counts| counts.started)
        .sum()
}

const PAIR: &str = "main = { service = 'flaky', instance = 'main' }
spare = { service = 'flaky', instance = 'spare', role = 'secondary', of = 'main' }";
const BOTH: &str = "[methods.scale]\ncall = 'main.scale'\n[methods.charge]\ncall = 'main.charge'";

#[tokio::test]
async fn a_secondary_takes_over_when_the_primary_fails() {
    let host = host(json!({"mood": "fail"}), PAIR, BOTH).await;
    assert_eq!(call(&host, "calc.scale", json!({"value": 3})).await, 300);
    // It has said that nothing happened, so the charge can be made elsewhere.
    assert_eq!(call(&host, "calc.charge", json!({"value": 3})).await, 300);
    assert_eq!(calls(&host, "main", "flaky.scale"), 1);
    let snapshot = host.metrics();
    assert_eq!(
        snapshot.value("calc_taken_over", &[("instance", "calc")]),
        Some(&weldkit::metrics::Value::Counter(2)),
    );
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_secondary_takes_over_when_the_primary_panics() {
    let host = host(json!({"mood": "panic"}), PAIR, BOTH).await;
    assert_eq!(call(&host, "calc.scale", json!({"value": 3})).await, 300);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_secondary_takes_over_when_the_primary_is_slow() {
    let slow = PAIR.replace("of = 'main'", "of = 'main', after = '200ms'");
    let host = host(
        json!({"mood": "wait"}),
        &slow,
        "[methods.scale]\ncall = 'main.scale'",
    )
    .await;
    let ctx = host.ctx();
    let calling = host.call_json(&ctx, "calc.scale", br#"{"value": 3}"#);
    let moving = async {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        host.clock().advance(Duration::from_millis(200));
    };
    let (answer, ()) = tokio::join!(calling, moving);
    assert_eq!(answer.unwrap(), b"300");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_takes_over_where_something_may_have_happened_or_the_caller_is_wrong() {
    let half = host(json!({"mood": "effect"}), PAIR, BOTH).await;
    let error = half
        .call("calc.charge", r#"{"value": 3}"#)
        .await
        .unwrap_err();
    assert_eq!(error.has_effect(), weldkit::Effect::Possible);
    assert_eq!(error.detail().unwrap()["call"], "flaky.charge");
    // A call that changes nothing may be made again, whatever it says.
    assert_eq!(call(&half, "calc.scale", json!({"value": 3})).await, 300);
    half.stop().await.unwrap();
    let wrong = host(json!({"mood": "invalid"}), PAIR, BOTH).await;
    let error = wrong
        .call("calc.scale", r#"{"value": 3}"#)
        .await
        .unwrap_err();
    assert_eq!(error.code().as_str(), "invalid_parameter");
    assert_eq!(calls(&wrong, "spare", "flaky.scale"), 0);
    wrong.stop().await.unwrap();
}

#[tokio::test]
async fn an_auxiliary_neither_delays_nor_fails_the_call() {
    for mood in ["wait", "fail", "panic"] {
        let slots = "desk = { service = 'desk' }
            watch = { service = 'flaky', instance = 'main', role = 'auxiliary' }
            audit = { service = 'ledger', role = 'auxiliary' }";
        let methods = "[methods.run]
            result = 'sum'
            steps = { sum = 'desk.add', look = 'watch.scale', note = 'audit.write' }
            bindings = [{ from = 'input', to = 'sum' }, { from = 'sum#/value', to = 'look#/value' }, { from = 'sum', to = 'note' }]";
        let host = host(json!({ "mood": mood }), slots, methods).await;
        let answer = tokio::time::timeout(
            Duration::from_secs(5),
            call(&host, "calc.run", json!({"a": 1, "b": 2})),
        );
        assert_eq!(answer.await.unwrap()["value"], 3, "{mood}");
        let noted = json!([{"name": "sum", "value": 3}]);
        until(async || call(&host, "ledger.lines", json!({})).await == noted).await;
        host.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_slot_tries_again_keeps_answers_and_is_left_alone_after_failures() {
    let slots = "again = { service = 'flaky', instance = 'main', tries = 3 }
        kept = { service = 'flaky', instance = 'spare', cache = '1m' }";
    let methods = "[methods.again]\ncall = 'again.scale'\n[methods.kept]\ncall = 'kept.scale'";
    let first = host(json!({"stumble": 2, "factor": 7}), slots, methods).await;
    assert_eq!(call(&first, "calc.again", json!({"value": 2})).await, 14);
    for _ in 0..3 {
        assert_eq!(call(&first, "calc.kept", json!({"value": 2})).await, 200);
    }
    assert_eq!(calls(&first, "spare", "flaky.scale"), 1);
    first.clock().advance(Duration::from_secs(61));
    assert_eq!(call(&first, "calc.kept", json!({"value": 2})).await, 200);
    assert_eq!(calls(&first, "spare", "flaky.scale"), 2);
    first.stop().await.unwrap();

    let slots = "main = { service = 'flaky', instance = 'main', breaker = { failures = 2, pause = '10s' } }";
    let second = host(
        json!({"stumble": 2, "factor": 7}),
        slots,
        "[methods.run]\ncall = 'main.scale'",
    )
    .await;
    for wanted in [1, 2, 2, 2] {
        let error = second
            .call("calc.run", r#"{"value": 1}"#)
            .await
            .unwrap_err();
        assert_eq!(error.code().as_str(), "unavailable");
        assert_eq!(calls(&second, "main", "flaky.scale"), wanted);
    }
    second.clock().advance(Duration::from_secs(10));
    assert_eq!(call(&second, "calc.run", json!({"value": 1})).await, 7);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_kept_answer_is_for_whom_it_was_made() {
    let slots = "kept = { service = 'flaky', instance = 'spare', cache = '1m' }";
    let host = {
        let toml = format!("[slots]\n{slots}\n[methods.run]\ncall = 'kept.scale'");
        TestHost::new(|host| {
            let host = host
                .instance("spare", "flaky")
                .settings("spare", json!({"factor": 100}));
            with(host.grant("guest", &["calc"]), "calc", &toml)
        })
        .await
        .unwrap()
    };
    assert_eq!(call(&host, "calc.run", json!({"value": 2})).await, 200);
    let error = host
        .call_as("guest", "calc.run", r#"{"value": 2}"#)
        .await
        .unwrap_err();
    assert_eq!(error.code().as_str(), "permission_denied");
    host.stop().await.unwrap();
}
