//! The settings of one instance: the value that its plugin gets, and what must not be shown of it.

mod branch;
mod check;
mod violation;

use serde_json::{Map, Number, Value};

pub(super) use check::{Subject, check, unknown_names, unknown_to};
pub(super) use violation::{counted, integer_range};

use super::place::{Kind as SourceKind, Place};
use super::tree::{Kind, Node};
use super::walk;

/// Beyond this a float no longer names one integer: 2^53.
const EXACT_FLOAT_MAX: f64 = 9_007_199_254_740_992.0;

/// The settings as their schema means them.
///
/// Bare text that happens to read as a number stays text where only text is wanted, `623.0` is an integer where one is
/// wanted, and of two references to a secret the one from the higher layer holds.
pub(super) fn settle(root: &Value, schema: Option<&Value>, node: &Node) -> Value {
    match &node.kind {
        Kind::Leaf(value) => match schema {
            Some(schema) => leaf(root, schema, value, &node.place),
            None => value.clone(),
        },
        Kind::Array(items) => {
            let item = |(at, item): (usize, &Node)| {
                settle(
                    root,
                    schema.and_then(|schema| walk::child(root, schema, &at.to_string())),
                    item,
                )
            };
            Value::Array(items.iter().enumerate().map(item).collect())
        }
        Kind::Table(table) => {
            let mut object = Map::new();
            let overruled = schema
                .filter(|schema| walk::is_secret(root, schema))
                .and_then(|_| overruled(node));
            for (name, node) in table
                .entries
                .iter()
                .filter(|(name, _)| overruled != Some(name.as_str()))
            {
                let schema = schema.and_then(|schema| walk::child(root, schema, name));
                object.insert(name.clone(), settle(root, schema, node));
            }
            Value::Object(object)
        }
    }
}

fn leaf(root: &Value, schema: &Value, value: &Value, place: &Place) -> Value {
    let allows = |kind| walk::allows(root, schema, kind);
    if allows(walk::kind(value)) {
        return value.clone();
    }
    if place.source.is_bare() && !value.is_string() && allows("string") {
        return Value::String(place.written().to_owned());
    }
    match value
        .as_f64()
        .filter(|float| float.fract() == 0.0 && float.abs() <= EXACT_FLOAT_MAX)
    {
        #[expect(clippy::cast_possible_truncation, reason = "integral and at most 2^53")]
        Some(float) if allows("integer") => Value::Number(Number::from(float as i64)),
        _ => value.clone(),
    }
}

/// The reference to a secret that a higher layer has replaced by the other kind of reference.
fn overruled(node: &Node) -> Option<&'static str> {
    let rank = |name| match node.child(name)?.place.source.kind {
        SourceKind::Default => Some(0),
        SourceKind::File { .. } => Some(1),
        SourceKind::Environment { .. } => Some(2),
        SourceKind::Flag { .. } => Some(3),
    };
    match rank("env")?.cmp(&rank("file")?) {
        std::cmp::Ordering::Less => Some("env"),
        std::cmp::Ordering::Greater => Some("file"),
        std::cmp::Ordering::Equal => None,
    }
}
