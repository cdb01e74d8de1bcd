//! The news of transactions.

use super::{State, TransactionId};

/// One transaction has reached a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub transaction: TransactionId,
    /// The state it is in now.
    pub state: State,
}
