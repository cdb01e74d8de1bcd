//! Calls that began and ended, each counter with one writer. The tests compile this file a second time, against atomics
//! that try every interleaving.

use std::sync::atomic::Ordering::Relaxed;

use super::primitives::AtomicU64;

/// What one thread has counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) started: AtomicU64,
    pub(super) finished: AtomicU64,
}

/// Adds one to a counter that no other thread writes.
#[inline]
pub(super) fn bump(counter: &AtomicU64) -> u64 {
    let next = counter.load(Relaxed) + 1;
    counter.store(next, Relaxed);
    next
}

/// How many began and how many ended, given that so many failed: never more failed than ended, nor ended than began.
///
/// Ends are read before beginnings; what a processor reorders all the same is put right here.
pub(super) fn read<'a>(failed: u64, lanes: impl Iterator<Item = &'a Tally> + Clone) -> (u64, u64) {
    let finished: u64 = lanes.clone().map(|lane| lane.finished.load(Relaxed)).sum();
    let started: u64 = lanes.map(|lane| lane.started.load(Relaxed)).sum();
    let finished = finished.max(failed);
    (started.max(finished), finished)
}
