//! Two threads at once, on a machine that may be too busy for that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::clock;

/// A run in which one thread stood still says nothing about two at once, and is done again so often at most.
const AGAIN: usize = 20;

/// From the start to the end of a thread's work.
type Span = (Instant, Instant);

/// Each of two threads does `work`, which is told which one it is; the mean of what both took.
pub(super) fn both(work: impl Fn(u64) + Sync) -> Duration {
    let mut spans = at_once(&work);
    for _ in 0..AGAIN {
        if overlap(&spans) > 0.9 {
            break;
        }
        spans = at_once(&work);
    }
    spans
        .iter()
        .map(|(began, ended)| *ended - *began)
        .sum::<Duration>()
        / 2
}

fn at_once(work: &(impl Fn(u64) + Sync)) -> [Span; 2] {
    let waiting = AtomicUsize::new(2);
    let timed = |thread| {
        waiting.fetch_sub(1, Ordering::AcqRel);
        while waiting.load(Ordering::Acquire) > 0 {
            std::hint::spin_loop();
        }
        let began = clock::now();
        work(thread);
        (began, clock::now())
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(|| timed(1));
        [timed(0), second.join().expect("a map does not panic")]
    })
}

/// The share of the whole time in which both were at work.
fn overlap([one, other]: &[Span; 2]) -> f64 {
    let whole = one.1.max(other.1) - one.0.min(other.0);
    let together = one
        .1
        .min(other.1)
        .saturating_duration_since(one.0.max(other.0));
    together.as_secs_f64() / whole.as_secs_f64()
}
