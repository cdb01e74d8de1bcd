//! Bad input: a clear error with its place, and the run in a state that can be shown, resumed or cancelled.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use weldkit::journal::{Disk, Options, SimDisk};
use weldkit::orchestration::Terms;
use weldkit::testing::TestHost;

use super::tally::Tallies;
use super::{document, no_input, run};

async fn host() -> TestHost {
    TestHost::new(|host| host.plugin::<Tallies>())
        .await
        .unwrap()
}

/// Each is refused with this code, at this place.
#[tokio::test]
async fn a_bad_document_is_refused_with_its_places() {
    let test = host().await;
    let head = "document: { dsl: 1.0.3, namespace: test, name: bad, version: 1.0.0 }\n";
    let long = format!(
        "{head}do:\n  - one: {{ set: {{ a: \"${{ {} }}\" }} }}\n",
        ".a + ".repeat(200_000) + "1"
    );
    let bomb = {
        let mut text = format!("{head}metadata:\n  l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let below = vec![format!("*l{}", level - 1); 10].join(", ");
            text.push_str(&format!("  l{level}: &l{level} [{below}]\n"));
        }
        text + "do:\n  - one: { set: { a: 1 } }\n"
    };
    let deep = format!(
        "{head}do:\n  - one: {{ set: {{ a: {}1{} }} }}\n",
        "[".repeat(1_000),
        "]".repeat(1_000)
    );
    for (what, text, code) in [
        ("no YAML", format!("{head}do: [ {{"), None),
        (
            "an unknown task",
            format!("{head}do:\n  - one: {{ sett: {{ a: 1 }} }}\n"),
            None,
        ),
        (
            "an unknown property",
            format!("{head}do:\n  - one: {{ set: {{ a: 1 }}, iff: true }}\n"),
            Some("unknown_property"),
        ),
        (
            "a wrong expression",
            format!("{head}do:\n  - one: {{ set: {{ a: \"${{ .a + }}\" }} }}\n"),
            Some("invalid_expression"),
        ),
        (
            "an expression with a side effect",
            format!("{head}do:\n  - one: {{ set: {{ a: \"${{ now }}\" }} }}\n"),
            Some("impure_expression"),
        ),
        ("a long expression", long, Some("invalid_expression")),
        ("a bomb", bomb, None),
        ("a deep value", deep, None),
        (
            "an unknown target",
            format!("{head}do:\n  - one: {{ set: {{ a: 1 }}, then: twoo }}\n"),
            None,
        ),
        (
            "a schedule",
            format!(
                "{head}schedule: {{ every: {{ hours: 1 }} }}\ndo:\n  - one: {{ set: {{ a: 1 }} }}\n"
            ),
            Some("unsupported"),
        ),
    ] {
        let problems = test
            .workflows()
            .register(&text, "bad.yaml")
            .expect_err(what);
        let first = &problems[0];
        let place = first.place.as_deref().unwrap_or_default();
        assert!(place.starts_with("bad.yaml:"), "{what}: {first:?}");
        assert!(
            first.message.len() < 2_000,
            "{what}: {} bytes",
            first.message.len()
        );
        if let Some(code) = code {
            assert_eq!(first.code, code, "{what}: {first:?}");
        }
    }
    assert!(test.workflows().known().is_empty());
}

#[tokio::test]
async fn a_step_that_panics_or_gives_too_much_is_an_error_of_its_task() {
    let test = host().await;
    let panics = "  - boom: { call: tally.fail, with: { name: a, times: 9, code: panic } }\n";
    let much = "  - much: { call: tally.much, with: { bytes: 100000000 } }\n";
    let more = "  - much: { call: tally.much, with: { bytes: 20000000 } }\n";
    for (tasks, code) in [(panics, "panicked"), (much, "limit"), (more, "limit")] {
        let failed = run(&test, &document("bad-step", tasks), no_input()).await;
        assert_eq!(failed.state, "faulted");
        let error = failed.error.unwrap();
        assert_eq!(error["code"], json!(code), "{error}");
        assert!(
            error["instance"].as_str().unwrap().starts_with("/do/0/"),
            "{error}"
        );
        let kept = test.workflows().history(&failed.run).await.unwrap();
        assert!(
            serde_json::to_string(&kept).unwrap().len() < 2_000,
            "what it gave is not kept"
        );
    }
}

/// It can be shown while it hangs, and cancelled; the timeout of its method would end it too.
#[tokio::test]
async fn a_step_that_hangs_can_be_cancelled() {
    let test = host().await;
    let tasks = "  - stay: { call: tally.hang }\n";
    let id = test
        .workflows()
        .register(&document("hangs", tasks), "hangs.yaml")
        .unwrap();
    let run = test
        .workflows()
        .start(&test.ctx(), &id, Terms::default())
        .await
        .unwrap()
        .run;
    let mut watching = test.workflows().watch(&run).unwrap();
    watching
        .wait_for(|status| status.waiting == ["/do/0/stay"])
        .await
        .unwrap();
    test.workflows().cancel(&run, "it hangs").await.unwrap();
    let ended = test.workflows().wait(&run).await.unwrap();
    assert_eq!(ended.state, "cancelled");
}

