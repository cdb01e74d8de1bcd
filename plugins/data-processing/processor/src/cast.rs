//! Casts between JSON types, without loss or not at all.

use serde_json::{Number, Value};
use weldkit_data_processing::Type;

use crate::field::{cut, kind};
use crate::order::whole;

/// The value as the type; null stays null.
///
/// # Errors
/// Why it cannot be cast.
pub(crate) fn cast(value: &Value, to: Type) -> Result<Value, String> {
    let cast = match (to, value) {
        (_, Value::Null) => Some(Value::Null),
        (Type::Integer, Value::Number(number)) => integer(number),
        (Type::Integer, Value::String(text)) => number(text).and_then(|number| integer(&number)),
        (Type::Integer, Value::Bool(value)) => Some(Value::from(u8::from(*value))),
        (Type::Number, Value::Number(_)) => Some(value.clone()),
        (Type::Number, Value::String(text)) => number(text).map(Value::Number),
        (Type::Number, Value::Bool(value)) => Some(Value::from(u8::from(*value))),
        (Type::Text, Value::String(_)) => Some(value.clone()),
        (Type::Text, other) => Some(Value::String(other.to_string())),
        (Type::Boolean, Value::Bool(_)) => Some(value.clone()),
        (Type::Boolean, Value::String(text)) => boolean(text),
        (Type::Boolean, Value::Number(number)) => whole(number).and_then(|number| match number {
            0 => Some(Value::Bool(false)),
            1 => Some(Value::Bool(true)),
            _ => None,
        }),
        (Type::Integer | Type::Number | Type::Boolean, Value::Array(_) | Value::Object(_)) => None,
    };
    cast.ok_or_else(|| {
        let quoted = match value {
            Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
            simple => format!("`{}`", cut(&simple.to_string())),
        };
        format!("{quoted} cannot be cast to {}", name(to))
    })
}

fn name(to: Type) -> &'static str {
    match to {
        Type::Integer => "an integer",
        Type::Number => "a number",
        Type::Text => "text",
        Type::Boolean => "a boolean",
    }
}

fn integer(number: &Number) -> Option<Value> {
    let number = whole(number)?;
    i64::try_from(number)
        .map(Value::from)
        .or_else(|_| u64::try_from(number).map(Value::from))
        .ok()
}

/// A number as people write it: JSON's form, also with a leading `+`, leading zeros, or no digit before the point.
fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Some(Number::from(number));
    }
    if let Ok(number) = text.parse::<u64>() {
        return Some(Number::from(number));
    }
    // Rust also reads `inf` and `nan`; `from_f64` refuses both.
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

fn boolean(text: &str) -> Option<Value> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Some(Value::Bool(true)),
        "false" | "0" => Some(Value::Bool(false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn casts_lose_nothing() {
        for (value, to, expected) in [
            (json!("42"), Type::Integer, Some(json!(42))),
            (json!(" +7 "), Type::Integer, Some(json!(7))),
            (json!("007"), Type::Integer, Some(json!(7))),
            (json!("3.0"), Type::Integer, Some(json!(3))),
            (json!("3.5"), Type::Integer, None),
            (json!(3.0), Type::Integer, Some(json!(3))),
            (
                json!("18446744073709551615"),
                Type::Integer,
                Some(json!(u64::MAX)),
            ),
            (json!(1e30), Type::Integer, None),
            (json!(""), Type::Integer, None),
            (json!("inf"), Type::Number, None),
            (json!("NaN"), Type::Number, None),
            (json!("1e999"), Type::Number, None),
            (json!("1e3"), Type::Number, Some(json!(1000.0))),
            (json!("$5"), Type::Number, None),
            (json!(null), Type::Number, Some(json!(null))),
            (json!([1]), Type::Number, None),
            (json!([1]), Type::Text, Some(json!("[1]"))),
            (json!(5), Type::Text, Some(json!("5"))),
            (json!("True"), Type::Boolean, Some(json!(true))),
            (json!(0), Type::Boolean, Some(json!(false))),
            (json!(2), Type::Boolean, None),
            (json!("yes"), Type::Boolean, None),
        ] {
            assert_eq!(cast(&value, to).ok(), expected, "{value} to {to:?}");
        }
    }

    #[test]
    fn a_refusal_quotes_the_value_shortly() {
        let message = cast(&json!("x".repeat(10_000)), Type::Integer).unwrap_err();
        assert!(
            message.len() < 200 && message.contains("cannot be cast to an integer"),
            "{message}"
        );
    }
}
