use super::bed::Bed;
use crate::{Bound, Claim, Outcome, Reading, clock};

pub(super) const TITLE: &str = "a loop of 10 to 100,000 steps, each step";

const LENGTHS: [u64; 5] = [10, 100, 1_000, 10_000, 100_000];

/// What a step costs in a short and in a long loop: a loop that slows down would show.
pub(super) fn outcome(rounds: usize) -> Outcome {
    let bed = Bed::start(None);
    let mut readings = vec![Vec::new(); LENGTHS.len()];
    for round in 0..rounds {
        for (length, readings) in LENGTHS.into_iter().zip(&mut readings) {
            // The longest takes as long as all others together, many times over.
            if length < LENGTHS[LENGTHS.len() - 1] || round < 3 {
                let took = clock::time(|| bed.runtime.block_on(bed.run(length, false)));
                readings.push(took.as_secs_f64() * 1e9 / length as f64);
            }
        }
    }
    let name = |length: u64| format!("{length} steps");
    let named = LENGTHS.into_iter().zip(readings);
    Outcome {
        title: TITLE.to_owned(),
        unit: "ns",
        readings: named
            .filter_map(|(length, rounds)| Reading::of(name(length), rounds))
            .collect(),
        claims: vec![Claim::new(
            name(100_000),
            Bound::AtMostTimes(1.5),
            name(1_000),
        )],
    }
}
