use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{CallError, Code, Effect};

/// Where the types of errors begin that the specification names (DSL 1.0, Errors).
const STANDARD: &str = "https://serverlessworkflow.io/spec/1.0.0/errors/";

/// Why a task failed: a problem (RFC 7807), with the names of the DSL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskError {
    /// A URI: which kind of error it is.
    #[serde(rename = "type")]
    pub kind: Box<str>,
    /// As of HTTP.
    pub status: u16,
    /// What it is, in short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Box<str>>,
    /// What it is this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Box<str>>,
    /// The task that it comes from: a JSON pointer into the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Box<str>>,
    /// The code of the call that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Box<str>>,
    /// Whether nobody knows if the call that failed has had its effect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unknown: bool,
}

impl TaskError {
    /// One of the standard kinds: `validation`, `expression`, `timeout`, `communication`, `authorization`,
    /// `configuration`, `runtime`.
    pub(super) fn standard(kind: &str, status: u16, detail: impl Into<Box<str>>) -> Self {
        Self {
            kind: format!("{STANDARD}{kind}").into(),
            status,
            title: None,
            detail: Some(detail.into()),
            instance: None,
            code: None,
            is_unknown: false,
        }
    }

    /// What an expression could not give.
    pub(super) fn expression(detail: impl Into<Box<str>>) -> Self {
        Self::standard("expression", 400, detail)
    }

    /// What does not fit its schema.
    pub(super) fn validation(detail: impl Into<Box<str>>) -> Self {
        Self::standard("validation", 400, detail)
    }

    /// What went wrong in a call.
    pub fn of_call(error: &CallError) -> Self {
        let (kind, status) = match *error.code() {
            Code::PermissionDenied | Code::SecurityViolation => ("authorization", 403),
            Code::Timeout => ("timeout", 408),
            Code::Unavailable => ("communication", 503),
            Code::InvalidParameter | Code::UnknownParameter => ("validation", 400),
            Code::ServiceNotFound | Code::MethodNotFound => ("configuration", 404),
            Code::NotFound => ("runtime", 404),
            Code::Conflict => ("runtime", 409),
            _ => ("runtime", 500),
        };
        Self {
            code: Some(error.code().as_str().into()),
            is_unknown: error.has_effect() == Effect::Possible,
            ..Self::standard(kind, status, error.message())
        }
    }

    /// The same, from a task unless it says from which.
    #[must_use]
    pub(super) fn at(mut self, instance: &str) -> Self {
        self.instance.get_or_insert_with(|| instance.into());
        self
    }

    /// As expressions see it.
    pub(super) fn to_value(&self) -> Value {
        // Only text and numbers: it cannot fail.
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl std::fmt::Display for TaskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.kind, self.status)?;
        for (label, text) in [
            (": ", &self.title),
            (": ", &self.detail),
            (", at ", &self.instance),
        ] {
            if let Some(text) = text {
                write!(f, "{label}{text}")?;
            }
        }
        Ok(())
    }
}
