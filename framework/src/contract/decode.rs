//! JSON in and out of a typed call.
//!
//! Valid input is decoded once, into the type. Only when that fails is it parsed again into a
//! `Value`: integral floats become integers where the schema wants them (JSON Schema counts
//! `623.0` as an integer, serde does not), and when it still does not fit, one walk with the
//! schema lists every violation with its pointer.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;

use super::{MethodDescriptor, Rules, duplicate};
use crate::error::{CallError, Code};
use crate::{limit, name};

/// The parameter object of a method; made by `#[weldkit::service]`.
pub trait Parameters: DeserializeOwned + Send {
    /// Checks the rules of every parameter.
    fn check(&self, rules: &mut Rules);
}

/// Decodes the parameter object and checks its rules. Empty input is an empty object.
#[inline]
pub(crate) fn decode<P: Parameters>(
    method: &MethodDescriptor,
    input: &[u8],
) -> Result<P, CallError> {
    bounded(input)?;
    let input = if input.is_empty() { b"{}" } else { input };
    // Looked through for UTF-8 once, and not string by string.
    let Ok(text) = std::str::from_utf8(input) else {
        return second_look(method, input);
    };
    match serde_json::from_str::<P>(text) {
        // Serde reads a struct from an array as well; the contract does not.
        Ok(parameters) if is_object(text) => checked(parameters),
        Ok(_) | Err(_) => second_look(method, input),
    }
}

#[inline]
pub(super) fn bounded(input: &[u8]) -> Result<(), CallError> {
    if input.len() <= limit::JSON_BYTES {
        return Ok(());
    }
    Err(CallError::limit(format!(
        "the input has {} bytes; at most {} are read",
        input.len(),
        limit::JSON_BYTES
    )))
}

#[inline]
fn is_object(text: &str) -> bool {
    text.starts_with('{') || text.trim_ascii_start().starts_with('{')
}

#[inline]
fn checked<P: Parameters>(parameters: P) -> Result<P, CallError> {
    let mut rules = Rules::default();
    parameters.check(&mut rules);
    if rules.is_empty() {
        Ok(parameters)
    } else {
        Err(refused(rules.into_violations()))
    }
}

/// Encodes a result; one that is too large is refused before it leaves.
#[inline]
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CallError> {
    let bytes = serde_json::to_vec(value).map_err(|fault| {
        CallError::internal(format!("the result cannot be written as JSON: {fault}"))
    })?;
    if bytes.len() > limit::JSON_BYTES {
        return Err(CallError::limit(format!(
            "the result has {} bytes; at most {} are sent",
            bytes.len(),
            limit::JSON_BYTES
        ))
        .effect(crate::error::Effect::Possible));
    }
    Ok(bytes)
}

#[cold]
fn second_look<P: Parameters>(method: &MethodDescriptor, input: &[u8]) -> Result<P, CallError> {
    let schema = method.input.get().to_value();
    let value = parameter_object(method, &schema, true, input)?;
    let misfit = match serde_path_to_error::deserialize::<_, P>(&value) {
        Ok(parameters) => return checked(parameters),
        Err(misfit) => misfit,
    };
    let mut violations = violations(&schema, &value);
    if violations.is_empty() {
        // The schema does not know the range of a Rust integer; the type does.
        violations.push((pointer(misfit.path()), misfit.inner().to_string()));
    }
    Err(refused(violations))
}

/// The input as an object, with integers where the schema wants them; of parameters that the method has, if it is
/// closed to others.
pub(super) fn parameter_object(
    method: &MethodDescriptor,
    schema: &Value,
    is_closed: bool,
    input: &[u8],
) -> Result<Value, CallError> {
    let mut value: Value = match serde_json::from_slice(input) {
        Ok(value) => value,
        // serde_json has no kind for its bound of 128 levels but the text.
        Err(deep) if deep.to_string().starts_with("recursion limit exceeded") => {
            return Err(CallError::limit(format!(
                "the input nests deeper than 128 levels: {deep}"
            )));
        }
        Err(syntax) => {
            return Err(CallError::invalid_parameter(format!(
                "the input is not JSON: {syntax}"
            )));
        }
    };
    if !value.is_object() {
        let wanted = method.parameters.join("`, `");
        return Err(CallError::invalid_parameter(format!(
            "the input is {}; write an object with the parameters `{wanted}`",
            kind(&value)
        ))
        .pointer(""));
    }
    if let Some(error) = unknown(method, &value).filter(|_| is_closed) {
        return Err(error);
    }
    integral(schema, schema, &mut value);
    // Duplicate keys are gone from a `Value`, so the text decides about them.
    if let Some(pointer) = duplicate::pointer(input) {
        return Err(CallError::invalid_parameter(format!(
            "the input has the duplicate key `{pointer}`; keep one of the two"
        ))
        .pointer(pointer));
    }
    Ok(value)
}

