//! The driver of the coordinator: performs its actions and feeds back what came of them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::coordinator::{Action, Ballot, Cause, End, Event, Outcome, Party, Recorded, delay};
use super::handle::jittered;
use super::live::Live;
use super::{Fault, Phase, State, Vote};
use crate::call::BoxFuture;
use crate::error::{CallError, Code};
use crate::limit;

impl Live {
    /// Commits, and waits for the outcome.
    pub(super) async fn commit(self: Arc<Self>) -> Result<(), CallError> {
        if self.state() == State::Active {
            self.check_quiet(0)?;
        }
        // A commit that comes late is refused, whatever the timer does.
        let is_late = self.engine.clock.now() >= self.terms.deadline;
        let event = if is_late {
            Event::Expire
        } else {
            Event::Commit
        };
        self.clone().advance(event).await;
        let outcome = *self.answer.wait().await;
        self.verdict(outcome)
    }

    /// Aborts, and waits until everybody has been told once.
    pub(super) async fn abort(self: Arc<Self>, reason: &str) -> Result<(), CallError> {
        self.note(reason);
        self.clone().advance(Event::Abort).await;
        match *self.answer.wait().await {
            Outcome::RolledBack(_) => Ok(()),
            Outcome::Committed => Err(CallError::new(
                Code::InvalidState,
                format!(
                    "transaction `{}` is committed and cannot be aborted",
                    self.id
                ),
            )),
            outcome @ (Outcome::Heuristic(_) | Outcome::InDoubt) => self.verdict(outcome),
        }
    }

    /// Aborts in the background: whoever began it has gone.
    pub(super) fn give_up(self: Arc<Self>) {
        self.note("it was given up before it ended");
        if tokio::runtime::Handle::try_current().is_ok() {
            tokio::spawn(self.advance(Event::Abort));
        }
    }

    /// Aborts in the background at the deadline.
    pub(super) fn expire(self: Arc<Self>) {
        self.note("its deadline has passed");
        tokio::spawn(self.advance(Event::Expire));
    }

    /// Keeps the first reason there was.
    pub(super) fn note(&self, reason: &str) {
        let mut inner = self.inner();
        if inner.reason.is_none() && !inner.coordinator.state().is_ended() {
            inner.reason = Some(reason.to_owned());
        }
    }

    /// Feeds an event and performs what follows. What does not end at once goes on as a task of its own,
    /// whoever stops waiting: a commit is never left half-way.
    pub(super) async fn advance(self: Arc<Self>, event: Event) {
        let live = self.clone();
        let mut driving: BoxFuture<'static, ()> = Box::pin(drive(self, event));
        let first = std::future::poll_fn(|cx| Poll::Ready(driving.as_mut().poll(cx))).await;
        if first.is_pending() {
            tokio::spawn(driving);
            live.answer.wait().await;
        }
    }

    /// What the outcome means for whoever asked to commit.
    fn verdict(&self, outcome: Outcome) -> Result<(), CallError> {
        let id = self.id;
        let inner = self.inner();
        let because = inner
            .reason
            .as_deref()
            .map_or_else(String::new, |reason| format!(": {reason}"));
        let error = match outcome {
            Outcome::Committed => return Ok(()),
            Outcome::RolledBack(cause) => {
                let (code, what) = match cause {
                    Cause::Deadline => (Code::Timeout, "is rolled back, since its deadline passed"),
                    Cause::Asked | Cause::RollbackOnly => (Code::InvalidState, "is rolled back"),
                    Cause::Local | Cause::Party(_) => (
                        inner.refusal.clone().unwrap_or(Code::Conflict),
                        "is rolled back, since a participant could not commit",
                    ),
                    Cause::Journal => (
                        Code::Unavailable,
                        "is rolled back, since the journal could not take its decision",
                    ),
                    Cause::Crash => (Code::Unavailable, "is rolled back after a crash"),
                };
                CallError::new(code, format!("transaction `{id}` {what}{because}"))
            }
            Outcome::Heuristic(what) => CallError::internal(format!(
                "transaction `{id}` has the heuristic outcome {what:?}{because}; `app tx show {id}` says who did what"
            )),
            Outcome::InDoubt => CallError::internal(format!(
                "transaction `{id}` is in doubt, since the journal failed while its decision was being forced; the next start of the host finds out{because}"
            )),
        };
        let details = serde_json::json!({ "transaction": id, "state": inner.coordinator.state() });
        Err(error.details(details))
    }

