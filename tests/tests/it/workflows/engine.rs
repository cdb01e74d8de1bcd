//! What the features leave out: waits, retries, compensation, events, transactions, a restart.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use serde_json::{Value, json};
use weldkit::orchestration::{Status, Terms};
use weldkit::testing::TestHost;
use weldkit::transaction::{Containers, Durability, Map};
use weldkit::{CallError, Ctx, Host};

use super::{document, host_in, no_input, output, run};
use crate::wait;

/// Shelves with numbers on them.
#[weldkit::service(name = "shelves", version = "1.0")]
trait Shelves {
    /// Add to what is on a shelf.
    #[method(transactional)]
    async fn add(&self, ctx: &Ctx, shelf: String, amount: i64) -> Result<i64, CallError>;

    /// What is on a shelf.
    #[method(read_only, transactional)]
    async fn look(&self, ctx: &Ctx, shelf: String) -> Result<i64, CallError>;

    /// Note the call, then fail with nobody knowing whether anything happened.
    async fn vanish(&self, ctx: &Ctx) -> Result<(), CallError>;

    /// Wait until it is given up; when it was called before with the same key, answer at once.
    async fn linger(&self, ctx: &Ctx) -> Result<String, CallError>;

    /// Fail so many times, then succeed.
    async fn stumble(&self, ctx: &Ctx, times: u32) -> Result<u32, CallError>;
}

#[derive(Debug)]
struct Joiner {
    shelves: Map<String, i64>,
    stumbles: AtomicU32,
}

#[weldkit::plugin(id = "joiner", provides(Shelves))]
impl Joiner {
    async fn start(containers: Containers) -> weldkit::Result<Self> {
        Ok(Self {
            shelves: containers.map("shelves", Durability::Durable).await?,
            stumbles: AtomicU32::new(0),
        })
    }
}

impl Shelves for Joiner {
    async fn add(&self, ctx: &Ctx, shelf: String, amount: i64) -> Result<i64, CallError> {
        let sum = self.shelves.get(ctx, &shelf).await?.unwrap_or(0) + amount;
        if sum < 0 {
            return Err(CallError::invalid_parameter(format!(
                "`{shelf}` has too little"
            )));
        }
        self.shelves.put(ctx, &shelf, &sum).await?;
        Ok(sum)
    }

    async fn look(&self, ctx: &Ctx, shelf: String) -> Result<i64, CallError> {
        Ok(self.shelves.get(ctx, &shelf).await?.unwrap_or(0))
    }

    async fn vanish(&self, _: &Ctx) -> Result<(), CallError> {
        Err(CallError::unavailable("the line is dead").effect(weldkit::Effect::Possible))
    }

    async fn linger(&self, ctx: &Ctx) -> Result<String, CallError> {
        let key = ctx.idempotency_key().unwrap_or_default().to_owned();
        if self.shelves.get(ctx, &key).await?.is_some() {
            return Ok(key);
        }
        self.shelves.put(ctx, &key, &1).await?;
        ctx.cancelled().await;
        Err(CallError::unavailable("given up"))
    }

    async fn stumble(&self, _: &Ctx, times: u32) -> Result<u32, CallError> {
        let so_far = self.stumbles.fetch_add(1, Relaxed);
        if so_far < times {
            return Err(CallError::unavailable("it stumbled"));
        }
        Ok(so_far)
    }
}

async fn joiner() -> TestHost {
    TestHost::new(|host| host.plugin::<Joiner>()).await.unwrap()
}

/// Starts a workflow of these tasks; its run.
async fn begin(host: &Host, name: &str, tasks: &str, terms: Terms) -> String {
    let text = document(name, tasks);
    let id = host.workflows().register(&text, "test.yaml").unwrap();
    let status = host
        .workflows()
        .start(&host.ctx(), &id, terms)
        .await
        .unwrap();
    status.run
}

/// Waits until something holds of a run.
async fn until(host: &Host, run: &str, holds: impl FnMut(&Status) -> bool) {
    let mut watching = host.workflows().watch(run).unwrap();
    watching.wait_for(holds).await.unwrap();
}

async fn on(test: &TestHost, shelf: &str) -> Value {
    let input = json!({ "shelf": shelf }).to_string();
    test.call("shelves.look", &input).await.unwrap()
}

