//! Streams in a graph: who reads them, and what of them.

use serde_json::json;
use weldkit::event::Subscription;
use weldkit::testing::TestHost;

use super::{call, host, refused, with};
use crate::wait::until;

const SLOTS: &str = "permissions = ['ledger.write']
[slots]
desk = { service = 'desk' }
flaky = { service = 'flaky' }
ledger = { service = 'ledger' }
";

#[tokio::test]
async fn a_pointer_leads_into_each_item_of_a_stream_that_is_collected() {
    let doubled = "steps = { all = 'desk.count', double = { call = 'desk.double', with = { name = 'x' } }, sum = 'desk.sum' }";
    let toml = format!(
        "{SLOTS}[methods.total]
        result = 'sum'
        {doubled}
        bindings = [
            {{ from = 'all', to = 'double#/value', each = true }},
            {{ from = 'double#/value', to = 'sum#/values' }},
        ]
        [methods.values]
        result = 'double#/value'
        steps = {{ all = 'desk.count', double = {{ call = 'desk.double', with = {{ name = 'x' }} }} }}
        bindings = [{{ from = 'all', to = 'double#/value', each = true }}]
        [methods.how_many]
        call = 'desk.count'
        map = 'length'"
    );
    let host = host("calc", &toml).await;
    assert_eq!(call(&host, "calc.total", json!({"up_to": 4})).await, 20);
    assert_eq!(
        call(&host, "calc.values", json!({"up_to": 3})).await,
        json!([2, 4, 6])
    );
    assert_eq!(call(&host, "calc.how_many", json!({"up_to": 7})).await, 7);
    // None of them is a stream any more.
    let client = host.client("calc").unwrap();
    for method in client.descriptor().methods {
        assert_eq!(format!("{:?}", method.kind), "Async", "{}", method.name);
    }
    host.stop().await.unwrap();
}

/// Nobody took the items of such a step, so it was never run.
#[tokio::test]
async fn a_stream_that_nobody_reads_is_run_to_its_end() {
    let toml = format!(
        "{SLOTS}[methods.keep]
        result = 'text'
        [methods.keep.steps]
        all = 'desk.count'
        note = {{ call = 'ledger.write', with = {{ name = 'item' }} }}
        text = {{ call = 'desk.text', with = {{ value = 1 }}, after = ['note'] }}
        [[methods.keep.bindings]]
        from = 'input'
        to = 'all'
        [[methods.keep.bindings]]
        from = 'all'
        to = 'note#/value'
        each = true"
    );
    let host = host("calc", &toml).await;
    assert_eq!(call(&host, "calc.keep", json!({"up_to": 40})).await, "1");
    let lines = call(&host, "ledger.lines", json!({})).await;
    assert_eq!(lines.as_array().unwrap().len(), 40);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn an_observer_of_each_item_delays_nobody() {
    let toml = format!(
        "{SLOTS}watch = {{ service = 'flaky', instance = 'watch', role = 'auxiliary' }}
        [methods.run]
        result = 'text'
        steps = {{ all = 'desk.count', look = 'watch.scale', text = {{ call = 'desk.text', with = {{ value = 1 }} }} }}
        bindings = [{{ from = 'input', to = 'all' }}, {{ from = 'all', to = 'look#/value', each = true }}]"
    );
    for (mood, looked) in [("wait", 1), ("fail", 1), ("ok", 9)] {
        let host = TestHost::new(|host| {
            let host = host.instance("watch", "flaky");
            with(
                host.settings("watch", json!({ "mood": mood })),
                "calc",
                &toml,
            )
        })
        .await
        .unwrap();
        assert_eq!(call(&host, "calc.run", json!({"up_to": 9})).await, "1");
        until(async || {
            let counts = &host.counts()["watch"]["flaky.scale"];
            counts.iter().map(|counts| counts.started).sum::<u64>() == looked
        })
        .await;
        host.stop().await.unwrap();
    }
}

#[tokio::test]
async fn each_item_of_a_stream_becomes_an_event_on_its_way() {
    let toml = format!(
        "{SLOTS}[methods.count]
        result = 'all'
        steps = {{ all = 'desk.count' }}
        bindings = [{{ from = 'input', to = 'all' }}, {{ from = 'all', to = 'event:calc.counted', type = 'event_flow', map = '{{n: .}}' }}]
        [methods.quietly]
        result = 'text'
        steps = {{ all = 'desk.count', text = {{ call = 'desk.text', with = {{ value = 1 }}, after = ['all'] }} }}
        bindings = [{{ from = 'input', to = 'all' }}, {{ from = 'all', to = 'event:calc.counted' }}]"
    );
    let host = host("calc", &toml).await;
    let mut heard = host
        .events()
        .subscribe(Subscription::new("test").kind("calc.counted"))
        .unwrap();
    let mut next = async || serde_json::to_value(&*heard.next().await.unwrap()).unwrap();
    let answer = call(&host, "calc.count", json!({"up_to": 3})).await;
    assert_eq!(answer, json!([1, 2, 3]));
    for number in 1..=3 {
        assert_eq!(next().await["data"], json!({ "n": number }));
    }
    call(&host, "calc.quietly", json!({"up_to": 2})).await;
    assert_eq!(next().await["data"], 1);
    assert_eq!(next().await["data"], 2);
    host.stop().await.unwrap();
}

/// The result took it, and the step that was bound to it got an internal error.
#[test]
fn a_stream_that_is_the_result_is_read_by_nobody_else() {
    let told = refused(
        "calc",
        &format!(
            "{SLOTS}[methods.run]
            result = {{ all = 'all', sum = 'sum' }}
            steps = {{ all = 'desk.count', sum = 'desk.sum' }}
            bindings = [{{ from = 'input', to = 'all' }}, {{ from = 'all', to = 'sum#/values' }}]"
        ),
    );
    assert!(told.contains("`all` is read 2 times"), "{told}");
}