#[tokio::test]
async fn a_clock_that_is_set_moves_no_wait() {
    let state = TempDir::new().unwrap();
    let open = async || {
        TestHost::new(|host| host.plugin::<Tallies>().state(state.path()))
            .await
            .unwrap()
    };
    let test = open().await;
    let tasks = "  - pause: { wait: { hours: 2 } }\n  - tell: { set: { done: true } }\n";
    let id = test
        .workflows()
        .register(&document("set", tasks), "set.yaml")
        .unwrap();
    let run = test
        .workflows()
        .start(&test.ctx(), &id, Terms::default())
        .await
        .unwrap()
        .run;
    let mut watching = test.workflows().watch(&run).unwrap();
    watching
        .wait_for(|status| !status.waiting.is_empty())
        .await
        .unwrap();
    test.clock().advance(Duration::from_secs(3_600));
    test.stop().await.unwrap();
    drop(test);
    // The clock of a new host begins where the first one began: it was set back by an hour.
    let test = open().await;
    test.clock().advance(Duration::from_secs(3_600));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(
        test.workflows().status(&run).await.unwrap().state,
        "running"
    );
    // Set forward by ten years: the wait is over.
    test.clock().advance(Duration::from_secs(3_650 * 86_400));
    assert_eq!(
        test.workflows().wait(&run).await.unwrap().output,
        Some(json!({"done": true}))
    );
    test.stop().await.unwrap();
}

#[tokio::test]
async fn a_damaged_journal_is_told_and_nothing_is_made_of_it() {
    let disk = SimDisk::default();
    let open = async |disk: &SimDisk| {
        let (disk, state) = (Arc::new(disk.clone()), TempDir::new().unwrap());
        TestHost::new(|host| {
            host.plugin::<Tallies>()
                .disk(disk, Options::default())
                .state(state.path())
        })
        .await
    };
    let test = open(&disk).await.unwrap();
    let tasks = "  - add: { call: tally.add, with: { name: a, amount: 1 } }\n  - hear: { listen: { to: { one: { with: { type: go } } } } }\n";
    let id = test
        .workflows()
        .register(&document("damaged", tasks), "damaged.yaml")
        .unwrap();
    let run = test
        .workflows()
        .start(&test.ctx(), &id, Terms::default())
        .await
        .unwrap()
        .run;
    let mut watching = test.workflows().watch(&run).unwrap();
    watching
        .wait_for(|status| status.tasks_done == 1)
        .await
        .unwrap();
    let torn = disk.crash(weldkit::journal::Loss::All);
    let file = Disk::list(&torn).unwrap().into_iter().min();
    let file = file.expect("the journal is a file");
    // In the first records, which others follow.
    torn.flip(&file, 8 * 100);
    let refused = open(&torn).await.unwrap_err().to_string();
    assert!(refused.contains("damaged"), "{refused}");
    assert!(refused.contains(&file), "{refused}");
    test.stop().await.unwrap();
}

/// Nothing would heed it: what is inside of a transaction is done or not done with all of it.
const INSIDE: &str = r#"
  - outer:
      metadata: { transaction: true, compensate: { call: tally.add, with: { name: a, amount: -1 } } }
      do:
        - add:
            call: tally.add
            with: { name: a, amount: 1 }
            metadata: { compensate: { call: tally.add, with: { name: a, amount: -1 } } }
        - inner:
            metadata: { transaction: true, pivot: true }
            do:
              - more: { call: tally.add, with: { name: a, amount: 1 }, metadata: { compensate: { call: tally.add, with: { name: a, amount: -1 } } } }
  - each:
      for: { each: n, in: "${ [1, 2] }" }
      do:
        - one:
            call: tally.add
            with: { name: b, amount: 1 }
            metadata: { transaction: true, pivot: true, compensate: { call: tally.add, with: { name: b, amount: -1 } } }
"#;

#[tokio::test]
async fn a_compensation_inside_of_a_transaction_is_refused_by_a_check_and_when_it_is_registered() {
    let test = host().await;
    let text = document("inside", INSIDE);
    let services = test.services();
    let around = weldkit::orchestration::Surroundings::of(&services);
    let report = weldkit::orchestration::check(&text, "inside.yaml", &around);
    let registered = test.workflows().register(&text, "inside.yaml").unwrap_err();
    for problems in [&report.problems, &registered] {
        let told: Vec<_> = problems
            .iter()
            .map(|problem| (problem.code, problem.place.as_deref().unwrap()))
            .collect();
        let code = "compensation_in_transaction";
        assert_eq!(
            told,
            [
                (code, "inside.yaml:10:25"),
                (code, "inside.yaml:12:51"),
                (code, "inside.yaml:14:84")
            ],
            "{problems:#?}"
        );
        assert_eq!(
            problems[0].message,
            "the task `add` is compensated by `tally.add` inside of the transaction of `outer`"
        );
        let help = problems[0].help.as_deref().unwrap();
        assert!(help.contains("into the metadata of `outer`"), "{help}");
    }
    // What the transaction as a whole has is right.
    let outside = "  - all: { call: tally.add, with: { name: a, amount: 1 }, metadata: { transaction: true, pivot: true } }\n";
    let ended = run(&test, &document("outside", outside), no_input()).await;
    assert_eq!(ended.state, "completed", "{ended:?}");
}