    /// Feeds one event, and says what follows.
    pub(super) fn step(&self, event: Event, actions: &mut Vec<Action>) {
        let mut inner = self.inner();
        let before = inner.coordinator.state();
        let stepped = inner.coordinator.step(event, actions);
        debug_assert!(stepped.is_ok(), "{stepped:?}");
        let now = inner.coordinator.state();
        drop(inner);
        if now != before {
            if now.is_ended() {
                let took = |began| self.engine.clock.now().saturating_duration_since(began);
                self.engine.counts.ended(now, self.terms.began.map(took));
            }
            self.engine.tell(self.id, now);
        }
    }
}

/// Performs what follows from `event` until nothing is left to wait for.
async fn drive(live: Arc<Live>, event: Event) {
    let mut actions = Vec::new();
    live.step(event, &mut actions);
    perform(live, actions).await;
}

/// Performs `actions` and all that follows from them.
pub(super) async fn perform(live: Arc<Live>, mut actions: Vec<Action>) {
    let mut waiting: Option<FuturesUnordered<_>> = None;
    loop {
        let mut next = 0;
        // What follows is put behind these.
        while let Some(action) = actions.get(next).copied() {
            next += 1;
            let mut working = match start(&live, action) {
                Started::Done => continue,
                Started::Now(event) => {
                    live.step(event, &mut actions);
                    continue;
                }
                Started::Later(working) => working,
            };
            // Most participants answer at once: they cost no place among those that are waited for.
            let first = std::future::poll_fn(|cx| Poll::Ready(working.as_mut().poll(cx))).await;
            match first {
                Poll::Ready(event) => live.step(event, &mut actions),
                Poll::Pending => waiting.get_or_insert_default().push(working),
            }
        }
        actions.clear();
        let Some(work) = &mut waiting else { break };
        let next = tokio::select! {
            biased;
            next = work.next() => next,
            () = live.engine.closed.cancelled() => return,
        };
        match next {
            Some(event) => live.step(event, &mut actions),
            None => break,
        }
    }
    let state = live.state();
    if matches!(state, State::Committed | State::RolledBack) {
        live.engine.ended(&live);
    }
}

