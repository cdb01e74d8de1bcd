//! The contract of data processing: operations over batches and streams of records.
//!
//! Items are JSON values: records (objects), or plain values such as the numbers of `[1, 2, 3]`. A *field* names what
//! an operation touches in an item: `"Cost Repair"` is a top-level name, `"/address/city"` (with a leading slash) a
//! JSON pointer, and `""` the item itself. Batches are a matter of memory and progress, never of meaning: whatever
//! the batch size, the same items give the same results.
//!
//! Aggregates can be taken in parts: [`DataProcessing::aggregate`] folds items into a [`Partial`], partials merge in
//! any order, and [`DataProcessing::tables`] turns one into rows. A job over ten thousand batches therefore keeps one
//! small value, and a batch that is done needs never be read again.
//!
//! ```
//! use weldkit_data_processing::Operation;
//!
//! let operations: Vec<Operation> = serde_json::from_str(
//!     r#"[
//!         {"op": "cast", "field": "Cost Repair", "to": "integer"},
//!         {"op": "filter", "expr": ".\"Cost Repair\" > 0"},
//!         {"op": "group_by", "by": ["Wildlife Species"], "aggregates": {
//!             "strikes": {"fn": "count"},
//!             "cost": {"fn": "sum", "field": "Cost Repair"}
//!         }},
//!         {"op": "sort", "by": [{"field": "cost", "order": "descending"}]}
//!     ]"#,
//! )?;
//! assert_eq!(operations.len(), 4);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod error;
mod grouping;
mod operation;
mod outcome;
mod step;

pub use error::{Problem, ProcessingError};
pub use grouping::{
    Aggregate, Grouping, Partial, PartialGroup, PartialGrouping, Sketch, State, Total,
};
pub use operation::{Missing, OnError, Operation, Order, SortKey, Type};
pub use outcome::{Batch, Mode, Processed, Statistics, Status, Table};
pub use step::{StepConfig, StepInput, StepMetadata, StepOutput};
use weldkit::{Ctx, Json};

/// Operations over batches and streams of records.
#[weldkit::service(name = "data_processing", version = "2.0")]
pub trait DataProcessing {
    /// Process data in batches.
    ///
    /// Without operations the results are the items as they came. `processed_count` counts items, not batches.
    #[method(read_only, idempotent)]
    async fn process_batch(
        &self,
        ctx: &Ctx,
        /// The items, of any JSON type.
        data: Vec<Json>,
        /// How many items are worked on between two looks at the deadline; the provider's own setting unless given.
        #[serde(default)]
        #[garde(range(min = 1, max = 10_000))]
        batch_size: Option<u32>,
        /// What to do with the items, in this order.
        #[serde(default)]
        operations: Vec<Operation>,
    ) -> Result<Processed, ProcessingError>;

    /// Process the items of a workflow step. After each batch it tells how far it is.
    #[method(read_only, idempotent)]
    async fn execute_workflow_step(
        &self,
        ctx: &Ctx,
        /// What the progress is told of.
        step_id: String,
        /// What comes into the step.
        input_data: StepInput,
        /// How it is processed.
        #[serde(default)]
        #[garde(dive)]
        step_config: StepConfig,
    ) -> Result<StepOutput, ProcessingError>;

    /// Process data as a stream: one result per batch, as soon as it is there.
    ///
    /// Operations that need every item before they can answer (`group_by`, `sort`) give their results in the last
    /// batch, which is marked so. Results that have been read stay valid when a later batch fails.
    #[method(read_only, idempotent, stream)]
    fn process_stream(
        &self,
        ctx: &Ctx,
        /// The items, of any JSON type.
        data: Vec<Json>,
        /// How many items make a batch; the provider's own setting unless given.
        #[serde(default)]
        #[garde(range(min = 1, max = 10_000))]
        batch_size: Option<u32>,
        /// What to do with the items, in this order.
        #[serde(default)]
        operations: Vec<Operation>,
    ) -> weldkit::Stream<Batch, ProcessingError>;

    /// Fold items and earlier partials into one partial aggregate.
    ///
    /// Every item is counted once, so `aggregate(a + b)` equals merging `aggregate(a)` with `aggregate(b)`, in any order.
    #[method(read_only, idempotent)]
    async fn aggregate(
        &self,
        ctx: &Ctx,
        /// The groupings to take; all partials must be of these.
        #[garde(length(min = 1, max = 64))]
        groupings: Vec<Grouping>,
        /// The items to fold in.
        #[serde(default)]
        data: Vec<Json>,
        /// Earlier partials to merge in.
        #[serde(default)]
        partials: Vec<Partial>,
    ) -> Result<Partial, ProcessingError>;

    /// The rows of a partial aggregate: one table per grouping, sorted by key.
    #[method(read_only, idempotent)]
    async fn tables(
        &self,
        ctx: &Ctx,
        /// What `aggregate` gave.
        partial: Partial,
    ) -> Result<Vec<Table>, ProcessingError>;

    /// Get processing statistics.
    #[method(read_only)]
    fn get_statistics(&self, ctx: &Ctx) -> Result<Statistics, ProcessingError>;
}
