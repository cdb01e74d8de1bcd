//! Counters with one writer each.
//!
//! Every thread has a number; every method has a lane for each. A thread adds to its own lane with
//! a plain load and store, which no other thread writes, so nothing is lost and nothing is shared.
//! Threads beyond twice the machine's cores (and [`limit::LANES`]) share one lane and pay an atomic addition.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use serde::Serialize;

use super::histogram::{Histogram, Percentiles};
use crate::{clock, limit};

/// The number of a thread that has none yet.
const NONE: usize = usize::MAX;

/// Numbers that ended threads gave back. Numbers are of the process, whatever hosts it runs.
static FREE: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static NEXT: AtomicUsize = AtomicUsize::new(0);

struct Number(usize);

impl Drop for Number {
    fn drop(&mut self) {
        FREE.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self.0);
    }
}

thread_local! {
    static CURRENT: Cell<usize> = const { Cell::new(NONE) };
    // Apart from `CURRENT`, because a destructor makes every access dearer.
    static OWNED: Number = Number(FREE.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_else(|| NEXT.fetch_add(1, Relaxed)));
}

#[inline]
fn thread_number() -> usize {
    let number = CURRENT.get();
    if number == NONE { assign() } else { number }
}

#[cold]
fn assign() -> usize {
    // A thread that is ending has no number any more and shares the last lane.
    OWNED
        .try_with(|owned| owned.0)
        .inspect(|number| CURRENT.set(*number))
        .unwrap_or(NONE - 1)
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Lane {
    started: AtomicU64,
    finished: AtomicU64,
    /// The value of `started` at which the next call is timed.
    next_timed: AtomicU64,
}

#[inline]
fn bump(counter: &AtomicU64, alone: bool) -> u64 {
    if alone {
        let next = counter.load(Relaxed) + 1;
        counter.store(next, Relaxed);
        next
    } else {
        counter.fetch_add(1, Relaxed) + 1
    }
}

/// The counters of one method of one instance.
pub(crate) struct Lanes {
    lanes: Box<[Lane]>,
    shared: Lane,
    /// What happens rarely is counted where it is cheap to read.
    failures: Mutex<BTreeMap<String, u64>>,
    blocked: AtomicU64,
    latency_ns: OnceLock<Histogram>,
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts().fmt(f)
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome<'a> {
    Ok,
    Failed(&'a str),
}

/// What one method has done. `failed <= finished <= started` always holds.
#[derive(Debug, Clone, Serialize)]
pub struct MethodCounts {
    /// Calls that began.
    pub started: u64,
    /// Calls that ended, however they did.
    pub finished: u64,
    /// Calls that ended in an error, by code.
    pub failed: BTreeMap<String, u64>,
    /// Times that a handler held a worker for too long.
    pub blocked: u64,
    /// Latency of the timed calls, in nanoseconds.
    pub latency_ns: Percentiles,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            lanes: (0..clock::lanes()).map(|_| Lane::default()).collect(),
            shared: Lane::default(),
            failures: Mutex::default(),
            blocked: AtomicU64::new(0),
            latency_ns: OnceLock::new(),
        }
    }
}

