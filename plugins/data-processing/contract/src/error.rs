//! What can go wrong.

use weldkit::CallError;

/// One thing that is wrong, and where.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer into the parameters, such as `/operations/2/expr`.
    pub pointer: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// Why data could not be processed.
#[derive(Debug, thiserror::Error, weldkit::ServiceError)]
pub enum ProcessingError {
    /// Some operations cannot work for any item. All problems are listed, and no item has been touched.
    #[error("{}", list(problems))]
    #[service_error(code = "invalid_parameter")]
    InvalidOperations {
        /// Every problem with its place.
        problems: Vec<Problem>,
    },
    /// An operation failed on an item. Nothing of this call's results is given.
    #[error("{operation} failed on {item}: {reason}")]
    #[service_error(code = "item_failed")]
    ItemFailed {
        /// JSON pointer to the operation, such as `/operations/2`.
        operation: String,
        /// JSON pointer to the item, such as `/data/17`, or the group that an earlier operation made.
        item: String,
        /// What happened.
        reason: String,
    },
    /// A bound of the provider was reached.
    #[error("{message}")]
    #[service_error(code = "limit")]
    LimitReached {
        /// Which bound, and what to do.
        message: String,
    },
    /// A partial aggregate does not fit: made of other groupings or in another processing mode.
    #[error("{pointer} does not fit: {reason}")]
    #[service_error(code = "partial_mismatch")]
    PartialMismatch {
        /// JSON pointer to the partial.
        pointer: String,
        /// What differs.
        reason: String,
    },
    /// The host's own errors.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// All problems in one line, each with its place.
fn list(problems: &[Problem]) -> String {
    let parts: Vec<_> = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.pointer, problem.message))
        .collect();
    parts.join("; ")
}
