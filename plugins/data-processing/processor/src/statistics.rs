//! What the provider counts about itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use weldkit::Meter;
use weldkit::metrics::Counter;
use weldkit_data_processing::{Mode, Statistics};

/// Counts calls, items, errors and time, or nothing when monitoring is off.
#[derive(Debug)]
pub(crate) struct Monitor {
    started: Instant,
    counts: Option<Counts>,
}

/// The counts of this instance, and the same in the metrics of the host.
#[derive(Debug)]
struct Counts {
    operations: AtomicU64,
    items: AtomicU64,
    errors: AtomicU64,
    nanos: AtomicU64,
    metered: [Counter; 3],
}

impl Monitor {
    pub(crate) fn new(meter: Option<&Meter>) -> Self {
        let counts = meter.map(|meter| Counts {
            operations: AtomicU64::new(0),
            items: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
            metered: ["operations", "items", "errors"].map(|name| meter.counter(name)),
        });
        Self {
            started: now(),
            counts,
        }
    }

    /// One call begins. It counts as failed unless it is told to have succeeded.
    pub(crate) fn begin(self: &Arc<Self>) -> Operation {
        Operation {
            monitor: Arc::clone(self),
            started: self.counts.is_some().then(now),
            succeeded: None,
        }
    }

    pub(crate) fn statistics(&self, processing_mode: Mode) -> Statistics {
        let read = |count: fn(&Counts) -> &AtomicU64| {
            self.counts
                .as_ref()
                .map_or(0, |counts| count(counts).load(Ordering::Relaxed))
        };
        let total_operations = read(|counts| &counts.operations);
        let error_count = read(|counts| &counts.errors);
        let milliseconds = read(|counts| &counts.nanos) as f64 / 1e6;
        let share = |part: f64, none: f64| {
            if total_operations == 0 {
                none
            } else {
                part / total_operations as f64
            }
        };
        Statistics {
            monitoring: self.counts.is_some(),
            uptime_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            total_operations,
            total_items: read(|counts| &counts.items),
            error_count,
            // Read one after the other while calls end: the errors may be ahead of the calls for a moment.
            success_rate: share(total_operations.saturating_sub(error_count) as f64, 1.0),
            average_response_time: share(milliseconds, 0.0),
            processing_mode,
        }
    }
}

/// One call at work. Whatever ends it, it is counted when it is dropped: an error, a panic, a reader that leaves.
#[derive(Debug)]
pub(crate) struct Operation {
    monitor: Arc<Monitor>,
    started: Option<Instant>,
    succeeded: Option<u64>,
}

impl Operation {
    /// The call has done its work on so many items.
    pub(crate) fn succeed(mut self, items: u64) {
        self.succeeded = Some(items);
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let (Some(counts), Some(started)) = (&self.monitor.counts, self.started) else {
            return;
        };
        let add = |count: &AtomicU64, metered: Option<&Counter>, number: u64| {
            count.fetch_add(number, Ordering::Relaxed);
            if let Some(metered) = metered {
                metered.add(number);
            }
        };
        let [operations, items, errors] = &counts.metered;
        add(&counts.operations, Some(operations), 1);
        add(
            &counts.nanos,
            None,
            u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX),
        );
        match self.succeeded {
            Some(number) => add(&counts.items, Some(items), number),
            None => add(&counts.errors, Some(errors), 1),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "durations are told to people and decide nothing"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
