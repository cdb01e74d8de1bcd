//! What can go wrong.

use weldkit::CallError;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error, weldkit::ServiceError)]
pub enum ReportError {
    /// The figures contradict themselves.
    #[error("{pointer}: {reason}")]
    #[service_error(code = "invalid_parameter")]
    InvalidFigures {
        /// JSON pointer to what is wrong.
        pointer: String,
        /// What is wrong.
        reason: String,
    },
    /// The two files have the same name, so that their rows would have the same keys.
    #[error(
        "`{source_name}` names both files; rows are kept by the name of their file and their line, so rename one"
    )]
    SameName {
        /// The name.
        source_name: String,
    },
    /// The folder cannot be written to. No file of the report was changed.
    #[error("cannot write `{path}`: {reason}; {advice}")]
    #[service_error(code = "output_failed")]
    OutputFailed {
        /// The file or folder.
        path: String,
        /// What the system says.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// The host's own errors, and those of the services below, with their codes.
    #[error(transparent)]
    Call(#[from] CallError),
}
