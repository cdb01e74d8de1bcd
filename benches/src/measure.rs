//! Rounds: every case gets its turn in each, so that whatever disturbs the machine hits them alike.

use std::time::Duration;

use crate::{Case, Outcome, Reading, Subject};

/// Long enough to drown the reading of the clock, short enough to pass between two interruptions.
const WINDOW: Duration = Duration::from_micros(800);

/// The most doublings of a window: a case that says nothing by then is not measured.
const DOUBLINGS: u32 = 24;

/// Measures every case of a subject in `rounds` rounds. A run that says nothing does not count.
pub fn measure(mut subject: Subject, rounds: usize) -> Outcome {
    let times: Vec<u64> = subject.cases.iter_mut().map(calibrate).collect();
    let mut readings: Vec<Vec<f64>> = subject.cases.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for ((case, times), readings) in subject.cases.iter_mut().zip(&times).zip(&mut readings) {
            let took = case.run(*times);
            readings.extend(took.map(|took| nanos(took) / *times as f64));
        }
    }
    let readings = subject.cases.iter().zip(readings);
    Outcome {
        title: subject.title.to_owned(),
        unit: "ns",
        readings: readings
            .filter_map(|(case, rounds)| Reading::of(case.name, rounds))
            .collect(),
        claims: subject.claims,
    }
}

/// How many times fit into one window. Each try counts the better of three, because one that was
/// interrupted would leave the case with next to nothing to measure.
fn calibrate(case: &mut Case) -> u64 {
    for times in (0..DOUBLINGS).map(|doublings| 1 << doublings) {
        let tries = [case.run(times), case.run(times), case.run(times)];
        let took = tries.into_iter().flatten().min();
        if let Some(took) = took.filter(|took| *took >= WINDOW) {
            let share = nanos(WINDOW) / nanos(took);
            return ((times as f64 * share) as u64).max(1);
        }
    }
    1 << DOUBLINGS
}

fn nanos(duration: Duration) -> f64 {
    duration.as_nanos() as f64
}
