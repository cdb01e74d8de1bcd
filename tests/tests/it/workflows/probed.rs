//! What was found broken in the system behind the guide when it was probed, each as a test of its own.

use serde_json::{Value, json};
use weldkit::event::Subscription;
use weldkit::orchestration::Terms;
use weldkit::testing::TestHost;

use super::tally::{Tallies, Tally};
use super::{document, no_input, output, run};
use crate::wait::until;

async fn host() -> TestHost {
    TestHost::new(|host| host.plugin::<Tallies>())
        .await
        .unwrap()
}

fn steps(step: impl Fn(u32) -> String) -> String {
    (0..10).map(step).collect()
}

/// There, no step could run at all.
#[tokio::test]
async fn ten_steps_run_and_the_run_fails_at_the_one_that_fails() {
    let test = host().await;
    let good =
        steps(|n| format!("  - s{n}: {{ call: tally.add, with: {{ name: a, amount: 1 }} }}\n"));
    assert_eq!(output(&test, &good, no_input()).await, json!(10));
    let bad = good.replace(
        "s7: { call: tally.add, with: { name: a, amount: 1",
        "s7: { call: tally.add, with: { name: a, amount: -99",
    );
    let failed = run(&test, &document("bad", &bad), no_input()).await;
    assert_eq!(failed.state, "faulted");
    assert_eq!(failed.error.unwrap()["instance"], json!("/do/7/s7"));
    let sum = test.call("tally.look", r#"{"name":"a"}"#).await.unwrap();
    assert_eq!(sum, json!(17));
}

/// There, ten steps of which all had failed were told as a workflow that is fine.
#[tokio::test]
async fn steps_that_may_fail_are_counted_as_what_they_are() {
    let test = host().await;
    let tasks = steps(|n| {
        format!(
            "  - s{n}:\n      try:\n        - t{n}: {{ call: tally.add, with: {{ name: a, amount: -1 }} }}\n      \
             catch: {{ do: [ {{ note{n}: {{ set: {{ failed: \"${{ (.failed // 0) + 1 }}\" }} }} }} ] }}\n"
        )
    });
    let lifecycle = Subscription::new("probed").kind("io.serverlessworkflow.*");
    let mut events = test.events().subscribe(lifecycle).unwrap();
    assert_eq!(
        output(&test, &tasks, no_input()).await,
        json!({"failed": 10})
    );
    let mut faulted = 0;
    loop {
        let event = serde_json::to_value(&*events.next().await.unwrap()).unwrap();
        match event["type"].as_str().unwrap() {
            "io.serverlessworkflow.task.faulted.v1" => faulted += 1,
            "io.serverlessworkflow.workflow.completed.v1" => break,
            _ => {}
        }
    }
    assert_eq!(faulted, 10);
}

/// There, a run in the background aborted the process, and its results were gone.
#[tokio::test]
async fn a_run_in_the_background_ends_and_its_results_are_kept() {
    let test = host().await;
    let tasks = "  - one: { call: tally.add, with: { name: a, amount: 3 } }\n";
    let id = test
        .workflows()
        .register(&document("background", tasks), "b.yaml")
        .unwrap();
    let run = test
        .workflows()
        .start(&test.ctx(), &id, Terms::default())
        .await
        .unwrap()
        .run;
    let mut watching = test.workflows().watch(&run).unwrap();
    watching.wait_for(|status| status.is_over()).await.unwrap();
    // The watcher has seen the end; who asks later has the same answer.
    assert_eq!(
        test.workflows().status(&run).await.unwrap().output,
        Some(json!(3))
    );
    assert_eq!(test.workflows().history(&run).await.unwrap().len(), 1);
}

/// There, a cancel during a run hung, above all one from a handler of its own signals.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_from_a_handler_of_the_runs_own_events_ends_it() {
    let test = host().await;
    let tasks = "  - one: { call: tally.add, with: { name: a, amount: 3 } }\n  - stay: { call: tally.hang }\n";
    let id = test
        .workflows()
        .register(&document("cancelled", tasks), "c.yaml")
        .unwrap();
    let (workflows, ctx) = (test.workflows().clone(), test.ctx());
    let tally = test.service::<dyn Tally>().unwrap();
    let started = Subscription::new("probed").kind("io.serverlessworkflow.task.started.v1");
    let _handler = test.events().handle(started, move |event| {
        let (workflows, tally, ctx) = (workflows.clone(), tally.clone(), ctx.clone());
        async move {
            let event = serde_json::to_value(&*event).unwrap();
            if event["data"]["name"] == json!("stay") {
                // Told before it is begun; a step that never began would hear of nothing.
                while tally.calls(&ctx, "waits".to_owned()).await? == 0 {
                    tokio::task::yield_now().await;
                }
                let run = event["subject"].as_str().unwrap();
                workflows.cancel(run, "by its own event").await?;
            }
            Ok(())
        }
    });
    let run = test
        .workflows()
        .start(&test.ctx(), &id, Terms::default())
        .await
        .unwrap()
        .run;
    let ended = test.workflows().wait(&run).await.unwrap();
    assert_eq!(
        (&*ended.state, ended.error),
        ("cancelled", Some(json!("by its own event")))
    );
    // The step under way has heard of it.
    until(async || {
        let calls = test.call("tally.calls", r#"{"name":"given up"}"#);
        calls.await.unwrap() == json!(1)
    })
    .await;
}

/// There, the beginning of a workflow was told after its end.
#[tokio::test]
async fn a_run_is_told_as_started_before_its_first_task() {
    let test = host().await;
    let lifecycle = Subscription::new("probed").kind("io.serverlessworkflow.*");
    let mut events = test.events().subscribe(lifecycle).unwrap();
    output(&test, "  - one: { set: { a: 1 } }\n", no_input()).await;
    let mut told: Vec<Value> = Vec::new();
    while told.len() < 4 {
        let event = serde_json::to_value(&*events.next().await.unwrap()).unwrap();
        told.push(event["type"].clone());
    }
    let wanted = [
        "workflow.started",
        "task.started",
        "task.completed",
        "workflow.completed",
    ];
    assert_eq!(
        told,
        wanted.map(|what| format!("io.serverlessworkflow.{what}.v1"))
    );
}

/// There, steps were always done one after the other, whatever the mode; retries, timeouts and rollback were never read.
#[tokio::test]
async fn steps_of_a_fork_are_under_way_at_the_same_time() {
    let test = host().await;
    let tasks = r#"
  - both:
      fork:
        branches:
          - hear: { listen: { to: { one: { with: { type: probed.said } } } } }
          - say: { emit: { event: { with: { source: "https://example.com", type: probed.said, data: 1 } } } }
"#;
    // The first branch waits for the second: one after the other would never end.
    let both = output(&test, tasks, no_input()).await;
    assert_eq!(both[0], json!([1]));
}
