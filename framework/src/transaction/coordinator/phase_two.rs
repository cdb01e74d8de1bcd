use super::{
    Action, Cause, Coordinator, Decision, End, Local, Member, Party, Progress, Recorded, State,
};
use crate::transaction::{Heuristic, Phase};

/// From the decision to the end: called by [`Coordinator::step`](Coordinator::step) only.
impl Coordinator {
    /// All have voted, and the last resource has committed: what is prepared needs a record.
    pub(super) fn record(&mut self, actions: &mut Vec<Action>) {
        if self.local == Local::Prepared || self.has(Progress::Prepared) {
            actions.push(Action::Record);
        } else {
            self.commit(actions);
        }
    }

    pub(super) fn recorded(&mut self, recorded: Recorded, actions: &mut Vec<Action>) -> bool {
        let asked = self.state == State::Deciding && !self.has(Progress::Deciding);
        if !asked {
            return false;
        }
        match recorded {
            Recorded::Durable => {
                // Without a participant to tell, the record is all that there is to say.
                self.logged = self.has(Progress::Prepared);
                self.commit(actions);
            }
            Recorded::Failed => self.abort(Cause::Journal, actions),
            // Either outcome may be what the next start reads: nobody is told anything.
            Recorded::Unknown => {
                self.state = State::InDoubt;
                self.answered = true;
                self.answer_again(actions);
            }
        }
        true
    }

    fn commit(&mut self, actions: &mut Vec<Action>) {
        self.state = State::Committing;
        if self.local == Local::Prepared {
            self.local = Local::Ended;
            actions.push(Action::PublishLocal);
        }
        for index in 0..self.members.len() {
            if self.members[index].progress == Progress::Prepared {
                self.members[index].progress = Progress::Committing;
                actions.push(self.tell(Party(index)));
            }
        }
        self.settle(actions);
    }

    /// Tells everybody but who voted read-only: the others may be prepared, whatever is known of them.
    pub(super) fn abort(&mut self, cause: Cause, actions: &mut Vec<Action>) {
        self.state = State::Aborting;
        self.cause = Some(cause);
        if self.local != Local::Absent {
            self.local = Local::Ended;
            actions.push(Action::DiscardLocal);
        }
        for index in 0..self.members.len() {
            let party = Party(index);
            match self.members[index].progress {
                Progress::Ended(what) => self.keep(party, what, actions),
                Progress::ReadOnly => {}
                Progress::Active
                | Progress::Asked
                | Progress::Prepared
                | Progress::Deciding
                | Progress::Committing
                | Progress::Aborting => {
                    self.members[index].progress = Progress::Aborting;
                    actions.push(self.tell(party));
                }
                Progress::Releasing => {
                    actions.push(self.tell(party));
                    self.keep(party, Heuristic::Hazard, actions);
                }
            }
        }
        self.settle(actions);
    }

    pub(super) fn committed(
        &mut self,
        party: Party,
        attempt: u32,
        end: End,
        actions: &mut Vec<Action>,
    ) -> bool {
        let Some(member) = self.members.get(party.index()) else {
            return false;
        };
        match member.progress {
            Progress::Deciding => self.decided(party, end, actions),
            Progress::Committing => self.carried_out(party, attempt, end, actions),
            // Said twice.
            Progress::Ended(_) | Progress::Releasing => {}
            Progress::Aborting => return end == End::Failed,
            Progress::Active | Progress::Asked | Progress::Prepared | Progress::ReadOnly => {
                return false;
            }
        }
        true
    }

    pub(super) fn aborted(
        &mut self,
        party: Party,
        attempt: u32,
        end: End,
        actions: &mut Vec<Action>,
    ) -> bool {
        let Some(member) = self.members.get(party.index()) else {
            return false;
        };
        match member.progress {
            Progress::Aborting | Progress::Releasing => {
                self.carried_out(party, attempt, end, actions)
            }
            Progress::Ended(_) => return self.decision() == Decision::Abort,
            Progress::Active
            | Progress::Asked
            | Progress::Prepared
            | Progress::ReadOnly
            | Progress::Deciding
            | Progress::Committing => return false,
        }
        true
    }

