//! A composite that is declared in another way while it runs: its callers notice nothing.

use std::sync::Arc;

use serde_json::{Value, json};
use weldkit::composition::Composite;
use weldkit::testing::TestHost;

use super::{call, with};
use crate::wait::until;

const CALC: &str = "[slots]
desk = { service = 'desk' }
[methods.run]
call = 'desk.add'
with = { b = 1 }
";

fn composite(name: &str, toml: &str) -> Composite {
    Composite::parse(name, toml).unwrap()
}

fn calc(b: i64) -> String {
    CALC.replace("b = 1", &format!("b = {b}"))
}

async fn started(host: &TestHost, instance: &str, method: &str) -> u64 {
    let counts = &host.counts()[instance][method];
    counts.iter().map(|counts| counts.started).sum()
}

#[tokio::test]
async fn a_changed_composite_takes_the_place_of_the_old_one() {
    let outer = "[slots]\ncalc = { service = 'calc' }\ndesk = { service = 'desk' }\n[methods.twice]\nchain = ['calc.run', 'desk.double']";
    let outer = composite("outer", outer);
    let host = TestHost::new(|host| with(host.composite(outer), "calc", CALC))
        .await
        .unwrap();
    let client = host.client("calc").unwrap();
    assert_eq!(
        call(&host, "outer.twice", json!({"a": 1})).await["value"],
        4
    );
    for (b, replaced) in [(1, false), (10, true), (10, false), (1, true), (5, true)] {
        let done = host
            .reload_composites(&[composite("calc", &calc(b))])
            .await
            .unwrap();
        assert_eq!(done.kept, []);
        let wanted: &[&str] = if replaced { &["calc"] } else { &[] };
        assert_eq!(done.replaced, wanted, "{b}");
        let value = call(&host, "calc.run", json!({"a": 1})).await["value"].clone();
        assert_eq!(value, 1 + b);
        // Who is made of it holds its slot, and so does whoever got a client before.
        let value = call(&host, "outer.twice", json!({"a": 1})).await["value"].clone();
        assert_eq!(value, 2 * (1 + b));
        assert_eq!(client.provider(), "calc");
    }
    assert_eq!(host.counts()["calc"]["calc.run"].len(), 4);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn calls_under_way_end_where_they_began() {
    let toml = "[slots]
        flaky = { service = 'flaky' }
        desk = { service = 'desk' }
        [methods.run]
        call = 'flaky.scale'";
    let settings = json!({"mood": "wait"});
    let host = TestHost::new(|host| with(host.settings("flaky", settings), "calc", toml))
        .await
        .unwrap();
    let host = Arc::new(host);
    let caller = host.clone();
    let waiting = tokio::spawn(async move { caller.call("calc.run", r#"{"value": 1}"#).await });
    until(async || started(&host, "flaky", "flaky.scale").await == 1).await;
    let changed = format!("{toml}\ntimeout = '1h'");
    let changing = host.clone();
    let changed = composite("calc", &changed);
    let change = tokio::spawn(async move { changing.reload_composites(&[changed]).await });
    // The new one answers while the old one still waits for its part.
    until(async || host.counts()["calc"]["calc.run"].len() == 2).await;
    assert!(!waiting.is_finished());
    let settings = [("flaky".to_owned(), json!({"factor": 3}))];
    host.clock().advance(std::time::Duration::from_secs(31));
    let ended = waiting.await.unwrap().unwrap_err();
    assert_eq!(ended.code().as_str(), "timeout");
    assert_eq!(change.await.unwrap().unwrap().replaced, ["calc"]);
    host.reload(&settings.into()).await.unwrap();
    assert_eq!(call(&host, "calc.run", json!({"value": 2})).await, 6);
}

#[tokio::test]
async fn another_contract_and_what_does_not_fit_are_refused_by_name() {
    let host = TestHost::new(|host| {
        let other = composite(
            "other",
            "[slots]\ncalc = { service = 'calc' }\n[methods.go]\ncall = 'calc.run'",
        );
        with(host.composite(other), "calc", CALC)
    })
    .await
    .unwrap();
    let more = format!("{CALC}[methods.walk]\ncall = 'desk.text'");
    let cases: &[(&str, String, &str)] = &[
        (
            "calc",
            CALC.replace("with = { b = 1 }", ""),
            "`calc.run`: input is another",
        ),
        (
            "calc",
            CALC.replace("desk.add'\nwith = { b = 1 }", "desk.text'"),
            "`calc.run`: input is another",
        ),
        ("calc", more, "`calc.walk` is new"),
        (
            "calc",
            CALC.replace("methods.run", "methods.ran"),
            "`calc.run` is gone",
        ),
        (
            "calc",
            format!("version = '1.1'\n{CALC}"),
            "its version is 1.1.0 and was 1.0.0",
        ),
        (
            "calc",
            CALC.replace("desk.add", "desk.ad"),
            "did you mean `add`?",
        ),
        (
            "calc",
            CALC.replace("'desk'", "'dask'"),
            "did you mean `desk`?",
        ),
        (
            "calc",
            CALC.replace("'desk'", "'desk', instance = 'two'"),
            "called `two`",
        ),
        (
            "calc",
            format!(
                "{}\n",
                CALC.replace("[methods", "other = { service = 'other' }\n[methods")
            ),
            "`calc` asks for `other` of `other` asks for `calc`",
        ),
    ];
    for (name, toml, reason) in cases {
        let done = host
            .reload_composites(&[composite(name, toml)])
            .await
            .unwrap();
        assert_eq!(done.replaced, Vec::<String>::new(), "{toml}");
        let [(kept, why)] = done.kept.as_slice() else {
            panic!("{done:?} of {toml}");
        };
        assert_eq!(kept, name);
        assert!(why.contains(reason), "no `{reason}` in `{why}`");
        assert_eq!(call(&host, "calc.run", json!({"a": 1})).await["value"], 2);
    }
    let unknown = host.reload_composites(&[composite("calk", CALC)]).await;
    let unknown = unknown.unwrap_err().to_string();
    assert!(
        unknown.contains("there is no composite `calk`"),
        "{unknown}"
    );
    host.stop().await.unwrap();
}

/// What waits at the old one is answered, and nothing twice once the new one stands there.
#[tokio::test]
async fn events_are_answered_once_by_whoever_stands_there() {
    let toml = |name: &str| {
        format!(
            "permissions = ['ledger.write']
            [slots]
            ledger = {{ service = 'ledger' }}
            [methods.note]
            call = 'ledger.write'
            with = {{ name = '{name}' }}
            [[listens]]
            event = 'calc.*'
            method = 'note'
            map = '{{value: .data}}'"
        )
    };
    let host = TestHost::new(|host| {
        with(
            host.grant("plugin:calc", &["calc", "ledger", "ledger.write"]),
            "calc",
            &toml("old"),
        )
    })
    .await
    .unwrap();
    let events = host.events().clone();
    let emit = async |number: i64| {
        let data = weldkit::event::Data::Json(number.into());
        let event = events.event("calc.asked", "test", data).unwrap();
        events.emit(&host.ctx(), event).await.unwrap();
    };
    let lines = async || call(&host, "ledger.lines", json!({})).await;
    emit(1).await;
    until(async || lines().await.as_array().unwrap().len() == 1).await;
    let done = host
        .reload_composites(&[composite("calc", &toml("new"))])
        .await;
    assert_eq!(done.unwrap().replaced, ["calc"]);
    for number in 2..5 {
        emit(number).await;
    }
    until(async || lines().await.as_array().unwrap().len() >= 4).await;
    let names: Vec<Value> = lines().await.as_array().unwrap().clone();
    let names: Vec<&str> = names
        .iter()
        .filter_map(|line| line["name"].as_str())
        .collect();
    assert_eq!(names, ["old", "new", "new", "new"]);
    host.stop().await.unwrap();
}
