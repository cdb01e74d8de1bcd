//! Schemas of parameters, with what their attributes add.

use std::marker::PhantomData;

use schemars::{Schema, json_schema};
use serde::Serialize;
use serde_json::{Map, Value};

/// The schema of the parameter object.
pub(super) fn object(
    title: &str,
    names: &[&str],
    docs: &[&str],
    schemas: Vec<Schema>,
    needed: &[bool],
) -> Schema {
    let mut properties = Map::new();
    for ((name, docs), mut schema) in names.iter().zip(docs).zip(schemas) {
        if !docs.is_empty() {
            schema.insert("description".to_owned(), (*docs).into());
        }
        properties.insert((*name).to_owned(), schema.into());
    }
    let required: Vec<&str> = names
        .iter()
        .zip(needed)
        .filter_map(|(name, needed)| needed.then_some(*name))
        .collect();
    let mut object = json_schema!({ "title": title, "type": "object" });
    if !properties.is_empty() {
        object.insert("properties".to_owned(), properties.into());
    }
    object.insert("additionalProperties".to_owned(), false.into());
    if !required.is_empty() {
        object.insert("required".to_owned(), required.into());
    }
    object
}

/// `length(min, max)`, of characters or of items.
pub fn describe_length(schema: &mut Schema, (min, max): (usize, usize)) {
    for (kind, least, most) in [
        ("string", "minLength", "maxLength"),
        ("array", "minItems", "maxItems"),
    ] {
        if min > 0 {
            insert(schema, kind, least, min);
        }
        if max < usize::MAX {
            insert(schema, kind, most, max);
        }
    }
}

/// `range(min, max)`.
pub fn describe_range<T: Into<Value>>(schema: &mut Schema, (min, max): (Option<T>, Option<T>)) {
    for (key, bound) in [("minimum", min), ("maximum", max)] {
        if let Some(bound) = bound {
            insert(schema, "number", key, bound);
        }
    }
}

/// `pattern("…")`.
pub fn describe_pattern(schema: &mut Schema, pattern: &str) {
    insert(schema, "string", "pattern", pattern);
}

/// A keyword where the schema is of the kind that it constrains, as schemars has it.
fn insert(schema: &mut Schema, kind: &str, key: &str, value: impl Into<Value>) {
    let is = |wanted: &str| match schema.get("type") {
        Some(Value::String(kind)) => kind == wanted,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
        _ => false,
    };
    if is(kind) || (kind == "number" && is("integer")) {
        schema.insert(key.to_owned(), value.into());
    }
}

/// The default of a parameter's type; written into the schema when the type can be written.
#[derive(Debug)]
pub struct DefaultOf<T>(PhantomData<T>);

impl<T> DefaultOf<T> {
    /// The one value.
    pub const NEW: Self = Self(PhantomData);
}

impl<T: Default + Serialize> DefaultOf<T> {
    /// Adds the default.
    pub fn describe(&self, schema: &mut Schema) {
        if let Ok(default) = serde_json::to_value(T::default()) {
            schema.insert("default".to_owned(), default);
        }
    }
}

/// The way for types that cannot be written as JSON: an inherent method goes before one of a trait.
pub trait DefaultUnwritten {
    /// Adds nothing.
    fn describe(&self, _: &mut Schema) {}
}

impl<T> DefaultUnwritten for DefaultOf<T> {}