    /// The outcome of a commit in one phase is the decision.
    fn decided(&mut self, party: Party, end: End, actions: &mut Vec<Action>) {
        let what = match end {
            End::Done => Heuristic::Committed,
            End::Heuristic(what) => what,
            End::Failed => return self.abort(Cause::Party(party), actions),
            End::Unknown => {
                self.members[party.index()].progress = Progress::Releasing;
                return self.abort(Cause::Party(party), actions);
            }
        };
        self.members[party.index()].progress = Progress::Ended(what);
        match what {
            Heuristic::Committed => self.record(actions),
            // What is not known to be committed must not make others commit.
            Heuristic::RolledBack | Heuristic::Mixed | Heuristic::Hazard => {
                self.abort(Cause::Party(party), actions);
            }
        }
    }

    /// A participant has answered to the outcome. What it did by itself counts whenever it says so.
    fn carried_out(&mut self, party: Party, attempt: u32, end: End, actions: &mut Vec<Action>) {
        let decided = self.decision().heuristic();
        let member = &mut self.members[party.index()];
        let current = attempt == member.attempt;
        match end {
            End::Heuristic(what) => {
                member.progress = Progress::Ended(what);
                self.keep(party, what, actions);
            }
            End::Done if current => {
                let what = member.done().unwrap_or(decided);
                member.progress = Progress::Ended(what);
            }
            End::Failed | End::Unknown if current => self.tell_again(party, actions),
            // Of an attempt that was given up: the current one will be answered too.
            End::Done | End::Failed | End::Unknown => {}
        }
        self.settle(actions);
    }

    /// What was done against the decision is kept until an operator forgets it, here and at the participant.
    fn keep(&mut self, party: Party, what: Heuristic, actions: &mut Vec<Action>) {
        if what != self.decision().heuristic() {
            self.logged = true;
            actions.push(Action::Keep {
                party,
                heuristic: what,
            });
        }
    }

    pub(super) fn forget(&mut self, actions: &mut Vec<Action>) -> bool {
        if !self.state.is_heuristic() {
            return false;
        }
        let decided = self.decision().heuristic();
        for (index, member) in self.members.iter().enumerate() {
            if member.done().is_some_and(|what| what != decided) {
                actions.push(Action::Forget {
                    party: Party(index),
                });
            }
        }
        actions.push(Action::End);
        true
    }

    /// Answers once everybody has been tried, and ends once everybody has carried it out.
    pub(super) fn settle(&mut self, actions: &mut Vec<Action>) {
        let untried = |member: &Member| member.is_told() && member.attempt == 0;
        if !self.answered && !self.members.iter().any(untried) {
            self.answered = true;
            self.answer_again(actions);
        }
        if self.members.iter().any(Member::is_told) {
            return;
        }
        self.state = match (self.deviation(), self.decision()) {
            (Some(what), _) => what.into(),
            (None, Decision::Commit) => State::Committed,
            (None, Decision::Abort) => State::RolledBack,
        };
        if self.logged && !self.state.is_heuristic() {
            actions.push(Action::End);
        }
    }

    /// The same answer to everybody who asks; before the first, everybody gets that one.
    pub(super) fn answer_again(&mut self, actions: &mut Vec<Action>) {
        if let Some(outcome) = self.outcome().filter(|_| self.answered) {
            actions.push(Action::Answer(outcome));
        }
    }

    /// The order to carry out what was decided.
    pub(super) fn tell(&self, party: Party) -> Action {
        let attempt = self.members[party.index()].attempt;
        match self.decision() {
            Decision::Commit => Action::Commit {
                party,
                phase: Phase::Two,
                attempt,
            },
            Decision::Abort => Action::Abort { party, attempt },
        }
    }

    pub(super) fn tell_again(&mut self, party: Party, actions: &mut Vec<Action>) {
        let member = &mut self.members[party.index()];
        member.attempt = member.attempt.saturating_add(1);
        actions.push(self.tell(party));
    }

    fn has(&self, progress: Progress) -> bool {
        self.members
            .iter()
            .any(|member| member.progress == progress)
    }
}
