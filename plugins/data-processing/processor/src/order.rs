//! One total order over JSON values, and the text by which equal values are known.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::{Number, Value};

/// A group's key.
#[derive(Debug, Clone)]
pub(crate) struct Key(pub(crate) Vec<Value>);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        lexicographic(&self.0, &other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

/// Null, booleans, numbers, text, arrays, objects; numbers by value, so that `1` equals `1.0`.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => lexicographic(left, right),
        (Value::Object(_), Value::Object(_)) => canonical(left).cmp(&canonical(right)),
        _ => rank(left).cmp(&rank(right)),
    }
}

/// JSON text that is the same for equal values: keys sorted, whole numbers without a fraction.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

/// The number as a whole one, if it is.
pub(crate) fn whole(number: &Number) -> Option<i128> {
    if let Some(value) = number.as_i64() {
        return Some(value.into());
    }
    if let Some(value) = number.as_u64() {
        return Some(value.into());
    }
    let value = number.as_f64()?;
    // Beyond 2^100 an i128 would still do, but nobody counts in such numbers: they stay floats.
    (value.fract() == 0.0 && value.abs() < 1e30).then_some(value as i128)
}

fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        return left.cmp(&right);
    }
    let floor = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
    match (whole(left), whole(right)) {
        // One side is fractional or huge: compare with the whole part first, so that no rounding makes it equal.
        (Some(left), None) => compare_whole(left, floor(right)),
        (None, Some(right)) => compare_whole(right, floor(left)).reverse(),
        _ => floor(left).total_cmp(&floor(right)),
    }
}

fn compare_whole(left: i128, right: f64) -> Ordering {
    if right.abs() >= 1e30 {
        return if right > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        };
    }
    let fraction = right.fract();
    let by_fraction = 0.0_f64.partial_cmp(&fraction).unwrap_or(Ordering::Equal);
    left.cmp(&(right.trunc() as i128)).then(by_fraction)
}

fn lexicographic(left: &[Value], right: &[Value]) -> Ordering {
    let by_element = left
        .iter()
        .zip(right)
        .map(|(left, right)| compare(left, right))
        .find(|order| order.is_ne());
    by_element.unwrap_or_else(|| left.len().cmp(&right.len()))
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(values) => {
            text.push('[');
            for (at, value) in values.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                write_canonical(value, text);
            }
            text.push(']');
        }
        Value::Object(record) => {
            // The map keeps the order of insertion when some other crate asks serde_json for it.
            let mut entries: Vec<_> = record.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                let _ = write!(text, "{}:", Value::from(key.as_str()));
                write_canonical(value, text);
            }
            text.push('}');
        }
        Value::Number(number) => match whole(number) {
            Some(number) => drop(write!(text, "{number}")),
            None => drop(write!(text, "{number}")),
        },
        simple => drop(write!(text, "{simple}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_pair_of_a_sorted_list_compares_as_it_stands() {
        let sorted = [
            json!(null),
            json!(false),
            json!(true),
            json!(-1e300),
            json!(i64::MIN),
            json!(-1.5),
            json!(-1),
            json!(0),
            json!(0.5),
            json!(1),
            json!(9_007_199_254_740_992_i64),
            json!(9_007_199_254_740_993_i64),
            json!(u64::MAX),
            json!(1e300),
            json!(""),
            json!("a"),
            json!("b"),
            json!([]),
            json!([1]),
            json!([1, 2]),
            json!({"a": 1}),
        ];
        for (i, left) in sorted.iter().enumerate() {
            for (j, right) in sorted.iter().enumerate() {
                assert_eq!(compare(left, right), i.cmp(&j), "{left} and {right}");
            }
        }
    }

    #[test]
    fn equal_values_have_one_canonical_text() {
        assert_eq!(
            canonical(&json!({"b": 1.0, "a": [1, 1.5]})),
            r#"{"a":[1,1.5],"b":1}"#
        );
        assert_eq!(Key(vec![json!(1)]), Key(vec![json!(1.0)]));
        assert_eq!(canonical(&json!(u64::MAX)), "18446744073709551615");
    }
}