#[tokio::test]
async fn a_method_is_called_with_what_expressions_give() {
    let test = joiner().await;
    let tasks = r#"
  - add: { call: shelves.add, with: { shelf: "${ .name }", amount: "${ .amount * 2 }" } }
  - tell: { set: { sum: "${ . }" } }
"#;
    let sum = output(&test, tasks, json!({"name": "a", "amount": 21})).await;
    assert_eq!(sum, json!({"sum": 42}));
    assert_eq!(on(&test, "a").await, json!(42));
}

#[tokio::test]
async fn what_failed_is_tried_again_and_then_handled() {
    let test = joiner().await;
    let tasks = r#"
  - careful:
      try:
        - stumble: { call: shelves.stumble, with: { times: 2 } }
      catch:
        errors: { with: { status: 503 } }
        retry: { limit: { attempt: { count: 5 } } }
"#;
    assert_eq!(output(&test, tasks, no_input()).await, json!(2));
    let tasks = r#"
  - careful:
      try:
        - fail: { call: shelves.add, with: { shelf: b, amount: -1 } }
      catch:
        as: problem
        do:
          - tell: { set: { status: "${ $problem.status }", code: "${ $problem.code }" } }
"#;
    let told = output(&test, tasks, no_input()).await;
    assert_eq!(told, json!({"status": 400, "code": "invalid_parameter"}));
}

#[tokio::test]
async fn what_was_done_is_undone_in_reverse_when_the_run_fails() {
    let test = joiner().await;
    let tasks = r#"
  - first:
      call: shelves.add
      with: { shelf: a, amount: 5 }
      metadata: { compensate: { call: shelves.add, with: { shelf: a, amount: -5 } } }
  - second:
      fork:
        branches:
          - left:
              call: shelves.add
              with: { shelf: b, amount: 7 }
              metadata: { compensate: { call: shelves.add, with: { shelf: b, amount: "${ 0 - . }" } } }
          - right: { set: { nothing: true } }
  - third: { raise: { error: { type: "https://example.com/broken", status: 500 } } }
"#;
    let status = run(&test, &document("undo", tasks), no_input()).await;
    assert_eq!(status.state, "faulted");
    assert_eq!(status.error.unwrap()["instance"], json!("/do/2/third"));
    assert_eq!(on(&test, "a").await, json!(0));
    assert_eq!(on(&test, "b").await, json!(0));
}

#[tokio::test]
async fn what_cannot_be_undone_parks_the_run() {
    let test = joiner().await;
    let tasks = r#"
  - first:
      call: shelves.add
      with: { shelf: a, amount: 5 }
      metadata: { compensate: { call: shelves.add, with: { shelf: a, amount: -6 } } }
  - second: { raise: { error: { type: "https://example.com/broken", status: 500 } } }
"#;
    let status = run(&test, &document("parked", tasks), no_input()).await;
    assert_eq!(status.state, "parked");
    assert_eq!(
        status.error.unwrap()["undone"]["code"],
        json!("invalid_parameter")
    );
    // The host works on, and says that somebody has to look.
    let report = test.health_report().await;
    assert!(report.is_live && report.is_ready);
    let subject = format!("run {}", status.run);
    let found = report
        .findings
        .iter()
        .find(|found| found.subject == subject);
    let found = found.expect("the parked run is in the report");
    assert_eq!(found.level, weldkit::monitoring::Severity::Degraded);
    assert!(
        found
            .message
            .contains("it is parked and waits for an operator"),
        "{}",
        found.message
    );
    test.workflows().forget(&status.run).await.unwrap();
    assert_eq!(test.health_report().await.findings, []);
}

