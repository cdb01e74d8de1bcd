use super::Party;
use crate::transaction::Heuristic;

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// It is committed. Participants that do not answer are told until they do.
    Committed,
    /// It is rolled back.
    RolledBack(Cause),
    /// Participants decided by themselves, and not as it was decided.
    Heuristic(Heuristic),
    /// The journal failed while the decision was being forced: the next start will tell.
    InDoubt,
}

/// Why a transaction was rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Cause {
    /// Somebody asked for it.
    Asked,
    /// Something happened before that left nothing else.
    RollbackOnly,
    /// The deadline passed before the decision.
    Deadline,
    /// The local store voted no.
    Local,
    /// A participant voted no, did not answer, or could not commit in one phase.
    Party(Party),
    /// The journal could not take the decision.
    Journal,
    /// The host stopped before the decision was durable.
    Crash,
}

/// What several parties did, taken together. Known damage comes before possible damage.
pub(super) fn together(parties: impl IntoIterator<Item = Heuristic>) -> Option<Heuristic> {
    let (mut committed, mut rolled_back, mut mixed, mut hazard) = (false, false, false, false);
    for what in parties {
        match what {
            Heuristic::Committed => committed = true,
            Heuristic::RolledBack => rolled_back = true,
            Heuristic::Mixed => mixed = true,
            Heuristic::Hazard => hazard = true,
        }
    }
    match (committed, rolled_back) {
        _ if mixed => Some(Heuristic::Mixed),
        (true, true) => Some(Heuristic::Mixed),
        _ if hazard => Some(Heuristic::Hazard),
        (true, false) => Some(Heuristic::Committed),
        (false, true) => Some(Heuristic::RolledBack),
        (false, false) => None,
    }
}
