//! The calls of the guide's test suite, with its values, on the repository's own plugin `data-processing`.

use serde_json::{Value, json};
use weldkit::testing::TestHost;
use weldkit::{CallError, Code};
use weldkit_data_processing::{DataProcessing, Status};
use weldkit_data_processor::DataProcessor;

async fn host() -> TestHost {
    // The guide's `initTestCase`: the plugin starts.
    TestHost::new(|host| host.plugin::<DataProcessor>())
        .await
        .unwrap()
}

async fn process_batch(test: &TestHost, input: Value) -> Result<Value, CallError> {
    test.call("data_processing.process_batch", &input.to_string())
        .await
}

#[tokio::test]
async fn five_items_are_processed_in_one_batch_and_in_many() {
    let test = host().await;
    let expected =
        json!({ "status": "completed", "processed_count": 5, "results": [1, 2, 3, 4, 5] });
    for batch_size in [None, Some(1), Some(2), Some(5), Some(1000), Some(10_000)] {
        let input = match batch_size {
            None => json!({ "data": [1, 2, 3, 4, 5] }),
            Some(size) => json!({ "data": [1, 2, 3, 4, 5], "batch_size": size }),
        };
        // The guide's own code counts batches here; items are what callers count on.
        assert_eq!(process_batch(&test, input).await.unwrap(), expected);
    }
    let typed = test.service::<dyn DataProcessing>().unwrap();
    let data = vec![json!(1), json!(2), json!(3)];
    let processed = typed
        .process_batch(&test.ctx(), data.clone(), Some(2), vec![])
        .await
        .unwrap();
    assert_eq!(processed.status, Status::Completed);
    assert_eq!((processed.processed_count, processed.results), (3, data));
}

#[tokio::test]
async fn a_batch_size_outside_of_1_to_10000_is_refused_with_its_place() {
    let test = host().await;
    for size in [json!(0), json!(10_001), json!(-1), json!(2.5), json!("2")] {
        let input = json!({ "data": [1], "batch_size": size });
        let error = process_batch(&test, input).await.unwrap_err();
        assert_eq!(*error.code(), Code::InvalidParameter, "{error}");
        assert!(error.to_string().contains("batch_size"), "{error}");
    }
    let missing = process_batch(&test, json!({})).await.unwrap_err();
    assert_eq!(*missing.code(), Code::InvalidParameter, "{missing}");
    let unknown = process_batch(&test, json!({ "data": [], "batchsize": 1 }))
        .await
        .unwrap_err();
    assert_eq!(*unknown.code(), Code::UnknownParameter, "{unknown}");
    assert!(unknown.message().contains("`batch_size`"), "{unknown}");
}

#[tokio::test]
async fn a_stream_gives_one_result_per_batch() {
    let test = host().await;
    let input = r#"{"data": [1, 2, 3, 4, 5], "batch_size": 2}"#;
    let batches = test
        .call("data_processing.process_stream", input)
        .await
        .unwrap();
    let results: Vec<&Value> = batches
        .as_array()
        .unwrap()
        .iter()
        .map(|batch| &batch["results"])
        .collect();
    assert_eq!(results, [&json!([1, 2]), &json!([3, 4]), &json!([5])]);
}

#[tokio::test]
async fn the_statistics_count_what_was_processed() {
    let test = host().await;
    process_batch(&test, json!({ "data": [1, 2, 3, 4, 5] }))
        .await
        .unwrap();
    let statistics = test
        .call("data_processing.get_statistics", "{}")
        .await
        .unwrap();
    assert_eq!(statistics["total_operations"], 1);
    assert_eq!(statistics["total_items"], 5);
    assert_eq!(statistics["success_rate"], 1.0);
}

#[tokio::test]
async fn an_unknown_service_and_an_unknown_method_have_codes_of_their_own() {
    let test = host().await;
    for (call, code, near) in [
        (
            "data_procesing.process_batch",
            Code::ServiceNotFound,
            "data_processing",
        ),
        (
            "data_processing.process_bach",
            Code::MethodNotFound,
            "process_batch",
        ),
    ] {
        let error = test.call(call, r#"{"data": []}"#).await.unwrap_err();
        assert_eq!(*error.code(), code);
        assert!(error.message().contains(near), "{error}");
    }
    assert_eq!(Code::ServiceNotFound.as_str(), "service_not_found");
    assert_eq!(Code::MethodNotFound.as_str(), "method_not_found");
}
