//! What takes part in a transaction with a resource of its own.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HostId, Isolation, TransactionId};
use crate::call::BoxFuture;
use crate::error::CallError;

/// A plugin that takes part in transactions with a resource of its own, such as a database.
///
/// Put `participant` into its `#[weldkit::plugin(…)]`. Most plugins need none of this: what they keep
/// in a container of the host is transactional already.
///
/// The order of calls for one branch: [`begin`](Self::begin) before the first call of a
/// transactional method; any number of calls, one at a time; then either `prepare` and, after a vote
/// of [`Vote::Prepared`], exactly one outcome, `commit` or `abort`, repeated until it succeeds; or
/// `commit` in one phase; or `abort`. After a restart [`recover`](Self::recover) names the branches
/// that are prepared and wait for their outcome. The states are those of X/Open XA (C193, chapter 6).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `weldkit::transaction::Participant`",
    label = "`participant` in #[weldkit::plugin(…)] says that it does",
    note = "write `impl weldkit::transaction::Participant for {Self} {{ … }}`, or keep its data in a container of the host and leave `participant` out"
)]
pub trait Participant: Send + Sync + 'static {
    /// What it can do. Asked once, when the plugin has started; a transaction that needs more is refused by name.
    fn capabilities(&self) -> Capabilities;

    /// Opens a branch: before the first call in it.
    fn begin(&self, branch: &Branch) -> impl Future<Output = Result<(), CallError>> + Send;

    /// Makes the branch ready: after [`Vote::Prepared`] it can commit whatever happens, a crash
    /// included, and can still abort. An error is a vote of no; the participant has then ended the branch.
    fn prepare(&self, branch: &Branch) -> impl Future<Output = Result<Vote, CallError>> + Send;

    /// Makes the branch's changes permanent. In [`Phase::Two`] it is repeated until it succeeds, after
    /// a restart too: a branch that is not there any more has been committed.
    fn commit(
        &self,
        branch: &Branch,
        phase: Phase,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Undoes the branch, prepared or not. A branch that is not there has been undone.
    fn abort(&self, branch: &Branch) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The branches of this host that are prepared: each is told its outcome. Branches of other
    /// hosts are not its business.
    fn recover(
        &self,
        host: HostId,
    ) -> impl Future<Output = Result<Vec<TransactionId>, CallError>> + Send;

    /// Lets the participant forget what it did by itself in the branch, once an operator has. Repeated until it succeeds;
    /// a branch that is not there has been forgotten. Most keep nothing to forget.
    fn forget(&self, branch: &Branch) -> impl Future<Output = Result<(), CallError>> + Send {
        let _ = branch;
        async { Ok(()) }
    }

    /// Marks a point to return to. The marks of a branch are a stack; `mark` is its height.
    fn savepoint(
        &self,
        branch: &Branch,
        mark: u32,
    ) -> impl Future<Output = Result<(), CallError>> + Send {
        let (_, _) = (branch, mark);
        async { Err(no_savepoints()) }
    }

    /// Undoes what came after the mark; the mark itself stays.
    fn rollback_to(
        &self,
        branch: &Branch,
        mark: u32,
    ) -> impl Future<Output = Result<(), CallError>> + Send {
        let (_, _) = (branch, mark);
        async { Err(no_savepoints()) }
    }

    /// Forgets the mark and those above it; what came after it stays.
    fn release(
        &self,
        branch: &Branch,
        mark: u32,
    ) -> impl Future<Output = Result<(), CallError>> + Send {
        let (_, _) = (branch, mark);
        async { Err(no_savepoints()) }
    }
}

fn no_savepoints() -> CallError {
    CallError::new(
        crate::error::Code::IncompatibleInterface,
        "the participant has no savepoints",
    )
}

/// One transaction at one participant.
#[derive(Debug, Clone)]
pub struct Branch {
    /// The host whose transaction it is.
    pub host: HostId,
    /// The transaction.
    pub transaction: TransactionId,
    /// What it may see of others.
    pub isolation: Isolation,
    /// When it is aborted, unless it has ended before.
    pub deadline: Instant,
}

impl Branch {
    /// A name that no other host and no other transaction has: `weldkit:HOST:TRANSACTION`.
    pub fn gid(&self) -> String {
        format!("weldkit:{}:{}", self.host, self.transaction)
    }
}

/// What a participant can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The levels it can give.
    pub isolation: Vec<Isolation>,
    /// Whether it has savepoints.
    pub savepoints: bool,
    /// Whether what it has committed survives a crash.
    pub durability: Durability,
    /// Whether it can prepare. At most one participant of a transaction may not: its commit is the decision.
    pub prepare: bool,
}

