use super::Party;
use crate::transaction::Heuristic;

/// What the driver tells the coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// Somebody asks to commit.
    Commit,
    /// Somebody asks to abort, or has given up.
    Abort,
    /// Something happened after which it can only be rolled back.
    RollbackOnly,
    /// The deadline has passed. Fed before a `Commit` that comes late, and by the timer; harmless after the decision.
    Expire,
    /// The local store's answer to [`Action::PrepareLocal`](super::Action::PrepareLocal).
    LocalVoted(Ballot),
    /// The answer to [`Action::Prepare`](super::Action::Prepare).
    Voted {
        /// Who answers.
        party: Party,
        /// What it says.
        ballot: Ballot,
    },
    /// The answer to [`Action::Record`](super::Action::Record).
    Recorded(Recorded),
    /// The answer to [`Action::Commit`](super::Action::Commit).
    Committed {
        /// Who answers.
        party: Party,
        /// To which attempt.
        attempt: u32,
        /// What became of it.
        end: End,
    },
    /// The answer to [`Action::Abort`](super::Action::Abort).
    Aborted {
        /// Who answers.
        party: Party,
        /// To which attempt.
        attempt: u32,
        /// What became of it.
        end: End,
    },
    /// An operator has seen the heuristic outcome and has no more use for it.
    Forget,
}

/// The answer to a prepare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ballot {
    /// Ready for either outcome.
    Prepared,
    /// Nothing was changed, and the branch has ended.
    ReadOnly,
    /// It cannot, or nobody knows: an error, a panic, a timeout, a lost connection.
    No,
}

/// How the forced append of the decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Recorded {
    /// It is on disk.
    Durable,
    /// It is not there, and no replay will ever read it.
    Failed,
    /// It may be there or not, as after a failed sync. Only the next start can tell.
    Unknown,
}

/// How an attempt to commit or abort ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// Carried out.
    Done,
    /// Not carried out. A commit in one phase has committed nothing; in two phases it is tried again,
    /// so a timeout and a lost connection are this.
    Failed,
    /// Nobody knows: a timeout, a panic or a lost connection of a commit in one phase.
    Unknown,
    /// The participant has decided by itself; also what an operator says of a participant that does not answer.
    Heuristic(Heuristic),
}
