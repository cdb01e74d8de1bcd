//! Whether everything that one schema allows is allowed by another. Sound for `Yes`; what it does not know is `Unknown`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::schema::{Shape, is_word};
use crate::limit;

/// What can be said before any value is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Every value that the one gives, the other takes.
    Yes,
    /// No value does: why.
    No(String),
    /// Some may not, or nobody can tell.
    Unknown,
}

impl Answer {
    fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No(why) => Self::No(why),
            Self::Yes => other(),
            Self::Unknown => match other() {
                Self::No(why) => Self::No(why),
                Self::Yes | Self::Unknown => Self::Unknown,
            },
        }
    }
}

/// Whether what `from` gives fits what `to` takes.
pub(super) fn compatible(from: Shape<'_>, to: Shape<'_>) -> Answer {
    compare(from, to, "", 0)
}

/// Keywords that are looked at by themselves.
const KNOWN: &[&str] = &[
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "oneOf",
];
/// Every type of JSON; a whole number is a number as well.
const KINDS: [&str; 7] = [
    "null", "boolean", "integer", "number", "string", "array", "object",
];

fn compare(from: Shape<'_>, to: Shape<'_>, at: &str, depth: usize) -> Answer {
    if depth > limit::SCHEMA_DEPTH {
        return Answer::Unknown;
    }
    let (from, to) = (from.resolved(), to.resolved());
    match (from.schema, to.schema) {
        (_, Value::Bool(true)) | (Value::Bool(false), _) => return Answer::Yes,
        (_, Value::Bool(false)) => {
            return Answer::No(format!("{}nothing is taken here", place(at)));
        }
        _ => {}
    }
    let Some(wanted) = to.schema.as_object() else {
        return Answer::Unknown;
    };
    if wanted.keys().all(|keyword| is_word(keyword)) {
        return Answer::Yes;
    }
    if let Some(branches) = from.branches() {
        return of_all(
            branches
                .into_iter()
                .map(|branch| compare(branch, to, at, depth + 1)),
        );
    }
    if let Some(branches) = to.branches() {
        return of_any(
            branches
                .into_iter()
                .map(|branch| compare(from, branch, at, depth + 1)),
        );
    }
    let empty = Map::new();
    let given = from.schema.as_object().unwrap_or(&empty);
    if let Some(answer) = values(given, to) {
        return answer;
    }
    kinds(given, wanted, at)
        .and(|| bounds(given, wanted))
        .and(|| properties(from, to, at, depth))
        .and(|| match (given.get("items"), wanted.get("items")) {
            (_, None) => Answer::Yes,
            (Some(given), Some(wanted)) => compare(
                from.with(given),
                to.with(wanted),
                &format!("{at}/-"),
                depth + 1,
            ),
            (None, Some(_)) if holds(given, "array") => Answer::Unknown,
            (None, Some(_)) => Answer::Yes,
        })
}

/// Each alternative that may come must fit.
fn of_all(answers: impl Iterator<Item = Answer>) -> Answer {
    let answers: Vec<Answer> = answers.collect();
    if answers.iter().all(|answer| *answer == Answer::Yes) {
        return Answer::Yes;
    }
    match answers.first() {
        Some(Answer::No(why)) if answers.iter().all(|answer| matches!(answer, Answer::No(_))) => {
            Answer::No(why.clone())
        }
        _ => Answer::Unknown,
    }
}

/// One alternative that takes it is enough.
fn of_any(answers: impl Iterator<Item = Answer>) -> Answer {
    let answers: Vec<Answer> = answers.collect();
    if answers.contains(&Answer::Yes) {
        return Answer::Yes;
    }
    match answers.last() {
        Some(Answer::No(why)) if answers.iter().all(|answer| matches!(answer, Answer::No(_))) => {
            Answer::No(why.clone())
        }
        _ => Answer::Unknown,
    }
}

/// Where the values are known one by one, they are tried.
fn values(given: &Map<String, Value>, to: Shape<'_>) -> Option<Answer> {
    let values: Vec<&Value> = match (given.get("const"), given.get("enum")) {
        (Some(value), _) => vec![value],
        (None, Some(Value::Array(values))) => values.iter().collect(),
        _ => return None,
    };
    let mut schema = to.schema.clone();
    for keyword in ["$defs", "definitions"] {
        if let (Value::Object(schema), Some(definitions)) = (&mut schema, to.root.get(keyword)) {
            schema.insert(keyword.to_owned(), definitions.clone());
        }
    }
    let Ok(validator) = jsonschema::draft202012::new(&schema) else {
        return Some(Answer::Unknown);
    };
    let fitting = values
        .iter()
        .filter(|value| validator.is_valid(value))
        .count();
    Some(match fitting {
        fitting if fitting == values.len() => Answer::Yes,
        0 => Answer::No(format!("{} is not taken", values[0])),
        _ => Answer::Unknown,
    })
}

