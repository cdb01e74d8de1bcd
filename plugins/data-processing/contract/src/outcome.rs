//! What the methods give.

use weldkit::Json;

/// What `process_batch` gives.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Processed {
    /// How it ended.
    pub status: Status,
    /// How many items went in.
    pub processed_count: u64,
    /// What came out.
    pub results: Vec<Json>,
}

/// How a call ended. A call that fails gives an error instead.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All items were processed.
    Completed,
}

/// One batch of `process_stream`.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Its number, from 0.
    pub batch: u64,
    /// How many items have gone in so far.
    pub processed_count: u64,
    /// What came out of this batch.
    pub results: Vec<Json>,
    /// Whether it is the last one.
    pub last: bool,
}

/// The rows of one grouping.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The names of the columns: those grouped by, then the aggregates.
    pub columns: Vec<String>,
    /// One object per group, sorted by what is grouped by.
    pub rows: Vec<Json>,
}

/// How sums and quantiles are computed.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Sums rounded at every step; quantiles from a sketch, within 1 % of a value, in constant memory.
    Fast,
    /// Sums rounded once, at the end, whatever the order; exact quantiles, with every value kept.
    Accurate,
    /// Sums as in `accurate`; quantiles exact up to 1,024 values a group, from a sketch beyond.
    #[default]
    Balanced,
}

/// What the provider has done since it started.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Whether figures are kept; without monitoring all of them stay at their start.
    pub monitoring: bool,
    /// Milliseconds since it started.
    pub uptime_ms: u64,
    /// How many calls it has worked on, streams included.
    pub total_operations: u64,
    /// How many items went in.
    pub total_items: u64,
    /// How many of the calls failed.
    pub error_count: u64,
    /// The share of calls that did not fail; 1 before the first.
    pub success_rate: f64,
    /// Mean milliseconds per call; 0 before the first.
    pub average_response_time: f64,
    /// How sums and quantiles are computed.
    pub processing_mode: Mode,
}
