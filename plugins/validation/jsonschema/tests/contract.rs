//! The plugin behind a host: typed, as JSON, from its settings, and for whom.

use serde_json::{Value, json};
use weldkit::Code;
use weldkit::testing::TestHost;
use weldkit_validation::{Schema, SchemaName, Validation};
use weldkit_validation_jsonschema::JsonSchemaValidation;

async fn host(settings: Value) -> weldkit::Result<TestHost> {
    let build = |host: weldkit::HostBuilder| {
        host.plugin::<JsonSchemaValidation>()
            .settings("validation", settings)
            .grant("checker", &["validation.use"])
    };
    TestHost::new(build).await
}

fn strike() -> Value {
    json!({
        "title": "Strike", "type": "object", "required": ["species"],
        "properties": {"cost": {"type": "integer", "minimum": 0}}
    })
}

#[tokio::test]
async fn a_registered_schema_checks_values() {
    let host = host(json!({})).await.expect("the host starts");
    let (ctx, validation) = (
        host.ctx(),
        host.service::<dyn Validation>()
            .expect("validation is provided"),
    );
    let name = SchemaName::new("strike").expect("a name");
    let info = validation
        .register(&ctx, name.clone(), strike(), false)
        .await
        .expect("register");
    assert_eq!(info.title.as_deref(), Some("Strike"));
    let value = json!({"species": "Killdeer", "cost": 7});
    let verdict = validation
        .validate(&ctx, name.clone().into(), value)
        .await
        .expect("validate");
    assert!(verdict.valid && verdict.violations.is_empty());
    let verdict = validation
        .validate(&ctx, name.clone().into(), json!({"cost": -1}))
        .await
        .expect("validate");
    let mut found: Vec<(&str, &str)> = verdict
        .violations
        .iter()
        .map(|found| (found.pointer.as_str(), found.keyword.as_str()))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("", "required"), ("/cost", "minimum")]);
    let values = vec![
        json!({"species": "a"}),
        json!(1),
        json!({"species": "b", "cost": "x"}),
    ];
    let verdict = validation
        .validate_batch(&ctx, name.clone().into(), values)
        .await
        .expect("validate_batch");
    assert_eq!(
        (verdict.valid, verdict.valid_count, verdict.invalid.len()),
        (false, 1, 2)
    );
    assert_eq!(
        validation.schema(&ctx, name.clone()).await.expect("schema"),
        strike()
    );
    assert!(validation.remove(&ctx, name.clone()).await.expect("remove"));
    let error = validation
        .validate(&ctx, Schema::Named(name), json!(1))
        .await
        .expect_err("removed");
    assert_eq!(
        error.to_string(),
        "no schema `strike` is registered; register it first"
    );
}

#[tokio::test]
async fn json_is_the_same_call() {
    let host = host(json!({"schemas": {"strike": strike()}}))
        .await
        .expect("the host starts");
    let check = async |call: &str, input: Value, expected: Value| {
        let answer = host.call(call, &input.to_string()).await.expect(call);
        assert_eq!(answer, expected, "{call} {input}");
    };
    let valid = json!({"valid": true, "violations": [], "violation_count": 0});
    check(
        "validation.validate",
        json!({"schema": "strike", "value": {"species": "a"}}),
        valid.clone(),
    )
    .await;
    check(
        "validation.validate",
        json!({"schema": {"type": "integer"}, "value": 7}),
        valid.clone(),
    )
    .await;
    check(
        "validation.validate",
        json!({"schema": true, "value": null}),
        valid,
    )
    .await;
    let invalid = json!({
        "valid": false, "valid_count": 1,
        "invalid": [{"index": 1, "violation_count": 1, "violations": [{
            "pointer": "", "keyword": "type", "message": "\"x\" is not of type \"integer\"", "schema_pointer": "/type"
        }]}]
    });
    check(
        "validation.validate_batch",
        json!({"schema": {"type": "integer"}, "values": [1, "x"]}),
        invalid,
    )
    .await;
    let list = host.call("validation.list", "{}").await.expect("list");
    assert_eq!(list[0]["name"], json!("strike"));
}

#[tokio::test]
async fn errors_have_codes() {
    let host = host(json!({})).await.expect("the host starts");
    let check = async |call: &str, input: Value, code: &str, expected: &str| {
        let error = host
            .call(call, &input.to_string())
            .await
            .expect_err("refused");
        assert_eq!(error.code().as_str(), code, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(
        "validation.validate",
        json!({"schema": "none", "value": 1}),
        "not_found",
        "no schema `none`",
    )
    .await;
    check(
        "validation.validate",
        json!({"schema": "No Name", "value": 1}),
        "invalid_parameter",
        "`No Name`",
    )
    .await;
    let bad = json!({"schema": {"type": "intger"}, "value": 1});
    check(
        "validation.validate",
        bad,
        "invalid_schema",
        "did you mean `integer`?",
    )
    .await;
    let remote = json!({"name": "a", "schema": {"items": {"$ref": "https://example.com/x"}}});
    check(
        "validation.register",
        remote,
        "remote_reference",
        "/items/$ref",
    )
    .await;
    host.call("validation.register", r#"{"name": "a", "schema": true}"#)
        .await
        .expect("register");
    check(
        "validation.register",
        json!({"name": "a", "schema": false}),
        "schema_exists",
        "pass `replace`",
    )
    .await;
    let many = json!({"schema": true, "values": vec![1; 10_001]});
    check(
        "validation.validate_batch",
        many,
        "limit",
        "it has 10001 values and may have 10000",
    )
    .await;
}

#[tokio::test]
async fn to_register_is_another_permission_than_to_check() {
    let host = host(json!({})).await.expect("the host starts");
    let validate = r#"{"schema": {"type": "integer"}, "value": 1}"#;
    host.call_as("checker", "validation.validate", validate)
        .await
        .expect("a checker may check");
    let register = r#"{"name": "a", "schema": true}"#;
    let error = host
        .call_as("checker", "validation.register", register)
        .await
        .expect_err("and not register");
    assert_eq!(error.code(), &Code::PermissionDenied, "{error}");
}

#[tokio::test]
async fn every_bad_schema_of_the_settings_is_reported() {
    let settings = json!({"schemas": {"a": {"type": "intger"}, "b": true, "No": true, "c": {"$ref": "x.json"}}});
    let error = host(settings).await.expect_err("bad schemas");
    let text = format!("{error}");
    for expected in [
        "schemas.a",
        "did you mean `integer`?",
        "schemas.No",
        "schemas.c",
        "`x.json`",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}