/// Whether what was committed survives a crash of the process.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// It does not: kept in memory.
    Volatile,
    /// It does: forced to disk before the commit is acknowledged.
    Durable,
}

/// What a participant answers to `prepare`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vote {
    /// Ready for either outcome.
    Prepared,
    /// It has changed nothing and has ended the branch: no second phase.
    ReadOnly,
}

/// Which commit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The only participant, or the last resource: no `prepare` came before, and its outcome is the outcome.
    One,
    /// The branch was prepared and the decision is durable.
    Two,
}

/// Why an outcome was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Not now: it is tried again. In [`Phase::One`]: nothing was committed.
    #[error("not now: {0}")]
    Retry(CallError),
    /// In [`Phase::One`] only: committed or not, nobody knows.
    #[error("the outcome is unknown: {0}")]
    Unknown(CallError),
    /// The participant has decided by itself.
    #[error("decided by itself: {0:?}")]
    Heuristic(Heuristic),
}

/// What a participant did by itself (X/Open XA, heuristic completion). Kept until an operator forgets it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Heuristic {
    /// It committed.
    Committed,
    /// It rolled back.
    RolledBack,
    /// A part of each.
    Mixed,
    /// It does not know.
    Hazard,
}

/// A [`Participant`] without its type. Made by the macro; not written by hand.
pub trait AnyParticipant: Send + Sync {
    /// As [`Participant::capabilities`].
    fn capabilities(&self) -> Capabilities;
    /// As [`Participant::begin`].
    fn begin<'a>(&'a self, branch: &'a Branch) -> BoxFuture<'a, Result<(), CallError>>;
    /// As [`Participant::prepare`].
    fn prepare(self: Arc<Self>, branch: Branch) -> BoxFuture<'static, Result<Vote, CallError>>;
    /// As [`Participant::commit`].
    fn commit(
        self: Arc<Self>,
        branch: Branch,
        phase: Phase,
    ) -> BoxFuture<'static, Result<(), Fault>>;
    /// As [`Participant::abort`].
    fn abort<'a>(&'a self, branch: &'a Branch) -> BoxFuture<'a, Result<(), Fault>>;
    /// As [`Participant::recover`].
    fn recover(&self, host: HostId) -> BoxFuture<'_, Result<Vec<TransactionId>, CallError>>;
    /// As [`Participant::forget`].
    fn forget<'a>(&'a self, branch: &'a Branch) -> BoxFuture<'a, Result<(), CallError>>;
    /// As [`Participant::savepoint`], [`Participant::rollback_to`] and [`Participant::release`].
    fn mark<'a>(
        &'a self,
        branch: &'a Branch,
        mark: u32,
        what: Mark,
    ) -> BoxFuture<'a, Result<(), CallError>>;
}

/// What to do with a savepoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Set it.
    Set,
    /// Return to it.
    Return,
    /// Forget it.
    Release,
}

impl<P: Participant> AnyParticipant for P {
    fn capabilities(&self) -> Capabilities {
        Participant::capabilities(self)
    }

    fn begin<'a>(&'a self, branch: &'a Branch) -> BoxFuture<'a, Result<(), CallError>> {
        Box::pin(Participant::begin(self, branch))
    }

    fn prepare(self: Arc<Self>, branch: Branch) -> BoxFuture<'static, Result<Vote, CallError>> {
        Box::pin(async move { Participant::prepare(&*self, &branch).await })
    }

    fn commit(
        self: Arc<Self>,
        branch: Branch,
        phase: Phase,
    ) -> BoxFuture<'static, Result<(), Fault>> {
        Box::pin(async move { Participant::commit(&*self, &branch, phase).await })
    }

    fn abort<'a>(&'a self, branch: &'a Branch) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(Participant::abort(self, branch))
    }

    fn recover(&self, host: HostId) -> BoxFuture<'_, Result<Vec<TransactionId>, CallError>> {
        Box::pin(Participant::recover(self, host))
    }

    fn forget<'a>(&'a self, branch: &'a Branch) -> BoxFuture<'a, Result<(), CallError>> {
        Box::pin(Participant::forget(self, branch))
    }

    fn mark<'a>(
        &'a self,
        branch: &'a Branch,
        mark: u32,
        what: Mark,
    ) -> BoxFuture<'a, Result<(), CallError>> {
        match what {
            Mark::Set => Box::pin(self.savepoint(branch, mark)),
            Mark::Return => Box::pin(self.rollback_to(branch, mark)),
            Mark::Release => Box::pin(self.release(branch, mark)),
        }
    }
}
