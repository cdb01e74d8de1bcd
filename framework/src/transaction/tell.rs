//! What the coordinator tells a participant, and what it makes of the answer: of a panic and of silence too.
//!
//! Most participants answer at once. Their call is made and polled as it is; only one that waits gets a timer and a
//! place of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;

use super::coordinator::{Ballot, End, Event, Party, delay};
use super::drive::Started;
use super::handle::jittered;
use super::live::Live;
use super::{Fault, Phase, Vote};
use crate::call::BoxFuture;
use crate::error::{CallError, Code};
use crate::limit;

/// Who is told, for the how manyth time.
type Attempt = (Party, u32);

/// Asks whether it can commit. The answer has to come before the deadline.
pub(super) fn prepare(live: &Arc<Live>, party: Party, cx: &mut Context<'_>) -> Started {
    let voted = move |ballot| Event::Voted { party, ballot };
    let Some(participant) = live.party(party) else {
        return Started::Now(voted(Ballot::No));
    };
    let mut asking = participant.prepare(live.branch());
    if let Poll::Ready(vote) = poll(&mut asking, cx) {
        return Started::Now(voted(ballot(live, party, vote)));
    }
    let live = live.clone();
    let waiting = async move {
        let late = live.engine.clock.sleep_until(live.terms.deadline);
        let vote = tokio::select! {
            biased;
            vote = contained(asking) => vote,
            () = late => {
                let late = "it did not vote before the deadline";
                Ok(Err(CallError::new(Code::Timeout, late)))
            }
        };
        voted(ballot(&live, party, vote))
    };
    Started::Later(Box::pin(waiting))
}

/// What a vote, or a panic, comes to.
fn ballot(live: &Live, party: Party, vote: Result<Result<Vote, CallError>, String>) -> Ballot {
    let refusal = match vote {
        Ok(Ok(Vote::Prepared)) => return Ballot::Prepared,
        Ok(Ok(Vote::ReadOnly)) => return Ballot::ReadOnly,
        Ok(Err(refused)) => refused,
        Err(panic) => CallError::new(Code::Panicked, panic),
    };
    live.note_refusal(&live.instance(party), &refusal);
    Ballot::No
}

/// Tells it to commit.
pub(super) fn commit(
    live: &Arc<Live>,
    (party, attempt): Attempt,
    phase: Phase,
    cx: &mut Context<'_>,
) -> Started {
    let committed = move |end| Event::Committed {
        party,
        attempt,
        end,
    };
    let Some(participant) = live.party(party) else {
        return Started::Now(committed(End::Failed));
    };
    let mut telling = participant.commit(live.branch(), phase);
    let is_first = delay(attempt).is_zero();
    if is_first && let Poll::Ready(told) = poll(&mut telling, cx) {
        return Started::Now(committed(end_of_commit(live, party, phase, told.ok())));
    }
    let live = live.clone();
    let waiting = async move {
        pause(&live, attempt).await;
        let told = told(&live, telling).await;
        committed(end_of_commit(&live, party, phase, told))
    };
    Started::Later(Box::pin(waiting))
}

fn end_of_commit(live: &Live, party: Party, phase: Phase, told: Option<Result<(), Fault>>) -> End {
    let lost = match phase {
        Phase::One => End::Unknown,
        Phase::Two => End::Failed,
    };
    match told {
        Some(Ok(())) => End::Done,
        Some(Err(Fault::Retry(error))) => {
            live.note_refusal(&live.instance(party), &error);
            End::Failed
        }
        Some(Err(Fault::Unknown(error))) => {
            live.note_refusal(&live.instance(party), &error);
            lost
        }
        Some(Err(Fault::Heuristic(what))) => End::Heuristic(what),
        None => lost,
    }
}

/// Tells it to abort, once a call that is under way there has ended or is given up.
pub(super) fn abort(live: &Arc<Live>, (party, attempt): Attempt, cx: &mut Context<'_>) -> Started {
    let live = live.clone();
    let telling = async move {
        pause(&live, attempt).await;
        let end = end_of_abort(&live, party).await;
        Event::Aborted {
            party,
            attempt,
            end,
        }
    };
    Started::poll(Box::pin(telling), cx)
}

async fn end_of_abort(live: &Live, party: Party) -> End {
    let Some(participant) = live.party(party) else {
        return End::Failed;
    };
    live.quiet(&live.instance(party)).await;
    let branch = live.branch();
    match told(live, participant.abort(&branch)).await {
        Some(Ok(())) => End::Done,
        Some(Err(Fault::Heuristic(what))) => End::Heuristic(what),
        Some(Err(Fault::Retry(_) | Fault::Unknown(_))) | None => End::Failed,
    }
}

/// Lets a participant forget what it did by itself. One that is not linked any more keeps nothing that can be reached.
pub(super) async fn forget(live: &Live, party: Party) -> Result<(), CallError> {
    let Some(participant) = live.party(party) else {
        return Ok(());
    };
    let branch = live.branch();
    let why = match told(live, participant.forget(&branch)).await {
        Some(Ok(())) => return Ok(()),
        Some(Err(refused)) => refused.message().to_owned(),
        None => "it panicked, or did not answer in time".to_owned(),
    };
    let (id, instance) = (live.id, live.instance(party));
    Err(CallError::unavailable(format!(
        "`{instance}` cannot forget transaction `{id}` now, so it is kept; ask again: {why}"
    )))
}

/// Waits before an attempt; an operator may cut it short.
async fn pause(live: &Live, attempt: u32) {
    let delay = delay(attempt);
    if delay.is_zero() {
        return;
    }
    let until = live.engine.clock.now() + jittered(delay);
    tokio::select! {
        () = live.engine.clock.sleep_until(until) => {}
        () = live.hurry.notified() => {}
    }
}

/// What a participant says to its outcome; `None` when it panics, or takes longer than it may.
async fn told<T>(live: &Live, telling: BoxFuture<'_, T>) -> Option<T> {
    let clock = &live.engine.clock;
    // Most answer at once, and no timer is made for them.
    let late = async { clock.sleep_until(clock.now() + limit::TIMEOUT).await };
    tokio::select! {
        biased;
        told = contained(telling) => told.ok(),
        () = late => None,
    }
}

/// A panic of a participant is its own; what it said is passed on.
pub(super) async fn contained<T>(telling: BoxFuture<'_, T>) -> Result<T, String> {
    let telling = AssertUnwindSafe(telling).catch_unwind();
    telling.await.map_err(said)
}

/// The first poll of the same.
fn poll<T>(telling: &mut BoxFuture<'_, T>, cx: &mut Context<'_>) -> Poll<Result<T, String>> {
    match catch_unwind(AssertUnwindSafe(|| telling.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(payload) => Poll::Ready(Err(said(payload))),
    }
}

/// What a panic says.
fn said(payload: Box<dyn std::any::Any + Send>) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    text.map_or_else(
        || "it panicked".to_owned(),
        |text| format!("it panicked: {text}"),
    )
}
