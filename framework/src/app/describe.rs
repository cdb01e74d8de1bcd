//! `describe`: a service, or one of its methods, from the contract that is linked in.

use serde_json::{Value, json};

use super::args::{Describe, Format, Side};
use super::failure::Failure;
use super::offers::Offers;
use super::output::{envelope, table};
use super::session::Session;
use crate::config::format_duration;
use crate::contract::{MethodDescriptor, MethodKind, ServiceDescriptor};

pub(super) fn run(session: &Session, command: &Describe) -> Result<u8, Failure> {
    let services = session.services();
    let (service, method) = match command.name.split_once('.') {
        Some((service, method)) => (service, Some(method)),
        None => (command.name.as_str(), None),
    };
    // A name without a dot is a service here, and would be half a call to the look-up.
    let not_found = || session.not_found(&format!("{service}.{}", method.unwrap_or("*")));
    let service = services
        .into_iter()
        .find(|known| known.name == service)
        .ok_or_else(not_found)?;
    let method = match method {
        Some(name) => Some(
            service
                .methods
                .iter()
                .find(|known| known.name == name)
                .ok_or_else(not_found)?,
        ),
        None => None,
    };
    let output = session.output;
    match (method, command.schema) {
        (Some(method), Some(side)) => {
            let schema = schema(method, side);
            match output.format {
                Format::Table => output.text(&format!("{schema:#}"))?,
                Format::Json => output.json(&envelope([("schema", schema)]))?,
            }
        }
        (None, Some(_)) => {
            let message = format!(
                "a schema belongs to a method: write `{}.METHOD`",
                service.name
            );
            return Err(Failure::usage(&message));
        }
        (Some(method), None) => {
            let offers = Offers::ask(session, service, method.transactional);
            output.either(
                || method_text(service, method) + &offers.text(),
                || envelope([("method", offers.on(method_json(method, true)))]),
            )?
        }
        (None, None) => {
            let is_transactional = service.methods.iter().any(|method| method.transactional);
            let offers = Offers::ask(session, service, is_transactional);
            output.either(
                || service_text(session, service) + &offers.text(),
                || envelope([("service", offers.on(service_json(session, service)))]),
            )?
        }
    }
    Ok(0)
}

fn schema(method: &MethodDescriptor, side: Side) -> Value {
    let schema = match side {
        Side::Input => method.input.get(),
        Side::Output => method.output.get(),
        Side::Error => method.error.get(),
    };
    schema.to_value()
}

fn providers(session: &Session, service: &ServiceDescriptor) -> Vec<&'static str> {
    let provides = |provided: &&ServiceDescriptor| {
        provided.name == service.name && provided.line() == service.line()
    };
    let entries = session.load().builder.entries();
    let entries = entries
        .iter()
        .filter(|entry| entry.descriptor.provides.iter().any(provides));
    entries.map(|entry| entry.descriptor.id).collect()
}

fn service_json(session: &Session, service: &ServiceDescriptor) -> Value {
    let methods: Vec<Value> = service
        .methods
        .iter()
        .map(|method| method_json(method, false))
        .collect();
    let described = json!({
        "name": service.name,
        "version": service.version.to_string(),
        "docs": service.docs,
        "stability": service.stability.as_str(),
        "since": service.since,
        "deprecated": service.deprecated,
        "package": service.package,
        "providers": providers(session, service),
        "methods": methods,
    });
    #[cfg(feature = "composition")]
    let described = {
        let mut described = described;
        described["composition"] = json!(crate::composition::Ports::of(service));
        described
    };
    described
}

fn method_json(method: &MethodDescriptor, schemas: bool) -> Value {
    let mut value = json!({
        "name": method.name,
        "docs": method.docs,
        "kind": kind(method),
        "read_only": method.read_only,
        "idempotent": method.idempotent,
        "transactional": method.transactional,
        "isolated": method.isolated,
        "permission": method.permission,
        "timeout_ms": method.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
        "stability": method.stability.as_str(),
        "since": method.since,
        "deprecated": method.deprecated,
        "parameters": method.parameters,
    });
    if schemas {
        value["input"] = schema(method, Side::Input);
        value["output"] = schema(method, Side::Output);
        value["error"] = schema(method, Side::Error);
    }
    value
}

