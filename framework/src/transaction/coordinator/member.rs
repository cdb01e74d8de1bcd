use crate::transaction::Heuristic;

/// A participant of one transaction, by its place in the order of enlistment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Party(pub(super) usize);

impl Party {
    /// Its place, from 0.
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// Whether a participant can prepare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// It can.
    Prepares,
    /// It cannot: it commits once all others have prepared, and its outcome is the decision.
    LastResource,
}

/// One participant, as far as the coordinator knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Member {
    pub(super) kind: Kind,
    pub(super) progress: Progress,
    /// Of the commit or abort under way. Grows only, so that an answer to an earlier one is known as such.
    pub(super) attempt: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Progress {
    /// Enlisted, not asked for anything yet.
    Active,
    /// Its vote is outstanding.
    Asked,
    Prepared,
    /// Has changed nothing and is out of it.
    ReadOnly,
    /// Commits in one phase.
    Deciding,
    Committing,
    Aborting,
    /// Committed in one phase or not, nobody knows. Told to abort what may be left open.
    Releasing,
    /// What it did in the end, told or by itself.
    Ended(Heuristic),
}

impl Member {
    pub(super) fn new(kind: Kind, progress: Progress) -> Self {
        Self {
            kind,
            progress,
            attempt: 0,
        }
    }

    /// Whether it has been told the outcome and has not carried it out yet.
    pub(super) fn is_told(&self) -> bool {
        matches!(
            self.progress,
            Progress::Committing | Progress::Aborting | Progress::Releasing
        )
    }

    /// What it did, as far as that cannot get better any more.
    pub(super) fn done(&self) -> Option<Heuristic> {
        match self.progress {
            Progress::Ended(what) => Some(what),
            Progress::Releasing => Some(Heuristic::Hazard),
            Progress::Active
            | Progress::Asked
            | Progress::Prepared
            | Progress::ReadOnly
            | Progress::Deciding
            | Progress::Committing
            | Progress::Aborting => None,
        }
    }
}

/// The local store of the host, which commits inside the record of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Local {
    /// Takes no part, or has changed nothing.
    Absent,
    Active,
    Asked,
    Prepared,
    /// Has done as was decided.
    Ended,
}
