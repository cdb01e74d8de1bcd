use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::CallError;
use crate::event::Time;

/// The properties of an event as a CloudEvent (1.0), with what a document need not give.
pub(in crate::orchestration) fn cloud_event(
    properties: &Value,
    run: &str,
    key: &str,
    at_ms: u64,
) -> Result<Value, CallError> {
    let Value::Object(given) = properties else {
        return Err(CallError::invalid_parameter(
            "the properties of an event are an object",
        ));
    };
    let time = Time::since_epoch(Duration::from_millis(at_ms));
    let mut event = Map::new();
    event.insert("specversion".to_owned(), "1.0".into());
    // The same task emits the same event, also when it is done again after a crash.
    event.insert("id".to_owned(), format!("{run}{key}").into());
    event.insert("time".to_owned(), time.to_string().into());
    event.extend(given.clone());
    for required in ["source", "type"] {
        if !event.get(required).is_some_and(Value::is_string) {
            return Err(CallError::invalid_parameter(format!(
                "an event has a `{required}`: a text"
            )));
        }
    }
    Ok(Value::Object(event))
}