fn kinds(given: &Map<String, Value>, wanted: &Map<String, Value>, at: &str) -> Answer {
    let (given, wanted) = (kinds_of(given), kinds_of(wanted));
    if given.is_subset(&wanted) {
        Answer::Yes
    } else if given.is_disjoint(&wanted) {
        let (given, wanted) = (named(&given), named(&wanted));
        Answer::No(format!("{}{given} where {wanted} is wanted", place(at)))
    } else {
        Answer::Unknown
    }
}

fn kinds_of(schema: &Map<String, Value>) -> BTreeSet<&str> {
    let mut kinds: BTreeSet<&str> = match schema.get("type") {
        Some(Value::String(kind)) => BTreeSet::from([kind.as_str()]),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if schema.contains_key("properties") => BTreeSet::from(["object"]),
        _ => KINDS.into_iter().collect(),
    };
    if kinds.contains("number") {
        kinds.insert("integer");
    }
    kinds
}

fn named(kinds: &BTreeSet<&str>) -> String {
    let shown = kinds
        .iter()
        .filter(|kind| **kind != "integer" || !kinds.contains("number"));
    let shown: Vec<&str> = shown.copied().collect();
    shown.join(" or ")
}

fn holds(schema: &Map<String, Value>, kind: &str) -> bool {
    kinds_of(schema).contains(kind)
}

/// Everything that is not looked at by itself: the same bound or a tighter one will do.
fn bounds(given: &Map<String, Value>, wanted: &Map<String, Value>) -> Answer {
    let restricts = |keyword: &&String| !is_word(keyword) && !KNOWN.contains(&keyword.as_str());
    let met = |keyword: &String| {
        let (given, wanted) = (given.get(keyword), wanted.get(keyword));
        let numbers = (
            given.and_then(Value::as_f64),
            wanted.and_then(Value::as_f64),
        );
        given == wanted
            || match (keyword.as_str(), numbers) {
                (
                    "minimum" | "minLength" | "minItems" | "minProperties" | "exclusiveMinimum",
                    (Some(given), Some(wanted)),
                ) => given >= wanted,
                (
                    "maximum" | "maxLength" | "maxItems" | "maxProperties" | "exclusiveMaximum",
                    (Some(given), Some(wanted)),
                ) => given <= wanted,
                _ => false,
            }
    };
    // One of these values only, and the given schema does not say which it has.
    let is_choice = wanted.contains_key("enum") || wanted.contains_key("const");
    if !is_choice && wanted.keys().filter(restricts).all(met) {
        Answer::Yes
    } else {
        Answer::Unknown
    }
}

fn properties(from: Shape<'_>, to: Shape<'_>, at: &str, depth: usize) -> Answer {
    let empty = Map::new();
    let given = from.schema.as_object().unwrap_or(&empty);
    if !holds(given, "object") {
        return Answer::Yes;
    }
    let mut answer = Answer::Yes;
    let (has, takes) = (from.properties(), to.properties());
    let required = from.required();
    for name in to.required() {
        let here = has.is_some_and(|has| has.contains_key(name));
        let found = match has {
            _ if required.contains(&name) => Answer::Yes,
            // What a contract does not name, its provider does not give.
            Some(_) if !here && !is_open(given) => {
                Answer::No(format!("{}`{name}` is wanted and not given", place(at)))
            }
            _ => Answer::Unknown,
        };
        answer = answer.and(|| found);
    }
    let others = to.schema.get("additionalProperties");
    for (name, schema) in has.into_iter().flatten() {
        let at = format!("{at}/{}", crate::contract::escape(name));
        let target = takes.and_then(|takes| takes.get(name)).or(others);
        let found = match target {
            None | Some(Value::Bool(true)) => Answer::Yes,
            Some(Value::Bool(false)) if required.contains(&name.as_str()) => {
                Answer::No(format!("`{at}` is given and not taken"))
            }
            Some(Value::Bool(false)) => Answer::Unknown,
            Some(target) => match compare(from.with(schema), to.with(target), &at, depth + 1) {
                // A field that may be left out breaks nothing when it is.
                Answer::No(_) if !required.contains(&name.as_str()) => Answer::Unknown,
                answer => answer,
            },
        };
        answer = answer.and(|| found);
    }
    let closed = others == Some(&Value::Bool(false));
    if closed && (is_open(given) || has.is_none()) {
        return answer.and(|| Answer::Unknown);
    }
    answer
}

