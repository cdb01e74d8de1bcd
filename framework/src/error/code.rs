use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The code of a [`CallError`](super::CallError): what callers match on. Stable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// No linked plugin provides the service.
    ServiceNotFound,
    /// The service has no such method.
    MethodNotFound,
    /// The thing asked for does not exist.
    NotFound,
    /// The input breaks the method's contract.
    InvalidParameter,
    /// The input names a parameter that the method does not have.
    UnknownParameter,
    /// The call is not legal in the present state.
    InvalidState,
    /// Two sides do not agree on a contract.
    IncompatibleInterface,
    /// The principal or the calling plugin may not do this.
    PermissionDenied,
    /// The call tried to leave what it may touch.
    SecurityViolation,
    /// The deadline passed.
    Timeout,
    /// The caller gave up.
    Cancelled,
    /// The provider cannot answer now.
    Unavailable,
    /// The provider panicked; the panic was contained.
    Panicked,
    /// Somebody else changed the same thing.
    Conflict,
    /// A named bound was reached.
    Limit,
    /// A fault of the provider or the host.
    Internal,
    /// A code of the service's own.
    Own(Cow<'static, str>),
}

/// Whether a failed call may have had an effect. What is unknown is never retried blindly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing happened.
    None,
    /// Something may have happened.
    Possible,
}

/// What `app explain CODE` prints.
#[derive(Debug, Clone, Copy)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// One sentence.
    pub meaning: &'static str,
    /// What usually causes it.
    pub cause: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Whether a call that failed so may be repeated unchanged.
    pub retryable: bool,
}

const fn entry(
    code: &'static str,
    retryable: bool,
    meaning: &'static str,
    cause: &'static str,
    fix: &'static str,
) -> Explanation {
    Explanation {
        code,
        meaning,
        cause,
        fix,
        retryable,
    }
}

/// Every code of the host. `docs/errors.md` is compared with this table by a test.
const EXPLANATIONS: &[Explanation] = &[
    entry(
        "service_not_found",
        false,
        "No linked plugin provides the service.",
        "The plugin was not chosen when the binary was built, is disabled, or the name is mistyped.",
        "`app list` shows what is linked; build again with the plugin that the message names.",
    ),
    entry(
        "method_not_found",
        false,
        "The service has no method of that name.",
        "The name is mistyped, or the method came with a later version of the contract.",
        "`app describe SERVICE` lists the methods.",
    ),
    entry(
        "not_found",
        false,
        "The thing asked for does not exist.",
        "The key, name or id is unknown to the provider.",
        "List or scan what exists.",
    ),
    entry(
        "invalid_parameter",
        false,
        "The input breaks the method's contract.",
        "Malformed JSON, a key that stands twice, a missing or wrongly typed value, or a value that breaks a rule. `details.violations` lists every one with its JSON pointer.",
        "`app describe SERVICE.METHOD --schema input` shows what is accepted.",
    ),
    entry(
        "unknown_parameter",
        false,
        "The input names a parameter that the method does not have.",
        "A typing error, or a caller made for a later version of the contract.",
        "The message names the nearest parameter; `app describe SERVICE.METHOD` lists all.",
    ),
    entry(
        "invalid_state",
        false,
        "The call is not legal in the present state.",
        "Something that must come first has not happened, or is over already.",
        "The message says which state was found and which is needed.",
    ),
    entry(
        "incompatible_interface",
        false,
        "Two sides do not agree on a contract.",
        "A consumer was built against another compatibility line of the service than the provider; or what a composite or \
         a workflow hands on can never fit what the next method takes; or a participant of a transaction cannot do what \
         was asked of it.",
        "Build both against the same line, `app list` shows the versions; where values do not fit, the message names both \
         ends, and `app compose check`, `app workflow check` and `app describe SERVICE.METHOD` show their types.",
    ),
    entry(
        "permission_denied",
        false,
        "The principal or the calling plugin may not do this.",
        "The configuration grants the permission to nobody, or the calling plugin does not declare it.",
        "The message prints the line to add.",
    ),
    entry(
        "security_violation",
        false,
        "The call tried to leave what it may touch.",
        "A path outside the allowed folder, a reference to a remote resource, or content that is refused.",
        "Stay inside, or widen the plugin's setting that the message names.",
    ),
    entry(
        "timeout",
        true,
        "The deadline passed before the call ended.",
        "The provider is slow, blocks, or waits for something.",
        "Give a longer `--timeout` or `[limits]`; `effect` says whether something may have happened.",
    ),
    entry(
        "cancelled",
        false,
        "The caller gave up, or the host is stopping.",
        "The caller was dropped or cancelled.",
        "Call again if the result is still wanted.",
    ),
    entry(
        "unavailable",
        true,
        "The provider cannot answer now.",
        "It is starting, stopping, quarantined after panics, or what it depends on is gone.",
        "`app list` shows the state; `app reload` replaces a quarantined instance.",
    ),
    entry(
        "panicked",
        false,
        "The provider panicked; the panic was contained.",
        "A defect of the plugin. After 5 panics the instance is quarantined.",
        "Report it to the plugin's author with the message.",
    ),
    entry(
        "conflict",
        true,
        "Somebody else changed the same thing at the same time.",
        "Two writers met.",
        "Read again and retry.",
    ),
    entry(
        "limit",
        false,
        "A named bound was reached.",
        "An input too large or too deep, a full queue, or a quota.",
        "The message names the bound and where it is set.",
    ),
    entry(
        "internal",
        false,
        "A fault of the provider or the host.",
        "An I/O error or a defect.",
        "The operator's log has the chain of causes.",
    ),
];

