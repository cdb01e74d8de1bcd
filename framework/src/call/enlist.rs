//! A transaction as the gate sees it: something that a called instance joins for the length of a call.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::instance::{Instance, MethodGate};
use super::{BoxFuture, Ctx};
use crate::contract::{MethodDescriptor, ServiceError};
use crate::error::{CallError, Effect};

/// A transaction as the gate sees it.
pub trait Enlist: Send + Sync + fmt::Debug {
    /// Called before a `transactional` method of `instance` runs: enlists it, and waits until no other
    /// call of the transaction is under way there. An error refuses the call.
    fn join<'a>(
        self: Arc<Self>,
        instance: &'a Arc<str>,
        method: &'static MethodDescriptor,
    ) -> BoxFuture<'a, Result<Turn, CallError>>;

    /// Called once when that call has ended.
    fn leave(&self, ended: Ended);

    /// For the transaction's own code to know itself again.
    fn as_any(&self) -> &(dyn Any + Send + Sync);
}

/// How a call inside of a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It answered; an error that says `effect: none` is an answer.
    Answered,
    /// It was given up half-way, panicked, or says that it may have done something: nobody knows what
    /// is in the transaction now.
    Unknown,
}

/// The turn of one call in a transaction. Dropped before it is [`end`](Turn::end)ed, the call was given up.
pub struct Turn {
    inside: Arc<dyn Enlist>,
    has_ended: bool,
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn")
    }
}

impl Turn {
    /// A turn; `inside` is the transaction as the called provider sees it, which is told of the end: its own calls
    /// back to the same instance do not wait for this very turn.
    pub fn new(inside: Arc<dyn Enlist>) -> Self {
        Self {
            inside,
            has_ended: false,
        }
    }

    /// Ends the turn.
    pub fn end(mut self, ended: Ended) {
        self.has_ended = true;
        self.inside.leave(ended);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.has_ended {
            self.inside.leave(Ended::Unknown);
        }
    }
}

/// Runs `call` as a turn of the transaction of `ctx`, where there is one and the method takes part.
pub(super) async fn in_turn<T: ?Sized, R, E: ServiceError>(
    (provider, instance): (&T, &Instance),
    gate: &MethodGate,
    ctx: &Ctx,
    call: impl for<'x> FnOnce(&'x T, &'x Ctx) -> BoxFuture<'x, Result<R, E>> + Send,
) -> Result<R, E> {
    let Some(transaction) = joined(gate, ctx) else {
        return call(provider, ctx).await;
    };
    let joining = transaction.clone().join(instance.name(), gate.method);
    let turn = joining.await?;
    let inside = ctx.with_transaction(turn.inside.clone());
    let result = call(provider, &inside).await;
    turn.end(match &result {
        Err(error) if is_unknown(error) => Ended::Unknown,
        Ok(_) | Err(_) => Ended::Answered,
    });
    result
}

/// The transaction that a call of the method joins.
pub(super) fn joined<'c>(gate: &MethodGate, ctx: &'c Ctx) -> Option<&'c Arc<dyn Enlist>> {
    ctx.transaction().filter(|_| gate.method.transactional)
}

/// Whether an error leaves open what was done.
fn is_unknown<E: ServiceError>(error: &E) -> bool {
    let own = E::CODES.iter().find(|known| known.code == error.code());
    match own {
        Some(known) => known.effect == Effect::Possible,
        None => matches!(error.code(), "internal" | "panicked"),
    }
}
