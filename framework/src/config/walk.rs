//! Finding the way in a JSON Schema: which part of it speaks about a given value.
//!
//! This is no validator. It answers what messages, samples and secrets need: descriptions, defaults, names, types. A
//! schema may refer to itself, so every search has a bound.

use std::collections::BTreeMap;

use serde_json::Value;

/// No schema of settings has more parts than this that speak about one value.
const FACETS_MAX: usize = 256;

/// The parts of a schema that speak about the same value: itself, what it refers to, and the branches of `allOf`,
/// `anyOf` and `oneOf`; the schema itself comes first.
pub(super) fn facets<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    search(root, schema, |_| true)
}

/// The facets that hold whichever branch the value takes: a choice counts only if it is between something and null.
fn certain_facets<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let is_null = |branch: &&Value| branch["type"] == "null";
    search(root, schema, |branches| {
        branches.iter().filter(|branch| !is_null(branch)).count() == 1
    })
}

fn search<'s>(
    root: &'s Value,
    schema: &'s Value,
    takes: impl Fn(&[Value]) -> bool,
) -> Vec<&'s Value> {
    let mut found: Vec<&Value> = vec![schema];
    let mut next = 0;
    while let Some(part) = found.get(next).copied() {
        next += 1;
        let target = part
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| lookup(root, reference));
        let branches = |keyword| part.get(keyword).and_then(Value::as_array);
        let choices = ["anyOf", "oneOf"]
            .into_iter()
            .filter_map(branches)
            .filter(|branches| takes(branches));
        let parts = branches("allOf").into_iter().chain(choices).flatten();
        for facet in target.into_iter().chain(parts) {
            if found.len() < FACETS_MAX && !found.iter().any(|known| std::ptr::eq(*known, facet)) {
                found.push(facet);
            }
        }
    }
    found
}

/// What a reference within the schema points to.
pub(super) fn lookup<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    root.pointer(reference.strip_prefix('#')?)
}

/// The schema of a property or item.
pub(super) fn child<'s>(root: &'s Value, schema: &'s Value, name: &str) -> Option<&'s Value> {
    let facets = facets(root, schema);
    let named = facets
        .iter()
        .find_map(|facet| facet.get("properties")?.get(name));
    let any = || {
        facets.iter().find_map(|facet| {
            facet
                .get("additionalProperties")
                .filter(|schema| schema.is_object())
        })
    };
    let item = || {
        let index = name.parse::<usize>().ok()?;
        let fixed = facets
            .iter()
            .find_map(|facet| facet.get("prefixItems")?.get(index));
        fixed.or_else(|| {
            facets
                .iter()
                .find_map(|facet| facet.get("items").filter(|schema| schema.is_object()))
        })
    };
    named.or_else(any).or_else(item)
}

/// The schema of the value at a JSON pointer.
pub(super) fn at<'s>(root: &'s Value, pointer: &str) -> Option<&'s Value> {
    super::tree::segments(pointer).try_fold(root, |schema, name| child(root, schema, &name))
}

/// The properties of an object, of all its branches, sorted by name.
pub(super) fn properties<'s>(root: &'s Value, schema: &'s Value) -> BTreeMap<&'s str, &'s Value> {
    let mut properties = BTreeMap::new();
    for facet in facets(root, schema) {
        for (name, schema) in facet
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            properties.entry(name.as_str()).or_insert(schema);
        }
    }
    properties
}

/// Whether the value is a table whose names are the same whichever branch it takes.
pub(super) fn has_fixed_names(root: &Value, schema: &Value) -> bool {
    let named = |facet: &&Value| {
        facet
            .get("properties")
            .and_then(Value::as_object)
            .is_some_and(|names| !names.is_empty())
    };
    certain_facets(root, schema).iter().any(named)
}

/// Whether a table may hold names that its schema does not list, because the schema says so.
pub(super) fn is_open(root: &Value, schema: &Value) -> bool {
    let keywords = [
        "additionalProperties",
        "unevaluatedProperties",
        "patternProperties",
    ];
    let more = |facet: &Value| {
        let stated = keywords.iter().filter_map(|keyword| facet.get(*keyword));
        facet == &Value::Bool(true) || stated.into_iter().any(|more| more != &Value::Bool(false))
    };
    facets(root, schema).into_iter().any(more)
}

/// A keyword of the schema, or of what it refers to.
pub(super) fn keyword<'s>(root: &'s Value, schema: &'s Value, name: &str) -> Option<&'s Value> {
    certain_facets(root, schema)
        .into_iter()
        .find_map(|facet| facet.get(name))
}

/// What the value is for.
pub(super) fn description<'s>(root: &'s Value, schema: &'s Value) -> Option<&'s str> {
    keyword(root, schema, "description")?
        .as_str()
        .filter(|text| !text.is_empty())
}

/// Whether the value must not be shown.
pub(super) fn is_secret(root: &Value, schema: &Value) -> bool {
    let says_so =
        |facet: &Value| facet["writeOnly"] == Value::Bool(true) || facet["format"] == "secret";
    facets(root, schema).into_iter().any(says_so)
}

/// Whether a secret's value only says where the secret is.
pub(super) fn is_reference(value: &Value) -> bool {
    let Some(object) = value.as_object() else {
        return false;
    };
    object.len() == 1
        && ["env", "file"]
            .iter()
            .any(|name| object.get(*name).is_some_and(Value::is_string))
}

/// The JSON types that a schema allows; `None` where it does not say.
pub(super) fn types(root: &Value, schema: &Value) -> Option<Vec<String>> {
    types_within(root, schema, 16)
}

fn types_within(root: &Value, schema: &Value, depth: usize) -> Option<Vec<String>> {
    let depth = depth.checked_sub(1)?;
    match schema.get("type") {
        Some(Value::String(name)) => return Some(vec![name.clone()]),
        Some(Value::Array(names)) => {
            return Some(
                names
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            );
        }
        _ => {}
    }
    if let Some(constant) = schema.get("const") {
        return Some(vec![kind(constant).to_owned()]);
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return Some(
            choices
                .iter()
                .map(|choice| kind(choice).to_owned())
                .collect(),
        );
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return types_within(root, lookup(root, reference)?, depth);
    }
    if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
        return all.iter().find_map(|part| types_within(root, part, depth));
    }
    let branches = ["anyOf", "oneOf"]
        .into_iter()
        .find_map(|keyword| schema.get(keyword)?.as_array())?;
    let types: Option<Vec<Vec<String>>> = branches
        .iter()
        .map(|part| types_within(root, part, depth))
        .collect();
    Some(types?.concat())
}

/// The JSON type of a value, as schemas call it.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether the schema allows a value of this type, as far as it says.
pub(super) fn allows(root: &Value, schema: &Value, kind: &str) -> bool {
    let fits = |name: &String| name == kind || (name == "number" && kind == "integer");
    types(root, schema).is_none_or(|types| types.iter().any(fits))
}
