use std::path::Path;
use std::time::Duration;

use weldkit::CallError;

use super::Bed;
use super::disk::Zeros;
use crate::options::Options;
use crate::{Bound, Claim, Outcome, Reading, clock};

const ALONE: &str = "durable local transaction, 1 client";
const TOGETHER: &str = "durable local transaction, 64 clients";

/// Clients that commit at the same time.
const CLIENTS: usize = 64;

/// Transactions of each client in a round of [`TOGETHER`].
const EACH: usize = 16;

/// Pairs of one round: the middle one of them is the round's.
const PAIRS: usize = 25;

/// One way of making a small write durable.
pub(crate) struct Way<'a> {
    pub(crate) name: &'static str,
    pub(crate) once: Box<dyn FnMut() + 'a>,
}

/// What waits for a disk, in a folder that is gone afterwards.
pub(super) fn outcomes(folder: &Path, options: &Options) -> Vec<Outcome> {
    let rounds = rounds(options);
    let mut outcomes = Vec::new();
    let folder = || tempfile::tempdir_in(folder).expect("the folder of the bench can be written");
    if options.wants(ALONE) {
        outcomes.extend(one_client(folder().path(), rounds));
    }
    if options.wants(TOGETHER) {
        outcomes.extend(many_clients(folder().path(), rounds));
    }
    outcomes
}

/// What waits for a disk takes longer than what does not.
pub(super) fn rounds(options: &Options) -> usize {
    (options.rounds / 10).max(3)
}

/// What the journal has done so far: records, bytes, forced writes.
fn journal(bed: &Bed) -> [u64; 3] {
    let stats = bed.host.transactions().journal().expect("it is durable");
    [stats.records(), stats.bytes(), stats.forced()]
}

async fn commit(bed: &Bed, key: &str) -> Result<(), CallError> {
    let run = bed
        .host
        .transaction()
        .run(async |ctx| bed.map.put(&ctx, key.as_bytes(), small()).await);
    run.await
}

/// What is written.
pub(super) fn small() -> Vec<u8> {
    vec![b'7'; 32]
}

const FORCE: &str = "write and fdatasync, file of zeros";
const COMMIT: &str = "one put, committed";

fn one_client(folder: &Path, rounds: usize) -> Vec<Outcome> {
    let bed = Bed::durable(&folder.join("state"));
    let bytes = record_bytes(&bed);
    let mut zeros = Zeros::create(folder).expect("there is room for a file");
    let record = vec![7; bytes];
    let before = journal(&bed);
    let commits = std::cell::Cell::new(0_u32);
    let mut ways = vec![
        Way {
            name: FORCE,
            once: Box::new(move || zeros.force(&record).expect("the disk takes it")),
        },
        Way {
            name: COMMIT,
            once: Box::new(|| {
                commits.set(commits.get() + 1);
                let done = bed.runtime.block_on(commit(&bed, "account/17"));
                done.expect("the disk takes it");
            }),
        },
    ];
    #[cfg(feature = "peers")]
    ways.extend(super::peers::ways(folder));
    let readings = in_turn(&mut ways, rounds);
    drop(ways);
    let after = journal(&bed);
    let per = |which: usize| (after[which] - before[which]) as f64 / f64::from(commits.get());
    let outcomes = vec![
        Outcome {
            title: ALONE.to_owned(),
            unit: "us",
            readings,
            claims: vec![Claim::new(COMMIT, Bound::MedianAtMostTimes(1.2), FORCE)],
        },
        exact(ALONE, "forced writes per commit", "writes", per(2), 1.0),
        exact(ALONE, "journal bytes per commit", "bytes", per(1), 256.0),
    ];
    stop(&bed);
    outcomes
}

/// The ways take turns one by one; a round's reading is the middle one of its times.
pub(super) fn in_turn(ways: &mut [Way<'_>], rounds: usize) -> Vec<Reading> {
    let mut readings: Vec<Vec<f64>> = ways.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        let mut times: Vec<Vec<f64>> = ways.iter().map(|_| Vec::new()).collect();
        for _ in 0..PAIRS {
            for (way, times) in ways.iter_mut().zip(&mut times) {
                times.push(micros(clock::time(&mut way.once)));
            }
        }
        for (times, readings) in times.into_iter().zip(&mut readings) {
            readings.extend(Reading::of("", times).map(|round| round.median));
        }
    }
    let named = ways.iter().zip(readings);
    named
        .filter_map(|(way, rounds)| Reading::of(way.name, rounds))
        .collect()
}

const GROUP: &str = "64 records, one fdatasync; each";
const CLIENT: &str = "64 clients, one put each; each";

fn many_clients(folder: &Path, rounds: usize) -> Vec<Outcome> {
    let bed = Bed::durable(&folder.join("state"));
    let bytes = record_bytes(&bed);
    let mut zeros = Zeros::create(folder).expect("there is room for a file");
    let group = vec![7; bytes * CLIENTS];
    let keys: Vec<String> = (0..CLIENTS)
        .map(|client| format!("account/{client}"))
        .collect();
    let (mut floor, mut ours) = (Vec::new(), Vec::new());
    let before = journal(&bed);
    for _ in 0..rounds {
        let took = clock::time(|| {
            for _ in 0..EACH {
                zeros.force(&group).expect("the disk takes it");
            }
        });
        floor.push(micros(took) / (CLIENTS * EACH) as f64);
        let took = clock::time(|| bed.runtime.block_on(all(&bed, &keys)));
        ours.push(micros(took) / (CLIENTS * EACH) as f64);
    }
    let after = journal(&bed);
    let forced = (after[2] - before[2]) as f64 / (rounds * CLIENTS * EACH) as f64;
    let outcomes = vec![
        Outcome {
            title: TOGETHER.to_owned(),
            unit: "us",
            readings: [Reading::of(GROUP, floor), Reading::of(CLIENT, ours)]
                .into_iter()
                .flatten()
                .collect(),
            // A throughput of at least half of it.
            claims: vec![Claim::new(CLIENT, Bound::AtMostTimes(2.0), GROUP)],
        },
        exact(
            TOGETHER,
            "forced writes per commit",
            "writes",
            forced,
            1.0 / 16.0,
        ),
    ];
    stop(&bed);
    outcomes
}

/// Every client commits one transaction after the other.
async fn all(bed: &Bed, keys: &[String]) {
    let clients = keys.iter().map(|key| async move {
        for _ in 0..EACH {
            commit(bed, key).await.expect("the disk takes it");
        }
    });
    futures_util::future::join_all(clients).await;
}

/// The bytes of one commit in the journal.
fn record_bytes(bed: &Bed) -> usize {
    let before = journal(bed);
    let done = bed.runtime.block_on(commit(bed, "account/17"));
    done.expect("the disk takes it");
    usize::try_from(journal(bed)[1] - before[1]).expect("a few bytes")
}

fn exact(title: &str, what: &str, unit: &'static str, value: f64, most: f64) -> Outcome {
    Outcome {
        title: format!("{title}: {what}"),
        unit,
        readings: vec![Reading::exact(what, value)],
        claims: vec![Claim::alone(what, most)],
    }
}

pub(super) fn stop(bed: &Bed) {
    let stopped = bed.runtime.block_on(bed.host.stop());
    stopped.expect("nothing is under way");
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
