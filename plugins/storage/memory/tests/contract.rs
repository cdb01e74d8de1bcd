//! The plugin behind a host: the contract typed, its JSON form, and who may call it.

use proptest::prelude::*;
use serde_json::json;
use weldkit::Code;
use weldkit::testing::TestHost;
use weldkit_storage::{Collection, Key, Storage, StorageError, conformance};
use weldkit_storage_memory::MemoryStorage;

async fn host() -> TestHost {
    TestHost::new(|host| host.plugin::<MemoryStorage>())
        .await
        .expect("the host starts")
}

#[tokio::test]
async fn the_contract_is_kept() {
    let host = host().await;
    let storage = host.service::<dyn Storage>().expect("storage is provided");
    conformance::check(&storage, &host.ctx()).await;
}

proptest! {
    #[test]
    fn it_is_a_map_of_maps(script in conformance::scripts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let host = host().await;
            let storage = host.service::<dyn Storage>().expect("storage is provided");
            conformance::replay(&storage, &host.ctx(), script).await;
        });
    }
}

#[tokio::test]
async fn json_is_the_same_call() {
    let host = host().await;
    let put = r#"{"collection": "strikes", "key": "1", "body": {"cost": 10}}"#;
    assert_eq!(
        host.call("storage.put", put).await.expect("put"),
        json!(null)
    );
    let batch = r#"{"collection": "strikes", "documents": [{"key": "2", "body": 2}, {"key": "3", "body": null}]}"#;
    host.call("storage.put_batch", batch)
        .await
        .expect("put_batch");
    let check = async |call: &str, input: &str, expected: serde_json::Value| {
        assert_eq!(
            host.call(call, input).await.expect(call),
            expected,
            "{call} {input}"
        );
    };
    check(
        "storage.get",
        r#"{"collection": "strikes", "key": "1"}"#,
        json!({"key": "1", "body": {"cost": 10}}),
    )
    .await;
    check(
        "storage.get",
        r#"{"collection": "strikes", "key": "9"}"#,
        json!(null),
    )
    .await;
    check("storage.count", r#"{"collection": "strikes"}"#, json!(3)).await;
    check(
        "storage.count",
        r#"{"collection": "strikes", "range": {"from": "2"}}"#,
        json!(2),
    )
    .await;
    check("storage.collections", "{}", json!(["strikes"])).await;
    check(
        "storage.delete",
        r#"{"collection": "strikes", "key": "3"}"#,
        json!(true),
    )
    .await;
    let page = host
        .call("storage.scan", r#"{"collection": "strikes", "limit": 1}"#)
        .await
        .expect("scan");
    assert_eq!(
        page["documents"],
        json!([{"key": "1", "body": {"cost": 10}}])
    );
    let next = json!({"collection": "strikes", "limit": 1, "cursor": page["cursor"]}).to_string();
    check(
        "storage.scan",
        &next,
        json!({"documents": [{"key": "2", "body": 2}], "cursor": null}),
    )
    .await;
}

#[tokio::test]
async fn the_deepest_document_passes_the_json_door() {
    let host = host().await;
    let body = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    host.call(
        "storage.put",
        &format!(r#"{{"collection": "c", "key": "k", "body": {body}}}"#),
    )
    .await
    .expect("put");
    let page = host
        .call("storage.scan", r#"{"collection": "c"}"#)
        .await
        .expect("scan");
    assert_eq!(page["documents"][0]["body"].to_string(), body);
    let deeper = format!(r#"{{"collection": "c", "key": "k", "body": [{body}]}}"#);
    let error = host
        .call("storage.put", &deeper)
        .await
        .expect_err("too deep");
    assert_eq!(error.code().as_str(), "document_limit", "{error}");
}

#[tokio::test]
async fn what_breaks_the_contract_is_refused_with_its_place() {
    let host = host().await;
    let check = async |call: &str, input: &str, code: &str, expected: &str| {
        let error = host.call(call, input).await.expect_err(input);
        assert_eq!(error.code().as_str(), code, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(
        "storage.get",
        r#"{"collection": "strikes", "key": ""}"#,
        "invalid_parameter",
        "/key",
    )
    .await;
    check(
        "storage.get",
        r#"{"collection": "No", "key": "a"}"#,
        "invalid_parameter",
        "/collection",
    )
    .await;
    check(
        "storage.get",
        r#"{"collection": "strikes"}"#,
        "invalid_parameter",
        "key",
    )
    .await;
    check(
        "storage.scan",
        r#"{"collection": "strikes", "limit": 0}"#,
        "invalid_parameter",
        "/limit",
    )
    .await;
    check(
        "storage.scan",
        r#"{"collection": "strikes", "limits": 5}"#,
        "unknown_parameter",
        "limit",
    )
    .await;
    check(
        "storage.scan",
        r#"{"collection": "strikes", "cursor": "x"}"#,
        "invalid_cursor",
        "start again",
    )
    .await;
    let twice = r#"{"collection": "strikes", "documents": [{"key": "a", "body": 1}, {"key": "a", "body": 2}]}"#;
    check(
        "storage.put_batch",
        twice,
        "duplicate_key",
        "`a` stands twice",
    )
    .await;
}

#[tokio::test]
async fn only_who_was_granted_it_may_call() {
    let build = |host: weldkit::HostBuilder| {
        host.plugin::<MemoryStorage>()
            .grant("reader", &["storage.read"])
    };
    let host = TestHost::new(build).await.expect("the host starts");
    let (get, delete) = (
        r#"{"collection": "strikes", "key": "1"}"#,
        r#"{"collection": "strikes", "key": "1"}"#,
    );
    host.call_as("reader", "storage.get", get)
        .await
        .expect("a reader may read");
    let error = host
        .call_as("reader", "storage.delete", delete)
        .await
        .expect_err("a reader may not write");
    assert_eq!(error.code(), &Code::PermissionDenied, "{error}");
    let error = host
        .call_as("stranger", "storage.get", get)
        .await
        .expect_err("a stranger may not read");
    assert_eq!(error.code(), &Code::PermissionDenied, "{error}");
}

#[tokio::test]
async fn a_full_storage_says_so() {
    let settings = json!({"bytes_max": 100});
    let build = |host: weldkit::HostBuilder| {
        host.plugin::<MemoryStorage>()
            .settings("storage-memory", settings)
    };
    let host = TestHost::new(build).await.expect("the host starts");
    let storage = host.service::<dyn Storage>().expect("storage is provided");
    let (collection, key) = (
        Collection::new("c").expect("a name"),
        Key::new("k").expect("a key"),
    );
    let body = json!("x".repeat(100));
    let error = storage
        .put(&host.ctx(), collection, key, body)
        .await
        .expect_err("no room");
    assert!(matches!(error, StorageError::Full { .. }), "{error}");
}
