//! A step of a workflow: what comes in, and what it gives.

use weldkit::Json;

use crate::{Operation, Statistics};

/// What comes into a step.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct StepInput {
    /// The items, of any JSON type.
    pub data: Vec<Json>,
}

/// How a step is processed.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepConfig {
    /// How many items are worked on between two reports of progress; the provider's own setting unless given.
    #[serde(default)]
    #[garde(range(min = 1, max = 10_000))]
    pub batch_size: Option<u32>,
    /// What to do with the items, in this order.
    #[serde(default)]
    pub operations: Vec<Operation>,
}

/// What a step gives.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutput {
    /// What came out.
    pub processed_data: Vec<Json>,
    /// What the provider has done since it started, this step included.
    pub statistics: Statistics,
    /// What is known of the step itself.
    pub metadata: StepMetadata,
}

/// What is known of a step.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepMetadata {
    /// How long it took, in milliseconds.
    pub processing_time: f64,
    /// How many items went in.
    pub items_processed: u64,
}
