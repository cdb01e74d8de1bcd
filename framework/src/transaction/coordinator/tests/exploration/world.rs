//! The coordinator among everything that can happen to it.

use super::super::*;
use super::broken::Broken;
use super::site::{Answer, Branch, Request, Sender, Site};
use super::steps::Step;
use crate::transaction::{Phase, TransactionId};

/// What must never be, in words.
pub(super) type Violation = &'static str;

const ID: TransactionId = TransactionId { run: 1, number: 1 };

/// One transaction and its surroundings, at one moment.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) host: Host,
    pub(super) sites: Vec<Site>,
    /// The local store, and its vote.
    pub(super) local: Option<Option<Ballot>>,
    /// Lines of the journal that are durable, and lines that a crash may lose from the back.
    pub(super) disk: Vec<Line>,
    pub(super) tail: Vec<Line>,
    /// What the caller was told.
    pub(super) told: Option<Outcome>,
    /// An outcome was heuristic, and is kept.
    pub(super) reported: bool,
    /// The documented hazard of a last resource has happened.
    pub(super) hazard: bool,
    /// The host has crashed.
    pub(super) crashed: bool,
    /// Faults that may still happen.
    pub(super) faults: u8,
    pub(super) broken: Broken,
}

#[derive(Debug, Clone)]
pub(super) enum Host {
    Down,
    /// With a transaction, or with nothing left to do.
    Up(Option<Running>),
}

#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) coordinator: Coordinator,
    /// The site of each party.
    pub(super) sites: Vec<usize>,
    /// Whether the record of the decision is being forced.
    pub(super) recording: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Entry(Entry<usize>),
    End,
}

impl World {
    pub(super) fn new(local: bool, kinds: &[Kind], faults: u8, broken: Broken) -> Self {
        Self {
            host: Host::Up(Some(Running {
                coordinator: enlisted(local, kinds),
                sites: (0..kinds.len()).collect(),
                recording: false,
            })),
            sites: kinds.iter().copied().map(Site::new).collect(),
            local: local.then_some(None),
            disk: Vec::new(),
            tail: Vec::new(),
            told: None,
            reported: false,
            hazard: false,
            crashed: false,
            faults,
            broken,
        }
    }

    /// The host has no transaction at work.
    pub(super) fn is_idle(&self) -> bool {
        match &self.host {
            Host::Down => false,
            Host::Up(None) => true,
            Host::Up(Some(running)) => running.coordinator.state().is_ended(),
        }
    }

    /// A branch that came to be after the host had crashed and asked for what was left. It asks again.
    pub(super) fn has_unheard_of(&self) -> bool {
        self.crashed
            && self.sites.iter().enumerate().any(|(index, site)| {
                let known = match &self.host {
                    Host::Up(Some(running)) => running.sites.contains(&index),
                    Host::Up(None) | Host::Down => false,
                };
                site.branch == Branch::Prepared || (site.branch == Branch::Alone && !known)
            })
    }

