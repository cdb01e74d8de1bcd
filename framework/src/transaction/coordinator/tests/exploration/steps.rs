//! Everything that can happen next.

use super::super::*;
use super::site::{Answer, Branch, Request, Sender, Site, Way};
use super::world::{Host, Running, Violation, World};

/// One thing that happens, to the site of that index. What is delivered twice is delivered, but not `once`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Tell(Event),
    Serve(usize, (Request, Sender), Way, bool),
    Hear(usize, Answer, bool),
    LoseRequest(usize, Request),
    LoseAnswer(usize, Answer),
    /// The host stops. Of the lines that were not forced, so many are on the disk nevertheless.
    Crash(usize),
    /// The host starts, or asks the participants once more for what it does not know.
    Recover,
    /// A participant restarts: what was not prepared is lost.
    Bounce(usize),
    DecideAlone(usize, Heuristic),
    /// The connection of a host that has crashed ends, and with it what was on its way.
    Disconnect(usize),
}

/// A step, and whether it is a fault.
pub(super) type Possible = (Step, bool);

impl World {
    /// Everything that can happen next, as long as there are faults left.
    pub(super) fn steps(&self) -> Result<Vec<Possible>, Violation> {
        let mut steps = Vec::new();
        match &self.host {
            Host::Down => steps.push((Step::Recover, false)),
            Host::Up(_) if self.is_idle() && self.has_unheard_of() => {
                steps.push((Step::Recover, false));
            }
            Host::Up(_) => {}
        }
        if let Host::Up(Some(running)) = &self.host {
            self.steps_of_host(running, &mut steps);
        }
        for (index, site) in self.sites.iter().enumerate() {
            steps_of_messages(index, site, &mut steps)?;
            steps_of_site(index, site, &mut steps);
        }
        steps.retain(|(_, is_fault)| self.faults > 0 || !is_fault);
        Ok(steps)
    }

    fn steps_of_host(&self, running: &Running, steps: &mut Vec<Possible>) {
        let state = running.coordinator.state();
        if state == State::Active {
            steps.push((Step::Tell(Event::Commit), false));
        }
        if !state.is_decided() {
            steps.push((Step::Tell(Event::Expire), true));
        }
        if running.coordinator.local == Local::Asked {
            let ballots = [Ballot::Prepared, Ballot::ReadOnly, Ballot::No];
            steps.extend(ballots.map(|ballot| (Step::Tell(Event::LocalVoted(ballot)), false)));
        }
        if running.recording {
            steps.push((Step::Tell(DURABLE), false));
            steps.push((Step::Tell(Event::Recorded(Recorded::Failed)), true));
            steps.push((Step::Tell(Event::Recorded(Recorded::Unknown)), true));
        }
        for (party, site) in running.sites.iter().enumerate() {
            let member = running.coordinator.members[party];
            steps.extend(give_up(Party(party), member, &self.sites[*site]));
        }
        // Only a restart can tell what an operator waits for.
        let is_fault = state != State::InDoubt;
        steps.extend((0..=self.tail.len()).map(|kept| (Step::Crash(kept), is_fault)));
    }
}

fn steps_of_messages(
    index: usize,
    site: &Site,
    steps: &mut Vec<Possible>,
) -> Result<(), Violation> {
    for request in site.requests.iter().copied() {
        for way in site.ways(request.0)? {
            steps.push((Step::Serve(index, request, way, true), way.is_fault));
            if !way.is_fault {
                steps.push((Step::Serve(index, request, way, false), true));
            }
        }
        match request.1 {
            Sender::Waits => steps.push((Step::LoseRequest(index, request.0), true)),
            Sender::Crashed if site.branch == Branch::Active => {
                steps.push((Step::Disconnect(index), false));
            }
            // That it never arrives is what happens if nothing more happens.
            Sender::Crashed => {}
        }
    }
    for answer in site.answers.iter().copied() {
        steps.push((Step::Hear(index, answer, true), false));
        steps.push((Step::Hear(index, answer, false), true));
        steps.push((Step::LoseAnswer(index, answer), true));
    }
    Ok(())
}

fn steps_of_site(index: usize, site: &Site, steps: &mut Vec<Possible>) {
    match site.branch {
        Branch::Active => steps.push((Step::Bounce(index), true)),
        Branch::Prepared => {
            let own = [Heuristic::Committed, Heuristic::RolledBack];
            steps.extend(own.map(|what| (Step::DecideAlone(index, what), true)));
        }
        Branch::Gone | Branch::Alone => {}
    }
}

/// The driver stops waiting for a call. Once nothing is on its way that is no fault; before, what is
/// on its way comes late.
fn give_up(party: Party, member: Member, site: &Site) -> Option<Possible> {
    let attempt = member.attempt;
    let (call, event) = match member.progress {
        Progress::Asked => (Request::Prepare, voted(party.0, Ballot::No)),
        Progress::Deciding => (Request::CommitOne, committed(party.0, 0, End::Unknown)),
        Progress::Committing => {
            let event = committed(party.0, attempt, End::Failed);
            (Request::Commit(attempt), event)
        }
        Progress::Aborting | Progress::Releasing => {
            let event = aborted(party.0, attempt, End::Failed);
            (Request::Abort(attempt), event)
        }
        Progress::Active | Progress::Prepared | Progress::ReadOnly | Progress::Ended(_) => {
            return None;
        }
    };
    let answers = |answer: &Answer| match (call, *answer) {
        (Request::Prepare, Answer::Voted(_)) | (Request::CommitOne, Answer::Committed(..)) => true,
        (Request::Commit(_), Answer::Committed(to, _)) => to == attempt,
        (Request::Abort(_), Answer::Aborted(to, _)) => to == attempt,
        _ => false,
    };
    let sent = site.requests.contains(&(call, Sender::Waits));
    let is_fault = sent || site.answers.iter().any(answers);
    Some((Step::Tell(event), is_fault))
}
