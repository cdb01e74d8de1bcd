//! What can go wrong with validation. A value that does not fit is not an error: it has a verdict.

use weldkit::CallError;

use crate::Invalid;

/// What can go wrong with validation.
#[derive(Debug, thiserror::Error, weldkit::ServiceError)]
#[non_exhaustive]
pub enum ValidationError {
    /// No schema of that name is registered.
    #[error("no schema `{name}` is registered; {advice}")]
    #[service_error(code = "not_found")]
    SchemaNotFound {
        /// The name that was asked for.
        name: String,
        /// The names that there are, or the nearest one.
        advice: String,
    },
    /// The schema is not a valid JSON Schema.
    #[error("the schema is not valid at `{pointer}`: {reason}")]
    InvalidSchema {
        /// Where in the schema, as a JSON pointer (RFC 6901).
        pointer: String,
        /// What is wrong there.
        reason: String,
    },
    /// The schema refers to something outside of it, which is never fetched.
    #[error(
        "the schema refers to `{reference}` at `{pointer}`, outside of itself; copy that schema into `$defs`"
    )]
    RemoteReference {
        /// What it refers to.
        reference: String,
        /// Where in the schema, as a JSON pointer (RFC 6901).
        pointer: String,
    },
    /// A different schema has that name.
    #[error("a different schema is registered as `{name}`; pass `replace` to replace it")]
    SchemaExists {
        /// The name.
        name: String,
    },
    /// The schema, the batch or the number of schemas is too large.
    #[error("{what} is too large: {reason}")]
    #[service_error(code = "limit")]
    TooLarge {
        /// What is too large.
        what: String,
        /// How large it is, and how large it may be.
        reason: String,
    },
    /// The host's own errors.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl From<Invalid> for ValidationError {
    fn from(invalid: Invalid) -> Self {
        Self::Call(invalid.into())
    }
}
