use super::{
    Action, Ballot, Cause, Coordinator, Decision, Event, Kind, Local, Party, Progress, State,
};
use crate::transaction::{Heuristic, Phase};

/// An event that cannot be in this state: a fault of the driver. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a transaction that is {state} cannot take {event:?}: nothing before can have caused it")]
pub(crate) struct Illegal {
    /// Where the transaction stands.
    pub(crate) state: State,
    /// What was fed.
    pub(crate) event: Event,
}

impl Coordinator {
    /// Takes an event and appends what is to be done. The one way from state to state.
    ///
    /// # Errors
    ///
    /// [`Illegal`] for an event that nothing before can have caused. Answers of participants that come
    /// late or twice are legal: they change nothing, or are met with an abort.
    pub(crate) fn step(&mut self, event: Event, actions: &mut Vec<Action>) -> Result<(), Illegal> {
        let state = self.state;
        let mut legal = true;
        match (state, event) {
            (State::Active, Event::Commit) => self.prepare(actions),
            (State::RollbackOnly, Event::Commit) => self.abort(Cause::RollbackOnly, actions),
            // The answer that is on its way is for everybody who asks.
            (State::Preparing, Event::Commit) => {}
            (State::Deciding, Event::Commit | Event::Abort) => {}
            (State::Active | State::RollbackOnly | State::Preparing, Event::Abort) => {
                self.abort(Cause::Asked, actions);
            }
            (_, Event::Commit | Event::Abort) => self.answer_again(actions),

            (State::Active | State::RollbackOnly, Event::RollbackOnly) => {
                self.state = State::RollbackOnly;
            }
            (State::Preparing, Event::RollbackOnly) => self.abort(Cause::RollbackOnly, actions),
            (_, Event::RollbackOnly) => legal = false,

            (State::Active | State::RollbackOnly | State::Preparing, Event::Expire) => {
                self.abort(Cause::Deadline, actions);
            }
            (_, Event::Expire) => {}

            (_, Event::LocalVoted(ballot)) => legal = self.local_voted(ballot, actions),
            (_, Event::Voted { party, ballot }) => legal = self.voted(party, ballot, actions),
            (_, Event::Recorded(recorded)) => legal = self.recorded(recorded, actions),
            (
                _,
                Event::Committed {
                    party,
                    attempt,
                    end,
                },
            ) => {
                legal = self.committed(party, attempt, end, actions);
            }
            (
                _,
                Event::Aborted {
                    party,
                    attempt,
                    end,
                },
            ) => {
                legal = self.aborted(party, attempt, end, actions);
            }
            (_, Event::Forget) => legal = self.forget(actions),
        }
        if legal {
            Ok(())
        } else {
            Err(Illegal { state, event })
        }
    }

    /// Phase 1: the local store first, then all that can prepare, at the same time.
    fn prepare(&mut self, actions: &mut Vec<Action>) {
        self.state = State::Preparing;
        if self.local == Local::Active {
            self.local = Local::Asked;
            actions.push(Action::PrepareLocal);
        } else {
            self.prepare_members(actions);
        }
    }

    fn local_voted(&mut self, ballot: Ballot, actions: &mut Vec<Action>) -> bool {
        match (self.local, ballot) {
            (Local::Asked, Ballot::Prepared) => self.local = Local::Prepared,
            (Local::Asked, Ballot::ReadOnly) => self.local = Local::Absent,
            (Local::Asked, Ballot::No) => {
                self.abort(Cause::Local, actions);
                return true;
            }
            // It was told to drop everything while it was asked.
            (Local::Ended, _) => return true,
            (Local::Absent | Local::Active | Local::Prepared, _) => return false,
        }
        self.prepare_members(actions);
        true
    }

    fn prepare_members(&mut self, actions: &mut Vec<Action>) {
        let alone = self.members.len() == 1 && self.local == Local::Absent;
        for (index, member) in self.members.iter_mut().enumerate() {
            if member.kind == Kind::Prepares && !alone {
                member.progress = Progress::Asked;
                actions.push(Action::Prepare {
                    party: Party(index),
                });
            }
        }
        self.decide_if_all_voted(actions);
    }

    fn voted(&mut self, party: Party, ballot: Ballot, actions: &mut Vec<Action>) -> bool {
        let aborts = self.decision() == Decision::Abort;
        let Some(member) = self.members.get_mut(party.index()) else {
            return false;
        };
        match (member.progress, ballot) {
            (Progress::Asked, Ballot::Prepared) => member.progress = Progress::Prepared,
            (Progress::Asked, Ballot::ReadOnly) => member.progress = Progress::ReadOnly,
            (Progress::Asked, Ballot::No) => {
                self.abort(Cause::Party(party), actions);
                return true;
            }
            // Too late, and nothing is on its way any more that would undo it.
            (Progress::Ended(Heuristic::RolledBack), Ballot::Prepared) if aborts => {
                member.progress = Progress::Aborting;
                self.state = State::Aborting;
                self.tell_again(party, actions);
                return true;
            }
            (Progress::Active | Progress::Deciding, _) => return false,
            // Said twice, or the outcome is on its way.
            (
                Progress::Prepared
                | Progress::ReadOnly
                | Progress::Committing
                | Progress::Aborting
                | Progress::Releasing
                | Progress::Ended(_),
                _,
            ) => return true,
        }
        self.decide_if_all_voted(actions);
        true
    }

    /// Between the phases: one participant that did not prepare decides by its commit, or the record does.
    fn decide_if_all_voted(&mut self, actions: &mut Vec<Action>) {
        let mut last = None;
        for (index, member) in self.members.iter().enumerate() {
            match member.progress {
                Progress::Asked => return,
                Progress::Active => last = Some(index),
                _ => {}
            }
        }
        self.state = State::Deciding;
        let Some(index) = last else {
            return self.record(actions);
        };
        self.members[index].progress = Progress::Deciding;
        actions.push(Action::Commit {
            party: Party(index),
            phase: Phase::One,
            attempt: 0,
        });
    }
}
