//! The names in a definition: what the reader knows, and the JSON Schema of it.

use serde_json::{Map, Value, json};

use crate::composition::definition::Merge;
use crate::{duration, limit};

/// One name in a table of a definition.
pub(super) struct Field {
    pub(super) name: &'static str,
    schema: fn() -> Value,
    description: &'static str,
}

const fn field(name: &'static str, schema: fn() -> Value, description: &'static str) -> Field {
    Field {
        name,
        schema,
        description,
    }
}

pub(super) const COMPOSITE: &[Field] = &[
    field("description", text, "For people."),
    field(
        "version",
        text,
        "The version of the contract that it exposes; 1.0.0 unless given.",
    ),
    field(
        "permissions",
        texts,
        "What its calls need beyond the names of the services in its slots.",
    ),
    field("slots", || map_of(table(SLOT)), "What it is made of."),
    field("methods", || map_of(table(METHOD)), "What it exposes."),
    field(
        "listens",
        || list_of(table(LISTEN)),
        "The events that it answers with a call of its own.",
    ),
];

pub(super) const SLOT: &[Field] = &[
    field("service", text, "The service that it holds."),
    field(
        "instance",
        text,
        "The instance; what `[services]` chooses unless given.",
    ),
    field(
        "role",
        || one_of(&["primary", "secondary", "auxiliary"]),
        "What it is there for.",
    ),
    field(
        "of",
        text,
        "Of a secondary: the slot that it stands in for.",
    ),
    field(
        "after",
        time,
        "Of a secondary: how long the other may take before it is asked as well.",
    ),
    field(
        "tries",
        || count(limit::COMPOSITE_TRIES),
        "How often a call is tried that may be repeated.",
    ),
    field(
        "cache",
        time,
        "How long the answer of a read-only method is kept for equal input.",
    ),
    field(
        "breaker",
        || table(BREAKER),
        "When calls are refused without being made.",
    ),
];

pub(super) const BREAKER: &[Field] = &[
    field(
        "failures",
        || count(u32::MAX),
        "Failures in a row that open it; 5 unless given.",
    ),
    field(
        "pause",
        time,
        "How long it stays open before one call is let through; 30s unless given.",
    ),
];

pub(super) const LISTEN: &[Field] = &[
    field("event", text, "A type of events, or a pattern of types."),
    field("method", text, "The method that answers them."),
    field(
        "map",
        text,
        "jq over the event, which makes the input of the method.",
    ),
];

pub(super) const METHOD: &[Field] = &[
    field("description", text, "For people."),
    field(
        "timeout",
        time,
        "The deadline of a call that has none nearer.",
    ),
    field(
        "input",
        anything,
        "The JSON Schema of the input; what follows from the bindings unless given.",
    ),
    field(
        "output",
        anything,
        "The JSON Schema of the result; what follows from the bindings unless given.",
    ),
    field("call", text, "One call: `slot.method`."),
    field(
        "chain",
        texts,
        "Calls of which each gets the result of the one before.",
    ),
    field(
        "fan_out",
        || map_of(text()),
        "Calls that all get the input.",
    ),
    field(
        "merge",
        || one_of(&Merge::RULES.map(|(name, _)| name)),
        "What becomes of the results of a fan-out; `named` unless given.",
    ),
    field("wrap", text, "A call with others around it."),
    field("before", text, "The call before the wrapped one."),
    field("after", text, "The call behind the wrapped one."),
    field(
        "instead",
        text,
        "The call that may answer in place of the wrapped one.",
    ),
    field(
        "steps",
        || map_of(json!({"anyOf": [text(), table(STEP)]})),
        "The calls of a graph.",
    ),
    field(
        "bindings",
        || list_of(table(BINDING)),
        "What feeds what in a graph.",
    ),
    field(
        "result",
        || json!({"anyOf": [text(), map_of(text())]}),
        "Which step gives the result, or which give its parts.",
    ),
    field("map", text, "jq over the result."),
    field(
        "with",
        any_table,
        "Parameters of the call that are always the same.",
    ),
];

pub(super) const STEP: &[Field] = &[
    field("call", text, "What is called: `slot.method`."),
    field(
        "instead",
        text,
        "Asked first: `call` is made only when it answers null.",
    ),
    field(
        "after",
        texts,
        "Steps that it waits for without taking anything from them.",
    ),
    field(
        "with",
        any_table,
        "Parameters that are always the same; what is bound is laid over them.",
    ),
    field(
        "on_failure",
        failure,
        "What becomes of the whole when it fails; `fail` unless given.",
    ),
];

pub(super) const BINDING: &[Field] = &[
    field(
        "from",
        text,
        "`input` or a step, with a `#/pointer` if a part of it is meant.",
    ),
    field(
        "to",
        text,
        "A step with a `#/pointer` to its parameter, or `event:TYPE`.",
    ),
    field(
        "type",
        || one_of(&["data_flow", "event_flow"]),
        "What flows; the ends say it too.",
    ),
    field("map", text, "jq over what flows."),
    field(
        "on_failure",
        failure,
        "What comes when the step behind `from` fails; as the step says unless given.",
    ),
    field(
        "each",
        || json!({"type": "boolean"}),
        "Whether `to` is called for every item of a stream.",
    ),
];

