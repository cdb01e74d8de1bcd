//! How values, failures, streams and events flow through a composite.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde_json::{Value, json};
use weldkit::event::{Overflow, Subscription};
use weldkit::orchestration::Terms;
use weldkit::testing::TestHost;
use weldkit::{CallError, Cancel, Code};

use super::{call, host, with};
use crate::wait::until;

const SLOTS: &str = "permissions = ['ledger.write']
[slots]
desk = { service = 'desk' }
flaky = { service = 'flaky' }
ledger = { service = 'ledger' }
";

#[tokio::test]
async fn a_failure_fails_is_skipped_or_becomes_a_default_as_the_binding_says() {
    let method = |policy: &str| {
        format!(
            "{SLOTS}[methods.run]
            result = 'sum'
            steps = {{ part = 'flaky.scale', sum = {{ call = 'desk.add', with = {{ b = 5 }} }} }}
            bindings = [{{ from = 'input#/a', to = 'sum#/a' }}, {{ from = 'input#/a', to = 'part#/value' }}, {{ from = 'part', to = 'sum#/b', on_failure = {policy} }}]"
        )
    };
    for (policy, wanted) in [
        ("'fail'", None),
        ("'skip'", Some(6)),
        ("{ default = 40 }", Some(41)),
    ] {
        let toml = method(policy);
        let host = TestHost::new(|host| {
            with(
                host.settings("flaky", json!({"mood": "fail"})),
                "calc",
                &toml,
            )
        })
        .await
        .unwrap();
        let answer = host.call("calc.run", r#"{"a": 1}"#).await;
        match wanted {
            Some(value) => assert_eq!(answer.unwrap()["value"], value, "{policy}"),
            None => {
                let error = answer.unwrap_err();
                assert_eq!(error.code().as_str(), "unavailable");
                assert!(
                    error
                        .message()
                        .contains("step `part` of `calc.run`: out of order"),
                    "{error:?}"
                );
                assert_eq!(error.detail().unwrap()["step"], "part");
            }
        }
        host.stop().await.unwrap();
    }
}

#[tokio::test]
async fn an_error_says_that_something_may_have_happened_once_a_step_may_have_changed_something() {
    let toml = format!(
        "{SLOTS}[methods.run]
        result = 'last'
        steps = {{ note = {{ call = 'ledger.write', with = {{ name = 'x' }} }}, last = 'flaky.scale' }}
        bindings = [{{ from = 'input#/value', to = 'note#/value' }}, {{ from = 'note', to = 'last#/value' }}]"
    );
    let host = TestHost::new(|host| {
        with(
            host.settings("flaky", json!({"mood": "fail"})),
            "calc",
            &toml,
        )
    })
    .await
    .unwrap();
    let error = host.call("calc.run", r#"{"value": 1}"#).await.unwrap_err();
    assert_eq!(error.has_effect(), weldkit::Effect::Possible);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn independent_steps_run_at_the_same_time_and_the_first_wins() {
    // One of the two never answers.
    let toml = "[slots]
        slow = { service = 'flaky' }
        quick = { service = 'desk' }
        [methods.run]
        merge = 'first'
        fan_out = { a = 'slow.scale', b = 'quick.text' }";
    let host = TestHost::new(|host| {
        with(
            host.settings("flaky", json!({"mood": "wait"})),
            "calc",
            toml,
        )
    })
    .await
    .unwrap();
    let answer = tokio::time::timeout(
        Duration::from_secs(5),
        call(&host, "calc.run", json!({"value": 8})),
    );
    assert_eq!(answer.await.unwrap(), "8");
    assert_eq!(in_flight(&host, "flaky", "flaky.scale"), 0);
    host.stop().await.unwrap();
}

fn in_flight(host: &TestHost, instance: &str, method: &str) -> u64 {
    host.counts()[instance][method]
        .iter()
        .map(|counts| counts.started - counts.finished)
        .sum()
}

#[tokio::test]
async fn streams_are_passed_on_mapped_item_by_item_and_collected() {
    let toml = format!(
        "{SLOTS}[methods.all]
        call = 'desk.count'
        [methods.texts]
        result = 'text'
        steps = {{ all = 'desk.count', text = 'desk.text' }}
        bindings = [{{ from = 'all', to = 'text#/value', each = true }}]
        [methods.total]
        result = 'sum'
        steps = {{ all = 'desk.count', double = {{ call = 'desk.double', with = {{ name = 'x' }} }}, sum = 'desk.sum' }}
        [[methods.total.bindings]]
        from = 'all'
        to = 'double#/value'
        each = true
        [[methods.total.bindings]]
        from = 'double'
        to = 'sum#/values'
        map = 'map(.value)'"
    );
    let host = host("calc", &toml).await;
    let kinds: Vec<_> = host
        .client("calc")
        .unwrap()
        .descriptor()
        .methods
        .iter()
        .map(|method| (method.name, method.kind))
        .collect();
    assert_eq!(
        format!("{kinds:?}"),
        r#"[("all", Stream), ("texts", Stream), ("total", Async)]"#
    );
    assert_eq!(
        call(&host, "calc.all", json!({"up_to": 3})).await,
        json!([1, 2, 3])
    );
    assert_eq!(
        call(&host, "calc.texts", json!({"up_to": 3})).await,
        json!(["1", "2", "3"])
    );
    assert_eq!(
        call(&host, "calc.total", json!({"up_to": 100})).await,
        10_100
    );
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_slow_consumer_holds_the_stream_back() {
    let toml = format!(
        "{SLOTS}[methods.texts]
        result = 'text'
        steps = {{ all = 'desk.count', text = 'desk.text' }}
        bindings = [{{ from = 'all', to = 'text#/value', each = true }}]"
    );
    let host = host("calc", &toml).await;
    let ctx = host.ctx();
    let mut items = host
        .stream_json(&ctx, "calc.texts", br#"{"up_to": 1000000}"#)
        .await
        .unwrap();
    assert_eq!(items.next().await.unwrap().unwrap(), b"\"1\"");
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    let made: u64 = host.counts()["desk"]["desk.text"]
        .iter()
        .map(|counts| counts.started)
        .sum();
    assert!(made <= 20, "{made} items were made for a reader of one");
    drop(items);
    assert_eq!(in_flight(&host, "desk", "desk.count"), 0);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_step_gives_is_published_and_events_are_answered() {
    let toml = format!(
        "{SLOTS}[methods.add]
        result = 'sum'
        steps = {{ sum = 'desk.add' }}
        [[methods.add.bindings]]
        from = 'input'
        to = 'sum'
        [[methods.add.bindings]]
        from = 'sum'
        to = 'event:calc.added'
        type = 'event_flow'
        [methods.note]
        call = 'ledger.write'
        [[listens]]
        event = 'calc.*'
        method = 'note'"
    );
    let host = TestHost::new(|host| {
        with(
            host.grant("plugin:calc", &["calc", "ledger", "ledger.write"]),
            "calc",
            &toml,
        )
    })
    .await
    .unwrap();
    let mut heard = host
        .events()
        .subscribe(Subscription::new("test").kind("calc.added"))
        .unwrap();
    call(&host, "calc.add", json!({"a": 1, "b": 2})).await;
    let event = heard.next().await.unwrap();
    assert_eq!((event.source(), event.kind()), ("calc", "calc.added"));
    let noted = json!([{"name": "sum", "value": 3}]);
    until(async || call(&host, "ledger.lines", json!({})).await == noted).await;
    // It went through the gate of the composite, as its own principal.
    let counts = &host.counts()["calc"]["calc.note"];
    assert_eq!(counts.iter().map(|counts| counts.started).sum::<u64>(), 1);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_panic_of_a_part_is_an_error_and_not_the_composites_own() {
    let toml = format!("{SLOTS}[methods.run]\ncall = 'flaky.scale'");
    let host = TestHost::new(|host| {
        with(
            host.settings("flaky", json!({"mood": "panic"})),
            "calc",
            &toml,
        )
    })
    .await
    .unwrap();
    for _ in 0..8 {
        let error = host.call("calc.run", r#"{"value": 1}"#).await.unwrap_err();
        assert!(
            ["panicked", "unavailable"].contains(&error.code().as_str()),
            "{error:?}"
        );
    }
    // The part is quarantined, the composite is not.
    let states: Vec<String> = host
        .instances()
        .into_iter()
        .map(|status| format!("{} {:?}", status.instance, status.state))
        .collect();
    assert!(
        states.contains(&"flaky Quarantined".to_owned()),
        "{states:?}"
    );
    assert!(states.contains(&"calc Running".to_owned()), "{states:?}");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_cancel_and_a_deadline_reach_the_parts() {
    let toml = format!("{SLOTS}[methods.run]\ncall = 'flaky.scale'");
    let host = TestHost::new(|host| {
        with(
            host.settings("flaky", json!({"mood": "wait"})),
            "calc",
            &toml,
        )
    })
    .await
    .unwrap();
    let cancel = Cancel::new();
    let ctx = host.ctx().with_cancel(&cancel);
    let calling = host.call_json(&ctx, "calc.run", br#"{"value": 1}"#);
    let (answer, ()) = tokio::join!(calling, async {
        tokio::task::yield_now().await;
        cancel.cancel();
    });
    assert_eq!(*answer.unwrap_err().code(), Code::Cancelled);
    let ctx = host.ctx().with_timeout(Duration::from_secs(1));
    let calling = host.call_json(&ctx, "calc.run", br#"{"value": 1}"#);
    let (answer, ()) = tokio::join!(calling, async {
        tokio::task::yield_now().await;
        host.clock().advance(Duration::from_secs(1));
    });
    assert_eq!(*answer.unwrap_err().code(), Code::Timeout);
    assert_eq!(in_flight(&host, "flaky", "flaky.scale"), 0);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_replaced_part_is_what_the_composite_calls() {
    let toml = format!("{SLOTS}[methods.run]\ncall = 'flaky.scale'");
    let host =
        TestHost::new(|host| with(host.settings("flaky", json!({"factor": 2})), "calc", &toml))
            .await
            .unwrap();
    assert_eq!(call(&host, "calc.run", json!({"value": 3})).await, 6);
    let reloaded = host
        .reload(&[("flaky".to_owned(), json!({"factor": 5}))].into())
        .await
        .unwrap();
    assert_eq!(reloaded.replaced, ["flaky"]);
    assert_eq!(call(&host, "calc.run", json!({"value": 3})).await, 15);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_composite_is_listed_counted_permitted_and_a_part_of_another() {
    let inner = format!("{SLOTS}[methods.run]\nchain = ['desk.add', 'desk.double']");
    let outer = "[slots]\ncalc = { service = 'calc' }\ndesk = { service = 'desk' }\n[methods.twice]\nchain = ['calc.run', 'desk.double']";
    let outer = weldkit::composition::Composite::parse("outer", outer).unwrap();
    let host = TestHost::new(|host| {
        with(host.composite(outer.clone()), "calc", &inner)
            .grant("guest", &["outer", "calc", "desk"])
            .grant("stranger", &["outer"])
    })
    .await
    .unwrap();
    assert_eq!(
        call(&host, "outer.twice", json!({"a": 1, "b": 2})).await["value"],
        12
    );
    let guest = host
        .call_as("guest", "outer.twice", r#"{"a": 1}"#)
        .await
        .unwrap();
    assert_eq!(guest["value"], 4);
    // Whoever may call the composite may not do by it what he may not do himself.
    let stranger = host
        .call_as("stranger", "outer.twice", r#"{"a": 1}"#)
        .await
        .unwrap_err();
    assert_eq!(*stranger.code(), Code::PermissionDenied);
    assert!(
        host.services()
            .iter()
            .any(|service| service.name == "outer")
    );
    let counted: u64 = host.counts()["outer"]["outer.twice"]
        .iter()
        .map(|counts| counts.started)
        .sum();
    assert_eq!(counted, 3);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_composite_is_the_step_of_a_workflow() {
    let toml = format!("{SLOTS}[methods.run]\nchain = ['desk.add', 'desk.double']");
    let host = host("calc", &toml).await;
    let document = "document: { dsl: 1.0.3, namespace: test, name: steps, version: 1.0.0 }
do:
  - compute: { call: calc.run, with: { a: '${ .a }', b: 2 } }";
    let id = host.workflows().register(document, "steps.yaml").unwrap();
    let terms = Terms {
        input: json!({"a": 1}),
        ..Terms::default()
    };
    let started = host
        .workflows()
        .start(&host.ctx(), &id, terms)
        .await
        .unwrap();
    let status = host.workflows().wait(&started.run).await.unwrap();
    assert_eq!(status.output.unwrap()["value"], 6);
    host.stop().await.unwrap();
}

/// A handler that is woken by the call of a composite calls the composite, and subscribes, while others call it too.
#[tokio::test]
async fn every_part_may_call_back_into_the_host() {
    let toml = format!(
        "{SLOTS}[methods.run]
        result = {{ a = 'one', b = 'two', c = 'three' }}
        steps = {{ one = 'desk.add', two = 'desk.add', three = 'desk.add' }}
        [[methods.run.bindings]]
        from = 'input'
        to = 'one'
        [[methods.run.bindings]]
        from = 'input'
        to = 'two'
        [[methods.run.bindings]]
        from = 'input'
        to = 'three'
        [[methods.run.bindings]]
        from = 'one'
        to = 'event:calc.ran'"
    );
    let host = Arc::new(host("calc", &toml).await);
    let (again, turns) = (host.clone(), Arc::new(AtomicU64::new(0)));
    let counted = turns.clone();
    let handler = host
        .events()
        .handle(
            Subscription::new("again").overflow(Overflow::DropOldest),
            move |_| {
                let (again, turns) = (again.clone(), turns.clone());
                async move {
                    let _gone_at_once = again.events().subscribe(Subscription::new("inside"))?;
                    if turns.fetch_add(1, Relaxed) < 50 {
                        again
                            .call_json(&again.ctx(), "calc.run", br#"{"a": 1}"#)
                            .await?;
                    }
                    Ok::<(), CallError>(())
                }
            },
        )
        .unwrap();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let host = host.clone();
            tokio::spawn(async move { host.call("calc.run", r#"{"a": 2}"#).await })
        })
        .collect();
    let all = async {
        for call in calls {
            let answer: Value = call.await.unwrap().unwrap();
            assert_eq!(answer["c"]["value"], 2);
        }
        until(async || counted.load(Relaxed) >= 50).await;
    };
    tokio::time::timeout(Duration::from_secs(20), all)
        .await
        .expect("nothing waits for itself");
    drop(handler);
}
