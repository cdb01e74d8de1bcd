//! JSON Schemas (draft 2020-12) of parameters, results, errors and settings, built on demand.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{MethodDescriptor, ServiceDescriptor, ServiceError};
use crate::error::Code;

/// A JSON Schema, draft 2020-12.
pub use schemars::Schema;

/// The schema of what `T` reads.
pub fn input_schema<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<T>()
}

/// The schema of what `T` writes.
pub fn output_schema<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
}

/// The schema of the wire form of `E`: the host's codes and the service's own.
pub fn error_schema<E: ServiceError>() -> Schema {
    let mut generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let own: Vec<Value> = E::CODES
        .iter()
        .map(|code| {
            let details = (code.details)(&mut generator);
            json!({
                "description": code.docs,
                "properties": {
                    "code": { "const": code.code },
                    "details": details,
                    "retryable": { "const": code.retryable },
                },
            })
        })
        .collect();
    let mut host: Vec<&str> = Code::all().map(|entry| entry.code).collect();
    host.retain(|code| E::CODES.iter().all(|own| own.code != *code));
    let mut variants = own;
    variants.push(json!({ "description": "The host's own errors.", "properties": { "code": { "enum": host } } }));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Error",
        "type": "object",
        "properties": {
            "code": { "type": "string" },
            "message": { "type": "string" },
            "pointer": { "type": "string", "format": "json-pointer" },
            "details": true,
            "retryable": { "type": "boolean" },
            "effect": { "enum": ["none", "possible"] },
        },
        "required": ["code", "message", "retryable", "effect"],
        "oneOf": variants,
    });
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        schema["$defs"] = Value::Object(definitions);
    }
    Schema::try_from(schema).unwrap_or_default()
}

/// 16 hexadecimal digits that change when the shape of the contract does; docs do not count.
pub fn shape_hash(service: &ServiceDescriptor) -> String {
    let mut methods: Vec<Value> = service.methods.iter().map(method_shape).collect();
    methods.sort_by_key(|method| method["name"].to_string());
    let text =
        json!({ "name": service.name, "line": service.line().to_string(), "methods": methods })
            .to_string();
    format!("{:016x}", fnv1a(text.as_bytes()))
}

/// The same for one method.
#[cfg(feature = "orchestration")]
pub(crate) fn method_hash(service: &ServiceDescriptor, method: &MethodDescriptor) -> String {
    let line = service.line().to_string();
    let text = json!({ "name": service.name, "line": line, "method": method_shape(method) });
    format!("{:016x}", fnv1a(text.to_string().as_bytes()))
}

/// How two contracts of one service differ for who calls it; docs and timeouts do not count.
#[cfg(feature = "composition")]
pub(crate) fn difference(old: &ServiceDescriptor, new: &ServiceDescriptor) -> Option<String> {
    if (old.name, old.version) != (new.name, new.version) {
        let (old, new) = (old.version, new.version);
        return Some(format!("its version is {new} and was {old}"));
    }
    let name = old.name;
    let find = |service: &ServiceDescriptor, wanted: &str| {
        service.method(wanted).map(|at| service.methods[at])
    };
    for method in old.methods {
        let Some(other) = find(new, method.name) else {
            return Some(format!("`{name}.{}` is gone", method.name));
        };
        let (before, after) = (method_shape(method), method_shape(&other));
        let parts = ["kind", "flags", "permission", "input", "output", "error"];
        if let Some(part) = parts.into_iter().find(|part| before[part] != after[part]) {
            let what = if part == "flags" {
                "what it says of its effects"
            } else {
                part
            };
            return Some(format!("`{name}.{}`: {what} is another", method.name));
        }
    }
    let mut added = new.methods.iter().map(|method| method.name);
    let added = added.find(|method| find(old, method).is_none())?;
    Some(format!("`{name}.{added}` is new"))
}

fn method_shape(method: &MethodDescriptor) -> Value {
    json!({
        "name": method.name,
        "kind": format!("{:?}", method.kind),
        "flags": [method.read_only, method.idempotent, method.transactional, method.isolated],
        "permission": method.permission,
        "input": shape(method.input.get().to_value()),
        "output": shape(method.output.get().to_value()),
        "error": shape(method.error.get().to_value()),
    })
}

/// The schema without its docs, with keys in order.
fn shape(schema: Value) -> Value {
    match schema {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map
                .into_iter()
                .filter(|(key, value)| {
                    !matches!(key.as_str(), "description" | "title" | "examples")
                        || value.is_object()
                })
                .map(|(key, value)| (key, shape(value)))
                .collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(shape).collect()),
        leaf => leaf,
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo 1991).
pub const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}
