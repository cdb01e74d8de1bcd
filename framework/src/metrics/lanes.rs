//! Counters with one writer each.
//!
//! Every thread has a number; every method has a lane for each. A thread adds to its own lane with
//! a plain load and store, which no other thread writes, so nothing is lost and nothing is shared.
//! Threads beyond twice the machine's cores (and [`limit::LANES`]) share one lane and pay an atomic addition.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::Serialize;

use super::distribution::Distribution;
use super::histogram::Buckets;
use super::tally::{Tally, bump, read};
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

/// Gives the thread its number. One that is ending has none any more and shares a lane.
fn assign() -> usize {
    OWNED
        .try_with(|owned| owned.0)
        .inspect(|number| CURRENT.set(*number))
        .unwrap_or(NONE)
}

/// When a timed call began; most calls are not.
pub(crate) type Began = Option<NonZeroU64>;

#[derive(Debug, Default)]
#[repr(align(128))]
struct Lane {
    calls: Tally,
    /// The value of `started` at which the next call is timed.
    next_timed: AtomicU64,
    /// Of the timed calls: what they took together, the longest, and the last.
    took_ns: AtomicU64,
    longest_ns: AtomicU64,
    last_ns: AtomicU64,
    /// At the JSON door alone: what came in and went out.
    input_bytes: AtomicU64,
    output_bytes: AtomicU64,
}

impl Lane {
    /// When a call began that is the `started`th, if it is one to time.
    #[inline]
    fn began(&self, started: u64) -> Began {
        if started >= self.next_timed.load(Relaxed) {
            Some(self.time(started))
        } else {
            None
        }
    }

    #[cold]
    fn time(&self, started: u64) -> NonZeroU64 {
        let gap = if started < limit::TIMED_CALLS {
            1
        } else if self.last_ns.load(Relaxed) < limit::SHORT_NS {
            clock::jittered(limit::TIMED_GAP_SHORT)
        } else {
            clock::jittered(limit::TIMED_GAP)
        };
        self.next_timed.store(started + gap, Relaxed);
        clock::nanos()
    }

    /// Adds what a timed call took. Of a lane that is shared, the atomic way.
    fn took(&self, nanos: u64, shared: bool) {
        self.last_ns.store(nanos, Relaxed);
        if shared {
            self.took_ns.fetch_add(nanos, Relaxed);
            self.longest_ns.fetch_max(nanos, Relaxed);
        } else {
            let took = self.took_ns.load(Relaxed).wrapping_add(nanos);
            self.took_ns.store(took, Relaxed);
            if nanos > self.longest_ns.load(Relaxed) {
                self.longest_ns.store(nanos, Relaxed);
            }
        }
    }
}

