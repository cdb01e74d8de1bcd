use super::{Outcome, Party};
use crate::transaction::{Heuristic, Phase};

/// What the driver does for the coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ask the local store to prepare. Answered by `LocalVoted`.
    PrepareLocal,
    /// Make the local writes visible: they are in the durable record. Cannot fail, is not answered.
    PublishLocal,
    /// Drop the local writes. Cannot fail, is not answered.
    DiscardLocal,
    /// Ask a participant to prepare. Answered by `Voted`.
    Prepare {
        /// Whom to ask.
        party: Party,
    },
    /// Append [`Coordinator::entry`](super::Coordinator::entry) and the local writes as one record and force it: as durable as its
    /// parties are, so with volatile ones only there is nothing to force. Answered by `Recorded`.
    Record,
    /// Tell a participant to commit, after the [`delay`](super::delay) of the attempt. Answered by `Committed`.
    Commit {
        /// Whom to tell.
        party: Party,
        /// [`Phase::One`] where its commit is the decision.
        phase: Phase,
        /// Counts from 0.
        attempt: u32,
    },
    /// Tell a participant to abort, after the [`delay`](super::delay) of the attempt. Answered by `Aborted`.
    Abort {
        /// Whom to tell.
        party: Party,
        /// Counts from 0.
        attempt: u32,
    },
    /// Append [`Coordinator::entry`](super::Coordinator::entry) and force it, so that no restart forgets what a participant did by
    /// itself. Not answered; a failure is logged and told to the operator.
    Keep {
        /// Who did it.
        party: Party,
        /// What it did.
        heuristic: Heuristic,
    },
    /// Let a participant forget what it did by itself and against the decision. Not answered.
    Forget {
        /// Who may forget.
        party: Party,
    },
    /// Append that the journal needs to say nothing more of the transaction. Not forced, not answered.
    End,
    /// Tell everybody who waits, and whoever asks later, what became of it.
    Answer(Outcome),
}
