//! What is kept of runs and documents over a restart, and what is made of it when the program is another one.

use serde_json::{Value, json};
use tempfile::TempDir;
use weldkit::HostBuilder;
use weldkit::orchestration::Terms;
use weldkit::testing::TestHost;

use super::document;
use super::tally::Tallies;

mod first {
    use weldkit::{CallError, Ctx};

    /// A method.
    #[weldkit::service(name = "steps", version = "1.0")]
    pub(super) trait Steps {
        /// Go.
        async fn go(&self, ctx: &Ctx, n: i64) -> Result<i64, CallError>;
        /// Undo.
        async fn back(&self, ctx: &Ctx, n: i64) -> Result<i64, CallError>;
    }

    /// Provides it.
    #[derive(Debug)]
    pub(super) struct First;

    #[weldkit::plugin(id = "first-steps", provides(Steps))]
    impl First {
        #[expect(clippy::unused_async, reason = "the shape of a constructor")]
        async fn start() -> weldkit::Result<Self> {
            Ok(Self)
        }
    }

    impl Steps for First {
        async fn go(&self, _: &Ctx, n: i64) -> Result<i64, CallError> {
            Ok(n)
        }

        async fn back(&self, _: &Ctx, n: i64) -> Result<i64, CallError> {
            Ok(n)
        }
    }
}

mod second {
    use weldkit::{CallError, Ctx};

    /// The same with one more parameter.
    #[weldkit::service(name = "steps", version = "1.1")]
    pub(super) trait Steps {
        /// Go.
        async fn go(
            &self,
            ctx: &Ctx,
            n: i64,
            #[serde(default)] times: Option<i64>,
        ) -> Result<i64, CallError>;
        /// Undo.
        async fn back(&self, ctx: &Ctx, n: i64) -> Result<i64, CallError>;
    }

    /// Provides it.
    #[derive(Debug)]
    pub(super) struct Second;

    #[weldkit::plugin(id = "second-steps", provides(Steps))]
    impl Second {
        #[expect(clippy::unused_async, reason = "the shape of a constructor")]
        async fn start() -> weldkit::Result<Self> {
            Ok(Self)
        }
    }

    impl Steps for Second {
        async fn go(&self, _: &Ctx, n: i64, times: Option<i64>) -> Result<i64, CallError> {
            Ok(n * 10 * times.unwrap_or(1))
        }

        async fn back(&self, _: &Ctx, n: i64) -> Result<i64, CallError> {
            Ok(n)
        }
    }
}

async fn open(state: &TempDir, build: impl FnOnce(HostBuilder) -> HostBuilder) -> TestHost {
    TestHost::new(|host| build(host).state(state.path()))
        .await
        .unwrap()
}

const STEPS: &str = r#"
  - one: { call: steps.go, with: { n: 1 }, metadata: { compensate: { call: steps.back, with: { n: 1 } } } }
  - hear: { listen: { to: { one: { with: { type: go } } } } }
  - two: { call: steps.go, with: { n: 2 } }
"#;

/// A run that waits in the middle, left by its host.
async fn left_in_the_middle(state: &TempDir) -> String {
    let test = open(state, |host| host.plugin::<first::First>()).await;
    let id = test
        .workflows()
        .register(&document("kept", STEPS), "kept.yaml")
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
    test.stop().await.unwrap();
    run
}

fn go() -> Value {
    json!({"id": "1", "source": "test", "type": "go"})
}

#[tokio::test]
async fn a_run_whose_contract_has_changed_is_stuck_until_it_is_resumed() {
    let state = TempDir::new().unwrap();
    let run = left_in_the_middle(&state).await;
    let test = open(&state, |host| host.plugin::<second::Second>()).await;
    let workflows = test.workflows();
    let stuck = workflows.wait(&run).await.unwrap();
    assert_eq!(stuck.state, "stuck");
    let why = stuck.error.unwrap().to_string();
    assert!(why.contains("`steps.go` has another contract"), "{why}");
    assert!(!why.contains("steps.back"), "only what has changed: {why}");
    assert_eq!(workflows.list().await.unwrap()[0].state, "stuck");
    assert_eq!(workflows.history(&run).await.unwrap().len(), 1);
    let resumed = workflows.resume(&run).await.unwrap();
    assert_ne!(resumed.state, "stuck");
    assert!(workflows.signal(&run, go()).await.unwrap());
    let ended = workflows.wait(&run).await.unwrap();
    assert_eq!(ended.output, Some(json!(20)), "{ended:?}");
    test.stop().await.unwrap();
}

