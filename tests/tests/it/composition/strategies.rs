//! The seven strategies of composition, each as a recipe of the three primitives.

use serde_json::{Value, json};
use weldkit::testing::TestHost;

use super::{call, host, with};

/// Runs a method of the recipe.
async fn recipe(methods: &str, called: &str, input: Value) -> Value {
    let toml = format!(
        "permissions = ['ledger.write']
        [slots]
        desk = {{ service = 'desk' }}
        ledger = {{ service = 'ledger' }}
        flaky = {{ service = 'flaky' }}
        audit = {{ service = 'ledger', role = 'auxiliary' }}
        {methods}"
    );
    let host = TestHost::new(|host| {
        with(
            host.settings("flaky", json!({"factor": 7})),
            "recipe",
            &toml,
        )
    })
    .await
    .unwrap();
    let answer = call(&host, called, input).await;
    host.stop().await.unwrap();
    answer
}

/// Several services are asked at once, and their answers are one.
#[tokio::test]
async fn aggregation_is_a_fan_out_with_a_merge_rule() {
    let methods =
        "[methods.ask]\nmerge = 'named'\nfan_out = { scaled = 'flaky.scale', text = 'desk.text' }";
    let answer = recipe(methods, "recipe.ask", json!({"value": 3})).await;
    assert_eq!(answer, json!({"scaled": 21, "text": "3"}));
}

/// Each service works on what the one before has made.
#[tokio::test]
async fn pipeline_is_a_chain() {
    let methods = "[methods.run]\nchain = ['desk.add', 'desk.double', 'desk.double']";
    let answer = recipe(methods, "recipe.run", json!({"a": 1})).await;
    assert_eq!(answer["value"], 4);
}

/// One simple service in front of several, with the parameters that nobody should have to know.
#[tokio::test]
async fn facade_is_calls_with_parameters_of_its_own() {
    let methods = "[methods.next]
        call = 'desk.add'
        with = { b = 1 }
        [methods.history]
        call = 'ledger.lines'";
    assert_eq!(
        recipe(methods, "recipe.next", json!({"a": 41})).await["value"],
        42
    );
    assert_eq!(
        recipe(methods, "recipe.history", json!({})).await,
        json!([])
    );
}

/// The same call, with something before and behind it.
#[tokio::test]
async fn decorator_is_a_wrap_with_before_and_after() {
    let methods =
        "[methods.run]\nbefore = 'desk.add'\nwrap = 'desk.double'\nafter = 'audit_less.double'";
    let methods = methods.replace("audit_less", "desk");
    let answer = recipe(&methods, "recipe.run", json!({"a": 1, "b": 1})).await;
    assert_eq!(answer, json!({"name": "sum", "value": 8}));
}

/// The same contract, and control over the calls: what is kept is answered, what fails is tried again or left alone.
#[tokio::test]
async fn proxy_is_a_wrap_with_instead_and_a_guarded_slot() {
    let toml = "[slots]
        known = { service = 'flaky', cache = '1m' }
        real = { service = 'flaky', instance = 'real', tries = 3, breaker = { failures = 10 } }
        [methods.get]
        wrap = 'real.scale'
        instead = 'known.known'";
    let host = TestHost::new(|host| {
        let host = host
            .instance("real", "flaky")
            .settings("real", json!({"factor": 5, "stumble": 2}));
        with(host, "recipe", toml)
    })
    .await
    .unwrap();
    assert_eq!(call(&host, "recipe.get", json!({"value": 4})).await, 4);
    assert_eq!(call(&host, "recipe.get", json!({"value": 3})).await, 15);
    let input = host.client("recipe").unwrap().descriptor().methods[0]
        .input
        .get();
    let own = host.client("flaky").unwrap().descriptor().methods[0]
        .input
        .get();
    assert_eq!(input.to_value()["properties"], own.to_value()["properties"]);
    host.stop().await.unwrap();
}

/// Another shape of input and result, by pointers and jq; what cannot fit is refused before the start.
#[tokio::test]
async fn adapter_is_bindings_that_convert() {
    let methods = "[methods.add]
        result = 'sum#/value'
        steps = { sum = 'desk.add' }
        [[methods.add.bindings]]
        from = 'input#/numbers'
        to = 'sum'
        map = '{a: .[0], b: .[1]}'";
    assert_eq!(
        recipe(methods, "recipe.add", json!({"numbers": [20, 22]})).await,
        42
    );
}

/// Who does the work is not part of the contract: the configuration chooses, for all or for this composite alone.
#[tokio::test]
async fn bridge_is_a_slot_whose_provider_is_chosen() {
    let toml = "[slots]\nwork = { service = 'flaky' }\n[methods.run]\ncall = 'work.scale'";
    for (chosen, wanted) in [("ten", 10), ("hundred", 100)] {
        let host = TestHost::new(|host| {
            let host = host
                .instance("ten", "flaky")
                .settings("ten", json!({"factor": 10}));
            let host = host
                .instance("hundred", "flaky")
                .settings("hundred", json!({"factor": 100}));
            with(host.provider("recipe.flaky", chosen), "recipe", toml)
        })
        .await
        .unwrap();
        assert_eq!(call(&host, "recipe.run", json!({"value": 1})).await, wanted);
        host.stop().await.unwrap();
    }
}

/// A binding says what a facade passes on: nothing else of the input is taken.
#[tokio::test]
async fn what_no_binding_reads_is_refused() {
    let toml = "[slots]\ndesk = { service = 'desk' }
        [methods.run]
        result = 'text'
        steps = { text = 'desk.text' }
        bindings = [{ from = 'input#/number', to = 'text#/value' }]";
    let host = host("recipe", toml).await;
    assert_eq!(call(&host, "recipe.run", json!({"number": 1})).await, "1");
    let error = host
        .call("recipe.run", r#"{"number": 1, "nmber": 2}"#)
        .await
        .unwrap_err();
    assert_eq!(error.code().as_str(), "unknown_parameter");
    host.stop().await.unwrap();
}
