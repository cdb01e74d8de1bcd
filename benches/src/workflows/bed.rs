use std::path::Path;

use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use weldkit::orchestration::Terms;
use weldkit::{CallError, Ctx, Host};

/// A call that is as good as none.
#[weldkit::service]
pub(crate) trait Stepping {
    /// One more.
    #[method(read_only, idempotent)]
    async fn next(&self, ctx: &Ctx, number: u64) -> Result<u64, CallError>;
}

struct Stepper;

#[weldkit::plugin(id = "next", provides(Stepping))]
impl Stepper {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

impl Stepping for Stepper {
    async fn next(&self, _: &Ctx, number: u64) -> Result<u64, CallError> {
        Ok(number + 1)
    }
}

/// So many steps, one after the other.
const LOOP: &str = r#"
document: { dsl: 1.0.3, namespace: bench, name: loop, version: 1.0.0 }
do:
  - rounds:
      for: { each: number, in: "${ [range(0; .steps)] }" }
      do:
        - step: { call: stepping.next, with: { number: "${ $number }" } }
"#;

/// A running host with a workflow of steps.
pub(super) struct Bed {
    pub(super) runtime: Runtime,
    pub(super) host: Host,
}

impl Bed {
    pub(super) fn start(state: Option<&Path>) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime of one thread needs no more than memory");
        let mut builder = Host::builder().plugin::<Stepper>();
        if let Some(state) = state {
            builder = builder.state(state);
        }
        let host = runtime
            .block_on(builder.start())
            .expect("a plugin that asks for nothing starts");
        let known = host.workflows().register(LOOP, "loop.yaml");
        assert!(known.is_ok(), "{known:?}");
        Self { runtime, host }
    }

    /// Runs a workflow of so many steps.
    pub(super) async fn run(&self, steps: u64, durable: bool) {
        let workflows = self.host.workflows();
        let id = workflows.known().pop().expect("it is registered");
        let terms = Terms {
            input: json!({ "steps": steps }),
            durable,
            ..Terms::default()
        };
        let run = workflows.start(&self.host.ctx(), &id, terms).await;
        let run = run.expect("there is room for a run").run;
        let ended = workflows.wait(&run).await.expect("it is known");
        assert!(
            ended.output.as_ref().is_some_and(Value::is_u64),
            "{ended:?}"
        );
    }
}
