use std::collections::BTreeMap;

use super::{Action, Cause, Coordinator, Kind, Local, Member, Party, Progress, State};
use crate::transaction::{Heuristic, TransactionId};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Decision {
    /// All commit.
    Commit,
    /// All roll back. Recorded only together with a heuristic outcome.
    Abort,
}

impl Decision {
    pub(super) fn heuristic(self) -> Heuristic {
        match self {
            Self::Commit => Heuristic::Committed,
            Self::Abort => Heuristic::RolledBack,
        }
    }
}

/// What the journal says of a transaction. `P` names a participant: a [`Party`] within a coordinator,
/// and what outlives the host in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Entry<P> {
    /// What was decided.
    pub(crate) decision: Decision,
    /// Whether the local store takes part.
    pub(crate) local: bool,
    /// Who takes part besides, and what it did if that is known. Who voted read-only is not in here.
    pub(crate) parties: Vec<(P, Option<Heuristic>)>,
}

impl<P: PartialEq> Entry<P> {
    /// The entry that no journal holds: presumed abort, of nobody yet.
    fn abort() -> Self {
        Self {
            decision: Decision::Abort,
            local: false,
            parties: Vec::new(),
        }
    }

    /// All have done as was decided: nothing is left to do and nothing to keep.
    fn is_settled(&self) -> bool {
        let decided = self.decision.heuristic();
        self.parties.iter().all(|(_, what)| *what == Some(decided))
    }

    fn names(&self, party: &P) -> bool {
        self.parties.iter().any(|(name, _)| name == party)
    }
}

/// What a restart has to bring to an end: built from the journal and from what participants say.
///
/// Feed every entry and end of the journal in its order, then every branch that a participant names
/// as prepared or as decided by itself, then [`resume`](Self::resume). While the host runs it serves for
/// branches that come to light later; the entries are then those of the transactions that it keeps, and
/// branches of transactions at work are left out.
#[derive(Debug)]
pub(crate) struct Recovery<P> {
    open: BTreeMap<TransactionId, Entry<P>>,
    /// Branches without an entry, or that a decision to commit does not name: nothing that anybody waits for.
    presumed: BTreeMap<TransactionId, Entry<P>>,
}

/// A transaction that goes on.
#[derive(Debug)]
pub(crate) struct Resumed<P> {
    /// Which.
    pub(crate) transaction: TransactionId,
    /// The name of each party, by its index.
    pub(crate) parties: Vec<P>,
    /// It is committing, aborting or heuristic.
    pub(crate) coordinator: Coordinator,
    /// What to do first. Leave out what concerns a participant that is not linked any more: it is
    /// [waited for](Coordinator::waiting) until it is linked again or an operator says what it did.
    pub(crate) actions: Vec<Action>,
}

impl<P: PartialEq> Recovery<P> {
    /// An empty journal.
    pub(crate) fn new() -> Self {
        Self {
            open: BTreeMap::new(),
            presumed: BTreeMap::new(),
        }
    }

    /// An entry of the journal. One of the local store alone has no end of its own and is not held.
    pub(crate) fn entry(&mut self, transaction: TransactionId, entry: Entry<P>) {
        if entry.is_settled() {
            self.open.remove(&transaction);
        } else {
            self.open.insert(transaction, entry);
        }
    }

    /// The end of a transaction in the journal.
    pub(crate) fn end(&mut self, transaction: TransactionId) {
        self.open.remove(&transaction);
    }

    /// A branch that a participant names. Where no decision to commit names the participant, its abort is presumed.
    pub(crate) fn branch(&mut self, transaction: TransactionId, party: P) {
        let entry = match self.open.get_mut(&transaction) {
            Some(entry) if entry.names(&party) => return,
            Some(entry) if entry.decision == Decision::Abort => entry,
            Some(_) | None => self
                .presumed
                .entry(transaction)
                .or_insert_with(Entry::abort),
        };
        if !entry.names(&party) {
            entry.parties.push((party, None));
        }
    }

    /// Everything that is not at its end, with what to do about it.
    pub(crate) fn resume(self) -> impl Iterator<Item = Resumed<P>> {
        let all = self.open.into_iter().chain(self.presumed);
        all.map(|(transaction, entry)| {
            let mut actions = Vec::new();
            let coordinator = Coordinator::recovered(&entry, &mut actions);
            Resumed {
                transaction,
                parties: entry.parties.into_iter().map(|(name, _)| name).collect(),
                coordinator,
                actions,
            }
        })
    }
}

impl Coordinator {
    /// A transaction that a restart, or a vote that nobody waits for any more, has left.
    pub(crate) fn recovered<P>(entry: &Entry<P>, actions: &mut Vec<Action>) -> Self {
        let (state, told, cause) = match entry.decision {
            Decision::Commit => (State::Committing, Progress::Committing, None),
            Decision::Abort => (State::Aborting, Progress::Aborting, Some(Cause::Crash)),
        };
        let progress = |what: Option<Heuristic>| what.map_or(told, Progress::Ended);
        let mut recovered = Self {
            state,
            local: if entry.local {
                Local::Ended
            } else {
                Local::Absent
            },
            members: entry
                .parties
                .iter()
                .map(|(_, what)| Member::new(Kind::Prepares, progress(*what)))
                .collect(),
            cause,
            logged: entry.decision == Decision::Commit
                || entry.parties.iter().any(|(_, what)| what.is_some()),
            answered: true,
        };
        for index in 0..recovered.members.len() {
            if recovered.members[index].is_told() {
                actions.push(recovered.tell(Party(index)));
            }
        }
        recovered.settle(actions);
        recovered
    }
}
