//! The three primitives, and graphs written as steps and bindings.

use serde_json::json;

use super::{call, host};

const DESK: &str = "[slots]\ndesk = { service = \"desk\" }\n";

#[tokio::test]
async fn a_chain_feeds_each_result_into_the_next_call() {
    let host = host(
        "calc",
        &format!("{DESK}[methods.run]\nchain = ['desk.add', 'desk.double', 'desk.double']"),
    )
    .await;
    let answer = call(&host, "calc.run", json!({"a": 1, "b": 2})).await;
    assert_eq!(answer, json!({"name": "sum", "value": 12}));
    // The contract is that of the first call's input.
    let refused = host.call("calc.run", r#"{"a": "one"}"#).await.unwrap_err();
    assert_eq!(
        (refused.code().as_str(), refused.at()),
        ("invalid_parameter", Some("/a"))
    );
    let refused = host
        .call("calc.run", r#"{"a": 1, "c": 2}"#)
        .await
        .unwrap_err();
    assert!(
        refused.message().contains("`run` has no parameter `c`"),
        "{refused:?}"
    );
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_fan_out_merges_by_its_rule() {
    let sum = json!({"name": "sum", "value": 3});
    let cases = [
        ("named", json!({"left": sum, "right": sum})),
        ("list", json!([sum, sum])),
        ("combine", sum.clone()),
        ("first", sum.clone()),
    ];
    for (merge, wanted) in cases {
        let toml = format!(
            "{DESK}[methods.run]\nmerge = '{merge}'\nfan_out = {{ left = 'desk.add', right = 'desk.add' }}"
        );
        let host = host("calc", &toml).await;
        assert_eq!(
            call(&host, "calc.run", json!({"a": 1, "b": 2})).await,
            wanted,
            "{merge}"
        );
        host.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_wrap_calls_before_after_and_instead() {
    let toml = format!(
        "{DESK}flaky = {{ service = 'flaky' }}
        [methods.around]
        wrap = 'desk.double'
        before = 'desk.add'
        after = 'desk.double'
        [methods.looked_up]
        wrap = 'flaky.scale'
        instead = 'flaky.known'"
    );
    let host = host("calc", &toml).await;
    let around = call(&host, "calc.around", json!({"a": 2, "b": 3})).await;
    assert_eq!(around, json!({"name": "sum", "value": 20}));
    assert_eq!(
        call(&host, "calc.looked_up", json!({"value": 4})).await,
        json!(4)
    );
    // The factor of the default instance is 0.
    assert_eq!(
        call(&host, "calc.looked_up", json!({"value": 3})).await,
        json!(0)
    );
    assert_eq!(call(&host, "flaky.calls", json!({})).await, json!(3));
    host.stop().await.unwrap();
}

#[tokio::test]
async fn steps_and_bindings_make_any_graph() {
    let toml = format!(
        "{DESK}[methods.run]
        result = {{ total = 'total', first = 'one#/value', given = 'input#/x' }}
        [methods.run.steps]
        one = {{ call = 'desk.add', with = {{ b = 10 }} }}
        two = {{ call = 'desk.double', with = {{ name = 'two' }} }}
        total = 'desk.sum'
        [[methods.run.bindings]]
        from = 'input#/x'
        to = 'one#/a'
        [[methods.run.bindings]]
        from = 'one#/value'
        to = 'two#/value'
        [[methods.run.bindings]]
        from = 'two'
        to = 'total#/values'
        map = '[.value, 100]'
        type = 'data_flow'"
    );
    let host = host("calc", &toml).await;
    let answer = call(&host, "calc.run", json!({"x": 1})).await;
    assert_eq!(answer, json!({"total": 122, "first": 11, "given": 1}));
    let missing = host.call("calc.run", "{}").await.unwrap_err();
    assert!(
        missing.message().contains("\"x\" is a required property"),
        "{missing:?}"
    );
    host.stop().await.unwrap();
}