/// The explanation of a host code.
pub fn explain(code: &str) -> Option<&'static Explanation> {
    EXPLANATIONS.iter().find(|entry| entry.code == code)
}

impl Code {
    /// All codes of the host, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = &'static Explanation> {
        EXPLANATIONS.iter()
    }

    /// The code as callers see it.
    pub fn as_str(&self) -> &str {
        match self {
            Code::ServiceNotFound => "service_not_found",
            Code::MethodNotFound => "method_not_found",
            Code::NotFound => "not_found",
            Code::InvalidParameter => "invalid_parameter",
            Code::UnknownParameter => "unknown_parameter",
            Code::InvalidState => "invalid_state",
            Code::IncompatibleInterface => "incompatible_interface",
            Code::PermissionDenied => "permission_denied",
            Code::SecurityViolation => "security_violation",
            Code::Timeout => "timeout",
            Code::Cancelled => "cancelled",
            Code::Unavailable => "unavailable",
            Code::Panicked => "panicked",
            Code::Conflict => "conflict",
            Code::Limit => "limit",
            Code::Internal => "internal",
            Code::Own(code) => code,
        }
    }

    /// The code of that name; one that is not the host's is the service's own.
    pub fn from_name(name: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        match name.as_ref() {
            "service_not_found" => Code::ServiceNotFound,
            "method_not_found" => Code::MethodNotFound,
            "not_found" => Code::NotFound,
            "invalid_parameter" => Code::InvalidParameter,
            "unknown_parameter" => Code::UnknownParameter,
            "invalid_state" => Code::InvalidState,
            "incompatible_interface" => Code::IncompatibleInterface,
            "permission_denied" => Code::PermissionDenied,
            "security_violation" => Code::SecurityViolation,
            "timeout" => Code::Timeout,
            "cancelled" => Code::Cancelled,
            "unavailable" => Code::Unavailable,
            "panicked" => Code::Panicked,
            "conflict" => Code::Conflict,
            "limit" => Code::Limit,
            "internal" => Code::Internal,
            _ => Code::Own(name),
        }
    }

    /// Whether a call that failed with this code may be repeated unchanged, unless the error says otherwise.
    pub fn retryable(&self) -> bool {
        explain(self.as_str()).is_some_and(|entry| entry.retryable)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_an_explanation_and_comes_back_from_its_name() {
        for entry in Code::all() {
            let code = Code::from_name(entry.code);
            assert!(!matches!(code, Code::Own(_)), "{}", entry.code);
            assert_eq!(code.as_str(), entry.code);
        }
        assert_eq!(Code::all().count(), 16);
        assert_eq!(
            Code::from_name("no_such_airport").as_str(),
            "no_such_airport"
        );
    }
}
