use std::path::Path;
use std::time::Duration;

use super::bed::Bed;
use crate::transactions::disk::Zeros;
use crate::{Bound, Claim, Outcome, Reading, clock};

pub(super) const TITLE: &str = "durable workflow steps, 64 runs";

/// Runs at the same time.
const RUNS: usize = 64;
/// Steps of each.
const STEPS: u64 = 16;

const GROUP: &str = "64 records, one fdatasync; each";
const STEP: &str = "64 runs; each step";

/// Steps of many runs at once, beside the records that they are made durable by.
pub(super) fn outcomes(folder: &Path, rounds: usize) -> Vec<Outcome> {
    let bed = Bed::start(Some(&folder.join("state")));
    // The first durable run makes the journal.
    bed.runtime.block_on(bed.run(1, true));
    let journal = || bed.host.transactions().journal().expect("it is durable");
    let all = (RUNS as u64 * STEPS) as f64;
    // What a run itself costs is part of its steps, as it is for whoever waits for them.
    let before = (journal().bytes(), journal().forced());
    bed.runtime.block_on(round(&bed));
    let bytes = (journal().bytes() - before.0) as f64 / all;
    let forced = (journal().forced() - before.1) as f64 / all;
    let mut zeros = Zeros::create(folder).expect("there is room for a file");
    let group = vec![7; bytes as usize * RUNS];
    let (mut floor, mut ours) = (Vec::new(), Vec::new());
    #[cfg(feature = "peers")]
    let (mut sqlite, mut peer) = (Vec::new(), crate::transactions::sqlite(folder));
    for _ in 0..rounds {
        let took = clock::time(|| {
            for _ in 0..STEPS {
                zeros.force(&group).expect("the disk takes it");
            }
        });
        floor.push(micros(took) / all);
        let took = clock::time(|| bed.runtime.block_on(round(&bed)));
        ours.push(micros(took) / all);
        #[cfg(feature = "peers")]
        {
            let took = clock::time(|| (0..STEPS).for_each(|_| (peer.once)()));
            sqlite.push(micros(took) / STEPS as f64);
        }
    }
    let stopped = bed.runtime.block_on(bed.host.stop());
    stopped.expect("nothing is under way");
    #[cfg(feature = "peers")]
    let (peer, third) = (
        Reading::of(peer.name, sqlite),
        vec![Claim::new(peer.name, Bound::AtLeastTimes(3.0), STEP)],
    );
    #[cfg(not(feature = "peers"))]
    let (peer, third) = (None, Vec::new());
    let exact = |what: &str, unit, value| Outcome {
        title: format!("{TITLE}: {what}"),
        unit,
        readings: vec![Reading::exact(what, value)],
        claims: Vec::new(),
    };
    vec![
        Outcome {
            title: TITLE.to_owned(),
            unit: "us",
            readings: [Reading::of(GROUP, floor), Reading::of(STEP, ours), peer]
                .into_iter()
                .flatten()
                .collect(),
            // A throughput of at least half of it.
            claims: [Claim::new(STEP, Bound::AtMostTimes(2.0), GROUP)]
                .into_iter()
                .chain(third)
                .collect(),
        },
        exact("journal bytes per step", "bytes", bytes),
        exact("forced writes per step", "writes", forced),
    ]
}

async fn round(bed: &Bed) {
    let runs = (0..RUNS).map(|_| bed.run(STEPS, true));
    futures_util::future::join_all(runs).await;
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
