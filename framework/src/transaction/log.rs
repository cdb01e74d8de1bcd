//! What a transaction leaves in the containers and in the journal of the host.

use std::sync::Arc;

use super::coordinator::{Action, Ballot, End, Event, Party, Recorded};
use super::drive::perform;
use super::live::Live;
use super::mvcc::LogFailure;
use super::{Heuristic, Participation, State, Status, Vote};
use crate::error::{CallError, Code};

impl Live {
    /// Whether what it did in containers can be committed.
    pub(super) fn prepare_local(&self) -> Ballot {
        let Some(local) = self.touched() else {
            return Ballot::ReadOnly;
        };
        match self.engine.store.prepare(local) {
            Ok(Vote::ReadOnly) => Ballot::ReadOnly,
            Ok(Vote::Prepared) => Ballot::Prepared,
            Err(refused) => {
                self.note_refusal("containers", &refused);
                Ballot::No
            }
        }
    }

    pub(super) fn discard_local(&self) {
        if let Some(local) = self.touched() {
            self.engine.store.abort(local);
        }
    }

    /// Makes the decision as durable as what it is about.
    pub(super) async fn record(&self) -> Recorded {
        let Some(local) = self.touched() else {
            return Recorded::Durable;
        };
        match self.engine.store.commit(local, None).await {
            Ok(()) => Recorded::Durable,
            Err(LogFailure::Failed(why)) => {
                self.note(&why);
                Recorded::Failed
            }
            Err(LogFailure::Unknown(why)) => {
                self.note(&why);
                Recorded::Unknown
            }
        }
    }

    /// Notes for good what a participant did by itself.
    pub(super) fn keep(&self, _: Party, _: Heuristic) {}

    /// Nothing more has to be known of it after a restart.
    pub(super) fn end_record(&self) {}

    /// Lets every participant that has not answered be told again now, and waits for that.
    pub(super) async fn resolve(self: Arc<Self>) {
        match self.state() {
            State::Active | State::RollbackOnly | State::Preparing => {
                drop(self.abort("an operator resolved it").await);
            }
            _ => {
                self.hurry.notify_waiters();
                tokio::task::yield_now().await;
            }
        }
    }

    /// Forgets a heuristic outcome; a participant that has not answered counts as one that nobody knows of.
    pub(super) async fn forget(self: Arc<Self>) -> Result<(), CallError> {
        let waiting: Vec<Party> = self.inner().coordinator.waiting().collect();
        let mut actions: Vec<Action> = Vec::new();
        for party in waiting {
            let attempt = u32::MAX;
            let end = End::Heuristic(Heuristic::Hazard);
            let event = match self.state() {
                State::Committing => Event::Committed {
                    party,
                    attempt,
                    end,
                },
                _ => Event::Aborted {
                    party,
                    attempt,
                    end,
                },
            };
            self.step(event, &mut actions);
        }
        if !self.state().is_heuristic() {
            return Err(CallError::new(
                Code::InvalidState,
                format!(
                    "transaction `{}` is {}: only a heuristic outcome can be forgotten",
                    self.id,
                    self.state()
                ),
            ));
        }
        self.step(Event::Forget, &mut actions);
        perform(self.clone(), actions).await;
        self.engine.ended(&self);
        Ok(())
    }

    /// Everything that is known of it.
    pub(super) fn status(&self) -> Status {
        let now = self.engine.clock.now();
        let inner = self.inner();
        let state = inner.coordinator.state();
        let waiting: Vec<usize> = inner.coordinator.waiting().map(Party::index).collect();
        let entry = inner.coordinator.entry();
        let mut participants: Vec<Participation> = inner
            .enlisted
            .iter()
            .enumerate()
            .map(|(index, enlisted)| Participation {
                instance: enlisted.instance.to_string(),
                is_waiting: waiting.contains(&index),
                heuristic: entry
                    .parties
                    .iter()
                    .find(|(party, _)| party.index() == index)
                    .and_then(|(_, what)| *what)
                    .filter(|_| state.is_heuristic()),
            })
            .collect();
        if self.touched().is_some() {
            participants.push(Participation {
                instance: "containers".to_owned(),
                is_waiting: false,
                heuristic: None,
            });
        }
        let remaining = self.terms.deadline.saturating_duration_since(now);
        let is_open = matches!(state, State::Active | State::RollbackOnly);
        Status {
            transaction: self.id,
            state,
            principal: Some(self.terms.principal.as_str().to_owned()),
            isolation: Some(self.terms.isolation),
            remaining_ms: is_open.then(|| u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX)),
            participants,
            savepoints: inner
                .savepoints
                .iter()
                .filter(|name| !name.starts_with('\0'))
                .map(|name| name.to_string())
                .collect(),
            reason: inner.reason.clone(),
        }
    }
}
