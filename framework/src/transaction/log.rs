//! What a transaction leaves in the containers and in the journal of the host.

use std::sync::Arc;

use super::coordinator::{Action, Ballot, End, Event, Party, Recorded};
use super::drive::perform;
use super::durable::Durable;
use super::live::Live;
use super::mvcc::LogFailure;
use super::tell::forget;
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
        match self.make_durable().await {
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

    /// Whether nothing of it survives a crash, and no container has to be told of its commit.
    pub(super) fn leaves_nothing(&self) -> bool {
        let is_kept = self.engine.opened().is_some() && self.is_durable();
        !is_kept && self.touched().is_none()
    }

    /// One record: the writes in containers, and the decision where foreign participants wait for it. With nothing that
    /// survives a crash there is nothing to record.
    async fn make_durable(&self) -> Result<(), LogFailure> {
        if self.leaves_nothing() {
            return Ok(());
        }
        let durable = self.engine.opened().filter(|_| self.is_durable());
        let entry = self.entry();
        let decision = match durable {
            Some(durable) if !entry.parties.is_empty() => {
                // Before the record: a checkpoint in between must leave it alone.
                durable.pin(self.id);
                Some(Durable::decision(self.id, &entry)?)
            }
            Some(_) | None => None,
        };
        match (self.touched(), durable, decision) {
            (Some(local), _, decision) if entry.local => {
                self.engine.store.commit(local, decision.as_deref()).await
            }
            (_, Some(durable), Some(decision)) => durable.decide(decision).await,
            (_, _, _) => Ok(()),
        }
    }

    /// Notes for good what a participant did by itself.
    pub(super) fn keep(self: &Arc<Self>, party: Party, heuristic: Heuristic) {
        let Some(durable) = self.engine.opened().cloned() else {
            return;
        };
        let live = self.clone();
        tokio::spawn(async move {
            durable.pin(live.id);
            let kept = match Durable::decision(live.id, &live.entry()) {
                Ok(decision) => durable.decide(decision).await,
                Err(failure) => Err(failure),
            };
            if let Err(LogFailure::Failed(why) | LogFailure::Unknown(why)) = kept {
                let what = format!("what participant {} did ({heuristic:?})", party.index());
                live.note(&format!("{what} could not be kept: {why}"));
            }
        });
    }

    /// Nothing more has to be known of it after a restart.
    pub(super) fn end_record(&self) {
        if let Some(durable) = self.engine.opened().cloned() {
            let id = self.id;
            tokio::spawn(async move { durable.end(id).await });
        }
    }

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

    /// Forgets a heuristic outcome, once its participants have; one that has not answered counts as one that nobody
    /// knows of.
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
        for action in &actions {
            if let Action::Forget { party } = action {
                forget(&self, *party).await?;
            }
        }
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
            savepoints: shown(&inner.savepoints),
            reason: inner.reason.clone(),
        }
    }
}

/// Savepoints as whoever set them knows them; those of nested transactions have no name.
pub(super) fn shown(savepoints: &[Arc<str>]) -> Vec<String> {
    let named = savepoints.iter().filter(|name| !name.starts_with('\0'));
    named.map(|name| name.to_string()).collect()
}
