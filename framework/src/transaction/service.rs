//! Transactions for everyone who does not call from Rust: the contract of the built-in service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Backup, Heuristic, Isolation, State, TransactionId};
use crate::call::Ctx;
use crate::error::CallError;

/// Begin and end transactions by JSON.
///
/// A call takes part through the envelope: `{"method":"storage.put","params":{…},"transaction":"ID"}`, or
/// `app call --transaction ID`. A transaction belongs to the principal that began it.
#[weldkit::service(name = "weldkit.transactions", version = "1.0")]
pub trait TransactionService {
    /// Begin a transaction. It is aborted at its deadline, unless it has ended before.
    async fn begin(
        &self,
        ctx: &Ctx,
        /// What it may see of others.
        #[serde(default)]
        isolation: Isolation,
        /// Milliseconds until it is aborted; 30,000 unless given.
        #[serde(default)]
        #[garde(range(min = 1, max = 3_600_000))]
        deadline_ms: Option<u64>,
        /// Whether what is kept in memory and what is kept on disk may be written together.
        #[serde(default)]
        allow_volatile: bool,
    ) -> Result<Status, CallError>;

    /// Commit: everything of the transaction happens, or nothing. Repeating it changes nothing.
    #[method(idempotent, timeout = "10m")]
    async fn commit(
        &self,
        ctx: &Ctx,
        /// The id that `begin` gave.
        transaction: TransactionId,
    ) -> Result<Status, CallError>;

    /// Abort: nothing of the transaction happens. Repeating it changes nothing.
    #[method(idempotent, timeout = "10m")]
    async fn abort(
        &self,
        ctx: &Ctx,
        /// The id that `begin` gave.
        transaction: TransactionId,
    ) -> Result<Status, CallError>;

    /// Mark a point to return to.
    async fn savepoint(
        &self,
        ctx: &Ctx,
        /// The id that `begin` gave.
        transaction: TransactionId,
        /// What to call it. A later savepoint of the same name hides an earlier one.
        #[garde(length(min = 1, max = 64))]
        name: String,
    ) -> Result<Status, CallError>;

    /// Undo what came after a savepoint. The savepoint itself stays.
    async fn rollback_to(
        &self,
        ctx: &Ctx,
        /// The id that `begin` gave.
        transaction: TransactionId,
        /// The savepoint.
        name: String,
    ) -> Result<Status, CallError>;

    /// Forget a savepoint and those after it; what they protected stays.
    async fn release(
        &self,
        ctx: &Ctx,
        /// The id that `begin` gave.
        transaction: TransactionId,
        /// The savepoint.
        name: String,
    ) -> Result<Status, CallError>;

    /// Where a transaction is, an ended one included.
    #[method(read_only, idempotent)]
    async fn state(
        &self,
        ctx: &Ctx,
        /// The id that `begin` gave.
        transaction: TransactionId,
    ) -> Result<Status, CallError>;

    /// All transactions that have not ended, and those that wait for an operator.
    #[method(read_only, idempotent, permission = "weldkit.transactions.operate")]
    async fn list(&self, ctx: &Ctx) -> Result<Vec<Status>, CallError>;

    /// Tell the participants that have not answered to finish now, with the outcome that was decided.
    /// A transaction that nobody decided is aborted.
    #[method(
        idempotent,
        permission = "weldkit.transactions.operate",
        timeout = "10m"
    )]
    async fn resolve(
        &self,
        ctx: &Ctx,
        /// The transaction.
        transaction: TransactionId,
    ) -> Result<Status, CallError>;

    /// Forget a transaction with a heuristic outcome, or one whose participant will never come back.
    #[method(idempotent, permission = "weldkit.transactions.operate")]
    async fn forget(
        &self,
        ctx: &Ctx,
        /// The transaction.
        transaction: TransactionId,
    ) -> Result<Status, CallError>;

    /// Write everything that is durable into a folder of the host's machine, as of one commit, while calls go on.
    #[method(permission = "weldkit.transactions.backup", timeout = "24h")]
    async fn backup(
        &self,
        ctx: &Ctx,
        /// An absolute path: a folder that is empty or not there.
        folder: String,
    ) -> Result<Backup, CallError>;
}

/// One transaction, as anyone may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Its id.
    pub transaction: TransactionId,
    /// Where it is.
    pub state: State,
    /// Who began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// What it may see of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// Milliseconds until it is aborted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_ms: Option<u64>,
    /// Who takes part, in the order of their first calls.
    pub participants: Vec<Participation>,
    /// Its savepoints, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub savepoints: Vec<String>,
    /// Why it can only be aborted, was aborted, or waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One participant of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Participation {
    /// The instance; `containers` for what the host keeps itself.
    pub instance: String,
    /// Whether it still has to be told the outcome.
    pub is_waiting: bool,
    /// What it decided by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heuristic: Option<Heuristic>,
}