    /// What the journal says, durable or not.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.disk.iter().chain(&self.tail)
    }

    /// Whether a decision to commit is durable, or was.
    pub(super) fn is_decided(&self) -> bool {
        self.disk.iter().any(Line::commits)
    }

    pub(super) fn take(&mut self, step: Step, is_fault: bool) -> Result<(), Violation> {
        self.faults -= u8::from(is_fault);
        match step {
            Step::Tell(event) => return self.tell(event),
            Step::Serve(index, request, way, once) => self.sites[index].serve(request, way, once),
            Step::Hear(index, answer, once) => {
                if once {
                    self.lose_answer(index, answer);
                }
                return self.hear(index, answer);
            }
            Step::LoseRequest(index, request) => {
                let lost = (request, Sender::Waits);
                self.sites[index].requests.retain(|known| *known != lost);
            }
            Step::LoseAnswer(index, answer) => self.lose_answer(index, answer),
            Step::Crash(kept) => self.crash(kept),
            Step::Recover => return self.recover(),
            Step::Bounce(index) => self.sites[index].lose_unprepared(),
            Step::Disconnect(index) => {
                self.sites[index].requests.clear();
                self.sites[index].lose_unprepared();
            }
            Step::DecideAlone(index, what) => {
                self.sites[index].branch = Branch::Alone;
                self.sites[index].effect = Some(what);
            }
        }
        Ok(())
    }

    fn lose_answer(&mut self, index: usize, answer: Answer) {
        self.sites[index].answers.retain(|known| *known != answer);
    }

    fn hear(&mut self, index: usize, answer: Answer) -> Result<(), Violation> {
        let Host::Up(Some(running)) = &self.host else {
            return Ok(());
        };
        let Some(party) = running.sites.iter().position(|site| *site == index) else {
            return Ok(());
        };
        self.tell(match answer {
            Answer::Voted(ballot) => voted(party, ballot),
            Answer::Committed(attempt, end) => committed(party, attempt, end),
            Answer::Aborted(attempt, end) => aborted(party, attempt, end),
        })
    }

    fn tell(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Recorded(Recorded::Durable) => self.disk.append(&mut self.tail),
            Event::Recorded(Recorded::Failed) => self.tail.clear(),
            Event::LocalVoted(ballot) => self.local = Some(Some(ballot)),
            _ => {}
        }
        let Host::Up(Some(running)) = &mut self.host else {
            return Err("nobody is there to be told");
        };
        running.recording &= !matches!(event, Event::Recorded(_));
        let mut actions = Vec::new();
        let told = running
            .coordinator
            .step(self.broken.hears(event), &mut actions);
        told.map_err(|_| "an event of the driver was refused")?;
        self.perform(actions)
    }

    fn perform(&mut self, actions: Vec<Action>) -> Result<(), Violation> {
        let broken = self.broken;
        for action in broken.does(actions, self) {
            self.perform_one(action)?;
        }
        if let Host::Up(Some(running)) = &self.host {
            self.reported |= running.coordinator.state().is_heuristic();
        }
        match broken.believes(self) {
            Some(event) => self.tell(event),
            None => Ok(()),
        }
    }

    fn perform_one(&mut self, action: Action) -> Result<(), Violation> {
        let decided = self.is_decided();
        let maybe_decided = self.lines().any(Line::commits);
        let Host::Up(Some(running)) = &mut self.host else {
            return Err("nobody is there to act");
        };
        let site = |party: Party| running.sites[party.index()];
        match action {
            Action::Prepare { party } => self.sites[site(party)].send(Request::Prepare),
            Action::Commit {
                party,
                phase: Phase::One,
                ..
            } => self.sites[site(party)].send(Request::CommitOne),
            Action::Commit { .. } if !decided => {
                return Err("a commit was sent before its decision was durable");
            }
            Action::Commit { party, attempt, .. } => {
                self.sites[site(party)].send(Request::Commit(attempt));
            }
            Action::Abort { .. } if maybe_decided => {
                return Err("an abort was sent, and a decision to commit may be durable");
            }
            Action::Abort { party, attempt } => {
                self.sites[site(party)].send(Request::Abort(attempt));
            }
            Action::Record => {
                self.tail.push(Line::Entry(running.entry()));
                running.recording = true;
            }
            Action::Keep { .. } => {
                self.tail.push(Line::Entry(running.entry()));
                self.disk.append(&mut self.tail);
            }
            Action::End => self.tail.push(Line::End),
            Action::PublishLocal if !decided => {
                return Err("local writes were shown before their record was durable");
            }
            Action::Answer(outcome) if self.told.is_some_and(|told| told != outcome) => {
                return Err("the caller was told two different things");
            }
            Action::Answer(outcome) => self.told = Some(outcome),
            Action::PrepareLocal | Action::PublishLocal | Action::DiscardLocal => {}
            Action::Forget { .. } => return Err("a participant was made to forget by nobody"),
        }
        Ok(())
    }

    fn crash(&mut self, kept: usize) {
        self.disk.extend(self.tail.drain(..kept));
        self.tail.clear();
        self.host = Host::Down;
        self.crashed = true;
        let decided = self.is_decided();
        for site in &mut self.sites {
            let mut requests = site.requests.iter();
            let commits = requests.any(|(request, _)| *request == Request::CommitOne)
                || site.effect == Some(Heuristic::Committed);
            self.hazard |= site.kind == Kind::LastResource && commits && !decided;
            site.host_crashed();
        }
    }

    fn recover(&mut self) -> Result<(), Violation> {
        let mut recovery = Recovery::new();
        for line in self
            .lines()
            .filter(|_| !self.broken.recovers_without_journal())
        {
            match line {
                Line::Entry(entry) => recovery.entry(ID, entry.clone()),
                Line::End => recovery.end(ID),
            }
        }
        for (index, site) in self.sites.iter().enumerate() {
            if matches!(site.branch, Branch::Prepared | Branch::Alone) {
                recovery.branch(ID, index);
            }
        }
        let mut resumed = recovery.resume();
        let (first, second) = (resumed.next(), resumed.next());
        self.host = Host::Up(None);
        match (first, second) {
            (None, _) => Ok(()),
            (Some(_), Some(_)) => Err("a branch is not named in the decision"),
            (Some(resumed), None) => {
                self.host = Host::Up(Some(Running {
                    coordinator: resumed.coordinator,
                    sites: resumed.parties,
                    recording: false,
                }));
                self.perform(resumed.actions)
            }
        }
    }
}

impl Line {
    fn commits(&self) -> bool {
        matches!(self, Self::Entry(entry) if entry.decision == Decision::Commit)
    }
}

impl Running {
    fn entry(&self) -> Entry<usize> {
        let entry = self.coordinator.entry();
        let name = |(party, what): (Party, _)| (self.sites[party.index()], what);
        Entry {
            decision: entry.decision,
            local: entry.local,
            parties: entry.parties.into_iter().map(name).collect(),
        }
    }
}
