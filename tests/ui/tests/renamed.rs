//! `fixtures/renamed` depends on the framework as `wk`; what its macros made is used here.

use serde_json::{Value, json};
use weldkit::contract::{MethodKind, Stability, Version};
use weldkit::registry::Need;
use weldkit::{Contract, Host, Plugin, ServiceError};
use weldkit_renamed::{Memory, Reader, Reading, Storage, StorageError};

async fn host() -> Host {
    Host::builder()
        .plugin::<Memory>()
        .plugin::<Reader>()
        .grant("plugin:reader", &["*"])
        .start()
        .await
        .expect("both plugins fit together")
}

/// Calls by JSON; the answer or the error, as JSON.
async fn call(host: &Host, method: &str, input: &str) -> Value {
    match host.call_json(&host.ctx(), method, input.as_bytes()).await {
        Ok(answer) => serde_json::from_slice(&answer).expect("answers are JSON"),
        Err(error) => serde_json::to_value(error).expect("errors are JSON"),
    }
}

#[tokio::test]
async fn calls_pass_by_type_and_by_json() {
    let host = host().await;
    let ctx = host.ctx();
    let storage = host.service::<dyn Storage>().unwrap();
    assert_eq!(storage.count(&ctx).unwrap(), 0);
    let error = storage.get(&ctx, "a".into(), None).await.unwrap_err();
    assert_eq!(error.code(), "not_found");
    assert_eq!(call(&host, "storage.count", "{}").await, json!(0));
    assert_eq!(
        call(&host, "storage.size", r#"{"type":1,"parameters":null}"#).await,
        json!(0)
    );
    let read = host
        .service::<dyn Reading>()
        .unwrap()
        .read(&ctx, "a".into())
        .await;
    assert_eq!(read.unwrap_err().code(), "not_found");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn errors_carry_their_fields() {
    let host = host().await;
    let error = call(&host, "storage.get", r#"{"key":"a"}"#).await;
    assert_eq!(error["code"], "not_found");
    assert_eq!(error["message"], "no document under key `a`: ");
    assert_eq!(error["details"], json!({ "key": "a", "message": "" }));
    host.stop().await.unwrap();
    let disk = StorageError::from(std::io::Error::other("gone")).into_call_error();
    assert_eq!((disk.code().as_str(), disk.is_retryable()), ("disk", true));
    assert_eq!(disk.message(), "the disk failed");
    assert_eq!(
        std::error::Error::source(&disk).unwrap().to_string(),
        "gone"
    );
}

/// Every broken rule comes with its JSON pointer, however deep.
#[tokio::test]
async fn rules_are_checked_where_they_stand() {
    let host = host().await;
    let cases = [
        ("storage.get", json!({ "key": "" }), vec!["/key"]),
        (
            "storage.get",
            json!({ "key": "a", "twin": "too long to be one" }),
            vec!["/twin"],
        ),
        (
            "storage.put",
            json!({ "document": { "key": "a", "blob": "" }, "choice": { "kind": "range", "from": -1 } }),
            vec!["/choice/from"],
        ),
        (
            "storage.put",
            json!({ "document": { "key": "A", "blob": "", "parts": [{ "key": "b", "blob": "" }, { "key": "", "blob": "" }] }, "choice": { "kind": "nothing" } }),
            vec![
                "/document/key",
                "/document/parts/1/key",
                "/document/parts/1/key",
            ],
        ),
        // The schema counts characters, and so does the check: 512 of two bytes each are no fault of length.
        (
            "storage.put",
            json!({ "document": { "key": "ä".repeat(512), "blob": "" }, "choice": { "kind": "nothing" } }),
            vec!["/document/key"],
        ),
    ];
    for (method, input, expected) in cases {
        let error = call(&host, method, &input.to_string()).await;
        assert_eq!(error["code"], "invalid_parameter", "{input}: {error}");
        let violations = error["details"]["violations"].as_array().unwrap();
        let pointers: Vec<&str> = violations
            .iter()
            .map(|violation| violation["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(pointers, expected, "{input}: {error}");
    }
    host.stop().await.unwrap();
}

#[test]
fn the_contract_says_what_the_trait_says() {
    let service = <dyn Storage as Contract>::DESCRIPTOR;
    assert_eq!(
        (service.name, service.version, service.package),
        ("storage", Version::new(2, 0, 0), "weldkit-renamed")
    );
    assert_eq!(
        (service.docs, service.stability, service.since),
        ("Documents under string keys.", Stability::Beta, Some("1.4"))
    );
    let reading = <dyn Reading as Contract>::DESCRIPTOR;
    assert_eq!(
        (reading.name, reading.version),
        ("reading", Version::new(1, 2, 3))
    );

    let method = |name| &service.methods[service.method(name).unwrap()];
    let get = method("get");
    assert_eq!(
        (get.kind, get.read_only, get.idempotent, get.transactional),
        (MethodKind::Async, true, true, false)
    );
    assert_eq!(
        (get.parameters, get.timeout.unwrap().as_secs()),
        (&["key", "twin"][..], 30)
    );
    let put = method("put");
    assert_eq!(
        (put.transactional, put.isolated, put.permission),
        (true, true, Some("storage.write"))
    );
    assert_eq!(put.timeout.unwrap().as_millis(), 500);
    assert_eq!(
        (method("count").kind, method("count").timeout),
        (MethodKind::Sync, None)
    );
    assert_eq!(method("tail").kind, MethodKind::Stream);
    assert_eq!(
        (method("size").stability, method("size").deprecated),
        (Stability::Deprecated, Some("use `count`"))
    );
    assert_eq!(method("size").parameters, ["type", "parameters"]);
}

#[test]
fn schemas_carry_docs_defaults_and_rules() {
    let service = <dyn Storage as Contract>::DESCRIPTOR;
    let schema = service.methods[service.method("put").unwrap()]
        .input
        .get()
        .to_value();
    let key = &schema["$defs"]["Document"]["properties"]["key"];
    assert_eq!(
        *key,
        json!({ "description": "The key.", "type": "string", "minLength": 1, "maxLength": 512, "pattern": "^[a-z]+$" })
    );
    assert_eq!(schema["additionalProperties"], false);
    let tail = service.methods[service.method("tail").unwrap()]
        .input
        .get()
        .to_value();
    assert_eq!(tail["properties"]["from"]["description"], "Where to begin.");
    let error = service.methods[service.method("get").unwrap()]
        .error
        .get()
        .to_value();
    assert_eq!(
        error["oneOf"][0]["properties"]["details"]["properties"]["key"]["description"],
        "The key."
    );
}

#[test]
fn the_plugin_says_what_its_impl_says() {
    let memory = Memory::DESCRIPTOR;
    assert_eq!(
        (memory.id, memory.version, memory.package),
        ("memory", "1.2.3", "weldkit-renamed")
    );
    assert_eq!(
        memory.description,
        "A contract and two plugins that know the framework as `wk`"
    );
    assert_eq!(
        (memory.categories, memory.tags, memory.access),
        (&["Storage"][..], &["fast"][..], &["fs", "net"][..])
    );
    assert_eq!(
        (memory.stability, memory.exclusive),
        (Stability::Beta, true)
    );
    assert_eq!(memory.provides[0].name, "storage");
    assert!(matches!(memory.needs, [Need::Settings { .. }]));
    let needs: Vec<_> = Reader::DESCRIPTOR
        .requires()
        .map(|(service, optional)| (service.name, optional))
        .collect();
    assert_eq!(needs, [("storage", false), ("storage", true)]);
    assert_eq!(Reader::DESCRIPTOR.permissions, ["storage.write"]);
}
