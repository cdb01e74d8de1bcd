use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::transaction::Heuristic;

/// Where a transaction stands (X/Open XA, C193 chapter 6, with the last one for a journal that failed).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Calls can be made in it.
    Active,
    /// It can only be rolled back.
    RollbackOnly,
    /// The participants are asked whether they can commit.
    Preparing,
    /// All can. The decision is being made durable, or is with the one participant that commits in one phase.
    Deciding,
    /// Decided: every participant commits, however often it must be told.
    Committing,
    /// Everything is committed.
    Committed,
    /// Every participant rolls back, however often it must be told.
    Aborting,
    /// Everything is rolled back.
    RolledBack,
    /// It was to roll back, and participants committed by themselves. Kept until it is forgotten.
    HeuristicCommitted,
    /// It was to commit, and participants rolled back by themselves. Kept until it is forgotten.
    HeuristicRolledBack,
    /// Some committed, some rolled back. Kept until it is forgotten.
    HeuristicMixed,
    /// Of at least one participant nobody knows what it did. Kept until it is forgotten.
    HeuristicHazard,
    /// The journal failed while the decision was being forced. The next start reads what it says.
    InDoubt,
}

impl State {
    /// All states, in the order of a life.
    pub const ALL: [Self; 13] = [
        Self::Active,
        Self::RollbackOnly,
        Self::Preparing,
        Self::Deciding,
        Self::Committing,
        Self::Committed,
        Self::Aborting,
        Self::RolledBack,
        Self::HeuristicCommitted,
        Self::HeuristicRolledBack,
        Self::HeuristicMixed,
        Self::HeuristicHazard,
        Self::InDoubt,
    ];

    /// The word of the wire and the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::RollbackOnly => "rollback_only",
            Self::Preparing => "preparing",
            Self::Deciding => "deciding",
            Self::Committing => "committing",
            Self::Committed => "committed",
            Self::Aborting => "aborting",
            Self::RolledBack => "rolled_back",
            Self::HeuristicCommitted => "heuristic_committed",
            Self::HeuristicRolledBack => "heuristic_rolled_back",
            Self::HeuristicMixed => "heuristic_mixed",
            Self::HeuristicHazard => "heuristic_hazard",
            Self::InDoubt => "in_doubt",
        }
    }

    /// Whether nothing is left to do. A heuristic one is still kept until it is forgotten.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Committed | Self::RolledBack) || self.is_heuristic()
    }

    /// Whether participants decided by themselves, and not as it was decided.
    pub fn is_heuristic(self) -> bool {
        matches!(
            self,
            Self::HeuristicCommitted
                | Self::HeuristicRolledBack
                | Self::HeuristicMixed
                | Self::HeuristicHazard
        )
    }

    /// Whether neither a caller nor a deadline can change the outcome any more.
    pub(crate) fn is_decided(self) -> bool {
        match self {
            Self::Active | Self::RollbackOnly | Self::Preparing | Self::Deciding => false,
            Self::Committing
            | Self::Committed
            | Self::Aborting
            | Self::RolledBack
            | Self::HeuristicCommitted
            | Self::HeuristicRolledBack
            | Self::HeuristicMixed
            | Self::HeuristicHazard
            | Self::InDoubt => true,
        }
    }
}

impl From<Heuristic> for State {
    fn from(heuristic: Heuristic) -> Self {
        match heuristic {
            Heuristic::Committed => Self::HeuristicCommitted,
            Heuristic::RolledBack => Self::HeuristicRolledBack,
            Heuristic::Mixed => Self::HeuristicMixed,
            Heuristic::Hazard => Self::HeuristicHazard,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
