//! Counting and timing calls, and the meters that authors fill themselves.
//!
//! What the gate records costs two plain stores a call: every thread writes a lane of its own
//! (`lanes.rs`). Reading adds the lanes up.
//!
//! ```text
//! lanes, meters, layers ── Source ──> Snapshot ──> JSON, Prometheus, OpenMetrics
//! ```

mod distribution;
mod histogram;
mod known;
mod labelled;
mod labels;
mod lanes;
mod meter;
mod names;
mod operations;
mod since;
mod snapshot;
mod source;
mod tally;
mod text;

#[cfg(test)]
mod interleaving;

mod primitives {
    pub(super) use std::sync::atomic::AtomicU64;
}

pub use distribution::Distribution;
pub use histogram::Histogram;
pub(crate) use known::HOST;
pub use labelled::Labelled;
pub use labels::Labels;
pub use lanes::MethodCounts;
pub(crate) use lanes::{Began, Lanes, Outcome, Plain};
pub use meter::{Counter, Gauge, Measure, Meter, Metric};
pub(crate) use meter::{Told, prefix};
pub use operations::Operations;
pub use snapshot::{FORMAT, Family, Kind, MethodMetrics, PluginMetrics, Series, Snapshot, Value};
pub(crate) use source::{Source, Sources};
pub use text::TextFormat;
