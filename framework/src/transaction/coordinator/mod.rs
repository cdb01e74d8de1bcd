//! The coordinator: two-phase commit as a pure state machine, `(state, event) -> (state, actions)`.
//!
//! It reads no clock, file, socket or random number. A driver performs its actions, in their order,
//! and feeds back what came of them.
//!
//! ```text
//! Active ──Commit──> Preparing ──all can──> Deciding ──durable──> Committing ──all have──> Committed
//!   │  \                 │ one cannot,         │ it is not            │
//!   │   > RollbackOnly   │ deadline, abort     │                      └─ some did otherwise ─┐
//!   └─────────┴──────────┴─────────────────────┴──> Aborting ──all have──> RolledBack        │
//!                                                       └─ some did otherwise ──> Heuristic… <┘
//! ```
//!
//! The rules are those of X/Open XA with presumed abort:
//!
//! - Only the decision to commit is recorded, and it is durable before anybody is told. What a
//!   restart finds prepared without such a record is rolled back ([`Recovery`]).
//! - The local store prepares first, since that is quick and a no costs nobody a round. If one
//!   participant is left and nothing else is prepared, it commits in one phase without a record.
//! - A participant that cannot prepare commits after all others have prepared, and its outcome is the
//!   decision. **If the host stops between that commit and the record, the others are rolled back: the
//!   known hazard of a last resource.** So they are if its outcome is unknown or the record fails,
//!   but then the outcome is heuristic and the caller is told.
//! - Who voted read-only is not told anything more. Everybody else is told to abort, also who voted
//!   no and who has not answered: a vote may be lost on its way. A vote that comes late is answered
//!   with an abort.
//! - What was decided is told until it is carried out. The caller has its answer once each
//!   participant has been tried once.
//!
//! What the driver owes:
//!
//! - Every `PrepareLocal`, `Prepare`, `Record`, `Commit` and `Abort` has one answer; a timeout, a panic
//!   and a lost connection are answers too. Those of participants may come late, twice and in any order.
//! - The calls of one branch are made one at a time: a prepare or an abort waits for the call under
//!   way, and a call that has waited asks [`Coordinator::admit`] again.
//! - [`Event::Expire`] comes before a commit that comes after the deadline.
//! - A transaction has one coordinator. It is dropped once its state [is ended](State::is_ended), a
//!   heuristic one after `Forget`. A vote that comes still later is aborted through [`Recovery`], and
//!   so is what a participant names when it is asked again some time after a start: a prepare of the
//!   host that crashed may arrive late.

mod action;
mod delay;
mod event;
mod member;
mod outcome;
mod phase_two;
mod recovery;
mod state;
#[cfg(test)]
mod tests;
mod transition;

pub(crate) use action::Action;
pub(crate) use delay::delay;
pub(crate) use event::{Ballot, End, Event, Recorded};
pub(crate) use member::{Kind, Party};
use member::{Local, Member, Progress};
pub(crate) use outcome::{Cause, Outcome};
pub(crate) use recovery::{Decision, Entry, Recovery, Resumed};
pub use state::State;

use crate::limit;
use crate::transaction::Heuristic;

/// One transaction's way to its outcome.
///
/// ```text
/// enlist, enlist_local      while Active
/// step(event, actions)      from then on
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Coordinator {
    state: State,
    local: Local,
    /// At most [`limit::PARTICIPANTS`], in the order of enlistment.
    members: Vec<Member>,
    /// Why it is rolled back. None: it commits, or is undecided.
    cause: Option<Cause>,
    /// Whether the journal holds an entry that waits for its end.
    logged: bool,
    /// Whether the caller has its answer.
    answered: bool,
}

/// Why something cannot be done in a transaction any more, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It has gone on.
    #[error(
        "the transaction is {0}: calls, savepoints and further participants need an active one"
    )]
    State(State),
    /// A second participant that cannot prepare.
    #[error(
        "the transaction has a participant that cannot prepare already, and at most one is possible: use another transaction"
    )]
    LastResource {
        /// The first.
        first: Party,
    },
    /// More than [`limit::PARTICIPANTS`].
    #[error(
        "the transaction has {} participants already: use several transactions",
        limit::PARTICIPANTS
    )]
    Full,
}

impl Coordinator {
    /// An active transaction without participants.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Active,
            local: Local::Absent,
            members: Vec::new(),
            cause: None,
            logged: false,
            answered: false,
        }
    }

    /// Whether calls and savepoints are possible. Asked once more by a call that has waited for its turn.
    pub(crate) fn admit(&self) -> Result<(), Refused> {
        match self.state {
            State::Active => Ok(()),
            state => Err(Refused::State(state)),
        }
    }

    /// Takes in a participant before the first call that it gets.
    pub(crate) fn enlist(&mut self, kind: Kind) -> Result<Party, Refused> {
        self.admit()?;
        if self.members.len() >= limit::PARTICIPANTS {
            return Err(Refused::Full);
        }
        let first = self
            .members
            .iter()
            .position(|member| member.kind == Kind::LastResource);
        if let (Kind::LastResource, Some(first)) = (kind, first) {
            let first = Party(first);
            return Err(Refused::LastResource { first });
        }
        self.members.push(Member::new(kind, Progress::Active));
        Ok(Party(self.members.len() - 1))
    }

    /// Takes in the local store; once more does nothing.
    pub(crate) fn enlist_local(&mut self) -> Result<(), Refused> {
        self.admit()?;
        self.local = Local::Active;
        Ok(())
    }

    /// Where the transaction stands.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// What became of it, as soon as that is decided.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self.state {
            State::Active | State::RollbackOnly | State::Preparing | State::Deciding => None,
            State::InDoubt => Some(Outcome::InDoubt),
            State::Committing
            | State::Committed
            | State::Aborting
            | State::RolledBack
            | State::HeuristicCommitted
            | State::HeuristicRolledBack
            | State::HeuristicMixed
            | State::HeuristicHazard => Some(match (self.deviation(), self.cause) {
                (Some(what), _) => Outcome::Heuristic(what),
                (None, Some(cause)) => Outcome::RolledBack(cause),
                (None, None) => Outcome::Committed,
            }),
        }
    }

    /// Participants that have been told the outcome and have not carried it out yet.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Party> {
        self.parties(Member::is_told)
    }

    /// What the journal must say of it at [`Action::Record`] and [`Action::Keep`]; the latest entry holds.
    pub(crate) fn entry(&self) -> Entry<Party> {
        let took_part = self.parties(|member| member.progress != Progress::ReadOnly);
        Entry {
            decision: self.decision(),
            local: self.local != Local::Absent,
            parties: took_part
                .map(|party| (party, self.members[party.index()].done()))
                .collect(),
        }
    }

    fn parties(&self, which: impl Fn(&Member) -> bool) -> impl Iterator<Item = Party> {
        let numbered = self.members.iter().enumerate();
        numbered
            .filter(move |(_, member)| which(member))
            .map(|(index, _)| Party(index))
    }

    fn decision(&self) -> Decision {
        match self.cause {
            None => Decision::Commit,
            Some(_) => Decision::Abort,
        }
    }

    /// What all did together, where it is not what was decided. Who has not answered yet will do as was decided.
    fn deviation(&self) -> Option<Heuristic> {
        let decided = self.decision().heuristic();
        let local = (self.local != Local::Absent).then_some(decided);
        let took_part = |member: &&Member| member.progress != Progress::ReadOnly;
        let members = self.members.iter().filter(took_part);
        let members = members.map(|member| member.done().unwrap_or(decided));
        outcome::together(local.into_iter().chain(members)).filter(|what| *what != decided)
    }
}
