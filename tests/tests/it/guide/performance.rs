//! The guide's `testPerformanceMetrics`: after 100 batches its view of a plugin counts at least 100, and more than nine
//! in ten have succeeded. Here no plugin counts for itself.

use serde_json::json;
use weldkit::metrics::Operations;
use weldkit::testing::TestHost;
use weldkit_data_processor::DataProcessor;

async fn view(test: &TestHost) -> Operations {
    let input = r#"{"instance":"data-processing"}"#;
    let view = test
        .call("weldkit.monitoring.operations", input)
        .await
        .unwrap();
    serde_json::from_value(view).unwrap()
}

#[tokio::test]
async fn a_hundred_batches_are_a_hundred_operations() {
    let test = TestHost::new(|host| host.plugin::<DataProcessor>())
        .await
        .unwrap();
    let idle = view(&test).await;
    assert_eq!((idle.total_operations, idle.error_count), (0, 0));
    assert_eq!((idle.success_rate, idle.average_response_time), (1.0, 0.0));
    for i in 0..100 {
        let input = json!({ "data": [i, i + 1, i + 2] }).to_string();
        test.call("data_processing.process_batch", &input)
            .await
            .unwrap();
    }
    test.clock().advance(std::time::Duration::from_millis(250));
    let busy = view(&test).await;
    assert!(busy.total_operations >= 100);
    assert!(busy.success_rate > 0.9);
    assert!(busy.average_response_time > 0.0);
    assert_eq!((busy.error_count, busy.uptime_ms), (0, 250));
    let unknown = r#"{"instance":"data-processin"}"#;
    let refused = test
        .call("weldkit.monitoring.operations", unknown)
        .await
        .unwrap_err();
    assert!(refused.message().contains("data-processing"), "{refused}");
}