/// A path of serde's as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    let steps = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(escape(key)),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    steps.map(|step| format!("/{step}")).collect()
}

/// Parameters that the method does not have, the first by name and all in the details.
fn unknown(method: &MethodDescriptor, value: &Value) -> Option<CallError> {
    let given = value.as_object()?;
    let unknown: Vec<&str> = given
        .keys()
        .map(String::as_str)
        .filter(|key| !method.parameters.contains(key))
        .collect();
    let first = unknown.first()?;
    let help = name::suggest(first, method.parameters.iter().copied())
        .unwrap_or_else(|| "the method has no parameters".into());
    let hint = if *first == "transaction_id" {
        "; a transaction travels in the envelope as `transaction`"
    } else {
        ""
    };
    Some(
        CallError::new(
            Code::UnknownParameter,
            format!("`{}` has no parameter `{first}`: {help}{hint}", method.name),
        )
        .pointer(format!("/{}", escape(first)))
        .details(json!({ "unknown": unknown, "parameters": method.parameters })),
    )
}

pub(crate) fn refused(violations: Vec<(String, String)>) -> CallError {
    let (pointer, first) = violations[0].clone();
    let more = match violations.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let list: Vec<Value> = violations
        .into_iter()
        .map(|(pointer, message)| json!({ "pointer": pointer, "message": message }))
        .collect();
    let place = if pointer.is_empty() {
        String::new()
    } else {
        format!("`{pointer}`: ")
    };
    CallError::invalid_parameter(format!("{place}{first}{more}"))
        .pointer(pointer)
        .details(json!({ "violations": list }))
}

/// Every violation: JSON pointer and message.
fn violations(schema: &Value, value: &Value) -> Vec<(String, String)> {
    match jsonschema::draft202012::new(schema) {
        Ok(validator) => violated(&validator, value),
        Err(_) => Vec::new(),
    }
}

pub(super) fn violated(validator: &jsonschema::Validator, value: &Value) -> Vec<(String, String)> {
    validator
        .iter_errors(value)
        .take(limit::VIOLATIONS)
        .map(|fault| (fault.instance_path().to_string(), fault.to_string()))
        .collect()
}

/// Turns integral floats into integers wherever `schema` wants an integer.
fn integral(root: &Value, schema: &Value, value: &mut Value) {
    let Some(schema) = resolve(root, schema) else {
        return;
    };
    for keyword in ["anyOf", "oneOf", "allOf"] {
        for branch in schema
            .get(keyword)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            integral(root, branch, value);
        }
    }
    match value {
        Value::Number(number) if wants_integer(schema) => {
            if let Some(float) = number
                .as_f64()
                .filter(|float| number.is_f64() && float.fract() == 0.0)
            {
                // 2^53: beyond it a float no longer names one integer.
                if float.abs() <= 9_007_199_254_740_992.0 {
                    #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
                    let integer = float as i64;
                    *value = integer.into();
                }
            }
        }
        Value::Array(items) => {
            let prefix = schema.get("prefixItems").and_then(Value::as_array);
            for (index, item) in items.iter_mut().enumerate() {
                if let Some(items) = prefix
                    .and_then(|prefix| prefix.get(index))
                    .or_else(|| schema.get("items"))
                {
                    integral(root, items, item);
                }
            }
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                let property = schema
                    .get("properties")
                    .and_then(|properties| properties.get(key));
                if let Some(schema) = property.or_else(|| schema.get("additionalProperties")) {
                    integral(root, schema, entry);
                }
            }
        }
        _ => {}
    }
}

/// Follows `$ref` inside the document, at most as often as a schema may nest.
fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> Option<&'a Value> {
    for _ in 0..128 {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => schema = root.pointer(reference.strip_prefix('#')?)?,
            None => return Some(schema),
        }
    }
    None
}

fn wants_integer(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == "integer",
        Some(Value::Array(kinds)) => {
            kinds.iter().any(|kind| kind == "integer") && !kinds.iter().any(|kind| kind == "number")
        }
        _ => false,
    }
}

pub(crate) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// What kind of value it is, for people.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
