//! The transactional test of the guide, with its values.

use serde_json::{Value, json};
use weldkit::Code;
use weldkit::testing::TestHost;
use weldkit_data_processor::DataProcessor;
use weldkit_storage_memory::MemoryStorage;

/// `testTransactionalOperation`: begin, process `[1, 2, 3, 4, 5]` as `transform`, commit. The guide sends the id inside
/// of the parameters, and its plugin keeps nothing; here it travels beside them, and what was made is kept.
#[tokio::test]
async fn a_batch_is_transformed_and_kept_in_a_transaction() {
    let test = TestHost::new(|host| host.plugin::<DataProcessor>().plugin::<MemoryStorage>());
    let test = test.await.unwrap();
    let begun = test.call("weldkit.transactions.begin", "{}").await.unwrap();
    let id = begun["transaction"].as_str().unwrap().to_owned();

    let inside = json!({
        "transaction_id": id, "data": [1, 2, 3, 4, 5], "operation": "transform",
    });
    let inside = inside.to_string();
    let refused = test.call("data_processing.process_batch", &inside).await;
    let refused = refused.unwrap_err();
    assert_eq!(*refused.code(), Code::UnknownParameter);
    assert!(refused.message().contains("envelope"), "{refused}");

    let ctx = test.transactions().join(&test.ctx(), id.parse().unwrap());
    let ctx = ctx.unwrap();
    let call = async |ctx: &weldkit::Ctx, method: &str, input: Value| -> Value {
        let input = input.to_string();
        let answer = test.call_json(ctx, method, input.as_bytes()).await;
        serde_json::from_slice(&answer.unwrap()).unwrap()
    };
    let transform = json!({ "op": "derive", "field": "", "expr": ". * 2" });
    let input = json!({ "data": [1, 2, 3, 4, 5], "operations": [transform] });
    let result = call(&ctx, "data_processing.process_batch", input).await;
    let expected =
        json!({ "status": "completed", "processed_count": 5, "results": [2, 4, 6, 8, 10] });
    assert_eq!(result, expected);
    let kept = json!({ "collection": "batches", "key": "one", "body": result });
    call(&ctx, "storage.put", kept).await;
    let place = json!({ "collection": "batches", "key": "one" });
    let outside = call(&test.ctx(), "storage.get", place.clone()).await;
    assert_eq!(outside, Value::Null, "nobody sees it before the commit");

    let ended = json!({ "transaction": id }).to_string();
    let committed = test.call("weldkit.transactions.commit", &ended).await;
    assert_eq!(committed.unwrap()["state"], "committed");
    let found = call(&test.ctx(), "storage.get", place).await;
    assert_eq!(found["body"], expected);
    test.stop().await.unwrap();
}