#[tokio::test]
async fn tasks_of_one_transaction_happen_together_or_not_at_all() {
    let test = joiner().await;
    let tasks = r#"
  - move:
      metadata: { transaction: serializable }
      do:
        - give: { call: shelves.add, with: { shelf: b, amount: "${ $workflow.input.amount }" } }
        - take: { call: shelves.add, with: { shelf: a, amount: "${ 0 - $workflow.input.amount }" } }
"#;
    test.call("shelves.add", r#"{"shelf":"a","amount":10}"#)
        .await
        .unwrap();
    assert_eq!(output(&test, tasks, json!({"amount": 4})).await, json!(6));
    let status = run(&test, &document("too-much", tasks), json!({"amount": 400})).await;
    assert_eq!(status.state, "faulted", "{status:?}");
    assert_eq!(
        (on(&test, "a").await, on(&test, "b").await),
        (json!(6), json!(4))
    );
}

#[tokio::test]
async fn a_wait_ends_when_its_time_has_come_and_a_timeout_ends_a_task() {
    let test = joiner().await;
    let tasks = "  - wait: { wait: { hours: 3 } }\n  - tell: { set: { done: true } }\n";
    let slow = begin(&test, "slow", tasks, Terms::default()).await;
    let hurry = "  - wait: { wait: { hours: 3 }, timeout: { after: { minutes: 1 } } }\n";
    let hurry = begin(&test, "hurry", hurry, Terms::default()).await;
    until(&test, &slow, |status| status.waiting.len() == 1).await;
    until(&test, &hurry, |status| status.waiting.len() == 2).await;
    test.clock().advance(Duration::from_secs(60));
    let hurried = test.workflows().wait(&hurry).await.unwrap();
    assert_eq!(hurried.error.unwrap()["status"], json!(408));
    assert_eq!(
        test.workflows().status(&slow).await.unwrap().state,
        "running"
    );
    for _ in 0..4 {
        test.clock().advance(Duration::from_secs(3_600));
        tokio::task::yield_now().await;
    }
    assert_eq!(
        test.workflows().wait(&slow).await.unwrap().output,
        Some(json!({"done": true}))
    );
}

#[tokio::test]
async fn a_run_waits_for_events_that_belong_together() {
    let test = joiner().await;
    let tasks = r#"
  - approvals:
      listen:
        to:
          all:
            - with: { type: shop.approved }
              correlate: { order: { from: .data.order, expect: "${ .order }" } }
            - with: { type: shop.paid, data: "${ .amount > 10 }" }
"#;
    let terms = Terms {
        input: json!({"order": 7}),
        ..Terms::default()
    };
    let run = begin(&test, "order", tasks, terms).await;
    let event = |kind: &str, data: Value| json!({"specversion": "1.0", "id": "1", "source": "test", "type": kind, "data": data});
    for (kind, data, wanted) in [
        ("shop.approved", json!({"order": 8}), false),
        ("shop.paid", json!({"amount": 5}), false),
        ("shop.paid", json!({"amount": 50}), true),
        ("shop.paid", json!({"amount": 60}), false),
        ("shop.approved", json!({"order": 7}), true),
    ] {
        let taken = test
            .workflows()
            .signal(&run, event(kind, data.clone()))
            .await
            .unwrap();
        assert_eq!(taken, wanted, "{kind} {data}");
    }
    let ended = test.workflows().wait(&run).await.unwrap();
    assert_eq!(ended.output, Some(json!([{"amount": 50}, {"order": 7}])));
}

#[tokio::test]
async fn a_run_hears_what_another_emits() {
    let test = joiner().await;
    let tasks = "  - hear: { listen: { to: { one: { with: { type: test.said } } } } }\n";
    let run = begin(&test, "hear", tasks, Terms::default()).await;
    until(&test, &run, |status| !status.waiting.is_empty()).await;
    let tasks = "  - say: { emit: { event: { with: { source: 'https://example.com', type: test.said, data: { word: hello } } } } }\n";
    output(&test, tasks, no_input()).await;
    let heard = test.workflows().wait(&run).await.unwrap();
    assert_eq!(heard.output, Some(json!([{"word": "hello"}])));
}

#[tokio::test]
async fn a_workflow_runs_another_and_fails_with_its_error() {
    let test = joiner().await;
    let child = document("child", "  - tell: { set: { twice: \"${ .n * 2 }\" } }\n");
    test.workflows().register(&child, "child.yaml").unwrap();
    let tasks = "  - ask: { run: { workflow: { namespace: test, name: child, version: latest, input: { n: 4 } } } }\n";
    assert_eq!(output(&test, tasks, no_input()).await, json!({"twice": 8}));
    let bad = document(
        "bad",
        "  - no: { raise: { error: { type: \"https://example.com/no\", status: 418 } } }\n",
    );
    test.workflows().register(&bad, "bad.yaml").unwrap();
    let tasks = "  - ask: { run: { workflow: { namespace: test, name: bad, version: 1.0.0 } } }\n";
    let failed = run(&test, &document("asks", tasks), no_input()).await;
    assert_eq!(failed.error.unwrap()["status"], json!(418));
}

#[tokio::test]
async fn a_run_is_paused_resumed_and_cancelled() {
    let test = joiner().await;
    let tasks = r#"
  - first:
      call: shelves.add
      with: { shelf: a, amount: 5 }
      metadata: { compensate: { call: shelves.add, with: { shelf: a, amount: -5 } } }
  - hear: { listen: { to: { one: { with: { type: go } } } } }
  - second: { call: shelves.add, with: { shelf: b, amount: 1 } }
  - never: { listen: { to: { one: { with: { type: never } } } } }
"#;
    let run = begin(&test, "paused", tasks, Terms::default()).await;
    until(&test, &run, |status| status.tasks_done == 1).await;
    assert_eq!(test.workflows().pause(&run).await.unwrap().state, "paused");
    let go = json!({"id": "1", "source": "test", "type": "go"});
    assert!(test.workflows().signal(&run, go).await.unwrap());
    assert_eq!(on(&test, "b").await, json!(0));
    test.workflows().resume(&run).await.unwrap();
    until(&test, &run, |status| status.tasks_done == 3).await;
    assert_eq!(on(&test, "b").await, json!(1));
    test.workflows().cancel(&run, "enough").await.unwrap();
    let ended = test.workflows().wait(&run).await.unwrap();
    assert_eq!(
        (&*ended.state, ended.error),
        ("cancelled", Some(json!("enough")))
    );
    assert_eq!(on(&test, "a").await, json!(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_after_a_restart_and_does_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let tasks = r#"
  - first: { call: shelves.add, with: { shelf: a, amount: 5 }, export: { as: "${ { sum: . } }" } }
  - hear: { listen: { to: { one: { with: { type: go } } } } }
  - second: { call: shelves.add, with: { shelf: a, amount: "${ $context.sum }" } }
"#;
    let host = host_in(folder.path(), |host| host.plugin::<Joiner>()).await;
    let run = begin(&host, "resumed", tasks, Terms::default()).await;
    until(&host, &run, |status| status.tasks_done == 1).await;
    host.stop().await.unwrap();
    drop(host);
    let host = host_in(folder.path(), |host| host.plugin::<Joiner>()).await;
    let go = json!({"id": "1", "source": "test", "type": "go"});
    assert!(host.workflows().signal(&run, go).await.unwrap());
    let ended = host.workflows().wait(&run).await.unwrap();
    assert_eq!(ended.output, Some(json!(10)), "{ended:?}");
    let history = host.workflows().history(&run).await.unwrap();
    assert_eq!(history.len(), 3, "{history:?}");
    host.stop().await.unwrap();
    drop(host);
    let host = host_in(folder.path(), |host| host.plugin::<Joiner>()).await;
    assert_eq!(
        host.workflows().status(&run).await.unwrap().state,
        "completed"
    );
    host.workflows().forget(&run).await.unwrap();
    assert!(host.workflows().list().await.unwrap().is_empty());
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_document_is_told_with_its_places() {
    let test = joiner().await;
    let tasks =
        "  - one: { set: { a: \"${ .a + }\" } }\n  - one: { call: shelves.add, whith: {} }\n";
    let problems = test
        .workflows()
        .register(&document("wrong", tasks), "wrong.yaml")
        .unwrap_err();
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem.code, problem.place.as_deref().unwrap()))
        .collect();
    let wanted = [
        ("duplicate_task", "wrong.yaml:4:5"),
        ("unknown_property", "wrong.yaml:4:31"),
    ];
    assert_eq!(told, wanted);
    let tasks = "  - one: { set: { a: \"${ .a + }\" } }\n";
    let text = document("wrong", tasks);
    let problems = test.workflows().register(&text, "wrong.yaml").unwrap_err();
    assert_eq!(problems[0].code, "invalid_expression");
    assert_eq!(problems[0].place.as_deref(), Some("wrong.yaml:3:22"));
    let service = test
        .call("weldkit.workflows.start", r#"{"workflow":"test/rong"}"#)
        .await;
    assert_eq!(service.unwrap_err().code().as_str(), "not_found");
}

#[tokio::test]
async fn a_check_tells_what_does_not_fit_the_contracts() {
    let test = joiner().await;
    let text = document(
        "checked",
        r#"
  - one: { call: shelves.ad, with: { shelf: a, amount: 1 } }
  - two: { call: shelves.add, with: { shelf: 7, amonut: 1 }, then: end }
  - three: { set: { a: 1 } }
  - four:
      metadata: { transaction: true }
      do:
        - rest: { wait: { seconds: 1 } }
  - five: { call: shelves.add, with: "${ . }", then: four }
"#,
    );
    let services = test.services();
    let around = weldkit::orchestration::Surroundings::of(&services);
    let report = weldkit::orchestration::check(&text, "checked.yaml", &around);
    let told: Vec<(&str, &str)> = report
        .problems
        .iter()
        .map(|problem| (problem.code, problem.place.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("unreachable_task", "checked.yaml:6:5"),
            ("unreachable_task", "checked.yaml:7:5"),
            ("unreachable_task", "checked.yaml:11:5"),
            ("method_not_found", "checked.yaml:4:18"),
            ("unknown_parameter", "checked.yaml:5:57"),
            ("missing_parameter", "checked.yaml:5:5"),
            ("invalid_parameter", "checked.yaml:5:46"),
            ("waits_in_transaction", "checked.yaml:10:11"),
        ],
        "{report:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_no_failure_of_what_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let child = document("lingering", "  - stay: { call: shelves.linger }\n");
    let tasks =
        "  - ask: { run: { workflow: { namespace: test, name: lingering, version: 1.0.0 } } }\n";
    let host = host_in(folder.path(), |host| host.plugin::<Joiner>()).await;
    host.workflows().register(&child, "child.yaml").unwrap();
    let run = begin(&host, "asking", tasks, Terms::default()).await;
    // The child is in its call, and the parent waits for the child.
    let input = format!(r#"{{"shelf":"{run}~do.0.ask/do/0/stay"}}"#);
    let ctx = host.ctx();
    wait::until(async || {
        let looked = host.call_json(&ctx, "shelves.look", input.as_bytes());
        looked.await.unwrap() == b"1"
    })
    .await;
    host.stop().await.unwrap();
    drop(host);
    let host = host_in(folder.path(), |host| host.plugin::<Joiner>()).await;
    let ended = host.workflows().wait(&run).await.unwrap();
    let key = format!("{run}~do.0.ask/do/0/stay");
    assert_eq!(ended.output, Some(json!(key)), "{ended:?}");
    host.stop().await.unwrap();
}

#[tokio::test]
async fn what_nobody_knows_the_outcome_of_is_not_undone_blindly() {
    let test = joiner().await;
    let tasks = r#"
  - first:
      call: shelves.add
      with: { shelf: a, amount: 5 }
      metadata: { compensate: { call: shelves.add, with: { shelf: a, amount: -5 } } }
  - second:
      call: shelves.vanish
      metadata: { compensate: { call: shelves.add, with: { shelf: a, amount: -100 } } }
"#;
    let status = run(&test, &document("doubt", tasks), no_input()).await;
    assert_eq!(status.state, "parked");
    assert_eq!(status.error.unwrap()["error"]["code"], json!("unavailable"));
    assert_eq!(on(&test, "a").await, json!(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_starts_of_one_id_are_one_run() {
    let test = joiner().await;
    let tasks = "  - add: { call: shelves.add, with: { shelf: a, amount: 1 } }\n";
    let id = test
        .workflows()
        .register(&document("once", tasks), "once.yaml")
        .unwrap();
    let starts = (0..16).map(|_| {
        let (host, id) = ((*test).clone(), id.clone());
        tokio::spawn(async move {
            let terms = Terms {
                id: Some("the-one".to_owned()),
                ..Terms::default()
            };
            host.workflows()
                .start(&host.ctx(), &id, terms)
                .await
                .unwrap()
                .run
        })
    });
    for start in starts.collect::<Vec<_>>() {
        assert_eq!(start.await.unwrap(), "the-one");
    }
    test.workflows().wait("the-one").await.unwrap();
    assert_eq!(on(&test, "a").await, json!(1));
    assert_eq!(test.workflows().list().await.unwrap().len(), 1);
}
