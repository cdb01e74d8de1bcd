//! The contract of a composite, derived from those of its parts.
//!
//! It lives as long as the process, like every contract that is compiled in: routes hold it, and a host that is put
//! together once makes it once.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::graph::{Call, Calls};
use super::{Planner, Source};
use crate::composition::definition::{Composite, End, Merge, Method, OnFailure, Role};
use crate::composition::schema::{At, Shape, embed, steps};
use crate::contract::{
    MethodDescriptor, MethodKind, Schema, SchemaOf, ServiceDescriptor, Stability, error_schema,
};
use crate::error::CallError;

/// The schemas of a method, as they come together.
pub(super) struct Derived<'m> {
    pub(super) method: &'m Method,
    input: Part,
    definitions: Map<String, Value>,
    outputs: Vec<Output>,
    /// The input is a part of the result: it is what a caller has written.
    pub(super) gives_input: bool,
    /// The result comes item by item.
    pub(super) is_stream: bool,
}

/// A port that is part of the result.
struct Output {
    name: String,
    schema: Value,
    /// Whether there is always something.
    is_there: bool,
}

/// What is known of one place in the input.
#[derive(Default)]
struct Part {
    schemas: Vec<Value>,
    required: bool,
    open: bool,
    fields: BTreeMap<String, Part>,
}

impl<'m> Derived<'m> {
    pub(super) fn new(method: &'m Method, calls: &Calls<'_>) -> Self {
        let only = (method.result.merge == Merge::Only)
            .then(|| method.result.ports.first())
            .flatten();
        let step = only.and_then(|(_, port)| match &port.end {
            End::Step(step) => Some(step),
            End::Input | End::Event(_) => None,
        });
        let called = step.and_then(|step| calls.iter().find(|call| call.name == step));
        let is_whole =
            method.result.map.is_none() && only.is_some_and(|(_, port)| port.pointer.is_empty());
        Self {
            method,
            input: Part::default(),
            definitions: Map::new(),
            outputs: Vec::new(),
            gives_input: false,
            is_stream: is_whole && called.is_some_and(|call| call.gives_stream(method)),
        }
    }

    /// A place in the input is read as it is, into the parameters of a call.
    pub(super) fn reads(&mut self, from: &str, call: &Call<'_>, to: &str) {
        let shape = Shape::of(&call.input);
        if from.is_empty() && to.is_empty() {
            let required = shape.required();
            for (name, schema) in shape.properties().into_iter().flatten() {
                // What is always the same, or comes from elsewhere, is not the caller's to give.
                if call.step.with.contains_key(name) || self.is_bound(call.name, name) {
                    continue;
                }
                let schema = embed(shape.with(schema), call.name, &mut self.definitions);
                let field = self.input.fields.entry(name.clone()).or_default();
                field.schemas.push(schema);
                field.required |= required.contains(&name.as_str());
            }
            return;
        }
        let (schema, required) = match shape.at(to) {
            At::Schema(schema) if to.is_empty() => (Some(schema), !shape.required().is_empty()),
            At::Schema(schema) => (Some(schema), shape.is_required(to)),
            At::Anything | At::Nothing(..) => (None, false),
        };
        let schema =
            schema.map(|schema| embed(shape.with(schema), call.name, &mut self.definitions));
        let part = self.input.at(from, required);
        part.schemas.extend(schema);
    }

    /// A place in the input is read by an expression, or as it is into the result: nothing says what is needed there.
    pub(super) fn open(&mut self, from: &str) {
        self.input.at(from, false).open = true;
    }

    fn is_bound(&self, step: &str, parameter: &str) -> bool {
        self.method.bindings.iter().any(|binding| {
            let first = steps(&binding.to.pointer).next();
            binding.to.end == End::Step(step.to_owned()) && first.as_deref() == Some(parameter)
        })
    }

    /// A port that is part of the result.
    pub(super) fn gives(&mut self, name: &str, source: Source, pointer: &str, calls: &Calls<'_>) {
        let (mut schema, is_there) = match source {
            Source::Input => self.gives_from_input(pointer),
            Source::Node(step) => self.gives_from(&calls[step], pointer),
        };
        if !is_there && matches!(self.method.result.merge, Merge::Only | Merge::List) {
            schema = either(schema, json!({ "type": "null" }));
        }
        self.outputs.push(Output {
            name: name.to_owned(),
            schema,
            is_there,
        });
    }

