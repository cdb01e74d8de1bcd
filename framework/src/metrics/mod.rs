//! Counting and timing calls, and the meters that authors fill themselves.
//!
//! What the gate records costs two plain stores a call: every thread writes a lane of its own
//! (`lanes.rs`). Reading adds the lanes up.

mod histogram;
mod lanes;
mod meter;

pub use histogram::{Histogram, Percentiles};
pub use lanes::MethodCounts;
pub(crate) use lanes::{Began, Lanes, Outcome, Plain};
pub use meter::{Counter, Gauge, Meter};
