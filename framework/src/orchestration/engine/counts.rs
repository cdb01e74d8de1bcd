//! What runs have come to.

use std::collections::BTreeMap;

use super::{Workflows, lock};
use crate::metrics::{Counter, Family, Kind, Labels, Snapshot, Source};
use crate::orchestration::run::{Note, State, What};

/// How many runs and tasks ended in which way, since the host was started.
#[derive(Debug, Default)]
pub(super) struct Counts {
    started: Counter,
    completed: Counter,
    faulted: Counter,
    cancelled: Counter,
    parked: Counter,
    steps_started: Counter,
    steps_completed: Counter,
    steps_faulted: Counter,
    steps_cancelled: Counter,
    steps_retried: Counter,
}

impl Counts {
    /// A run has come to a state.
    pub(super) fn run(&self, state: &State) {
        let counter = match state {
            State::Running => &self.started,
            State::Completed { .. } => &self.completed,
            State::Faulted { .. } => &self.faulted,
            State::Cancelled { .. } => &self.cancelled,
            State::Parked { .. } => &self.parked,
            State::Paused | State::Compensating => return,
        };
        counter.add(1);
    }

    /// Tasks have begun and ended.
    pub(super) fn steps(&self, notes: &[Note]) {
        for note in notes {
            let counter = match &note.what {
                What::Started => &self.steps_started,
                What::Completed => &self.steps_completed,
                What::Faulted(_) => &self.steps_faulted,
                What::Cancelled => &self.steps_cancelled,
                What::Retried => &self.steps_retried,
            };
            counter.add(1);
        }
    }
}

#[cfg(feature = "monitoring")]
impl Workflows {
    /// The runs that wait for an operator, and the state of each.
    pub(crate) fn parked(&self) -> BTreeMap<String, String> {
        let all = lock(&self.0.live);
        let all = all.values().map(|live| live.status());
        let waiting = all.filter(|status| ["parked", "stuck"].contains(&status.state.as_str()));
        let mut waiting: BTreeMap<String, String> =
            waiting.map(|status| (status.run, status.state)).collect();
        // A durable run that is parked has ended, and is no longer among the live ones.
        let over = lock(&self.0.parked);
        waiting.extend(over.iter().map(|run| (run.clone(), "parked".to_owned())));
        waiting
    }
}

impl Source for Workflows {
    fn tell(&self, into: &mut Snapshot) {
        let counts = &self.0.counts;
        let ended = |name, help, ends: &[(&str, &Counter)]| {
            let mut family = Family::new(Kind::Counter, name, "", help);
            for (outcome, counter) in ends {
                family.add(Labels::new([("outcome", *outcome)]), counter.get());
            }
            family
        };
        into.counter(
            "weldkit_runs_started",
            "Runs that were started",
            counts.started.get(),
        );
        let runs = [
            ("completed", &counts.completed),
            ("faulted", &counts.faulted),
            ("cancelled", &counts.cancelled),
            ("parked", &counts.parked),
        ];
        into.families.push(ended(
            "weldkit_runs_ended",
            "Runs that ended, by outcome",
            &runs,
        ));
        into.counter(
            "weldkit_steps_started",
            "Tasks of runs that began",
            counts.steps_started.get(),
        );
        into.counter(
            "weldkit_steps_retried",
            "Tasks of runs that failed and were tried again",
            counts.steps_retried.get(),
        );
        let steps = [
            ("completed", &counts.steps_completed),
            ("faulted", &counts.steps_faulted),
            ("cancelled", &counts.steps_cancelled),
        ];
        into.families.push(ended(
            "weldkit_steps_ended",
            "Tasks of runs that ended, by outcome",
            &steps,
        ));
        into.families.push(self.held());
    }
}

impl Workflows {
    /// Runs that have not ended, by state.
    fn held(&self) -> Family {
        let mut states: BTreeMap<String, u32> = BTreeMap::new();
        for live in lock(&self.0.live).values() {
            let status = live.status();
            if !status.is_over() {
                *states.entry(status.state).or_default() += 1;
            }
        }
        let mut held = Family::new(
            Kind::Gauge,
            "weldkit_runs_held",
            "",
            "Runs that have not ended, by state",
        );
        for (state, count) in states {
            held.add(Labels::new([("state", state.as_str())]), f64::from(count));
        }
        held
    }
}
