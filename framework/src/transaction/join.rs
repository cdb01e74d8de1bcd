//! How a called instance joins a transaction: its turn, and its branch when it is a participant.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use super::coordinator::Kind;
use super::engine::Seat;
use super::live::{Enlisted, Live};
use super::turns::Held;
use super::{AnyParticipant, Capabilities, Isolation, Mark};
use crate::call::{BoxFuture, Ctx, Ended, Enlist, Turn};
use crate::contract::MethodDescriptor;
use crate::error::{CallError, Code};

/// A transaction as one provider sees it: with the turns that are held on the way to it.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) live: Arc<Live>,
    /// None: as whoever began it sees it.
    hold: Option<Hold>,
}

/// A call of it that is under way.
#[derive(Debug)]
struct Hold {
    /// How its caller sees the transaction.
    outer: Arc<Inside>,
    instance: Arc<str>,
    method: &'static MethodDescriptor,
    /// None once the call has ended, and where a call further out has the turn.
    turn: Mutex<Option<Held>>,
}

impl Inside {
    /// As whoever began it sees it.
    pub(super) fn root(live: Arc<Live>) -> Self {
        Self { live, hold: None }
    }

    /// The calls on the way to it, the last first.
    fn holds(&self) -> impl Iterator<Item = &Hold> {
        std::iter::successors(self.hold.as_ref(), |hold| hold.outer.hold.as_ref())
    }
}

/// How many calls of the transaction lie between whoever began it and whoever holds `ctx`.
pub(super) fn depth(live: &Arc<Live>, ctx: &Ctx) -> usize {
    let inside = ctx.transaction().map(|inside| inside.as_any());
    let inside = inside.and_then(|inside| inside.downcast_ref::<Inside>());
    let inside = inside.filter(|inside| Arc::ptr_eq(&inside.live, live));
    inside.map_or(0, |inside| inside.holds().count())
}

impl Enlist for Inside {
    fn join<'a>(
        self: Arc<Self>,
        instance: &'a Arc<str>,
        method: &'static MethodDescriptor,
    ) -> BoxFuture<'a, Result<Turn, CallError>> {
        Box::pin(async move {
            let live = self.live.clone();
            let turn = match self.holds().any(|hold| hold.instance == *instance) {
                true => None,
                false => {
                    // One that is over takes nobody into its queue.
                    live.check_active()?;
                    Some(live.turns.take(instance).await)
                }
            };
            live.enter()?;
            let hold = Hold {
                outer: self,
                instance: instance.clone(),
                method,
                turn: Mutex::new(turn),
            };
            let entered = Turn::new(Arc::new(Self {
                live: live.clone(),
                hold: Some(hold),
            }));
            match live.enlist(instance, method).await {
                Ok(()) => Ok(entered),
                Err(refused) => {
                    entered.end(Ended::Answered);
                    Err(refused)
                }
            }
        })
    }

    fn leave(&self, ended: Ended) {
        if let Some(hold) = &self.hold {
            self.live.leave(ended, &hold.instance, hold.method);
            let turn = hold.turn.lock().unwrap_or_else(PoisonError::into_inner);
            drop({ turn }.take());
        }
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

impl Live {
    /// Makes an instance a participant, before its first call.
    async fn enlist(
        &self,
        instance: &Arc<str>,
        method: &MethodDescriptor,
    ) -> Result<(), CallError> {
        let Some(seat) = self.engine.seat(instance) else {
            return Err(CallError::new(
                Code::IncompatibleInterface,
                format!(
                    "`{instance}` takes no part in transactions: it keeps nothing in a container of the host, is no participant, and calls nobody that is; call `{}` outside of the transaction",
                    method.name
                ),
            ));
        };
        let Seat::Participant(participant, capabilities) = seat else {
            return Ok(());
        };
        let is_new = !self
            .inner()
            .enlisted
            .iter()
            .any(|known| known.instance == *instance);
        if is_new {
            self.begin_at(instance, participant, capabilities.clone())
                .await?;
        }
        if method.read_only {
            return Ok(());
        }
        self.note_write(capabilities.durability)
    }

    async fn begin_at(
        &self,
        instance: &Arc<str>,
        participant: Arc<dyn AnyParticipant>,
        capabilities: Arc<Capabilities>,
    ) -> Result<(), CallError> {
        let marks = self.admit(instance, participant.clone(), capabilities)?;
        let branch = self.branch();
        let opened = async {
            participant.begin(&branch).await?;
            for mark in 0..marks {
                participant.mark(&branch, mark, Mark::Set).await?;
            }
            Ok(())
        };
        let result: Result<(), CallError> = opened.await;
        if result.is_err() {
            // Its branch may be half open: it is told to abort with the others, and used for nothing else.
            self.doom(&format!("`{instance}` could not open its branch"));
        }
        result
    }

    /// Takes the participant in if it can give what the transaction needs; the number of savepoints that it has to
    /// catch up with. Noted before its branch is opened, so that a branch half open is aborted as well.
    fn admit(
        &self,
        instance: &Arc<str>,
        participant: Arc<dyn AnyParticipant>,
        capabilities: Arc<Capabilities>,
    ) -> Result<u32, CallError> {
        let refuse = |what: String| Err(CallError::new(Code::IncompatibleInterface, what));
        let wanted = self.terms.isolation;
        if !capabilities.isolation.contains(&wanted) {
            let levels: Vec<&str> = capabilities.isolation.iter().map(|l| l.as_str()).collect();
            return refuse(format!(
                "`{instance}` cannot give the isolation `{wanted}`; it has `{}`",
                levels.join("`, `")
            ));
        }
        if wanted == Isolation::Serializable && self.is_elsewhere(instance) {
            return refuse(format!(
                "`serializable` holds within one participant, and `{instance}` would be a second one; begin with `repeatable_read`, or keep to one participant"
            ));
        }
        let mut inner = self.inner();
        if !inner.savepoints.is_empty() && !capabilities.savepoints {
            return refuse(format!(
                "`{instance}` has no savepoints, and the transaction has set one"
            ));
        }
        let kind = match capabilities.prepare {
            true => Kind::Prepares,
            false => Kind::LastResource,
        };
        let enlisted = inner.coordinator.enlist(kind);
        match enlisted {
            Ok(party) => debug_assert_eq!(party.index(), inner.enlisted.len(), "same places"),
            Err(refused) => return Err(self.refused(&refused, inner.reason.as_deref())),
        }
        inner.enlisted.push(Enlisted {
            instance: instance.clone(),
            participant: Some(participant),
            capabilities,
        });
        Ok(u32::try_from(inner.savepoints.len()).unwrap_or(u32::MAX))
    }

    /// Whether another participant than `instance` has been touched.
    fn is_elsewhere(&self, instance: &str) -> bool {
        self.touched().is_some()
            || self
                .inner()
                .enlisted
                .iter()
                .any(|known| *known.instance != *instance)
    }
}