    fn gives_from_input(&mut self, pointer: &str) -> (Value, bool) {
        self.gives_input = true;
        self.open(pointer);
        let Some(input) = &self.method.input else {
            return (Value::Bool(true), pointer.is_empty());
        };
        let shape = Shape::of(input);
        let schema = match shape.at(pointer) {
            At::Schema(part) => embed(shape.with(part), "input.given", &mut self.definitions),
            At::Anything | At::Nothing(..) => Value::Bool(true),
        };
        (schema, pointer.is_empty() || shape.is_required(pointer))
    }

    fn gives_from(&mut self, call: &Call<'_>, pointer: &str) -> (Value, bool) {
        let shape = Shape::of(&call.output);
        let mut schema = match shape.at(pointer) {
            At::Schema(part) => {
                let name = format!("{}.result", call.name);
                embed(shape.with(part), &name, &mut self.definitions)
            }
            At::Anything | At::Nothing(..) => Value::Bool(true),
        };
        let mut is_there = pointer.is_empty() || shape.is_required(pointer);
        // Of a step that is called for each item, an item fails and not the whole.
        let is_by_item = call.gives_stream(self.method) && !call.is_stream();
        let default = |schema| match &call.step.on_failure {
            OnFailure::Default(value) => {
                let found = value.pointer(if is_by_item { pointer } else { "" });
                either(schema, json!({ "const": found }))
            }
            OnFailure::Fail | OnFailure::Skip => schema,
        };
        if is_by_item {
            schema = default(schema);
        }
        if call.gives_stream(self.method) && !self.is_stream {
            if !is_there {
                schema = either(schema, json!({ "type": "null" }));
            }
            is_there = true;
            schema = json!({ "type": "array", "items": schema });
        }
        if !is_by_item {
            schema = default(schema);
            is_there &= call.step.on_failure != OnFailure::Skip;
        }
        (schema, is_there)
    }

    fn input(&self) -> Value {
        let mut schema = match &self.method.input {
            Some(given) => given.clone(),
            None => self.input.schema(true),
        };
        self.define(&mut schema);
        schema
    }

    fn output(&self) -> Value {
        if let Some(given) = &self.method.output {
            return given.clone();
        }
        if self.method.result.map.is_some() {
            return Value::Bool(true);
        }
        self.merged()
    }

    /// What the rule makes of the ports, before an expression sees it.
    pub(super) fn merged(&self) -> Value {
        let all = || self.outputs.iter().map(|output| output.schema.clone());
        let mut schema = match self.method.result.merge {
            Merge::Only => all().next().unwrap_or(Value::Bool(true)),
            Merge::First => json!({ "anyOf": all().collect::<Vec<_>>() }),
            Merge::Combine => json!({ "type": "object" }),
            Merge::List => {
                let parts: Vec<Value> = all().collect();
                let count = parts.len();
                json!({ "type": "array", "prefixItems": parts, "items": false, "minItems": count })
            }
            Merge::Named => {
                let properties: Map<String, Value> = self
                    .outputs
                    .iter()
                    .map(|output| (output.name.clone(), output.schema.clone()))
                    .collect();
                let required: Vec<&str> = self
                    .outputs
                    .iter()
                    .filter(|output| output.is_there)
                    .map(|output| output.name.as_str())
                    .collect();
                json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
            }
        };
        self.define(&mut schema);
        schema
    }

    /// Adds the definitions that the schema refers to.
    fn define(&self, schema: &mut Value) {
        if let Value::Object(schema) = schema {
            schema.insert(
                "$schema".to_owned(),
                "https://json-schema.org/draft/2020-12/schema".into(),
            );
            if !self.definitions.is_empty() {
                let own = schema.entry("$defs").or_insert_with(|| json!({}));
                if let Value::Object(own) = own {
                    own.extend(self.definitions.clone());
                }
            }
        }
    }
}

fn either(one: Value, other: Value) -> Value {
    match one {
        Value::Bool(true) => one,
        one => json!({ "anyOf": [one, other] }),
    }
}

