//! Random workflows: what the engine makes of a document is what a naive interpreter makes of the same program.

mod interpreter;
mod program;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use weldkit::orchestration::{Status, Terms};
use weldkit::testing::TestHost;
use weldkit::{CallError, Ctx, Json};

use interpreter::{Ended, interpret};
use program::Program;

/// Sums that have a limit.
#[weldkit::service(name = "sums", version = "1.0")]
trait Sums {
    /// Add to the number of a value and note the place; refused above the limit.
    async fn add(&self, ctx: &Ctx, value: Json, by: i64, limit: i64) -> Result<Json, CallError>;

    /// How many calls of `add` there were so far.
    #[method(read_only)]
    async fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

#[derive(Debug, Default)]
struct Adder(AtomicU64);

#[weldkit::plugin(id = "adder", provides(Sums))]
impl Adder {
    #[expect(clippy::unused_async, reason = "the shape of a constructor")]
    async fn start() -> weldkit::Result<Self> {
        Ok(Self::default())
    }
}

impl Sums for Adder {
    async fn add(&self, _: &Ctx, value: Json, by: i64, limit: i64) -> Result<Json, CallError> {
        self.0.fetch_add(1, Relaxed);
        let n = value["n"].as_i64().unwrap_or(0) + by;
        if n > limit {
            return Err(CallError::invalid_parameter(format!(
                "{n} is above {limit}"
            )));
        }
        // Other branches and the engine have their turn.
        tokio::task::yield_now().await;
        Ok(json!({"n": n, "seen": value["seen"]}))
    }

    async fn count(&self, _: &Ctx) -> Result<u64, CallError> {
        Ok(self.0.load(Relaxed))
    }
}

/// Runs a program; what came of it, and how many calls it made.
async fn run(test: &TestHost, program: &Program, input: &Value) -> (Status, u64) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let version = format!("1.0.{}", NUMBER.fetch_add(1, Relaxed));
    let document = program.document(&version).to_string();
    let id = test.workflows().register(&document, "generated.json");
    let id = id.unwrap_or_else(|problems| panic!("{problems:#?}\n{document}"));
    let count = async || {
        test.call("sums.count", "{}")
            .await
            .unwrap()
            .as_u64()
            .unwrap()
    };
    let before = count().await;
    let terms = Terms {
        input: input.clone(),
        durable: false,
        ..Terms::default()
    };
    let started = test
        .workflows()
        .start(&test.ctx(), &id, terms)
        .await
        .unwrap();
    let ended = test.workflows().wait(&started.run).await.unwrap();
    (ended, count().await - before)
}

#[test]
fn random_workflows_end_as_a_naive_interpreter_says() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let test = runtime.block_on(TestHost::new(|host| host.plugin::<Adder>()));
    let test = test.unwrap();
    let ends: [AtomicU64; 3] = Default::default();
    let mut runner = TestRunner::new(Config {
        // What fails is shown as a document, which is what to keep.
        failure_persistence: None,
        ..Config::with_cases(400)
    });
    let bytes = proptest::collection::vec(any::<u8>(), 0..160);
    let judged = runner.run(&(bytes, 0_i64..30), |(bytes, n)| {
        let program = Program::of(&bytes);
        let input = json!({"n": n, "seen": []});
        let expected = interpret(&program, &input);
        let (status, calls) = runtime.block_on(run(&test, &program, &input));
        let shown = || format!("{status:?}\n{:#}", program.document("1.0.0"));
        match &expected.ended {
            Ended::Value(value) | Ended::End(value) => {
                let is_early = matches!(expected.ended, Ended::End(_));
                ends[usize::from(is_early)].fetch_add(1, Relaxed);
                prop_assert_eq!(&*status.state, "completed", "{}", shown());
                prop_assert_eq!(status.output.as_ref(), Some(value), "{}", shown());
            }
            Ended::Error(code) => {
                ends[2].fetch_add(1, Relaxed);
                prop_assert_eq!(&*status.state, "faulted", "{}", shown());
                let error = status.error.clone().unwrap_or_default();
                prop_assert_eq!(&error["status"], &json!(code), "{}", shown());
            }
        }
        if let Some(wanted) = expected.calls {
            prop_assert_eq!(calls, wanted, "{}", shown());
        }
        Ok(())
    });
    judged.unwrap();
    runtime.block_on(test.stop()).unwrap();
    // The programs are of all kinds.
    assert!(ends.iter().all(|count| count.load(Relaxed) > 0), "{ends:?}");
}
