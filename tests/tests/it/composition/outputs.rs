//! What a composite promises of its results: derived from its parts, or declared and compared with them.

use serde_json::{Value, json};
use weldkit::testing::TestHost;

use super::{call, host, refused, with};

const SLOTS: &str = "
[slots]
desk = { service = 'desk' }
flaky = { service = 'flaky' }
";

fn output(host: &TestHost, method: &str) -> Value {
    let client = host.client("calc").unwrap();
    let descriptor = client.descriptor();
    let found = descriptor.method(method).unwrap();
    descriptor.methods[found].output.get().to_value()
}

/// Whatever merges and fails, what comes is what the contract says.
#[tokio::test]
async fn every_result_is_what_the_derived_contract_says() {
    let policies = ["'fail'", "'skip'", "{ default = 'none' }"];
    let rules = ["named", "list", "combine", "first"];
    let method = |policy: &str, result: &str| {
        format!(
            "result = {result}
            [methods.run.steps]
            all = 'desk.count'
            bad = {{ call = 'flaky.scale', with = {{ value = 2 }}, on_failure = {policy} }}
            sum = {{ call = 'desk.add', with = {{ a = 1 }} }}
            maybe = {{ call = 'flaky.known', with = {{ value = 3 }} }}
            [[methods.run.bindings]]
            from = 'input'
            to = 'all'"
        )
    };
    let all =
        "{ all = 'all', bad = 'bad', name = 'sum#/name', maybe = 'maybe', given = 'input#/up_to' }";
    let mut cases: Vec<String> = Vec::new();
    for policy in policies {
        cases.push(method(policy, all));
        cases.push(method(policy, "'bad'"));
    }
    for rule in rules {
        let calls = match rule {
            "combine" => "a = 'desk.add', b = 'desk.add'",
            _ => "a = 'desk.add', b = 'desk.count'",
        };
        let calls = calls.replace("desk.count", "desk.add");
        cases.push(format!("merge = '{rule}'\nfan_out = {{ {calls} }}"));
    }
    cases.push("call = 'desk.count'\nmap = 'length'".to_owned());
    for case in cases {
        for mood in ["ok", "fail"] {
            let toml = format!("{SLOTS}[methods.run]\n{case}");
            let settings = json!({ "mood": mood, "factor": 2 });
            let host = TestHost::new(|host| with(host.settings("flaky", settings), "calc", &toml))
                .await
                .unwrap();
            let input = match case.contains("desk.count") {
                true => r#"{"up_to": 3}"#,
                false => r#"{"a": 3}"#,
            };
            if let Ok(answer) = host.call("calc.run", input).await {
                let schema = output(&host, "run");
                let refused = jsonschema::validate(&schema, &answer).err();
                assert!(refused.is_none(), "{mood}: {answer} of {schema} in\n{case}");
            } else {
                let fails = mood == "fail" && case.contains("'fail'");
                assert!(fails, "{mood} in\n{case}");
            }
            host.stop().await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_may_be_left_out_is_not_promised() {
    let toml = format!(
        "{SLOTS}[methods.run]
        result = {{ all = 'all', bad = 'bad', other = 'other' }}
        [methods.run.steps]
        all = 'desk.count'
        bad = {{ call = 'flaky.scale', with = {{ value = 2 }}, on_failure = 'skip' }}
        other = {{ call = 'flaky.scale', with = {{ value = 2 }}, on_failure = {{ default = 'none' }} }}
        [[methods.run.bindings]]
        from = 'input'
        to = 'all'"
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
    let answer = call(&host, "calc.run", json!({"up_to": 2})).await;
    assert_eq!(answer, json!({"all": [1, 2], "other": "none"}));
    let schema = output(&host, "run");
    assert_eq!(schema["required"], json!(["all", "other"]));
    assert_eq!(schema["properties"]["all"]["type"], "array");
    host.stop().await.unwrap();
}

const PROMISED: &str = "call = 'desk.add'\noutput = ";

fn run(method: &str) -> String {
    format!("{SLOTS}[methods.run]\n{method}")
}

#[tokio::test]
async fn a_declared_output_that_the_steps_keep_is_the_contract() {
    let schema =
        "{ type = 'object', properties = { value = { type = 'integer' } }, required = ['value'] }";
    let host = host("calc", &run(&format!("{PROMISED}{schema}"))).await;
    let wanted = json!({"type": "object", "properties": {"value": {"type": "integer"}}, "required": ["value"]});
    assert_eq!(output(&host, "run"), wanted);
    assert_eq!(
        call(&host, "calc.run", json!({"a": 1, "b": 2})).await["value"],
        3
    );
    host.stop().await.unwrap();
}

#[test]
fn a_declared_output_that_no_result_keeps_is_refused_by_name() {
    let cases: &[(String, &[&str])] = &[
        (
            format!("{PROMISED}{{ type = 'string' }}"),
            &["the result of `run`, which its `output` promises, is {"],
        ),
        (
            format!("{PROMISED}{{ type = 'object', required = ['total'], properties = {{ total = {{ type = 'integer' }} }} }}"),
            &["the result of `run`", "total"],
        ),
        (
            "call = 'desk.add'\nmap = '.name'\noutput = { type = 'integer' }".to_owned(),
            &["the result of `run`", "is string, and integer"],
        ),
        (
            "merge = 'list'\nfan_out = { a = 'desk.text', b = 'desk.text' }\noutput = { type = 'array', items = { type = 'integer' } }"
                .to_owned(),
            &["the result of `run`", "composites.calc.methods.run.output"],
        ),
        (
            format!("{PROMISED}{{ type = 'text' }}"),
            &["config_bad_schema"],
        ),
    ];
    for (method, wanted) in cases {
        let told = refused("calc", &run(method));
        let code = match wanted[0] {
            "config_bad_schema" => "config_bad_schema",
            _ => "incompatible_interface",
        };
        for part in wanted.iter().chain([&code]) {
            assert!(told.contains(part), "no `{part}` for {method} in\n{told}");
        }
    }
}

/// A method that is asked first was only compared by what it takes.
#[test]
fn what_answers_in_place_of_a_call_gives_what_the_call_gives() {
    let told = refused("calc", &run("wrap = 'desk.text'\ninstead = 'flaky.known'"));
    for part in [
        "incompatible_interface",
        "what `flaky.known` answers in place of `desk.text` is integer",
    ] {
        assert!(told.contains(part), "no `{part}` in\n{told}");
    }
}

/// What comes in place of a failed step was taken as it was written, and refused in the call.
#[tokio::test]
async fn a_default_is_compared_with_where_it_goes() {
    let bound = |default: &str| {
        run(&format!(
            "result = 'sum'
            steps = {{ part = 'flaky.scale', sum = {{ call = 'desk.add', with = {{ a = 5 }} }} }}
            bindings = [{{ from = 'input', to = 'part' }}, {{ from = 'part', to = 'sum#/b', on_failure = {{ default = {default} }} }}]"
        ))
    };
    let told = refused("calc", &bound("'none'"));
    for part in [
        "invalid_parameter",
        "`sum#/b` (desk.add) cannot take the default of `part`",
    ] {
        assert!(told.contains(part), "no `{part}` in\n{told}");
    }
    host("calc", &bound("7")).await.stop().await.unwrap();
    // Of a step that is called for each item, what stands in for one reaches who reads them.
    let items = |default: &str| {
        run(&format!(
            "result = 'sum'
            steps = {{ all = 'desk.count', part = {{ call = 'flaky.scale', on_failure = {{ default = {default} }} }}, sum = 'desk.sum' }}
            bindings = [{{ from = 'all', to = 'part#/value', each = true }}, {{ from = 'part', to = 'sum#/values', on_failure = 'fail' }}]"
        ))
    };
    let settings = json!({"mood": "fail"});
    let host = TestHost::new(|host| with(host.settings("flaky", settings), "calc", &items("7")));
    let host = host.await.unwrap();
    assert_eq!(call(&host, "calc.run", json!({"up_to": 3})).await, 21);
    host.stop().await.unwrap();
}
