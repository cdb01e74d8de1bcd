use std::hint::black_box;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use weldkit::{CallError, Ctx};

use super::{Adder, FIXTURE};
use crate::{Bound, Case, Claim, Subject, clock};

/// The floor: what a program does that wires the provider by hand.
pub(super) trait AddNow: Send + Sync {
    fn add_now(&self, a: i64, b: i64) -> Result<i64, CallError>;
}

struct Plain;

impl AddNow for Plain {
    fn add_now(&self, a: i64, b: i64) -> Result<i64, CallError> {
        Ok(a.wrapping_add(b))
    }
}

/// A second implementation, chosen at run time, so that nothing is devirtualised.
struct Offset(i64);

impl AddNow for Offset {
    fn add_now(&self, a: i64, b: i64) -> Result<i64, CallError> {
        Ok(a.wrapping_add(b).wrapping_add(self.0))
    }
}

fn floor() -> &'static dyn AddNow {
    let arguments = i64::try_from(std::env::args().count()).unwrap_or(0);
    if arguments > 100 {
        Box::leak(Box::new(Offset(arguments)))
    } else {
        Box::leak(Box::new(Plain))
    }
}

const FLOOR: &str = "Box<dyn Trait>";
const OURS: &str = "Service<dyn Adder>";
const DEADLINE: &str = "Service<dyn Adder>, deadline set";

pub(super) fn one_thread() -> Subject {
    let floor = floor();
    let (adder, ctx) = (&FIXTURE.adder, &FIXTURE.ctx);
    let hour: &'static Ctx = Box::leak(Box::new(ctx.with_timeout(Duration::from_secs(3_600))));
    Subject {
        title: "typed sync call",
        cases: vec![
            Case::new(FLOOR, move || {
                black_box(floor).add_now(black_box(1), black_box(2))
            }),
            Case::new(OURS, move || {
                black_box(adder).add_now(ctx, black_box(1), black_box(2))
            }),
            Case::new(DEADLINE, move || {
                black_box(adder).add_now(hour, black_box(1), black_box(2))
            }),
        ],
        claims: vec![
            Claim::new(OURS, Bound::AtMostTimes(4.0), FLOOR),
            Claim::new(DEADLINE, Bound::AtMostMore(30.0), OURS),
        ],
    }
}

const ALONE: &str = "1 thread";
const TOGETHER: &str = "2 threads, each call";
const SHARED: &str = "2 threads, one shared atomic";

pub(super) fn two_threads() -> Subject {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let (adder, ctx) = (&FIXTURE.adder, &FIXTURE.ctx);
    let call = move || adder.add_now(ctx, black_box(1), black_box(2));
    Subject {
        title: "typed sync call, 2 threads on one method",
        cases: vec![
            Case::sometimes(ALONE, move |times| on_threads::<1, _>(times, &call)),
            Case::sometimes(TOGETHER, move |times| on_threads::<2, _>(times, &call)),
            Case::sometimes(SHARED, |times| {
                on_threads::<2, _>(times, || COUNTER.fetch_add(1, Ordering::Relaxed))
            }),
        ],
        claims: vec![Claim::new(TOGETHER, Bound::AtMostTimes(1.3), ALONE)],
    }
}

/// Every thread does the thing so many times; the mean of what each took.
///
/// A machine that is busy may run one thread after the other; such a run says nothing about two at
/// once and does not count. One that let them take turns on one core lasts twice as long, so it is
/// never the best.
fn on_threads<const THREADS: usize, T>(
    times: u64,
    once: impl Fn() -> T + Sync,
) -> Option<Duration> {
    let spans = at_once(THREADS, times, &once);
    if overlap(&spans) < TOGETHER_FOR {
        return None;
    }
    let took = spans.iter().map(|(began, ended)| *ended - *began);
    Some(took.sum::<Duration>() / u32::try_from(THREADS).expect("a handful of threads"))
}

/// The least share of a run in which all threads must have been at work.
const TOGETHER_FOR: f64 = 0.95;

/// From the start to the end of a thread's work.
type Span = (Instant, Instant);

fn at_once<T>(threads: usize, times: u64, once: &(impl Fn() -> T + Sync)) -> Vec<Span> {
    let waiting = AtomicUsize::new(threads);
    let work = || {
        // The first call of a thread gives it its counters.
        black_box(once());
        waiting.fetch_sub(1, Ordering::AcqRel);
        while waiting.load(Ordering::Acquire) > 0 {
            std::hint::spin_loop();
        }
        let began = clock::now();
        for _ in 0..times {
            black_box(once());
        }
        (began, clock::now())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let spans = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        spans
            .map(|span| span.expect("a call does not panic"))
            .collect()
    })
}

/// The share of the whole time in which all threads were at work.
fn overlap(spans: &[Span]) -> f64 {
    let (first, last) = (
        spans.iter().map(|(began, _)| *began).min(),
        spans.iter().map(|(_, ended)| *ended).max(),
    );
    let (all_began, one_ended) = (
        spans.iter().map(|(began, _)| *began).max(),
        spans.iter().map(|(_, ended)| *ended).min(),
    );
    match (first, last, all_began, one_ended) {
        (Some(first), Some(last), Some(all_began), Some(one_ended)) => {
            let together = one_ended.saturating_duration_since(all_began);
            together.as_secs_f64() / (last - first).as_secs_f64()
        }
        _ => 0.0,
    }
}