/// Whether a schema says that there may be fields that it does not name.
fn is_open(schema: &Map<String, Value>) -> bool {
    let named = schema.get("additionalProperties");
    named.is_some_and(|others| *others != Value::Bool(false))
        || schema.contains_key("patternProperties")
}

fn place(at: &str) -> String {
    if at.is_empty() {
        String::new()
    } else {
        format!("`{at}`: ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(from: &Value, to: &Value) -> Answer {
        compatible(Shape::of(from), Shape::of(to))
    }

    fn check(cases: &str) {
        for case in cases.lines().map(str::trim).filter(|case| !case.is_empty()) {
            let [from, to, wanted] = case.split(" | ").collect::<Vec<_>>()[..] else {
                panic!("three columns: {case}");
            };
            let read = |text| serde_json::from_str::<Value>(text).expect("a schema");
            let found = match answer(&read(from), &read(to)) {
                Answer::Yes => "yes",
                Answer::No(_) => "no",
                Answer::Unknown => "unknown",
            };
            assert_eq!(found, wanted, "{from} into {to}");
        }
    }

    #[test]
    fn types_and_bounds_are_compared() {
        check(
            r#"
            {"type": "integer"} | {"type": "number"} | yes
            {"type": "number"} | {"type": "integer"} | unknown
            {"type": "string"} | {"type": "integer"} | no
            {"type": "string"} | true | yes
            {"type": "string"} | {"description": "anything"} | yes
            {"type": "string"} | false | no
            true | {"type": "string"} | unknown
            {"type": ["string", "null"]} | {"type": "string"} | unknown
            {"enum": ["a", "b"]} | {"enum": ["a", "b", "c"]} | yes
            {"enum": ["a", "d"]} | {"enum": ["a"]} | unknown
            {"const": "x"} | {"enum": ["a"]} | no
            {"type": "string"} | {"type": "string", "enum": ["a"]} | unknown
            {"type": "integer", "minimum": 5} | {"type": "integer", "minimum": 1} | yes
            {"type": "integer", "minimum": 0} | {"type": "integer", "minimum": 1} | unknown
            {"type": "integer"} | {"type": "integer", "minimum": 1} | unknown
            {"type": "string"} | {"type": "string", "not": {"const": "a"}} | unknown
            "#,
        );
    }

    #[test]
    fn objects_arrays_choices_and_references_are_compared() {
        check(
            r##"
            {"type": "array", "items": {"type": "string"}} | {"type": "array", "items": {"type": "string"}} | yes
            {"type": "array", "items": {"type": "string"}} | {"type": "array", "items": {"type": "integer"}} | no
            {"type": "array"} | {"type": "array", "items": {"type": "integer"}} | unknown
            {"properties": {"a": {"type": "string"}}, "required": ["a"]} | {"properties": {"a": {"type": "string"}}, "required": ["a"]} | yes
            {"properties": {"a": {"type": "string"}}, "required": ["a"]} | {"properties": {"a": true, "b": true}, "required": ["b"]} | no
            {"properties": {"a": {"type": "string"}}} | {"properties": {"a": {"type": "string"}}, "required": ["a"]} | unknown
            {"properties": {"a": true, "c": true}, "required": ["a", "c"]} | {"properties": {"a": true}, "additionalProperties": false} | no
            {"properties": {"a": true, "c": true}} | {"properties": {"a": true}, "additionalProperties": false} | unknown
            {"type": "object"} | {"properties": {"a": true}, "additionalProperties": false} | unknown
            {"anyOf": [{"type": "string"}, {"type": "null"}]} | {"anyOf": [{"type": "null"}, {"type": "string"}]} | yes
            {"anyOf": [{"type": "string"}, {"type": "null"}]} | {"type": "string"} | unknown
            {"type": "boolean"} | {"anyOf": [{"type": "null"}, {"type": "string"}]} | no
            {"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}} | {"type": "string"} | yes
            {"type": "string"} | {"$ref": "#/$defs/x", "minLength": 3, "$defs": {"x": {"type": "string"}}} | unknown
            "##,
        );
    }
}
