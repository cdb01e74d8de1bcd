use std::error::Error as StdError;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Code, Effect};

/// Why a call failed, as every door reports it.
///
/// In JSON: `{"code","message","pointer"?,"details"?,"retryable","effect"}`.
///
/// ```
/// use weldkit::{CallError, Code};
///
/// let error = CallError::new(Code::NotFound, "no airport `XXX`").pointer("/airport");
/// assert_eq!(error.code().as_str(), "not_found");
/// ```
pub struct CallError(Box<Inner>);

struct Inner {
    code: Code,
    message: String,
    pointer: Option<String>,
    details: Option<serde_json::Value>,
    retryable: bool,
    effect: Effect,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl CallError {
    /// An error with no effect; `retryable` as the code has it.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let retryable = code.retryable();
        Self(Box::new(Inner {
            code,
            message: message.into(),
            pointer: None,
            details: None,
            retryable,
            effect: Effect::None,
            source: None,
        }))
    }

    /// A fault of the provider; something may have happened.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message).effect(Effect::Possible)
    }

    /// An input that breaks the contract.
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidParameter, message)
    }

    /// Something that does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// A provider that cannot answer now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message)
    }

    /// A bound that was reached.
    pub fn limit(message: impl Into<String>) -> Self {
        Self::new(Code::Limit, message)
    }

    /// Two writers that met.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// Something that may not be touched.
    pub fn security_violation(message: impl Into<String>) -> Self {
        Self::new(Code::SecurityViolation, message)
    }

    /// Where in the input, as a JSON pointer (RFC 6901).
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.0.pointer = Some(pointer.into());
        self
    }

    /// What machines may want to know.
    #[must_use]
    pub fn details(mut self, details: serde_json::Value) -> Self {
        self.0.details = Some(details);
        self
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Whether something may have happened.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// What the operator needs and a stranger may not see; never part of the JSON form.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What callers match on.
    pub fn code(&self) -> &Code {
        &self.0.code
    }

    /// What happened, to what, and what to do.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in the input.
    pub fn at(&self) -> Option<&str> {
        self.0.pointer.as_deref()
    }

    /// What machines may want to know.
    pub fn detail(&self) -> Option<&serde_json::Value> {
        self.0.details.as_ref()
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether something may have happened.
    pub fn has_effect(&self) -> Effect {
        self.0.effect
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.0.message, self.0.code)?;
        if let Some(pointer) = &self.0.pointer {
            write!(f, " at `{pointer}`")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallError")
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("pointer", &self.0.pointer)
            .field("details", &self.0.details)
            .field("effect", &self.0.effect)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for CallError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// The wire form, for both directions.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    code: std::borrow::Cow<'a, str>,
    message: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    details: Option<serde_json::Value>,
    retryable: bool,
    effect: Effect,
}

impl Serialize for CallError {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire {
            code: self.0.code.as_str().into(),
            message: self.0.message.as_str().into(),
            pointer: self.0.pointer.clone(),
            details: self.0.details.clone(),
            retryable: self.0.retryable,
            effect: self.0.effect,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CallError {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let mut error = CallError::new(Code::from_name(wire.code.into_owned()), wire.message)
            .retryable(wire.retryable)
            .effect(wire.effect);
        error.0.pointer = wire.pointer;
        error.0.details = wire.details;
        Ok(error)
    }
}
