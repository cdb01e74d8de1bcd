//! Made-up values, for settings that have no default.

use serde_json::{Value, json};

use crate::config::walk;

/// An example of an array has at most this many items.
const ITEMS_MAX: u64 = 8;

/// A value that fits the schema, as far as that can be told without trying; of tables only what is required.
pub(super) fn example(root: &Value, schema: &Value, depth: usize) -> Value {
    if walk::is_secret(root, schema) {
        return json!({"env": "NAME"});
    }
    let keyword = |name| walk::keyword(root, schema, name);
    let first = |name| keyword(name).and_then(|values| values.get(0));
    let given = first("examples")
        .or(keyword("default"))
        .or(keyword("const"))
        .or(first("enum"));
    if let Some(value) = given.filter(|value| !value.is_null()) {
        return value.clone();
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Value::Null;
    };
    let is_null = |form: &&Value| form["type"] == "null";
    let forms = ["oneOf", "anyOf"]
        .into_iter()
        .find_map(|name| keyword(name)?.as_array());
    if let Some(form) = forms.and_then(|forms| forms.iter().find(|form| !is_null(form))) {
        return example(root, form, depth);
    }
    let types = walk::types(root, schema).unwrap_or_default();
    match types
        .iter()
        .map(String::as_str)
        .find(|name| *name != "null")
    {
        Some("boolean") => Value::Bool(false),
        Some("integer" | "number") => keyword("minimum").cloned().unwrap_or_else(|| 1.into()),
        Some("array") => {
            let least = keyword("minItems")
                .and_then(Value::as_u64)
                .unwrap_or_default()
                .min(ITEMS_MAX);
            let item = walk::child(root, schema, "0").map(|item| example(root, item, depth));
            (0..least).filter_map(|_| item.clone()).collect()
        }
        Some("object") => {
            let known = walk::properties(root, schema).into_iter();
            let required = known.filter(|(name, _)| is_required(root, schema, name));
            Value::Object(
                required
                    .map(|(name, schema)| (name.to_owned(), example(root, schema, depth)))
                    .collect(),
            )
        }
        _ => Value::String(text(keyword("minLength"), keyword("maxLength"))),
    }
}

fn text(least: Option<&Value>, most: Option<&Value>) -> String {
    let bound = |limit: Option<&Value>, otherwise: usize| {
        limit
            .and_then(Value::as_u64)
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(otherwise)
    };
    let text = "change-me";
    let most = bound(most, text.len()).min(text.len());
    let mut text = text[..most].to_owned();
    while text.len() < bound(least, 0).min(256) {
        text.push('x');
    }
    text
}

/// Whether a table is nothing without this name.
pub(super) fn is_required(root: &Value, schema: &Value, name: &str) -> bool {
    let names = walk::keyword(root, schema, "required").and_then(Value::as_array);
    names.is_some_and(|names| names.iter().any(|required| required == name))
}