fn kind(method: &MethodDescriptor) -> &'static str {
    match method.kind {
        MethodKind::Sync => "sync",
        MethodKind::Async => "async",
        MethodKind::Stream => "stream",
    }
}

fn service_text(session: &Session, service: &ServiceDescriptor) -> String {
    let mut text = format!("{} {}\n{}\n", service.name, service.version, service.docs);
    text.push_str(&notes(service.stability.as_str(), service.deprecated));
    text.push_str(&format!(
        "provided by {}\n\n",
        providers(session, service).join(", ")
    ));
    let row = |method: &MethodDescriptor| {
        let first = method.docs.lines().next().unwrap_or_default();
        let call = format!("{}.{}", service.name, method.name);
        [
            call,
            method.parameters.join(", "),
            flags(method),
            first.to_owned(),
        ]
    };
    text.push_str(&table(
        ["METHOD", "PARAMETERS", "IS", "DOES"],
        service.methods.iter().map(row),
    ));
    text
}

fn notes(stability: &str, deprecated: Option<&str>) -> String {
    let stability = if stability == "stable" {
        String::new()
    } else {
        format!("{stability}\n")
    };
    let deprecated = deprecated.map(|instead| format!("deprecated: {instead}\n"));
    stability + &deprecated.unwrap_or_default()
}

fn flags(method: &MethodDescriptor) -> String {
    let flags = [
        (method.kind == MethodKind::Stream, "stream"),
        (method.read_only, "read only"),
        (method.idempotent, "idempotent"),
        (method.transactional, "transactional"),
        (method.isolated, "isolated"),
        (method.deprecated.is_some(), "deprecated"),
    ];
    let set = flags.iter().filter(|(set, _)| *set);
    set.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

fn method_text(service: &ServiceDescriptor, method: &MethodDescriptor) -> String {
    let mut text = format!("{}.{}\n{}\n", service.name, method.name, method.docs);
    text.push_str(&notes(method.stability.as_str(), method.deprecated));
    let timeout = method
        .timeout
        .map(|timeout| format!("timeout {}", format_duration(timeout)));
    let permission = format!("permission `{}`", method.permission.unwrap_or(service.name));
    let facts = [flags(method), permission, timeout.unwrap_or_default()];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    text.push_str(&format!("{}\n", facts.join("; ")));
    let input = schema(method, Side::Input);
    let rows: Vec<[String; 4]> = method
        .parameters
        .iter()
        .map(|name| parameter(&input, name))
        .collect();
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&table(["PARAMETER", "TYPE", "DEFAULT", "MEANING"], rows));
    }
    let result = schema(method, Side::Output);
    let what = if method.kind == MethodKind::Stream {
        "each item"
    } else {
        "result"
    };
    text.push_str(&format!("\n{what}: {}\n", type_name(&result)));
    text.push_str(&format!(
        "\n`app describe {}.{} --schema input|output|error` prints the schemas\n",
        service.name, method.name
    ));
    text
}

fn parameter(input: &Value, name: &str) -> [String; 4] {
    let schema = &input["properties"][name];
    let is_required = input["required"]
        .as_array()
        .is_some_and(|names| names.iter().any(|known| known == name));
    let default = match schema.get("default") {
        Some(default) => default.to_string(),
        None if is_required => "required".to_owned(),
        None => "-".to_owned(),
    };
    let description = schema["description"].as_str().unwrap_or_default();
    let description = description
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .replace('\n', " ");
    [name.to_owned(), type_name(schema), default, description]
}

/// A type in a few words.
fn type_name(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or(reference).to_owned();
    }
    let branches = ["anyOf", "oneOf"]
        .iter()
        .find_map(|keyword| schema[keyword].as_array());
    match (&schema["type"], branches) {
        (Value::String(kind), _) if kind == "array" => {
            format!("array of {}", type_name(&schema["items"]))
        }
        (Value::String(kind), _) => schema["title"].as_str().unwrap_or(kind).to_owned(),
        (Value::Array(kinds), _) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
            kinds.join(" or ")
        }
        (_, Some(branches)) => {
            let names: Vec<String> = branches.iter().map(type_name).collect();
            names.join(" or ")
        }
        _ => match schema["const"].as_str() {
            Some(text) => format!("\"{text}\""),
            None => "any".to_owned(),
        },
    }
}
