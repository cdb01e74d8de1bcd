//! Tests of the whole module: text in, configuration and problems out.

mod check;
mod layers;
mod pages;
mod properties;
mod real;
mod sections;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;

/// The settings schema of the plugin `records`, with everything that settings usually have.
fn records_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "RecordsSettings",
        "type": "object",
        "properties": {
            "batch": {
                "description": "Rows read\nat a time.\n\nMore about it.",
                "type": "integer", "format": "uint32", "minimum": 1, "maximum": 10000, "default": 1000,
            },
            "mode": {"$ref": "#/$defs/Mode", "default": "fast"},
            "pattern-name": {"description": "A name.", "type": ["string", "null"], "pattern": "^[a-z]+$"},
            "ratio": {"type": "number", "exclusiveMinimum": 0, "default": 0.5},
            "port": {"type": "integer", "format": "uint16", "minimum": 0, "default": 80},
            "columns": {"type": "array", "items": {"$ref": "#/$defs/Column"}, "default": []},
            "csv": {"$ref": "#/$defs/Csv", "default": {"delimiter": ",", "quote": true}},
            "password": {
                "description": "For the door.",
                "writeOnly": true,
                "anyOf": [
                    {"type": "object", "properties": {"env": {"type": "string"}}, "required": ["env"], "additionalProperties": false},
                    {"type": "object", "properties": {"file": {"type": "string"}}, "required": ["file"], "additionalProperties": false},
                    {"type": "string", "minLength": 4},
                    {"type": "null"},
                ],
            },
            "target": {"oneOf": [
                {"type": "object", "properties": {"kind": {"const": "disk"}, "path": {"type": "string"}}, "required": ["kind", "path"], "additionalProperties": false},
                {"type": "object", "properties": {"kind": {"const": "net"}, "port": {"type": "integer"}}, "required": ["kind", "port"], "additionalProperties": false},
            ]},
        },
        "$defs": {
            "Mode": {"description": "How to read.", "oneOf": [
                {"const": "fast", "type": "string", "description": "Quickly."},
                {"const": "accurate", "type": "string", "description": "Well."},
            ]},
            "Column": {"type": "object", "properties": {"name": {"type": "string"}, "key": {"type": "string", "format": "secret"}}, "required": ["name"], "additionalProperties": false},
            "Csv": {"type": "object", "properties": {"delimiter": {"description": "Between fields.", "type": "string", "maxLength": 1}, "quote": {"type": "boolean"}}, "additionalProperties": false},
        },
    })
}

fn redb_schema() -> Value {
    json!({"type": "object", "properties": {
        "path": {"description": "The file.", "type": "string", "minLength": 1},
        "cache_mb": {"type": "integer", "default": 16},
    }, "required": ["path"]})
}

fn catalog() -> Arc<Catalog> {
    let plugins = vec![
        Plugin::new("records", "Reads CSV and JSON Lines.", || {
            Some(records_schema())
        })
        .provides(["records"]),
        Plugin::new("storage-memory", "Keeps documents in memory.", || None).provides(["storage"]),
        Plugin::new("storage-redb", "Keeps documents in a file.", || {
            Some(redb_schema())
        })
        .provides(["storage"]),
        Plugin::new("data-processing", "Works on rows.", || {
            Some(json!({"type": "object"}))
        })
        .provides(["data_processing"]),
    ];
    let service = |name: &str, methods: &[&str]| Service {
        name: name.to_owned(),
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
    };
    let services = vec![
        service("records", &["open"]),
        service("storage", &["get", "put"]),
        service("data_processing", &["process_batch"]),
    ];
    Arc::new(Catalog { plugins, services })
}

fn file(text: &str) -> Sources {
    Sources::new("").file_content("weldkit.toml", text)
}

fn load(sources: &Sources) -> Config {
    Config::load(sources, catalog())
}

/// `code place message; did you mean; description`, one line each, so that a table of cases can hold them.
fn brief(problems: &[Problem]) -> Vec<String> {
    let line = |problem: &Problem| {
        let place = problem
            .place
            .as_ref()
            .map_or_else(|| "-".to_owned(), ToString::to_string);
        let nearest = problem
            .nearest
            .as_ref()
            .map_or_else(String::new, |name| format!(" ~{name}"));
        format!("{} {place} {}{nearest}", problem.code, problem.message)
    };
    problems.iter().map(line).collect()
}

/// Everything that is wrong with a file, `records` being the instance whose settings are checked.
fn problems_of(text: &str) -> Vec<String> {
    let config = load(&file(text));
    let mut problems = config.problems().to_vec();
    problems.extend(config.check("records"));
    brief(&problems)
}
