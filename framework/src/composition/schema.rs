//! Parts of schemas: what stands at a pointer, and how parts of several documents go into one.

use serde_json::{Map, Value, json};

use crate::limit;

/// A schema and the document that its references point into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) root: &'a Value,
    pub(super) schema: &'a Value,
}

/// Whether a keyword restricts nothing.
pub(super) fn is_word(keyword: &str) -> bool {
    const WORDS: [&str; 12] = [
        "title",
        "description",
        "default",
        "examples",
        "$schema",
        "$defs",
        "definitions",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$comment",
        "format",
    ];
    WORDS.contains(&keyword)
}

/// The schema of every value.
pub(super) static ANYTHING: Value = Value::Bool(true);

/// What a pointer leads to.
#[derive(Debug, PartialEq)]
pub(super) enum At<'a> {
    /// The schema there.
    Schema(&'a Value),
    /// The schema allows something there and says no more.
    Anything,
    /// There is nothing of that name; these are the names.
    Nothing(String, Vec<&'a str>),
}

impl<'a> Shape<'a> {
    pub(super) fn of(root: &'a Value) -> Self {
        Self { root, schema: root }
    }

    pub(super) fn with(self, schema: &'a Value) -> Self {
        Self { schema, ..self }
    }

    /// The same with references followed, and without the `null` of a value that may be absent.
    pub(super) fn resolved(self) -> Self {
        let mut schema = self.schema;
        for _ in 0..limit::SCHEMA_DEPTH {
            // What restricts beside a reference would be lost behind it.
            let others = schema.as_object().into_iter().flat_map(Map::keys);
            if others
                .into_iter()
                .any(|keyword| keyword != "$ref" && !is_word(keyword))
            {
                break;
            }
            let target = schema.get("$ref").and_then(Value::as_str);
            match target.and_then(|target| self.root.pointer(target.strip_prefix('#')?)) {
                Some(found) => schema = found,
                None => break,
            }
        }
        self.with(schema)
    }

    /// The alternatives of a schema that is nothing but a choice.
    pub(super) fn branches(self) -> Option<Vec<Self>> {
        let branches = ["anyOf", "oneOf"]
            .iter()
            .find_map(|keyword| self.schema.get(keyword))?;
        let branches = branches.as_array()?.iter();
        Some(
            branches
                .map(|branch| self.with(branch).resolved())
                .collect(),
        )
    }

    /// The one alternative that is not `null`.
    fn solid(self) -> Self {
        let resolved = self.resolved();
        let Some(branches) = resolved.branches() else {
            return resolved;
        };
        let solid: Vec<Self> = branches
            .into_iter()
            .filter(|branch| branch.schema.get("type") != Some(&json!("null")))
            .collect();
        match solid.as_slice() {
            [only] => only.solid(),
            _ => resolved,
        }
    }

    /// What stands at a JSON pointer.
    pub(super) fn at(self, pointer: &str) -> At<'a> {
        let mut here = self;
        for step in steps(pointer) {
            let solid = here.solid();
            let object = match solid.schema {
                Value::Object(object) => object,
                _ => return At::Anything,
            };
            here = match next(object, &step) {
                Next::Schema(schema) => solid.with(schema),
                Next::Anything => return At::Anything,
                Next::Nothing(names) => return At::Nothing(step, names),
            };
        }
        At::Schema(here.schema)
    }

    /// Whether a value must be at a pointer.
    pub(super) fn is_required(self, pointer: &str) -> bool {
        let mut here = self;
        for step in steps(pointer) {
            let solid = here.solid();
            let required = solid.schema.get("required").and_then(Value::as_array);
            let names = required.into_iter().flatten().filter_map(Value::as_str);
            if !names.into_iter().any(|name| name == step) {
                return false;
            }
            match solid
                .schema
                .get("properties")
                .and_then(|known| known.get(&step))
            {
                Some(schema) => here = solid.with(schema),
                None => return false,
            }
        }
        true
    }

    /// The names of required properties at the top.
    pub(super) fn required(self) -> Vec<&'a str> {
        let required = self
            .resolved()
            .schema
            .get("required")
            .and_then(Value::as_array);
        required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// The properties at the top.
    pub(super) fn properties(self) -> Option<&'a Map<String, Value>> {
        self.resolved().schema.get("properties")?.as_object()
    }
}

enum Next<'a> {
    Schema(&'a Value),
    Anything,
    Nothing(Vec<&'a str>),
}

fn next<'a>(schema: &'a Map<String, Value>, step: &str) -> Next<'a> {
    let properties = schema.get("properties").and_then(Value::as_object);
    if let Some(found) = properties.and_then(|known| known.get(step)) {
        return Next::Schema(found);
    }
    if let Some(items) = schema
        .get("items")
        .filter(|_| step.parse::<usize>().is_ok())
    {
        return Next::Schema(items);
    }
    match schema.get("additionalProperties") {
        Some(Value::Bool(false)) | None => {}
        Some(Value::Bool(true)) => return Next::Anything,
        Some(other) => return Next::Schema(other),
    }
    let is_open = ["patternProperties", "allOf", "anyOf", "oneOf", "$ref", "if"];
    match properties {
        Some(known) if !is_open.iter().any(|keyword| schema.contains_key(*keyword)) => {
            Next::Nothing(known.keys().map(String::as_str).collect())
        }
        None if schema.get("type").is_some_and(|kind| !may_hold(kind)) => Next::Nothing(Vec::new()),
        Some(_) | None => Next::Anything,
    }
}

/// Whether a value of this type has parts.
fn may_hold(kind: &Value) -> bool {
    let holds = |kind: &Value| kind == "object" || kind == "array";
    holds(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(holds))
}

/// The names in a JSON pointer.
pub(super) fn steps(pointer: &str) -> impl Iterator<Item = String> + '_ {
    let parts = pointer.split('/').skip(1);
    parts.map(|part| part.replace("~1", "/").replace("~0", "~"))
}

/// Takes a part of a document into another one: the document goes under a definition, where the references of the part
/// lead then.
pub(super) fn embed(shape: Shape<'_>, name: &str, definitions: &mut Map<String, Value>) -> Value {
    let (mut part, prefix) = (shape.schema.clone(), format!("#/$defs/{name}"));
    let refers = redirect(&mut part, &prefix);
    if let Value::Object(part) = &mut part {
        for keyword in ["$schema", "$defs", "title"] {
            part.remove(keyword);
        }
    }
    if refers && !definitions.contains_key(name) {
        let mut root = shape.root.clone();
        redirect(&mut root, &prefix);
        if let Value::Object(root) = &mut root {
            root.remove("$schema");
        }
        definitions.insert(name.to_owned(), root);
    }
    part
}

/// Leads every reference below `prefix`; whether there was one. What is data stays as it is.
fn redirect(schema: &mut Value, prefix: &str) -> bool {
    match schema {
        Value::Object(object) => {
            let mut any = false;
            for (keyword, inner) in object {
                match (keyword.as_str(), inner) {
                    ("$ref", Value::String(reference)) => {
                        if let Some(rest) = reference.strip_prefix('#') {
                            *reference = format!("{prefix}{rest}");
                            any = true;
                        }
                    }
                    ("const" | "default" | "enum" | "examples", _) => {}
                    (_, inner) => any |= redirect(inner, prefix),
                }
            }
            any
        }
        Value::Array(items) => {
            // Every one: `any` would stop at the first.
            items
                .iter_mut()
                .fold(false, |any, item| redirect(item, prefix) | any)
        }
        _ => false,
    }
}