/// The JSON Schema (draft 2020-12) of what stands below `[composites.NAME]`.
///
/// It is for editors, which see one layer: what a composite needs is not required of one file.
pub(crate) fn schema() -> Value {
    table(COMPOSITE)
}

fn table(fields: &[Field]) -> Value {
    let property = |field: &Field| {
        let mut schema = match (field.schema)() {
            Value::Object(schema) => schema,
            _ => Map::new(),
        };
        schema.insert("description".to_owned(), field.description.into());
        (field.name.to_owned(), Value::Object(schema))
    };
    let properties: Map<String, Value> = fields.iter().map(property).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn map_of(schema: Value) -> Value {
    json!({"type": "object", "additionalProperties": schema})
}

fn list_of(schema: Value) -> Value {
    json!({"type": "array", "items": schema})
}

fn one_of(names: &[&str]) -> Value {
    json!({"type": "string", "enum": names})
}

fn count(most: u32) -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": most})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn texts() -> Value {
    list_of(text())
}

fn time() -> Value {
    json!({"type": "string", "pattern": duration::PATTERN})
}

fn any_table() -> Value {
    json!({"type": "object"})
}

fn anything() -> Value {
    json!({})
}

fn failure() -> Value {
    json!({"anyOf": [
        one_of(&["fail", "skip"]),
        {"type": "object", "properties": {"default": {}}, "required": ["default"], "additionalProperties": false},
    ]})
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::composition::Composite;

    /// Everything that can be said.
    const WHOLE: &str = r##"
        description = "All of it."
        version = "1.2"
        permissions = ["a.read"]
        listens = [{ event = "a.*", method = "one", map = ".data" }]
        [slots]
        a = { service = "a", instance = "b", role = "primary", tries = 3, cache = "1m", breaker = { failures = 2, pause = "3s" } }
        spare = { service = "a", role = "secondary", of = "a", after = "2s" }
        [methods]
        one = { call = "a.get", with = { fixed = [1] }, timeout = "1s", map = ".x", input = { type = "object" }, output = true }
        two = { chain = ["a.get", "a.put"], description = "Two." }
        three = { fan_out = { x = "a.get", y = "a.get" }, merge = "list" }
        four = { wrap = "a.get", before = "a.put", after = "a.put", instead = "a.known" }
        [methods.five]
        result = { it = "get#/x" }
        bindings = [
            { from = "input", to = "get", type = "data_flow", map = ".", each = false, on_failure = "skip" },
            { from = "get", to = "event:a.done", type = "event_flow", on_failure = { default = 1 } },
        ]
        [methods.five.steps]
        get = { call = "a.get", instead = "a.known", after = ["put"], with = { x = 1 }, on_failure = "fail" }
        put = "a.put"
    "##;

    fn places(value: &Value, at: &str, all: &mut Vec<String>) {
        all.push(at.to_owned());
        match value {
            Value::Object(fields) => fields
                .iter()
                .for_each(|(name, inner)| places(inner, &format!("{at}/{name}"), all)),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(index, inner)| places(inner, &format!("{at}/{index}"), all)),
            _ => {}
        }
    }

    #[test]
    fn the_schema_says_what_the_reader_reads() {
        let whole: Value = toml::from_str(WHOLE).unwrap();
        let schema = jsonschema::draft202012::new(&schema()).unwrap();
        assert!(schema.is_valid(&whole));
        assert!(Composite::read("it", &whole, BTreeMap::new()).is_ok());
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        let used: BTreeSet<&str> = all.iter().filter_map(|at| at.rsplit('/').next()).collect();
        let fields = [COMPOSITE, SLOT, BREAKER, LISTEN, METHOD, STEP, BINDING];
        for field in fields.into_iter().flatten() {
            assert!(used.contains(field.name), "nothing tries `{}`", field.name);
        }
        for at in &all {
            for other in [
                json!(7),
                json!("%"),
                json!([[]]),
                json!({"%": [1]}),
                json!(true),
            ] {
                let mut changed = whole.clone();
                *changed.pointer_mut(at).unwrap() = other.clone();
                let codes: Vec<&str> = Composite::read("it", &changed, BTreeMap::new())
                    .err()
                    .into_iter()
                    .flatten()
                    .map(|problem| problem.code)
                    .collect();
                let is_valid = schema.is_valid(&changed);
                let is_shape =
                    |code: &&str| ["config_wrong_type", "config_unknown_name"].contains(code);
                assert!(
                    is_valid || !codes.is_empty(),
                    "only the schema refuses {other} at {at}"
                );
                assert!(
                    !is_valid || !codes.iter().any(is_shape),
                    "only the reader refuses {other} at {at}: {codes:?}"
                );
            }
        }
    }
}
