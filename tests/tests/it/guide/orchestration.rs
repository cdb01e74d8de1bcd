//! The orchestration of the guide: its workflow step with its values, as a call and as the step of a workflow.

use serde_json::{Value, json};
use weldkit::event::Subscription;
use weldkit::orchestration::Terms;
use weldkit::testing::TestHost;
use weldkit_data_processor::DataProcessor;

async fn host() -> TestHost {
    TestHost::new(|host| host.plugin::<DataProcessor>())
        .await
        .unwrap()
}

/// What the guide's test calls its step with.
fn guide_step() -> Value {
    json!({
        "step_id": "test_step",
        "input_data": {"data": [1, 2, 3]},
        "step_config": {"batch_size": 2},
    })
}

/// The guide's `testOrchestrationIntegration`.
#[tokio::test]
async fn a_workflow_step_gives_its_data_and_its_statistics() {
    let test = host().await;
    let step = guide_step().to_string();
    let output = test.call("data_processing.execute_workflow_step", &step);
    let output = output.await.unwrap();
    assert_eq!(output["processed_data"], json!([1, 2, 3]));
    assert_eq!(output["statistics"]["total_items"], json!(3));
    assert_eq!(output["metadata"]["items_processed"], json!(3));
    assert!(output["metadata"]["processing_time"].as_f64().unwrap() >= 0.0);
    let missing = test
        .call(
            "data_processing.execute_workflow_step",
            r#"{"step_id":"s","input_data":{}}"#,
        )
        .await;
    assert_eq!(missing.unwrap_err().code().as_str(), "invalid_parameter");
}

/// The guide's signals: `step_progress_updated` is the progress of the run, `step_completed` and `step_failed` are events.
#[tokio::test]
async fn the_signals_of_the_guide_are_progress_and_events_of_a_run() {
    let test = host().await;
    let document = r#"
document: { dsl: 1.0.3, namespace: guide, name: step, version: 1.0.0 }
do:
  - test_step:
      call: data_processing.execute_workflow_step
      with: { step_id: test_step, input_data: "${ .input_data }", step_config: "${ .step_config }" }
"#;
    let lifecycle = Subscription::new("guide").kind("io.serverlessworkflow.task.*");
    let mut events = test.events().subscribe(lifecycle).unwrap();
    let id = test.workflows().register(document, "step.yaml").unwrap();
    let mut next = async || {
        let event = events.next().await.unwrap();
        let event = serde_json::to_value(&*event).unwrap();
        assert_eq!(event["data"]["name"], json!("test_step"));
        event
    };
    let good = Terms {
        input: guide_step(),
        ..Terms::default()
    };
    let run = test
        .workflows()
        .start(&test.ctx(), &id, good)
        .await
        .unwrap();
    let ended = test.workflows().wait(&run.run).await.unwrap();
    assert_eq!(ended.output.unwrap()["processed_data"], json!([1, 2, 3]));
    assert_eq!(ended.progress, Some(1.0));
    assert_eq!(
        ended.message.as_deref(),
        Some("test_step: processed 3/3 items")
    );
    assert_eq!(
        next().await["type"],
        json!("io.serverlessworkflow.task.started.v1")
    );
    let completed = next().await;
    assert_eq!(
        completed["type"],
        json!("io.serverlessworkflow.task.completed.v1")
    );
    let mut input = guide_step();
    input["step_config"]["batch_size"] = json!(0);
    let bad = Terms {
        input,
        ..Terms::default()
    };
    let run = test.workflows().start(&test.ctx(), &id, bad).await.unwrap();
    let ended = test.workflows().wait(&run.run).await.unwrap();
    assert_eq!(ended.state, "faulted");
    assert_eq!(
        next().await["type"],
        json!("io.serverlessworkflow.task.started.v1")
    );
    let failed = next().await;
    assert_eq!(
        failed["type"],
        json!("io.serverlessworkflow.task.faulted.v1")
    );
    let why = failed["data"]["error"]["detail"].as_str().unwrap();
    assert!(why.contains("batch_size"), "{why}");
}
