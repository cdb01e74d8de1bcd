//! The control socket: one JSON request a line, one JSON answer a line, through the gate.
//!
//! ```text
//! -> {"method":"storage.get","params":{"key":"a"}}             <- {"result":…} or {"error":{…}}
//! -> {"method":"records.read","params":{…},"stream":true}      <- {"progress":{…}}* {"item":…}* {"end":true}
//! -> {"control":"list"}                                        <- {"result":[…]}
//! ```
//!
//! A request may carry `as`, `deadline_ms`, `traceparent` and `idempotency_key`. Requests of one connection are answered
//! one after the other; `{"control":"cancel"}` gives up the one under way, and so does closing the connection.

mod client;
mod connection;
mod lines;
mod server;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(super) use client::{Client, Event};
pub(super) use server::{Desk, Server};

use crate::error::{CallError, Code};
use crate::name;

/// The name of the socket in the state folder.
pub(super) const SOCKET: &str = "control.sock";

/// Every instance and its state.
pub(super) const LIST: &str = "list";
/// The same with health and counters.
pub(super) const DOCTOR: &str = "doctor";
/// Read the configuration again.
pub(super) const RELOAD: &str = "reload";
/// Stop the host.
pub(super) const STOP: &str = "stop";
/// Give up the call under way.
pub(super) const CANCEL: &str = "cancel";

/// What may be asked for with `control`.
const VERBS: [&str; 5] = [CANCEL, DOCTOR, LIST, RELOAD, STOP];

/// Names in a request.
const NAMES: [&str; 9] = [
    "method",
    "params",
    "as",
    "deadline_ms",
    "traceparent",
    "idempotency_key",
    "stream",
    "transaction",
    "control",
];

/// One line from a client.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) params: Option<&'a RawValue>,
    #[serde(
        rename = "as",
        borrow,
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) principal: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deadline_ms: Option<u64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) traceparent: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) idempotency_key: Option<Cow<'a, str>>,
    /// Items and progress one by one, as they come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) stream: bool,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) transaction: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) control: Option<Cow<'a, str>>,
}

/// What a request asks for.
pub(super) enum Wish<'a> {
    Call(&'a str),
    Control(&'a str),
}

impl<'a> Request<'a> {
    /// Reads one line.
    pub(super) fn read(line: &'a [u8]) -> Result<Self, CallError> {
        // A struct would be read from an array as well, by position.
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err(no_object("it begins with something else"));
        }
        let request: Self = serde_json::from_slice(line).map_err(|fault| refused(line, &fault))?;
        #[cfg(not(feature = "transaction"))]
        if request.transaction.is_some() {
            return Err(CallError::invalid_parameter(
                "this binary has no transactions; leave `transaction` out",
            )
            .pointer("/transaction"));
        }
        Ok(request)
    }

    /// The one thing that it asks for.
    pub(super) fn wish(&self) -> Result<Wish<'_>, CallError> {
        match (&self.method, &self.control) {
            (Some(method), None) => Ok(Wish::Call(method)),
            (None, Some(verb)) if VERBS.contains(&verb.as_ref()) => Ok(Wish::Control(verb)),
            (None, Some(verb)) => {
                let help = name::suggest(verb, VERBS).unwrap_or_default();
                let message = format!("there is no control `{verb}`: {help}");
                Err(CallError::invalid_parameter(message).pointer("/control"))
            }
            (None, None) | (Some(_), Some(_)) => Err(CallError::invalid_parameter(
                "a request has either `method` or `control`: {\"method\":\"service.method\",\"params\":{}}",
            )),
        }
    }
}

fn no_object(why: &str) -> CallError {
    CallError::invalid_parameter(format!("a request is one JSON object on a line: {why}"))
}

/// Why a line is no request; names the unknown key and the nearest known one.
fn refused(line: &[u8], fault: &serde_json::Error) -> CallError {
    let keys: Result<std::collections::BTreeMap<Cow<'_, str>, &RawValue>, _> =
        serde_json::from_slice(line);
    let Ok(keys) = keys else {
        return no_object(&fault.to_string());
    };
    let pointer = |key: &str| format!("/{}", key.replace('~', "~0").replace('/', "~1"));
    if let Some(key) = keys.keys().find(|key| !NAMES.contains(&key.as_ref())) {
        let help = name::suggest(key, NAMES).unwrap_or_default();
        let message = format!("a request has no `{key}`: {help}");
        return CallError::new(Code::UnknownParameter, message).pointer(pointer(key));
    }
    let wrong = keys
        .iter()
        .find_map(|(key, value)| Some((key, wanted(key, value)?)));
    match wrong {
        Some((key, wanted)) => {
            CallError::invalid_parameter(format!("`{key}` is to be {wanted}")).pointer(pointer(key))
        }
        None => CallError::invalid_parameter(format!("the request does not fit: {fault}")),
    }
}

/// What a value of a request is to be, when it is not.
fn wanted(key: &str, value: &RawValue) -> Option<&'static str> {
    let (fits, wanted) = match key {
        "params" | "transaction" => return None,
        "deadline_ms" => (
            serde_json::from_str::<u64>(value.get()).is_ok(),
            "a whole number of milliseconds",
        ),
        "stream" => (
            serde_json::from_str::<bool>(value.get()).is_ok(),
            "true or false",
        ),
        _ => (
            serde_json::from_str::<Cow<'_, str>>(value.get()).is_ok(),
            "a string",
        ),
    };
    (!fits).then_some(wanted)
}

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) fraction: f64,
    pub(super) message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_refused_by_name() {
        let check = |line: &str, code: &str, words: &str| {
            let refused = Request::read(line.as_bytes())
                .and_then(|request| request.wish().map(drop))
                .expect_err(line);
            assert_eq!(refused.code().as_str(), code, "{line}");
            assert!(refused.message().contains(words), "{line}: {refused}");
        };
        check("", "invalid_parameter", "one JSON object");
        check("[]", "invalid_parameter", "one JSON object");
        check("{}", "invalid_parameter", "either `method` or `control`");
        check(
            r#"{"metod":"a.b"}"#,
            "unknown_parameter",
            "did you mean `method`?",
        );
        check(
            r#"{"control":"relod"}"#,
            "invalid_parameter",
            "did you mean `reload`?",
        );
        check(
            r#"{"method":"a.b","method":"a.b"}"#,
            "invalid_parameter",
            "duplicate field",
        );
        check(
            r#"{"method":"a.b","deadline_ms":-1}"#,
            "invalid_parameter",
            "`deadline_ms` is to be a whole number of milliseconds",
        );
        #[cfg(not(feature = "transaction"))]
        check(
            r#"{"method":"a.b","transaction":"t"}"#,
            "invalid_parameter",
            "no transactions",
        );
        check(
            r#"{"method":"a.b","control":"list"}"#,
            "invalid_parameter",
            "either",
        );
    }

    #[test]
    fn parameters_come_through_digit_by_digit() {
        let line = br#"{"method":"a.b","params":{"x":9007199254740993,"y":623.0,"x":1}}"#;
        let request = Request::read(line).unwrap();
        let text = request.params.unwrap().get();
        assert_eq!(text, r#"{"x":9007199254740993,"y":623.0,"x":1}"#);
    }
}