impl Lanes {
    /// Counts a call that begins. The lane is good for as long as the call stays on its thread.
    #[inline]
    pub(crate) fn start(&self) -> Ticket<'_> {
        let (lane, alone) = self.lane();
        let started = bump(&lane.started, alone);
        let timed = if started >= lane.next_timed.load(Relaxed) {
            Some(time(lane, started))
        } else {
            None
        };
        Ticket { lane, alone, timed }
    }

    /// Counts the end of a call that may have left its thread.
    #[inline]
    pub(crate) fn finish(&self, timed: Option<Instant>, outcome: Outcome<'_>) {
        let (lane, alone) = self.lane();
        bump(&lane.finished, alone);
        if timed.is_some() || outcome != Outcome::Ok {
            self.finish_slowly(timed, outcome);
        }
    }

    #[cold]
    fn finish_slowly(&self, timed: Option<Instant>, outcome: Outcome<'_>) {
        if let Some(began) = timed {
            let nanos = u64::try_from(clock::now().saturating_duration_since(began).as_nanos())
                .unwrap_or(u64::MAX);
            self.latency_ns
                .get_or_init(Histogram::default)
                .record(nanos);
        }
        if let Outcome::Failed(code) = outcome {
            self.failed(code);
        }
    }

    #[inline]
    fn lane(&self) -> (&Lane, bool) {
        match self.lanes.get(thread_number()) {
            Some(own) => (own, true),
            None => (&self.shared, false),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().chain([&self.shared])
    }

    /// Calls that have begun and not ended, as far as this thread can see.
    pub(crate) fn in_flight(&self) -> u64 {
        let finished: u64 = self.all().map(|lane| lane.finished.load(Relaxed)).sum();
        let started: u64 = self.all().map(|lane| lane.started.load(Relaxed)).sum();
        started.saturating_sub(finished)
    }

    /// A handler held a worker for too long.
    pub(crate) fn blocked(&self) {
        self.blocked.fetch_add(1, Relaxed);
    }

    /// Reads the counters: failures first, then ends, then beginnings, so that their order holds.
    pub(crate) fn counts(&self) -> MethodCounts {
        let failed = self
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let finished: u64 = self.all().map(|lane| lane.finished.load(Relaxed)).sum();
        let started: u64 = self.all().map(|lane| lane.started.load(Relaxed)).sum();
        let failures: u64 = failed.values().sum();
        let finished = finished.max(failures);
        MethodCounts {
            started: started.max(finished),
            finished,
            failed,
            blocked: self.blocked.load(Relaxed),
            latency_ns: self
                .latency_ns
                .get_or_init(Histogram::default)
                .percentiles(),
        }
    }

    fn failed(&self, code: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let known = failures.contains_key(code) || failures.len() < limit::ERROR_CODES;
        *failures
            .entry(if known { code } else { "other" }.to_owned())
            .or_default() += 1;
    }
}

#[cold]
fn time(lane: &Lane, started: u64) -> Instant {
    let gap = if started < limit::TIMED_CALLS {
        1
    } else {
        clock::jittered(limit::TIMED_GAP)
    };
    lane.next_timed.store(started + gap, Relaxed);
    clock::now()
}

/// A call that has begun, on the thread where it did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket<'a> {
    lane: &'a Lane,
    alone: bool,
    timed: Option<Instant>,
}

impl Ticket<'_> {
    /// Counts the end of a call that has stayed on its thread.
    #[inline]
    pub(crate) fn finish<'a>(self, lanes: &Lanes, failed: impl FnOnce() -> Option<&'a str>) {
        bump(&self.lane.finished, self.alone);
        let code = failed();
        if code.is_some() || self.timed.is_some() {
            lanes.finish_slowly(self.timed, code.map_or(Outcome::Ok, Outcome::Failed));
        }
    }

    /// When the call began, if it is timed: for a call that may leave its thread.
    #[inline]
    pub(crate) fn timed(self) -> Option<Instant> {
        self.timed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_on_many_threads() {
        let lanes = Lanes::default();
        std::thread::scope(|scope| {
            for thread in 0..limit::LANES + 8 {
                let lanes = &lanes;
                scope.spawn(move || {
                    for call in 0..1_000 {
                        let failed = (thread + call) % 10 == 0;
                        lanes.start().finish(lanes, || failed.then_some("timeout"));
                    }
                });
            }
        });
        let counts = lanes.counts();
        let calls = (limit::LANES as u64 + 8) * 1_000;
        assert_eq!(
            (counts.started, counts.finished, counts.failed["timeout"]),
            (calls, calls, calls / 10)
        );
        assert_eq!(lanes.in_flight(), 0);
    }

    #[test]
    fn every_call_is_timed_until_a_thousand_then_one_in_about_64() {
        let lanes = Lanes::default();
        for _ in 0..limit::TIMED_CALLS {
            lanes.start().finish(&lanes, || None);
        }
        assert_eq!(lanes.counts().latency_ns.count, limit::TIMED_CALLS);
        for _ in 0..64_000 {
            lanes.start().finish(&lanes, || None);
        }
        let sampled = lanes.counts().latency_ns.count - limit::TIMED_CALLS;
        assert!((700..1_300).contains(&sampled), "{sampled}");
    }
}
