//! The rules of a JSON Schema in words, for a comment.

use serde_json::Value;

use crate::config::problem::one_line;
use crate::config::settings::{counted, integer_range};
use crate::config::toml_text::value as toml_value;
use crate::config::walk;

/// What a value must be, in words.
pub(super) fn rules(root: &Value, schema: &Value) -> Vec<String> {
    let keyword = |name| walk::keyword(root, schema, name);
    let mut rules = Vec::new();
    let choices = choices(root, schema);
    if !choices.is_empty() {
        rules.push(format!("One of {}.", choices.join(", ")));
    }
    let format = keyword("format")
        .and_then(Value::as_str)
        .and_then(integer_range);
    let bound = |stated: Option<&Value>, own: Option<i128>| {
        stated
            .map(Value::to_string)
            .or(own.map(|own| own.to_string()))
    };
    let least = bound(keyword("minimum"), format.map(|range| range.0));
    match (
        least,
        bound(keyword("maximum"), format.map(|range| range.1)),
    ) {
        (Some(least), Some(most)) => rules.push(format!("From {least} to {most}.")),
        (Some(least), None) => rules.push(format!("At least {least}.")),
        (None, Some(most)) => rules.push(format!("At most {most}.")),
        (None, None) => {}
    }
    let bounds = [
        ("exclusiveMinimum", "More than"),
        ("exclusiveMaximum", "Less than"),
        ("multipleOf", "A multiple of"),
        ("pattern", "Matches"),
    ];
    for (name, words) in bounds {
        if let Some(bound) = keyword(name) {
            rules.push(format!(
                "{words} {}.",
                bound.as_str().map_or_else(|| bound.to_string(), one_line)
            ));
        }
    }
    let lengths = [
        ("minLength", "At least", "character"),
        ("maxLength", "At most", "character"),
        ("minItems", "At least", "item"),
        ("maxItems", "At most", "item"),
    ];
    for (name, words, noun) in lengths {
        if let Some(count) = keyword(name).and_then(Value::as_u64) {
            rules.push(format!("{words} {}.", counted(count, noun)));
        }
    }
    rules
}

/// The values that a schema allows, where it lists them.
pub(super) fn choices(root: &Value, schema: &Value) -> Vec<String> {
    let facets = walk::facets(root, schema);
    // A form that is a table has tags, not choices.
    let is_value = |facet: &&&Value| facet.get("properties").is_none();
    let values = facets.iter().filter(is_value).flat_map(|facet| {
        let listed = facet
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        facet.get("const").into_iter().chain(listed)
    });
    values.filter_map(toml_value).collect()
}