#[tokio::test]
async fn a_run_whose_provider_is_missing_is_stuck_and_can_be_cancelled() {
    let state = TempDir::new().unwrap();
    let run = left_in_the_middle(&state).await;
    let test = open(&state, |host| host).await;
    let workflows = test.workflows();
    let stuck = workflows.status(&run).await.unwrap();
    let why = stuck.error.unwrap().to_string();
    assert!(why.contains("nobody provides `steps.go`"), "{why}");
    let refused = workflows.resume(&run).await.unwrap_err();
    assert!(refused.message().contains("add its plugin"), "{refused}");
    assert_eq!(workflows.status(&run).await.unwrap().state, "stuck");
    let report = test.health_report().await;
    assert!(report.is_live && report.is_ready);
    let told = report.findings.iter().map(|found| &*found.message);
    assert!(
        told.clone().any(|told| told.contains("it is stuck")),
        "{report:?}"
    );
    workflows.cancel(&run, "its plugin is gone").await.unwrap();
    let ended = workflows.wait(&run).await.unwrap();
    // What was done could not be undone without it.
    assert_eq!(ended.state, "parked", "{ended:?}");
    test.stop().await.unwrap();
    drop(test);
    // The next start knows that somebody still has to look.
    let test = open(&state, |host| host).await;
    let report = test.health_report().await;
    let subjects: Vec<&str> = report
        .findings
        .iter()
        .map(|found| &*found.subject)
        .collect();
    assert_eq!(subjects, [format!("run {run}")]);
    test.stop().await.unwrap();
}

#[tokio::test]
async fn a_run_goes_on_when_its_provider_is_back() {
    let state = TempDir::new().unwrap();
    let run = left_in_the_middle(&state).await;
    let test = open(&state, |host| host).await;
    assert_eq!(test.workflows().status(&run).await.unwrap().state, "stuck");
    test.stop().await.unwrap();
    drop(test);
    let test = open(&state, |host| host.plugin::<first::First>()).await;
    assert!(test.workflows().signal(&run, go()).await.unwrap());
    assert_eq!(
        test.workflows().wait(&run).await.unwrap().output,
        Some(json!(2))
    );
    test.stop().await.unwrap();
}

#[tokio::test]
async fn a_run_without_its_secret_is_stuck_until_it_has_it() {
    let state = TempDir::new().unwrap();
    let text = document(
        "secret",
        "  - hear: { listen: { to: { one: { with: { type: go } } } } }\n",
    )
    .replace("\ndo:", "\nuse: { secrets: [ apiKey ] }\ndo:");
    let test = open(&state, |host| host.secret("apiKey", "open-sesame")).await;
    let id = test.workflows().register(&text, "secret.yaml").unwrap();
    let run = test
        .workflows()
        .start(&test.ctx(), &id, Terms::default())
        .await
        .unwrap()
        .run;
    test.stop().await.unwrap();
    drop(test);
    let test = open(&state, |host| host).await;
    let stuck = test.workflows().status(&run).await.unwrap();
    let why = stuck.error.unwrap().to_string();
    assert!(why.contains("WELDKIT_SECRET_apiKey"), "{why}");
    test.stop().await.unwrap();
    drop(test);
    let test = open(&state, |host| host.secret("apiKey", "open-sesame")).await;
    assert!(test.workflows().signal(&run, go()).await.unwrap());
    assert_eq!(
        test.workflows().wait(&run).await.unwrap().state,
        "completed"
    );
    test.stop().await.unwrap();
}

#[tokio::test]
async fn registered_documents_are_known_after_a_restart() {
    let state = TempDir::new().unwrap();
    let test = open(&state, |host| host.plugin::<Tallies>()).await;
    let text = document(
        "registered",
        "  - add: { call: tally.add, with: { name: a, amount: 1 } }\n",
    );
    for (version, keep) in [
        ("1.0.0", true),
        ("1.10.0", true),
        ("1.9.0", true),
        ("2.0.0", false),
    ] {
        let text = text.replace("1.0.0", version);
        let params = json!({"document": text, "keep": keep}).to_string();
        test.call("weldkit.workflows.register", &params)
            .await
            .unwrap();
    }
    test.stop().await.unwrap();
    drop(test);
    let test = open(&state, |host| host.plugin::<Tallies>()).await;
    let known = test.call("weldkit.workflows.known", "{}").await.unwrap();
    let wanted = ["1.0.0", "1.10.0", "1.9.0"].map(|version| format!("test/registered/{version}"));
    assert_eq!(known, json!(wanted));
    let params = r#"{"workflow": "test/registered"}"#;
    let started = test.call("weldkit.workflows.start", params).await.unwrap();
    assert_eq!(started["workflow"], json!("test/registered/1.10.0"));
    test.stop().await.unwrap();
}

