//! The driver of the coordinator: performs its actions and feeds back what came of them.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::State;
use super::coordinator::{Action, Cause, Event, Outcome, Recorded};
use super::live::Live;
use super::tell;
use crate::call::BoxFuture;
use crate::error::{CallError, Code};

/// Most transactions have no more to do at once than so many actions.
const ACTIONS: usize = 8;

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
        let mut actions = Vec::with_capacity(ACTIONS);
        self.step(event, &mut actions);
        let waiting = perform_now(&self, &mut actions).await;
        if waiting.is_empty() {
            self.put_away();
        } else {
            let live = self.clone();
            tokio::spawn(async move { follow(&live, actions, waiting).await });
            self.answer.wait().await;
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

    /// Nothing is left to wait for: one that has ended as it was decided is out of the way.
    fn put_away(&self) {
        if matches!(self.state(), State::Committed | State::RolledBack) {
            self.engine.ended(self);
        }
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

/// What has not ended with its first poll.
type Waiting = Vec<BoxFuture<'static, Event>>;

/// Performs `actions` and all that follows from them, until nothing is left to wait for.
pub(super) async fn perform(live: Arc<Live>, mut actions: Vec<Action>) {
    let waiting = perform_now(&live, &mut actions).await;
    follow(&live, actions, waiting).await;
}

/// Performs what can be done without waiting, and says what is left to wait for.
async fn perform_now(live: &Arc<Live>, actions: &mut Vec<Action>) -> Waiting {
    poll_fn(|cx| Poll::Ready(all_now(live, actions, cx))).await
}

/// Waits for each answer and performs what follows from it.
async fn follow(live: &Arc<Live>, mut actions: Vec<Action>, waiting: Waiting) {
    let mut all: FuturesUnordered<_> = waiting.into_iter().collect();
    loop {
        let next = tokio::select! {
            biased;
            next = all.next() => next,
            () = live.engine.closed.cancelled() => return,
        };
        let Some(event) = next else { break };
        live.step(event, &mut actions);
        all.extend(perform_now(live, &mut actions).await);
    }
    live.put_away();
}

/// The same, within one poll of whoever drives.
fn all_now(live: &Arc<Live>, actions: &mut Vec<Action>, cx: &mut Context<'_>) -> Waiting {
    let (mut waiting, mut next) = (Vec::new(), 0);
    // What follows is put behind these.
    while let Some(action) = actions.get(next).copied() {
        next += 1;
        match start(live, action, cx) {
            Started::Done => {}
            Started::Now(event) => live.step(event, actions),
            Started::Later(working) => waiting.push(working),
        }
    }
    actions.clear();
    waiting
}

/// What has become of an action.
pub(super) enum Started {
    /// Nothing comes of it.
    Done,
    Now(Event),
    Later(BoxFuture<'static, Event>),
}

impl Started {
    /// Most work has ended with its first poll: it costs no place among what is waited for.
    pub(super) fn poll(mut working: BoxFuture<'static, Event>, cx: &mut Context<'_>) -> Self {
        match working.as_mut().poll(cx) {
            Poll::Ready(event) => Self::Now(event),
            Poll::Pending => Self::Later(working),
        }
    }
}

/// Performs an action as far as that needs no waiting.
fn start(live: &Arc<Live>, action: Action, cx: &mut Context<'_>) -> Started {
    match action {
        Action::PrepareLocal => Started::Now(Event::LocalVoted(live.prepare_local())),
        // They became visible with the record.
        Action::PublishLocal => Started::Done,
        Action::DiscardLocal => {
            live.discard_local();
            Started::Done
        }
        Action::Prepare { party } => tell::prepare(live, party, cx),
        Action::Record if live.leaves_nothing() => Started::Now(Event::Recorded(Recorded::Durable)),
        Action::Record => {
            let live = live.clone();
            let recording = async move { Event::Recorded(live.record().await) };
            Started::poll(Box::pin(recording), cx)
        }
        Action::Commit {
            party,
            phase,
            attempt,
        } => tell::commit(live, (party, attempt), phase, cx),
        Action::Abort { party, attempt } => tell::abort(live, (party, attempt), cx),
        Action::Keep { party, heuristic } => {
            live.keep(party, heuristic);
            Started::Done
        }
        // Its participant has been asked before: what it does not forget is kept.
        Action::Forget { .. } => Started::Done,
        Action::End => {
            live.end_record();
            Started::Done
        }
        Action::Answer(outcome) => {
            // A second answer is the same one.
            drop(live.answer.set(outcome));
            Started::Done
        }
    }
}
