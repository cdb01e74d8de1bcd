//! Every run of one transaction with up to three participants and so many faults.
//!
//! A fault is a crash of the host, a restart of a participant, a message that is lost, repeated or
//! late, a call that fails, an append that fails, a participant that decides by itself, or a deadline
//! that passes. They come at every moment, messages in every order, votes in every combination, and a
//! crash leaves any part of what was not forced. The search is our own and not a model checker's: it
//! needs no dependency, and finds what must always hold, runs that cannot end and runs that go round
//! in circles in one walk.

mod broken;
mod judge;
mod key;
mod site;
mod steps;
mod world;

use std::collections::BTreeSet;

use broken::Broken;
use steps::Step;
use world::{Host, Violation, World};

use super::*;

/// The local store, participants and faults.
type Setting = (bool, &'static [Kind], u8);

const P: Kind = Kind::Prepares;
const LAST: Kind = Kind::LastResource;

/// A local store that votes read-only is as none, so that one is left out only where it makes room for a fault.
const SETTINGS: &[Setting] = &[
    (true, &[], 3),
    (true, &[P], 3),
    (true, &[LAST], 3),
    (true, &[P, P], 2),
    (true, &[P, LAST], 3),
    (true, &[P, P, P], 1),
    (false, &[P, P, P], 2),
    (true, &[P, P, LAST], 1),
    (false, &[P, P, LAST], 2),
];

#[allow(
    clippy::disallowed_types,
    reason = "asked and never iterated; a tree takes the walk half as long again"
)]
type Seen = std::collections::HashSet<u64>;

/// A walk through all worlds, each visited once.
#[derive(Default)]
struct Search {
    seen: Seen,
    /// The run that leads to the present world.
    run: Vec<(u64, Step)>,
    states: BTreeSet<State>,
    steps: usize,
    ends: usize,
}

impl Search {
    fn visit(&mut self, world: &World) -> Result<(), Violation> {
        let key = key::key(world);
        if !self.seen.insert(key) {
            let in_circles = self.run.iter().any(|(known, _)| *known == key);
            return match in_circles {
                true => Err("a run goes round in circles"),
                false => Ok(()),
            };
        }
        if let Host::Up(Some(running)) = &world.host {
            self.states.insert(running.coordinator.state());
        }
        let end = judge::judge(world);
        let is_end = end.is_some();
        end.unwrap_or(Ok(()))?;
        self.ends += usize::from(is_end);
        let steps = world.steps()?;
        if !is_end && steps.iter().all(|(_, is_fault)| *is_fault) {
            return Err("a run cannot end");
        }
        for (step, is_fault) in steps {
            self.steps += 1;
            self.run.push((key, step));
            let mut next = world.clone();
            next.take(step, is_fault)?;
            self.visit(&next)?;
            self.run.pop();
        }
        Ok(())
    }
}

/// Walks through everything; a violation comes with the run that leads to it.
fn explore((local, kinds, faults): Setting, broken: Broken) -> Result<Search, (Violation, String)> {
    let mut search = Search::default();
    match search.visit(&World::new(local, kinds, faults, broken)) {
        Ok(()) => Ok(search),
        Err(violation) => {
            let run = search.run.iter();
            let lines: Vec<String> = run.map(|(_, step)| format!("{step:?}")).collect();
            Err((violation, lines.join("\n")))
        }
    }
}

fn hold(settings: &[Setting]) -> BTreeSet<State> {
    let mut states = BTreeSet::new();
    for setting in settings {
        match explore(*setting, Broken::Not) {
            Ok(search) => {
                let (seen, steps, ends) = (search.seen.len(), search.steps, search.ends);
                println!("{setting:?}: {seen} worlds, {steps} steps, {ends} ends");
                states.extend(search.states);
            }
            Err((violation, run)) => panic!("{setting:?}: {violation}\n{run}"),
        }
    }
    states
}

#[test]
fn every_run_ends_and_all_or_nothing_is_committed() {
    let states = hold(SETTINGS);
    let missed = State::ALL
        .into_iter()
        .filter(|state| !states.contains(state));
    // A caller's own wish to roll back is in the tables.
    assert_eq!(missed.collect::<Vec<_>>(), [State::RollbackOnly]);
}

#[test]
fn no_commit_is_sent_before_its_decision_is_durable() {
    hold(&[(true, &[P, P], 1), (true, &[P, LAST], 2)]);
    for setting in [
        (true, &[P][..], 0),
        (false, &[P, P], 0),
        (false, &[P, LAST], 0),
    ] {
        let found = explore(setting, Broken::CommitsBeforeTheRecord).err();
        let violation = found.map(|(violation, _)| violation);
        let expected = "a commit was sent before its decision was durable";
        assert_eq!(violation, Some(expected), "{setting:?}");
    }
}

/// The walk finds what it is made to find: each mistake, with as few faults as it needs.
#[test]
fn a_coordinator_with_a_mistake_is_found() {
    let table: &[(Broken, Setting, Violation)] = &[
        (
            Broken::PublishesBeforeTheRecord,
            (true, &[], 0),
            "local writes were shown before their record was durable",
        ),
        (
            Broken::AnswersBeforeTheRecord,
            (true, &[], 1),
            "the caller was told two different things",
        ),
        (
            Broken::AbortsAnUnknownRecord,
            (false, &[P, P], 1),
            "an abort was sent, and a decision to commit may be durable",
        ),
        (
            Broken::ForgetsToAbortOne,
            (false, &[P, P], 0),
            "a run cannot end",
        ),
        (
            Broken::DoesNotRetry,
            (false, &[P, P], 1),
            "a run cannot end",
        ),
        (
            Broken::EndsTooEarly,
            (false, &[P, P], 1),
            "an abort was sent, and a decision to commit may be durable",
        ),
        (
            Broken::HidesHeuristics,
            (false, &[P, P], 1),
            "some committed and some rolled back, and nobody was told",
        ),
        (
            Broken::RecoversWithoutJournal,
            (false, &[P, P], 1),
            "an abort was sent, and a decision to commit may be durable",
        ),
    ];
    for (broken, setting, expected) in table {
        match explore(*setting, *broken) {
            Ok(search) => panic!("{broken:?} was not found in {} worlds", search.seen.len()),
            Err((violation, run)) => assert_eq!(violation, *expected, "{broken:?}\n{run}"),
        }
    }
}
