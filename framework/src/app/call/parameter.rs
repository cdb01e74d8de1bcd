//! One parameter of a method as a flag: its name, how its text is read, and its help.

use serde_json::Value;

use super::Target;
use super::flags::OPTIONS;

/// One parameter as a flag.
pub(super) struct Flag {
    pub(super) name: String,
    /// Kebab case; with `input.` before it where the command line has an option of that name.
    pub(super) long: String,
    pub(super) kind: Kind,
    /// Whether it takes nothing but lists.
    pub(super) is_list: bool,
    pub(super) help: String,
    /// What its value is called in the help.
    pub(super) value: &'static str,
}

/// How the text behind a flag is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As it is.
    Text,
    /// As JSON, or as text where it is none.
    Json,
    /// As JSON; without a value it means `true`.
    Switch,
}

/// The parameters of a method, in its own order.
pub(super) fn flags(target: &Target, schema: &Value) -> Vec<Flag> {
    let flag = |name: &&str| {
        let parameter = &schema["properties"][*name];
        let long = name.replace('_', "-");
        let long = if OPTIONS.contains(&long.as_str()) {
            format!("input.{long}")
        } else {
            long
        };
        let is_required = schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|known| known == *name));
        Flag {
            name: (*name).to_owned(),
            long,
            kind: kind(schema, parameter),
            is_list: types(schema, parameter) == ["array"],
            value: value_name(schema, parameter),
            help: help(schema, parameter, is_required),
        }
    };
    target.method.parameters.iter().map(flag).collect()
}

/// The description, the type, the choices and the default of a parameter.
fn help(root: &Value, parameter: &Value, is_required: bool) -> String {
    let resolved = resolve(root, parameter);
    let text = |key: &str| parameter[key].as_str().or_else(|| resolved[key].as_str());
    let mut notes = Vec::new();
    if let Some(kind @ ("array" | "object")) = text("type") {
        notes.push(kind.to_owned());
    }
    let choices = choices(resolved);
    if !choices.is_empty() {
        notes.push(choices.join(" | "));
    }
    match parameter.get("default") {
        Some(default) => notes.push(format!("default: {}", plain(default))),
        None if is_required => notes.push("required".to_owned()),
        None => {}
    }
    let description = text("description").unwrap_or_default();
    let notes = notes.join("; ");
    match (description.is_empty(), notes.is_empty()) {
        (true, _) => format!("[{notes}]"),
        (false, true) => description.to_owned(),
        (false, false) => format!("{description} [{notes}]"),
    }
}

/// The values that an enumeration takes; none where it is no enumeration.
fn choices(schema: &Value) -> Vec<String> {
    let own = schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .chain(schema.get("const"));
    let branches = schema["oneOf"].as_array().into_iter().flatten();
    own.map(plain).chain(branches.flat_map(choices)).collect()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Follows a `$ref` inside of the schema; schemars writes no chains of more than a few.
fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..8 {
        let reference = schema["$ref"]
            .as_str()
            .and_then(|reference| reference.strip_prefix('#'));
        match reference.and_then(|pointer| root.pointer(pointer)) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

/// What the help calls a value of this type.
fn value_name(root: &Value, schema: &Value) -> &'static str {
    match types(root, schema)
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["string"] => "TEXT",
        ["boolean"] => "true|false",
        ["integer"] => "INTEGER",
        ["number"] => "NUMBER",
        _ => "JSON",
    }
}

/// How the text behind a flag is read: text where the schema takes nothing but strings, and null beside them.
fn kind(root: &Value, schema: &Value) -> Kind {
    match types(root, schema)
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["string"] => Kind::Text,
        ["boolean"] => Kind::Switch,
        _ => Kind::Json,
    }
}

/// The types that a schema takes beside null, each once.
fn types(root: &Value, schema: &Value) -> Vec<String> {
    let mut types = Vec::new();
    types_of(root, schema, 0, &mut types);
    types.retain(|kind| kind != "null");
    types.sort();
    types.dedup();
    types
}

/// Collects the types that a schema takes; `any` where it does not say.
fn types_of(root: &Value, schema: &Value, depth: usize, types: &mut Vec<String>) {
    let schema = resolve(root, schema);
    let branches = ["anyOf", "oneOf"]
        .iter()
        .find_map(|keyword| schema[keyword].as_array());
    let kind_of = |value: &Value| match value {
        Value::String(_) => "string",
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) | Value::Array(_) | Value::Object(_) => "any",
    };
    match (&schema["type"], branches) {
        (Value::String(kind), _) => types.push(kind.clone()),
        (Value::Array(kinds), _) => {
            types.extend(kinds.iter().filter_map(Value::as_str).map(str::to_owned))
        }
        (_, Some(branches)) if depth < 8 => {
            branches
                .iter()
                .for_each(|branch| types_of(root, branch, depth + 1, types));
        }
        _ => match (schema["enum"].as_array(), schema.get("const")) {
            (Some(values), _) => types.extend(values.iter().map(|value| kind_of(value).to_owned())),
            (None, Some(value)) => types.push(kind_of(value).to_owned()),
            (None, None) => types.push("any".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_says_how_text_is_read() {
        let root = serde_json::json!({ "$defs": {
            "Key": { "type": "string" },
            "Mood": { "oneOf": [{ "const": "polite" }, { "enum": ["short", "none"] }] },
        } });
        let check =
            |schema: Value, expected: Kind| assert_eq!(kind(&root, &schema), expected, "{schema}");
        check(serde_json::json!({ "type": "string" }), Kind::Text);
        check(
            serde_json::json!({ "type": ["string", "null"] }),
            Kind::Text,
        );
        check(serde_json::json!({ "$ref": "#/$defs/Key" }), Kind::Text);
        check(
            serde_json::json!({ "anyOf": [{ "$ref": "#/$defs/Mood" }, { "type": "null" }] }),
            Kind::Text,
        );
        check(serde_json::json!({ "type": "boolean" }), Kind::Switch);
        check(
            serde_json::json!({ "type": ["boolean", "null"] }),
            Kind::Switch,
        );
        check(serde_json::json!({ "type": "integer" }), Kind::Json);
        check(
            serde_json::json!({ "type": ["string", "integer"] }),
            Kind::Json,
        );
        check(serde_json::json!(true), Kind::Json);
        check(serde_json::json!({}), Kind::Json);
    }
}
