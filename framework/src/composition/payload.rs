//! A value on its way: JSON as it came, read only by who looks into it.

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use super::schema::steps;
use crate::error::CallError;

/// A value on its way. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Payload(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes: Vec<u8>,
    read: OnceLock<Value>,
}

impl Payload {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Inner {
            bytes,
            read: OnceLock::new(),
        }))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The value itself; read once, whoever asks.
    pub(super) fn value(&self) -> Result<&Value, CallError> {
        if let Some(value) = self.0.read.get() {
            return Ok(value);
        }
        let value = serde_json::from_slice(&self.0.bytes).map_err(|fault| {
            CallError::internal(format!("a component answered no JSON: {fault}"))
        })?;
        Ok(self.0.read.get_or_init(|| value))
    }

    /// What stands at a pointer, if something does.
    pub(super) fn at(&self, pointer: &str) -> Result<Option<&Value>, CallError> {
        Ok(self.value()?.pointer(pointer))
    }
}

/// Lays `value` over what stands at `pointer`: objects field by field at every depth, anything else in place of what
/// was there.
pub(super) fn lay(
    object: &mut Map<String, Value>,
    pointer: &str,
    value: Value,
) -> Result<(), CallError> {
    let mut whole = Value::Object(std::mem::take(object));
    let mut here = &mut whole;
    for step in steps(pointer) {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        here = match here {
            Value::Object(fields) => fields.entry(step).or_insert(Value::Null),
            _ => break,
        };
    }
    over(here, value);
    match whole {
        Value::Object(laid) => {
            *object = laid;
            Ok(())
        }
        other => Err(CallError::invalid_parameter(format!(
            "{} cannot be the parameters of a call",
            crate::contract::kind(&other)
        ))),
    }
}

fn over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                match below.get_mut(&name) {
                    Some(here) => over(here, value),
                    None => drop(below.insert(name, value)),
                }
            }
        }
        (below, above) => *below = above,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_bound_is_laid_over_what_is_direct_field_by_field() {
        let cases = [
            (
                json!({"a": 1, "b": 2}),
                "",
                json!({"b": 3}),
                json!({"a": 1, "b": 3}),
            ),
            (
                json!({"o": {"x": 1, "y": 2}}),
                "/o",
                json!({"y": 3}),
                json!({"o": {"x": 1, "y": 3}}),
            ),
            (json!({"o": [1, 2]}), "/o", json!([3]), json!({"o": [3]})),
            (json!({}), "/a/b", json!(1), json!({"a": {"b": 1}})),
            (json!({"a": 1}), "/a/b", json!(1), json!({"a": {"b": 1}})),
        ];
        for (direct, pointer, bound, wanted) in cases {
            let mut object = direct.as_object().cloned().unwrap_or_default();
            lay(&mut object, pointer, bound).expect("an object stays one");
            assert_eq!(Value::Object(object), wanted);
        }
        let refused = lay(&mut Map::new(), "", json!(7)).expect_err("a number is no parameters");
        assert_eq!(refused.code().as_str(), "invalid_parameter");
    }
}