/// A program that read more left a document behind that this one refuses. It was left out without a word.
#[tokio::test]
async fn a_registered_document_that_no_longer_compiles_is_told_of() {
    let state = TempDir::new().unwrap();
    let fine = document("aged", "  - one: { set: { a: 1 } }\n");
    let wrong = fine.replace("1.0.0", "1.1.0").replace("set:", "sett:");
    let test = open(&state, |host| host).await;
    let id = test.workflows().register(&fine, "aged.yaml").unwrap();
    test.workflows().keep(&id, &fine).await.unwrap();
    let newer = weldkit::orchestration::definition::DefinitionId {
        version: "1.1.0".to_owned(),
        ..id.clone()
    };
    test.workflows().keep(&newer, &wrong).await.unwrap();
    test.stop().await.unwrap();
    drop(test);
    let test = open(&state, |host| host).await;
    let workflows = test.workflows();
    assert_eq!(workflows.known(), std::slice::from_ref(&id));
    let report = test.health_report().await;
    assert!(report.is_live && report.is_ready);
    assert_eq!(report.findings.len(), 1, "{report:?}");
    assert_eq!(report.findings[0].subject, "workflow test/aged/1.1.0");
    let why = "does not compile any more: test/aged/1.1.0:3:5: ";
    assert!(report.findings[0].message.contains(why), "{report:?}");
    // The older one is not started in its place.
    for (asked, state) in [
        (newer.clone(), Err(why)),
        (id.clone(), Ok("completed")),
        (
            weldkit::orchestration::definition::DefinitionId {
                version: "latest".to_owned(),
                ..id.clone()
            },
            Err(why),
        ),
    ] {
        match (
            workflows.start(&test.ctx(), &asked, Terms::default()).await,
            state,
        ) {
            (Ok(run), Ok(state)) => {
                assert_eq!(workflows.wait(&run.run).await.unwrap().state, state);
            }
            (Err(refused), Err(why)) => assert!(refused.message().contains(why), "{refused}"),
            (started, _) => panic!("{asked}: {started:?}"),
        }
    }
    let mended = wrong.replace("sett:", "set:");
    workflows.register(&mended, "aged.yaml").unwrap();
    assert_eq!(test.health_report().await.findings, []);
    test.stop().await.unwrap();
}

#[tokio::test]
async fn runs_of_one_key_are_under_way_one_at_a_time() {
    let test = TestHost::new(|host| host.plugin::<Tallies>())
        .await
        .unwrap();
    let workflows = test.workflows();
    let tasks = "  - hear: { listen: { to: { one: { with: { type: go } } } } }\n";
    let id = workflows
        .register(&document("keyed", tasks), "keyed.yaml")
        .unwrap();
    let start = async |id_of: &str, key: &str| {
        let terms = Terms {
            id: Some(id_of.to_owned()),
            key: Some(key.to_owned()),
            ..Terms::default()
        };
        workflows.start(&test.ctx(), &id, terms).await.unwrap();
    };
    let shows = async |run: &str, state: &str| {
        let mut watching = workflows.watch(run).unwrap();
        let shown = watching.wait_for(|status| status.state == state).await;
        shown.unwrap();
    };
    start("a1", "a").await;
    shows("a1", "running").await;
    workflows
        .watch("a1")
        .unwrap()
        .wait_for(|status| !status.waiting.is_empty())
        .await
        .unwrap();
    start("a2", "a").await;
    start("a3", "a").await;
    start("b1", "b").await;
    shows("a2", "queued").await;
    shows("a3", "queued").await;
    shows("b1", "running").await;
    assert!(
        !workflows.signal("a2", go()).await.unwrap(),
        "it is not its turn"
    );
    // One that is cancelled while it waits leaves its place.
    workflows.cancel("a2", "enough").await.unwrap();
    assert_eq!(workflows.wait("a2").await.unwrap().state, "cancelled");
    assert!(workflows.signal("a1", go()).await.unwrap());
    assert_eq!(workflows.wait("a1").await.unwrap().state, "completed");
    shows("a3", "running").await;
    assert!(workflows.signal("a3", go()).await.unwrap());
    assert_eq!(workflows.wait("a3").await.unwrap().state, "completed");
    test.stop().await.unwrap();
}
