//! A timeout and a cancel that come while a transaction of the run is being committed.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use serde_json::json;
use weldkit::orchestration::Terms;
use weldkit::testing::TestHost;
use weldkit::transaction::{
    Branch, Capabilities, Durability, Fault, HostId, Isolation, Participant, Phase, TransactionId,
    Vote,
};
use weldkit::{CallError, Ctx};

use super::document;
use super::tally::Tallies;
use crate::wait::until;

/// Something outside of the host.
#[weldkit::service(name = "outside", version = "1.0")]
trait Outside {
    /// Take part.
    #[method(transactional)]
    async fn touch(&self, ctx: &Ctx) -> Result<u32, CallError>;

    /// How often it was told to commit.
    #[method(read_only)]
    async fn commits(&self, ctx: &Ctx) -> Result<u32, CallError>;
}

/// Commits only when it is told the third time.
#[derive(Debug, Default)]
struct Slow(AtomicU32);

#[weldkit::plugin(id = "slow", provides(Outside), participant)]
impl Slow {
    #[expect(clippy::unused_async, reason = "the shape of a constructor")]
    async fn start() -> weldkit::Result<Self> {
        Ok(Self::default())
    }
}

impl Outside for Slow {
    async fn touch(&self, _: &Ctx) -> Result<u32, CallError> {
        Ok(1)
    }

    async fn commits(&self, _: &Ctx) -> Result<u32, CallError> {
        Ok(self.0.load(Relaxed))
    }
}

impl Participant for Slow {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            isolation: Isolation::ALL.to_vec(),
            savepoints: true,
            durability: Durability::Durable,
            prepare: true,
        }
    }

    async fn begin(&self, _: &Branch) -> Result<(), CallError> {
        Ok(())
    }

    async fn prepare(&self, _: &Branch) -> Result<Vote, CallError> {
        Ok(Vote::Prepared)
    }

    async fn commit(&self, _: &Branch, _: Phase) -> Result<(), Fault> {
        match self.0.fetch_add(1, Relaxed) {
            0 | 1 => Err(Fault::Retry(CallError::unavailable("not now"))),
            _ => Ok(()),
        }
    }

    async fn abort(&self, _: &Branch) -> Result<(), Fault> {
        Ok(())
    }

    async fn recover(&self, _: HostId) -> Result<Vec<TransactionId>, CallError> {
        Ok(Vec::new())
    }
}

/// A run whose transaction has decided to commit, and is not done with it.
async fn committing(test: &TestHost, tail: &str) -> String {
    let tasks = r#"
  - together:
      metadata: { transaction: true, compensate: { call: tally.add, with: { name: a, amount: -5 } } }
      timeout: { after: { milliseconds: 10 } }
      do:
        - add: { call: tally.add, with: { name: a, amount: 5 } }
        - touch: { call: outside.touch }
"#;
    let tasks = format!("{}{tail}", &tasks[1..]);
    let id = test
        .workflows()
        .register(&document("late", &tasks), "late.yaml")
        .unwrap();
    let (workflows, ctx) = (test.workflows(), test.ctx());
    let started = workflows.start(&ctx, &id, Terms::default()).await;
    let run = started.unwrap().run;
    until(async || test.call("outside.commits", "{}").await.unwrap() != json!(0)).await;
    run
}

async fn host() -> TestHost {
    TestHost::new(|host| host.plugin::<Tallies>().plugin::<Slow>())
        .await
        .unwrap()
}

async fn let_it_end(test: &TestHost, run: &str) -> weldkit::orchestration::Status {
    let ending = async {
        loop {
            test.clock().advance(Duration::from_millis(10));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        status = test.workflows().wait(run) => status.unwrap(),
        () = ending => unreachable!("it goes on for ever"),
    }
}

#[tokio::test]
async fn a_timeout_during_the_commit_of_a_transaction_comes_too_late() {
    let test = host().await;
    let run = committing(&test, "").await;
    let ended = let_it_end(&test, &run).await;
    assert_eq!(ended.state, "completed", "{ended:?}");
    assert_eq!(
        test.call("tally.look", r#"{"name":"a"}"#).await.unwrap(),
        json!(5)
    );
    let history = test.workflows().history(&run).await.unwrap();
    let first = history.iter().find(|entry| entry["is"] == "done").unwrap();
    assert_eq!(first["key"], json!("/do/0/together"), "{history:?}");
}

#[tokio::test]
async fn a_cancel_during_the_commit_of_a_transaction_undoes_what_was_committed() {
    let test = host().await;
    let tail = "  - hear: { listen: { to: { one: { with: { type: never } } } } }\n";
    let run = committing(&test, tail).await;
    let workflows = test.workflows().clone();
    let cancelled = run.clone();
    let cancel = tokio::spawn(async move { workflows.cancel(&cancelled, "enough").await });
    // It is heard before the commit ends: time stands still until then.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    let ended = let_it_end(&test, &run).await;
    cancel.await.unwrap().unwrap();
    assert_eq!(ended.state, "cancelled", "{ended:?}");
    // It was committed, so it was done, so it was undone.
    assert_eq!(
        test.call("tally.look", r#"{"name":"a"}"#).await.unwrap(),
        json!(0)
    );
}
