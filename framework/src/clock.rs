//! Time, randomness and tasks: the only file of the core that reads them.
//!
//! Everything else is handed a [`Clock`], so that a test can hold time still.

use std::cell::Cell;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU64;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use crate::limit;

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's monotonic clock.
    #[default]
    System,
    /// A clock that stands still until a test moves it.
    Manual(ManualClock),
}

impl Clock {
    /// The current instant.
    pub fn now(&self) -> Instant {
        match self {
            Clock::System => now(),
            Clock::Manual(clock) => clock.now(),
        }
    }

    /// The time of day in whole milliseconds since 1970.
    pub(crate) fn unix_ms(&self) -> u64 {
        u64::try_from(self.since_epoch().as_millis()).unwrap_or(u64::MAX)
    }

    /// The time since 1970-01-01T00:00:00Z. A manual clock begins at 2000-01-01T00:00:00Z.
    pub(crate) fn since_epoch(&self) -> Duration {
        match self {
            Clock::System => since_epoch(),
            Clock::Manual(clock) => MANUAL_EPOCH + *clock.elapsed.borrow(),
        }
    }

    /// Completes when `instant` has come.
    pub(crate) fn sleep_until(&self, instant: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match self {
            Clock::System => Box::pin(tokio::time::sleep_until(instant.into())),
            Clock::Manual(clock) => {
                let mut elapsed = clock.elapsed.subscribe();
                let wanted = instant.saturating_duration_since(clock.start);
                Box::pin(async move {
                    // An error means that the clock is gone and time stands still for ever.
                    if elapsed
                        .wait_for(|elapsed| *elapsed >= wanted)
                        .await
                        .is_err()
                    {
                        std::future::pending::<()>().await;
                    }
                })
            }
        }
    }
}

/// When a manual clock begins: 2000-01-01T00:00:00Z.
const MANUAL_EPOCH: Duration = Duration::from_secs(946_684_800);

/// A clock for tests: time moves only by [`ManualClock::advance`].
#[derive(Debug, Clone)]
pub struct ManualClock {
    start: Instant,
    elapsed: Arc<watch::Sender<Duration>>,
}

impl Default for ManualClock {
    fn default() -> Self {
        Self {
            start: now(),
            elapsed: Arc::new(watch::Sender::new(Duration::ZERO)),
        }
    }
}

impl ManualClock {
    /// Moves time forward and wakes whoever waited for it.
    pub fn advance(&self, by: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed += by);
    }

    fn now(&self) -> Instant {
        self.start + *self.elapsed.borrow()
    }
}

/// The current instant of the machine.
#[expect(clippy::disallowed_methods, reason = "this file is where time is read")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The machine's time of day; one that is set before 1970 counts as 1970.
#[expect(clippy::disallowed_methods, reason = "this file is where time is read")]
fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

/// Nanoseconds since this was first asked, never zero: an instant in one word.
pub(crate) fn nanos() -> NonZeroU64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let nanos = FIRST.get_or_init(now).elapsed().as_nanos();
    NonZeroU64::new(u64::try_from(nanos).unwrap_or(u64::MAX)).unwrap_or(NonZeroU64::MIN)
}

/// A random word. The source is the seed that the standard library draws for its hash maps.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0_u8)
}

/// Threads that get counters of their own: two for each core, between 8 and [`limit::LANES`].
pub(crate) fn lanes() -> usize {
    static LANES: OnceLock<usize> = OnceLock::new();
    *LANES.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(8, usize::from);
        (2 * cores).clamp(8, limit::LANES)
    })
}

thread_local! {
    static JITTER: Cell<u64> = Cell::new(random() | 1);
}

/// A number from 1 to `2 * mean - 1`, cheap enough for the call path (xorshift, Marsaglia 2003).
pub(crate) fn jittered(mean: u64) -> u64 {
    JITTER.with(|state| {
        let mut x = state.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        state.set(x);
        1 + x % (2 * mean - 1)
    })
}

/// A thread of the host's own, beside the runtime.
#[cfg(feature = "transaction")]
pub(crate) fn thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
}

/// Lets the runtime work for a moment; for the host's own waiting, which is in real time always.
pub(crate) async fn moment() {
    tokio::time::sleep(Duration::from_millis(2)).await;
}

/// Lets time pass, in real time; for doors.
#[cfg(any(feature = "cli", feature = "orchestration"))]
pub(crate) async fn sleep(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// Waits for `future`, at most until `deadline` in real time.
pub(crate) async fn until<T>(deadline: Instant, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at(deadline.into(), future).await.ok()
}
