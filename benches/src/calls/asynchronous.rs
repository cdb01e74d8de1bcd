use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tower::ServiceExt;
use tower::util::BoxCloneService;
use weldkit::CallError;

use super::{Adder, FIXTURE};
use crate::{Bound, Case, Claim, Subject};

/// The floor: an async call through a pointer, as everyone writes it.
#[async_trait]
trait AddLater: Send + Sync {
    async fn add(&self, a: i64, b: i64) -> Result<i64, CallError>;
}

struct Plain;

#[async_trait]
impl AddLater for Plain {
    async fn add(&self, a: i64, b: i64) -> Result<i64, CallError> {
        Ok(a.wrapping_add(b))
    }
}

/// A second implementation, chosen at run time, so that nothing is devirtualised.
struct Offset(i64);

#[async_trait]
impl AddLater for Offset {
    async fn add(&self, a: i64, b: i64) -> Result<i64, CallError> {
        Ok(a.wrapping_add(b).wrapping_add(self.0))
    }
}

const FLOOR: &str = "async-trait, boxed future";
const OURS: &str = "Service<dyn Adder>, async";
const TOWER: &str = "tower BoxCloneService, clone and oneshot";
const ACTOR: &str = "actor: tokio mpsc and oneshot";

pub(super) fn subject() -> Subject {
    let runtime = &FIXTURE.runtime;
    let arguments = i64::try_from(std::env::args().count()).unwrap_or(0);
    let floor: Arc<dyn AddLater> = if arguments > 100 {
        Arc::new(Offset(arguments))
    } else {
        Arc::new(Plain)
    };
    let service: BoxCloneService<(i64, i64), i64, Infallible> =
        BoxCloneService::new(tower::service_fn(|(a, b): (i64, i64)| async move {
            Ok(a.wrapping_add(b))
        }));
    let actor = actor();
    let (adder, ctx) = (&FIXTURE.adder, &FIXTURE.ctx);
    Subject {
        title: "typed async call",
        cases: vec![
            Case::awaited(FLOOR, runtime, async move || {
                black_box(&*floor).add(black_box(1), black_box(2)).await
            }),
            Case::awaited(OURS, runtime, async move || {
                black_box(adder).add(ctx, black_box(1), black_box(2)).await
            }),
            Case::awaited(TOWER, runtime, async move || {
                service.clone().oneshot(black_box((1, 2))).await
            }),
            Case::awaited(ACTOR, runtime, async move || {
                let (answer, answered) = oneshot::channel();
                actor.send((1, 2, answer)).await.ok();
                answered.await
            }),
        ],
        claims: vec![Claim::new(OURS, Bound::AtMostTimes(1.2), FLOOR)],
    }
}

/// A task that adds what it is sent.
fn actor() -> mpsc::Sender<(i64, i64, oneshot::Sender<i64>)> {
    let (sender, mut inbox) = mpsc::channel::<(i64, i64, oneshot::Sender<i64>)>(64);
    FIXTURE.runtime.spawn(async move {
        while let Some((a, b, answer)) = inbox.recv().await {
            answer.send(a.wrapping_add(b)).ok();
        }
    });
    sender
}