/// What has become of an action.
enum Started {
    /// Nothing comes of it.
    Done,
    Now(Event),
    Later(BoxFuture<'static, Event>),
}

/// Performs an action as far as that needs no waiting.
fn start(live: &Arc<Live>, action: Action) -> Started {
    let live = live.clone();
    Started::Later(match action {
        Action::PrepareLocal => return Started::Now(Event::LocalVoted(live.prepare_local())),
        // They became visible with the record.
        Action::PublishLocal => return Started::Done,
        Action::DiscardLocal => {
            live.discard_local();
            return Started::Done;
        }
        Action::Prepare { party } => Box::pin(async move {
            let ballot = prepare(&live, party).await;
            Event::Voted { party, ballot }
        }),
        Action::Record if live.leaves_nothing() => {
            return Started::Now(Event::Recorded(Recorded::Durable));
        }
        Action::Record => Box::pin(async move { Event::Recorded(live.record().await) }),
        Action::Commit {
            party,
            phase,
            attempt,
        } => Box::pin(async move {
            pause(&live, attempt).await;
            let end = commit(&live, party, phase).await;
            Event::Committed {
                party,
                attempt,
                end,
            }
        }),
        Action::Abort { party, attempt } => Box::pin(async move {
            pause(&live, attempt).await;
            let end = abort(&live, party).await;
            Event::Aborted {
                party,
                attempt,
                end,
            }
        }),
        Action::Keep { party, heuristic } => {
            live.keep(party, heuristic);
            return Started::Done;
        }
        // Its participant has been asked before: what it does not forget is kept.
        Action::Forget { .. } => return Started::Done,
        Action::End => {
            live.end_record();
            return Started::Done;
        }
        Action::Answer(outcome) => {
            // A second answer is the same one.
            drop(live.answer.set(outcome));
            return Started::Done;
        }
    })
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

async fn prepare(live: &Live, party: Party) -> Ballot {
    let Some((instance, participant)) = live.party(party) else {
        return Ballot::No;
    };
    let branch = live.branch();
    // Most answer at once, and no timer is made for them.
    let deadline = async { live.engine.clock.sleep_until(live.terms.deadline).await };
    let refusal = tokio::select! {
        biased;
        vote = contained(participant.prepare(&branch)) => match vote {
            Ok(Ok(Vote::Prepared)) => return Ballot::Prepared,
            Ok(Ok(Vote::ReadOnly)) => return Ballot::ReadOnly,
            Ok(Err(refused)) => refused,
            Err(panic) => CallError::new(Code::Panicked, panic),
        },
        () = deadline => CallError::new(Code::Timeout, "it did not vote before the deadline"),
    };
    live.note_refusal(&instance, &refusal);
    Ballot::No
}

async fn commit(live: &Live, party: Party, phase: Phase) -> End {
    let Some((instance, participant)) = live.party(party) else {
        return End::Failed;
    };
    let branch = live.branch();
    let lost = match phase {
        Phase::One => End::Unknown,
        Phase::Two => End::Failed,
    };
    match told(live, participant.commit(&branch, phase)).await {
        Some(Ok(())) => End::Done,
        Some(Err(Fault::Retry(error))) => {
            live.note_refusal(&instance, &error);
            End::Failed
        }
        Some(Err(Fault::Unknown(error))) => {
            live.note_refusal(&instance, &error);
            lost
        }
        Some(Err(Fault::Heuristic(what))) => End::Heuristic(what),
        None => lost,
    }
}

async fn abort(live: &Live, party: Party) -> End {
    let Some((instance, participant)) = live.party(party) else {
        return End::Failed;
    };
    // A call under way there ends first, or is given up.
    live.quiet(&instance).await;
    let branch = live.branch();
    match told(live, participant.abort(&branch)).await {
        Some(Ok(())) => End::Done,
        Some(Err(Fault::Heuristic(what))) => End::Heuristic(what),
        Some(Err(Fault::Retry(_) | Fault::Unknown(_))) | None => End::Failed,
    }
}

/// Lets a participant forget what it did by itself. One that is not linked any more keeps nothing that can be reached.
pub(super) async fn forget(live: &Live, party: Party) -> Result<(), CallError> {
    let Some((instance, participant)) = live.party(party) else {
        return Ok(());
    };
    let branch = live.branch();
    let why = match told(live, participant.forget(&branch)).await {
        Some(Ok(())) => return Ok(()),
        Some(Err(refused)) => refused.message().to_owned(),
        None => "it panicked, or did not answer in time".to_owned(),
    };
    let id = live.id;
    Err(CallError::unavailable(format!(
        "`{instance}` cannot forget transaction `{id}` now, so it is kept; ask again: {why}"
    )))
}

/// What a participant says to its outcome; `None` when it panics, or takes longer than it may.
async fn told<T>(live: &Live, telling: BoxFuture<'_, T>) -> Option<T> {
    let clock = &live.engine.clock;
    // As in `prepare`.
    let late = async { clock.sleep_until(clock.now() + limit::TIMEOUT).await };
    tokio::select! {
        biased;
        told = contained(telling) => told.ok(),
        () = late => None,
    }
}

/// A panic of a participant is its own; what it said is passed on.
pub(super) async fn contained<T>(telling: BoxFuture<'_, T>) -> Result<T, String> {
    AssertUnwindSafe(telling)
        .catch_unwind()
        .await
        .map_err(|payload| {
            let text = payload
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| payload.downcast_ref::<String>().cloned());
            text.map_or_else(
                || "it panicked".to_owned(),
                |text| format!("it panicked: {text}"),
            )
        })
}
