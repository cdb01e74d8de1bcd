//! What can go wrong with reading records. Bad rows are not errors: they come with the batches.

use weldkit::CallError;

/// What can go wrong with reading records.
#[derive(Debug, thiserror::Error, weldkit::ServiceError)]
#[non_exhaustive]
pub enum RecordsError {
    /// There is no such file.
    #[error("there is no file `{path}` under the folder that may be read")]
    #[service_error(code = "not_found")]
    NotFound {
        /// The path as it was asked for.
        path: String,
    },
    /// The source cannot be read, or not as rows of text.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// The path as it was asked for, or `text`.
        path: String,
        /// Why, and what to do.
        reason: String,
    },
    /// An option has a value that it cannot have.
    #[error("option `{option}`: {reason}")]
    #[service_error(code = "invalid_parameter")]
    InvalidOption {
        /// The name of the option.
        option: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `types` names a column that the source does not have.
    #[error("there is no column `{column}`; {advice}")]
    UnknownColumn {
        /// The name as it was given.
        column: String,
        /// The columns that there are.
        advice: String,
    },
    /// More rows are bad than are allowed: the options do not fit the source, or the source is broken.
    #[error("more than {limit} bad rows; the last one is on line {line}: {message}")]
    TooManyBadRows {
        /// How many are allowed.
        limit: u64,
        /// The line of the first one beyond.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// The host's own errors; `security_violation` for a path that leaves the folder that may be read.
    #[error(transparent)]
    Call(#[from] CallError),
}
