use schemars::{Schema, SchemaGenerator};

use crate::error::{CallError, Effect};

/// The error type of a service: its own codes beside the host's.
///
/// Derived by `#[derive(weldkit::ServiceError)]` on an enum that has one variant for the host's
/// own errors. [`CallError`] itself is one, for services with no codes of their own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the error type of a service",
    label = "add `#[derive(weldkit::ServiceError)]`",
    note = "the enum needs one variant for the host's own errors: `#[error(transparent)] Call(#[from] weldkit::CallError)`",
    note = "`weldkit::CallError` itself will do when the service has no codes of its own"
)]
pub trait ServiceError: std::error::Error + From<CallError> + Send + Sync + 'static {
    /// The codes of this type beside the host's own.
    const CODES: &'static [ErrorCode];

    /// The wire form: code, message and the variant's fields as details.
    fn into_call_error(self) -> CallError;

    /// What callers match on.
    fn code(&self) -> &str;
}

impl ServiceError for CallError {
    const CODES: &'static [ErrorCode] = &[];

    fn into_call_error(self) -> CallError {
        self
    }

    fn code(&self) -> &str {
        CallError::code(self).as_str()
    }
}

/// One code of a service's error type.
#[derive(Debug, Clone, Copy)]
pub struct ErrorCode {
    /// What callers match on.
    pub code: &'static str,
    /// The doc comment of the variant.
    pub docs: &'static str,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// Whether something may have happened.
    pub effect: Effect,
    /// The schema of the details.
    pub details: fn(&mut SchemaGenerator) -> Schema,
}