/// The counters of one method of one instance.
pub(crate) struct Lanes {
    lanes: Box<[Lane]>,
    shared: Lane,
    /// What happens rarely is counted where it is cheap to read.
    failures: Mutex<BTreeMap<String, u64>>,
    blocked: AtomicU64,
    /// Apart from the rest, since all threads write it. What only one writes stands in its lane.
    latency_ns: OnceLock<Box<Buckets>>,
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
    /// Bytes of the arguments of JSON calls.
    pub input_bytes: u64,
    /// Bytes of their results.
    pub output_bytes: u64,
    /// Latency of the timed calls, in nanoseconds.
    pub latency_ns: Distribution,
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
    /// Counts a call that begins like most: not timed, on a thread with counters of its own.
    /// Counts nothing where it is another; that one is for [`start`](Lanes::start).
    #[inline]
    pub(crate) fn start_plain(&self) -> Option<Plain<'_>> {
        let own = self.lanes.get(CURRENT.get())?;
        let started = own.calls.started.load(Relaxed) + 1;
        if started >= own.next_timed.load(Relaxed) {
            return None;
        }
        own.calls.started.store(started, Relaxed);
        Some(Plain(own))
    }

    /// Counts a call that begins. The ticket is good for as long as the call stays on its thread.
    pub(crate) fn start(&self) -> Ticket<'_> {
        let own = self.own();
        let began = match own {
            Some(own) => own.began(bump(&own.calls.started)),
            None => self
                .shared
                .began(self.shared.calls.started.fetch_add(1, Relaxed) + 1),
        };
        Ticket { own, began }
    }

    fn own(&self) -> Option<&Lane> {
        self.lanes
            .get(CURRENT.get())
            .or_else(|| self.lanes.get(assign()))
    }

    /// Counts the end of a call that may have left its thread.
    pub(crate) fn finish(&self, began: Began, outcome: Outcome<'_>) {
        let own = self.own();
        Ticket { own, began }.finish(self, outcome);
    }

    /// Notes how long a timed call took.
    #[cold]
    fn took(&self, own: Option<&Lane>, nanos: u64) {
        self.latency_ns.get_or_init(Box::default).count(nanos);
        own.unwrap_or(&self.shared).took(nanos, own.is_none());
    }

    /// Notes why a call failed; its end is counted apart.
    #[cold]
    pub(crate) fn failed(&self, code: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let known = failures.contains_key(code) || failures.len() < limit::ERROR_CODES;
        *failures
            .entry(if known { code } else { "other" }.to_owned())
            .or_default() += 1;
    }

    fn all(&self) -> impl Iterator<Item = &Lane> + Clone {
        self.lanes.iter().chain([&self.shared])
    }

    fn sum(&self, counter: impl Fn(&Lane) -> &AtomicU64) -> u64 {
        self.all().map(|lane| counter(lane).load(Relaxed)).sum()
    }

    /// Calls that have begun and not ended, as far as this thread can see.
    pub(crate) fn in_flight(&self) -> u64 {
        let finished = self.sum(|lane| &lane.calls.finished);
        let started = self.sum(|lane| &lane.calls.started);
        started.saturating_sub(finished)
    }

    /// Notes the size of a JSON call.
    pub(crate) fn passed(&self, input: usize, output: usize) {
        let own = self.own();
        let lane = own.unwrap_or(&self.shared);
        for (counter, bytes) in [(&lane.input_bytes, input), (&lane.output_bytes, output)] {
            if own.is_some() {
                counter.store(counter.load(Relaxed).wrapping_add(bytes as u64), Relaxed);
            } else {
                counter.fetch_add(bytes as u64, Relaxed);
            }
        }
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
        let (started, finished) = read(failed.values().sum(), self.all().map(|lane| &lane.calls));
        MethodCounts {
            started,
            finished,
            failed,
            blocked: self.blocked.load(Relaxed),
            input_bytes: self.sum(|lane| &lane.input_bytes),
            output_bytes: self.sum(|lane| &lane.output_bytes),
            latency_ns: self
                .latency_ns
                .get()
                .map_or_else(Distribution::default, |buckets| {
                    let longest = self.all().map(|lane| lane.longest_ns.load(Relaxed));
                    buckets.read(self.sum(|lane| &lane.took_ns), longest.fold(0, u64::max))
                }),
        }
    }
}

/// A call that has begun, on the thread where it did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket<'a> {
    /// Nothing where the thread shares a lane.
    own: Option<&'a Lane>,
    /// When the call began, if it is timed.
    pub(crate) began: Began,
}

impl Ticket<'_> {
    /// Counts the end of a call that has stayed on its thread.
    pub(crate) fn finish(self, lanes: &Lanes, outcome: Outcome<'_>) {
        match self.own {
            Some(own) => drop(bump(&own.calls.finished)),
            None => drop(lanes.shared.calls.finished.fetch_add(1, Relaxed)),
        }
        if let Some(began) = self.began {
            lanes.took(self.own, clock::nanos().get().saturating_sub(began.get()));
        }
        if let Outcome::Failed(code) = outcome {
            lanes.failed(code);
        }
    }
}

/// The ticket of a call like most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain<'a>(&'a Lane);

impl Plain<'_> {
    /// Counts the end of a call that has stayed on its thread. Why it failed is for [`Lanes::failed`].
    #[inline]
    pub(crate) fn finish(self) {
        bump(&self.0.calls.finished);
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
                        let outcome = if failed {
                            Outcome::Failed("timeout")
                        } else {
                            Outcome::Ok
                        };
                        lanes.start().finish(lanes, outcome);
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

    /// Many calls, each as if it had taken so many nanoseconds.
    fn calls(lanes: &Lanes, count: u64, nanos: u64) {
        for _ in 0..count {
            let ticket = lanes.start();
            if ticket.began.is_some() {
                lanes.took(ticket.own, nanos);
            }
        }
    }

    #[test]
    fn every_call_is_timed_until_a_thousand_then_one_in_so_many() {
        for (nanos, gap) in [
            (limit::SHORT_NS - 1, limit::TIMED_GAP_SHORT),
            (limit::SHORT_NS, limit::TIMED_GAP),
        ] {
            let lanes = Lanes::default();
            calls(&lanes, limit::TIMED_CALLS, nanos);
            assert_eq!(lanes.counts().latency_ns.count, limit::TIMED_CALLS);
            calls(&lanes, 1_000 * gap, nanos);
            let latency = lanes.counts().latency_ns;
            let sampled = latency.count - limit::TIMED_CALLS;
            assert!((700..1_300).contains(&sampled), "{sampled} of {nanos} ns");
            assert_eq!((latency.mean, latency.max), (nanos as f64, nanos));
        }
    }
}
