//! One participant, and the messages between it and the coordinator.

use Heuristic::{Committed, RolledBack};

use super::super::*;

/// A participant that keeps the contract of the trait: what is prepared survives its crash, the
/// rest does not; what is not there has been carried out.
#[derive(Debug, Clone, Hash)]
pub(super) struct Site {
    pub(super) kind: Kind,
    pub(super) branch: Branch,
    /// What it did in truth. None: nothing yet, or there was nothing to do.
    pub(super) effect: Option<Heuristic>,
    /// On their way to it. One of each at most: a second delivery is a step of its own.
    pub(super) requests: Vec<(Request, Sender)>,
    /// On their way from it.
    pub(super) answers: Vec<Answer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Branch {
    Active,
    Prepared,
    Gone,
    /// It has decided by itself, and remembers until it hears the same.
    Alone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Request {
    Prepare,
    CommitOne,
    Commit(u32),
    Abort(u32),
}

/// Whether somebody still waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Sender {
    Waits,
    Crashed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Voted(Ballot),
    Committed(u32, End),
    Aborted(u32, End),
}

/// One of the ways in which a site may serve a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) answer: Answer,
    pub(super) branch: Branch,
    pub(super) effect: Option<Heuristic>,
    /// Counts against the bound of the run.
    pub(super) is_fault: bool,
}

impl Site {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            branch: Branch::Active,
            effect: None,
            requests: Vec::new(),
            answers: Vec::new(),
        }
    }

    pub(super) fn send(&mut self, request: Request) {
        self.requests.push((request, Sender::Waits));
        self.tidy();
    }

    /// Nobody hears the answers any more. What was sent may still arrive, and if nothing was, an
    /// unprepared branch goes with its connection.
    pub(super) fn host_crashed(&mut self) {
        self.answers.clear();
        for (_, sender) in &mut self.requests {
            *sender = Sender::Crashed;
        }
        self.tidy();
        if self.requests.is_empty() {
            self.lose_unprepared();
        }
    }

    pub(super) fn lose_unprepared(&mut self) {
        if self.branch == Branch::Active {
            self.branch = Branch::Gone;
            self.effect = Some(RolledBack);
        }
    }

    pub(super) fn serve(&mut self, (request, sender): (Request, Sender), way: Way, once: bool) {
        if once {
            self.requests.retain(|known| *known != (request, sender));
        }
        self.branch = way.branch;
        self.effect = way.effect;
        match sender {
            Sender::Waits if self.answers.contains(&way.answer) => {}
            Sender::Waits => self.answers.push(way.answer),
            Sender::Crashed if self.requests.is_empty() => self.lose_unprepared(),
            Sender::Crashed => {}
        }
    }

    fn tidy(&mut self) {
        self.requests.sort_unstable();
        self.requests.dedup();
    }

    /// Ways to serve a request; an error is what must never be asked.
    pub(super) fn ways(&self, request: Request) -> Result<Vec<Way>, &'static str> {
        match (request, self.branch, self.kind) {
            (Request::Prepare, _, Kind::LastResource) => {
                Err("a last resource was asked to prepare")
            }
            (Request::Prepare, ..) => Ok(self.vote()),
            (Request::CommitOne, Branch::Prepared | Branch::Alone, _) => {
                Err("a prepared branch was told to commit in one phase")
            }
            (Request::CommitOne, ..) => Ok(self.commit_one()),
            (Request::Commit(_), Branch::Active, _) => {
                Err("a branch was told to commit that had not prepared")
            }
            (Request::Commit(n), ..) => {
                Ok(self.carry_out(Committed, |end| Answer::Committed(n, end)))
            }
            (Request::Abort(n), ..) => {
                Ok(self.carry_out(RolledBack, |end| Answer::Aborted(n, end)))
            }
        }
    }

    fn vote(&self) -> Vec<Way> {
        match self.branch {
            Branch::Active => vec![
                Way {
                    branch: Branch::Prepared,
                    ..self.say(Answer::Voted(Ballot::Prepared))
                },
                self.end(Answer::Voted(Ballot::ReadOnly), None),
                self.end(Answer::Voted(Ballot::No), Some(RolledBack)),
            ],
            Branch::Prepared => vec![self.say(Answer::Voted(Ballot::Prepared))],
            Branch::Gone | Branch::Alone => vec![self.say(Answer::Voted(Ballot::No))],
        }
    }

    fn commit_one(&self) -> Vec<Way> {
        let unknown = Answer::Committed(0, End::Unknown);
        if self.branch != Branch::Active {
            return vec![self.say(unknown)];
        }
        vec![
            self.end(Answer::Committed(0, End::Done), Some(Committed)),
            fault(self.say(Answer::Committed(0, End::Failed))),
            fault(self.end(unknown, Some(Committed))),
            fault(self.end(unknown, Some(RolledBack))),
        ]
    }

    fn carry_out(&self, told: Heuristic, answer: impl Fn(End) -> Answer) -> Vec<Way> {
        match (self.branch, self.effect) {
            (Branch::Active | Branch::Prepared, _) => vec![
                self.end(answer(End::Done), Some(told)),
                fault(self.say(answer(End::Failed))),
            ],
            (Branch::Alone, Some(own)) if own == told => {
                vec![self.end(answer(End::Heuristic(own)), Some(own))]
            }
            (Branch::Alone, Some(own)) => vec![self.say(answer(End::Heuristic(own)))],
            (Branch::Gone | Branch::Alone, _) => vec![self.say(answer(End::Done))],
        }
    }

    fn say(&self, answer: Answer) -> Way {
        Way {
            answer,
            branch: self.branch,
            effect: self.effect,
            is_fault: false,
        }
    }

    fn end(&self, answer: Answer, effect: Option<Heuristic>) -> Way {
        Way {
            branch: Branch::Gone,
            effect,
            ..self.say(answer)
        }
    }
}

fn fault(way: Way) -> Way {
    Way {
        is_fault: true,
        ..way
    }
}
