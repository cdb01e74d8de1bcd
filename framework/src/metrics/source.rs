//! Who has something to tell, and the moment at which all are asked.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::snapshot::{FORMAT, Snapshot};
use crate::clock::Clock;

/// A part of a host that counts: it adds what it has to a snapshot. It is asked when somebody reads, never when it counts.
pub(crate) trait Source: Send + Sync {
    /// Adds what it has counted.
    fn tell(&self, into: &mut Snapshot);
}

/// Everyone who counts in one host. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sources(Arc<Inner>);

struct Inner {
    clock: Clock,
    began: Instant,
    all: Mutex<Vec<Arc<dyn Source>>>,
}

impl Sources {
    pub(crate) fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner {
            began: clock.now(),
            clock,
            all: Mutex::default(),
        }))
    }

    #[cfg(feature = "monitoring")]
    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Adds one that is asked from now on, after those before it.
    pub(crate) fn add(&self, source: impl Source + 'static) {
        let mut all = self.0.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::new(source));
    }

    /// Asks everyone. Nobody who counts waits for it.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let all = self
            .0
            .all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let up = self.0.clock.now().saturating_duration_since(self.0.began);
        let up = u64::try_from(up.as_millis()).unwrap_or(u64::MAX);
        let mut snapshot = Snapshot {
            format: FORMAT,
            taken_ms: self.0.clock.unix_ms(),
            uptime_ms: up,
            span_ms: up,
            ..Snapshot::default()
        };
        for source in all {
            source.tell(&mut snapshot);
        }
        snapshot
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sources")
    }
}