impl Part {
    fn at(&mut self, pointer: &str, required: bool) -> &mut Self {
        let mut here = self;
        for step in steps(pointer) {
            here = here.fields.entry(step).or_default();
            here.required |= required;
        }
        here
    }

    fn schema(&self, root: bool) -> Value {
        let mut all: Vec<Value> = self.schemas.clone();
        if root || !self.fields.is_empty() {
            let properties: Map<String, Value> = self
                .fields
                .iter()
                .map(|(name, part)| (name.clone(), part.schema(false)))
                .collect();
            let required: Vec<&String> = self
                .fields
                .iter()
                .filter(|(_, part)| part.required)
                .map(|(name, _)| name)
                .collect();
            let mut object =
                json!({ "type": "object", "properties": properties, "required": required });
            // Where nothing else has a say, what nobody reads is refused.
            if root && !self.open && self.schemas.is_empty() {
                object["additionalProperties"] = false.into();
            }
            all.push(object);
        }
        match all.len() {
            0 => Value::Bool(true),
            1 => all.remove(0),
            _ => {
                let mut unique: Vec<Value> = Vec::new();
                all.into_iter().for_each(|schema| {
                    if !unique.contains(&schema) {
                        unique.push(schema);
                    }
                });
                if root {
                    let object = unique.pop().unwrap_or_default();
                    let mut object = object;
                    object["allOf"] = unique.into();
                    object
                } else if unique.len() == 1 {
                    unique.remove(0)
                } else {
                    json!({ "allOf": unique })
                }
            }
        }
    }
}

impl Planner<'_> {
    /// The contract of one method.
    pub(super) fn descriptor(
        &mut self,
        name: &str,
        method: &Method,
        calls: &Calls<'_>,
        derived: &Derived<'_>,
    ) -> Option<MethodDescriptor> {
        let at = format!("/methods/{name}");
        let input = self.schema(derived.input(), &format!("{at}/input"));
        let output = self.schema(derived.output(), &format!("{at}/output"));
        let (input, output) = (input?, output?);
        let mut parameters: Vec<&'static str> = Vec::new();
        if let Some(properties) = Shape::of(&input.clone().to_value()).properties() {
            parameters.extend(properties.keys().map(|name| &*String::leak(name.clone())));
        }
        let deciding = || {
            calls
                .iter()
                .filter(|call| call.slot.slot.role != Role::Auxiliary)
        };
        let emits = method
            .bindings
            .iter()
            .any(|binding| matches!(binding.to.end, End::Event(_)));
        Some(MethodDescriptor {
            name: String::leak(name.to_owned()),
            docs: String::leak(method.description.clone()),
            kind: if derived.is_stream {
                MethodKind::Stream
            } else {
                MethodKind::Async
            },
            read_only: !emits && deciding().all(|call| call.method.read_only),
            idempotent: !emits
                && deciding().all(|call| call.method.idempotent || call.method.read_only),
            transactional: !derived.is_stream && deciding().any(|call| call.method.transactional),
            isolated: false,
            permission: None,
            timeout: method.timeout,
            stability: Stability::Stable,
            since: None,
            deprecated: None,
            parameters: Vec::leak(parameters),
            input: SchemaOf::Made(Box::leak(Box::new(input))),
            output: SchemaOf::Made(Box::leak(Box::new(output))),
            error: SchemaOf::Type(error_schema::<CallError>),
        })
    }

    fn schema(&mut self, schema: Value, at: &str) -> Option<Schema> {
        let usable = jsonschema::draft202012::new(&schema).map_err(|fault| fault.to_string());
        let made = usable.and_then(|_| Schema::try_from(schema).map_err(|fault| fault.to_string()));
        made.map_err(|fault| {
            self.problems
                .add("config_bad_schema", format!("no schema: {fault}"), at)
        })
        .ok()
    }
}

/// The contract of the whole.
pub(super) fn service(
    composite: &Composite,
    methods: Vec<MethodDescriptor>,
) -> &'static ServiceDescriptor {
    Box::leak(Box::new(ServiceDescriptor {
        name: String::leak(composite.name.clone()),
        version: composite.version,
        package: env!("CARGO_PKG_NAME"),
        docs: String::leak(composite.description.clone()),
        stability: Stability::Stable,
        since: None,
        deprecated: None,
        methods: Vec::leak(methods),
    }))
}
