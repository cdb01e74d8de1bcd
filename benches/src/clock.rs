//! The one place where time is read.

use std::time::{Duration, Instant};

/// The current instant.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring is what this crate is for"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// How long `work` takes.
pub fn time(work: impl FnOnce()) -> Duration {
    let began = now();
    work();
    began.elapsed()
}
