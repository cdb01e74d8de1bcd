//! Composites in Rust: values are moved through stages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use weldkit::composition::typed::{Pipeline, Stage, fan_out, stage};
use weldkit::testing::TestHost;
use weldkit::{Background, CallError, Ctx, Service};

use super::parts::{Arithmetic, Desk, Named};
use crate::wait::until;

/// What cannot be cloned nor written as JSON: it can only be moved.
struct Moved(Box<i64>);

async fn wrap(_: &(), _: &Ctx, number: i64) -> Result<Moved, CallError> {
    Ok(Moved(Box::new(number)))
}

async fn double(_: &(), _: &Ctx, mut moved: Moved) -> Result<Moved, CallError> {
    *moved.0 *= 2;
    Ok(moved)
}

async fn open(_: &(), _: &Ctx, moved: Moved) -> Result<i64, CallError> {
    Ok(*moved.0)
}

async fn add_one(
    desk: &Service<dyn Arithmetic>,
    ctx: &Ctx,
    number: i64,
) -> Result<Named, CallError> {
    desk.add(ctx, number, 1).await
}

async fn value(_: &(), _: &Ctx, named: Named) -> Result<i64, CallError> {
    Ok(named.value)
}

async fn fails(code: &&'static str, _: &Ctx, _: i64) -> Result<i64, CallError> {
    match *code {
        "unavailable" => Err(CallError::unavailable("out of order")),
        _ => Err(CallError::invalid_parameter("not this one")),
    }
}

async fn never(_: &(), _: &Ctx, _: i64) -> Result<i64, CallError> {
    std::future::pending().await
}

async fn even(_: &(), _: &Ctx, number: i64) -> Result<Option<i64>, CallError> {
    Ok((number % 2 == 0).then_some(number))
}

async fn difference(_: &(), _: &Ctx, (given, gave): (i64, i64)) -> Result<i64, CallError> {
    Ok(gave - given)
}

async fn note(seen: &Arc<AtomicU64>, _: &Ctx, number: i64) -> Result<(), CallError> {
    seen.store(number as u64, Relaxed);
    Err(CallError::unavailable("nobody hears this"))
}

/// A plugin made of stages: what it provides is a contract like any other.
struct Composed {
    pipeline: Pipeline<i64, i64, CallError>,
    seen: Arc<AtomicU64>,
}

/// What the composite is for.
#[weldkit::service(name = "stages", version = "1.0")]
trait Stages {
    /// Runs a number through all of it.
    async fn run(&self, ctx: &Ctx, number: i64) -> Result<i64, CallError>;

    /// What was observed.
    fn seen(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

#[weldkit::plugin(id = "stages", provides(Stages))]
impl Composed {
    async fn start(desk: Service<dyn Arithmetic>, background: Background) -> weldkit::Result<Self> {
        let seen = Arc::new(AtomicU64::new(0));
        let pipeline = stage(desk, add_one)
            .then(stage((), value))
            .then(fan_out(
                stage((), wrap)
                    .then(stage((), double))
                    .then(stage((), open)),
                stage((), wrap).then(stage((), open)),
                |left, right| left + right,
            ))
            .observed_by(stage(seen.clone(), note), background)
            .boxed();
        Ok(Self { pipeline, seen })
    }
}

impl Stages for Composed {
    async fn run(&self, ctx: &Ctx, number: i64) -> Result<i64, CallError> {
        self.pipeline.run(ctx, number).await
    }

    fn seen(&self, _: &Ctx) -> Result<u64, CallError> {
        Ok(self.seen.load(Relaxed))
    }
}

#[tokio::test]
async fn a_plugin_of_stages_moves_its_values_and_passes_the_gates() {
    let host = TestHost::new(|host| host.plugin::<Desk>().plugin::<Composed>())
        .await
        .unwrap();
    assert_eq!(
        host.call("stages.run", r#"{"number": 4}"#).await.unwrap(),
        15
    );
    let gated: u64 = host.counts()["desk"]["desk.add"]
        .iter()
        .map(|counts| counts.started)
        .sum();
    assert_eq!(gated, 1);
    until(async || host.call("stages.seen", "{}").await.unwrap() == 15).await;
    host.stop().await.unwrap();
}

#[tokio::test]
async fn stages_are_wrapped_and_taken_over() {
    let host = TestHost::new(|host| host.plugin::<Desk>()).await.unwrap();
    let ctx = host.ctx();
    let plus = || stage(host.service::<dyn Arithmetic>().unwrap(), add_one).then(stage((), value));
    assert_eq!(plus().before(plus()).run(&ctx, 1).await.unwrap(), 3);
    assert_eq!(
        plus()
            .after(stage((), difference))
            .run(&ctx, 5)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        plus().instead(stage((), even)).run(&ctx, 4).await.unwrap(),
        4
    );
    assert_eq!(
        plus().instead(stage((), even)).run(&ctx, 5).await.unwrap(),
        6
    );
    assert_eq!(
        stage("unavailable", fails)
            .or(plus(), None)
            .run(&ctx, 1)
            .await
            .unwrap(),
        2
    );
    let own = stage("invalid_parameter", fails)
        .or(plus(), None)
        .run(&ctx, 1)
        .await
        .unwrap_err();
    assert_eq!(own.code().as_str(), "invalid_parameter");
    let slow = stage((), never).or(plus(), Some(Duration::from_secs(1)));
    let moving = async {
        tokio::task::yield_now().await;
        host.clock().advance(Duration::from_secs(1));
    };
    let (answer, ()) = tokio::join!(slow.run(&ctx, 1), moving);
    assert_eq!(answer.unwrap(), 2);
    host.stop().await.unwrap();
}
