use std::hint::black_box;
use std::sync::{Arc, LazyLock, RwLock};
use std::time::Duration;

use dashmap::DashMap;
use tokio::runtime::Builder;

use super::Bed;
use super::threads::both;
use crate::{Bound, Case, Claim, Subject};

#[expect(clippy::disallowed_types, reason = "it is what is compared with")]
type Plain = std::collections::HashMap<Box<[u8]>, Arc<[u8]>>;

/// As many as a shop has articles.
const KEYS: u64 = 10_000;

static BED: LazyLock<Bed> = LazyLock::new(Bed::volatile);
static KEY: LazyLock<Vec<Box<[u8]>>> = LazyLock::new(|| {
    let keys = (0..KEYS).map(|key| format!("article/{key}").into_bytes().into());
    keys.collect()
});

const LOCK: &str = "RwLock<HashMap>";
const DASH: &str = "DashMap";
const OURS: &str = "BytesMap, multi-version";

/// Nine reads, then a write, of keys all over the map.
pub(super) fn subject() -> Subject {
    let lock: RwLock<Plain> = RwLock::default();
    let dash: DashMap<Box<[u8]>, Arc<[u8]>> = DashMap::new();
    for key in &*KEY {
        lock.write()
            .expect("no panic")
            .insert(key.clone(), value().into());
        dash.insert(key.clone(), value().into());
        let put = BED.map.put(&BED.ctx, key, value());
        BED.runtime.block_on(put).expect("nobody is in its way");
    }
    let lock_case = Case::timed(LOCK, move |times| {
        in_turn(times, |key, write| match write {
            true => drop(
                lock.write()
                    .expect("no panic")
                    .insert(key.into(), value().into()),
            ),
            false => drop(black_box(lock.read().expect("no panic").get(key).cloned())),
        })
    });
    let dash_case = Case::timed(DASH, move |times| {
        in_turn(times, |key, write| match write {
            true => drop(dash.insert(key.into(), value().into())),
            false => drop(black_box(dash.get(key).map(|found| found.clone()))),
        })
    });
    Subject {
        title: "mvcc map, 90 % reads, 2 threads",
        cases: vec![lock_case, dash_case, Case::timed(OURS, ours)],
        // Throughputs: the time may be so many times that of the peer at most.
        claims: vec![
            Claim::new(OURS, Bound::AtMostTimes(1.0 / 1.3), LOCK),
            Claim::new(OURS, Bound::AtMostTimes(1.0 / 0.6), DASH),
        ],
    }
}

fn value() -> Vec<u8> {
    vec![7; 16]
}

/// Calls `once` with a key and whether to write it, so many times on each of two threads.
fn in_turn(times: u64, once: impl Fn(&[u8], bool) + Sync) -> Duration {
    both(|thread| walk(thread, times).for_each(|(key, write)| once(key, write)))
}

fn ours(times: u64) -> Duration {
    both(|thread| {
        // Nothing of it waits: one poll does each.
        let runtime = Builder::new_current_thread().build();
        runtime
            .expect("it needs no more than memory")
            .block_on(async {
                for (key, write) in walk(thread, times) {
                    if write {
                        let put = BED.map.put(&BED.ctx, key, value());
                        put.await.expect("the other one is waited for");
                    } else {
                        black_box(BED.map.get(&BED.ctx, key).await.ok());
                    }
                }
            });
    })
}

/// Keys in an order that no cache foresees; every tenth is written.
fn walk(thread: u64, times: u64) -> impl Iterator<Item = (&'static [u8], bool)> {
    let mut state = 0x9e37_79b9_7f4a_7c15 + thread;
    (0..times).map(move |step| {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let key = usize::try_from(state % KEYS).expect("few keys");
        (&*KEY[key], step % 10 == 0)
    })
}
