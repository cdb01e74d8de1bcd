//! One JSON Schema of the whole configuration file, for editors.

use serde_json::{Map, Value, json};

use super::catalog::{Catalog, Plugin};
use super::section::{ALERT, Field, HOST, LIMIT, SECTIONS};

/// The JSON Schema (draft 2020-12) of a configuration file for this binary.
///
/// It is for editors, which see one layer: settings that a plugin requires are not required of the file, since a
/// variable or flag may bring them. [`Config::check`](super::Config::check) is what decides.
pub fn schema(catalog: &Catalog) -> Value {
    let mut definitions = Map::new();
    definitions.insert("limit".to_owned(), object(fields(LIMIT)));
    for plugin in &catalog.plugins {
        define(plugin, &mut definitions);
    }
    let mut properties = Map::new();
    for section in SECTIONS {
        let mut schema = match section.name {
            "host" => object(fields(HOST)),
            "plugins" => object(
                catalog
                    .plugins
                    .iter()
                    .map(|plugin| (plugin.id.clone(), settings(plugin)))
                    .collect(),
            ),
            "instances" => json!({"type": "object", "additionalProperties": instance(catalog)}),
            #[cfg(feature = "composition")]
            "composites" => {
                json!({"type": "object", "additionalProperties": crate::composition::schema()})
            }
            "services" => services(catalog),
            "permissions" => permissions(catalog),
            "alerts" => json!({"type": "object", "additionalProperties": alert()}),
            _ => limits(catalog),
        };
        schema["description"] = section.description.into();
        properties.insert(section.name.to_owned(), schema);
    }
    let mut schema = object(properties);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "Configuration".into();
    schema["$defs"] = Value::Object(definitions);
    schema
}

fn alert() -> Value {
    let mut alert = object(fields(ALERT));
    alert["required"] = json!(["metric"]);
    alert["properties"]["labels"]["additionalProperties"] = json!({"type": "string"});
    alert
}

/// A table that holds these names and no others.
fn object(properties: Map<String, Value>) -> Value {
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn fields(fields: &[Field]) -> Map<String, Value> {
    let property = |field: &Field| {
        let mut schema = field.kind.schema();
        schema["description"] = field.description.into();
        if let Some(default) = field.default_value() {
            schema["default"] = default;
        }
        (field.name.to_owned(), schema)
    };
    fields.iter().map(property).collect()
}

fn settings(plugin: &Plugin) -> Value {
    json!({"$ref": format!("#/$defs/{}", escape(&definition(&plugin.id))), "description": plugin.description})
}

fn definition(plugin: &str) -> String {
    format!("plugin.{plugin}")
}

/// Adds the settings schema of a plugin and the definitions in it, under names of their own.
fn define(plugin: &Plugin, definitions: &mut Map<String, Value>) {
    let name = definition(&plugin.id);
    let Some(schema) = plugin.settings() else {
        definitions.insert(name, object(Map::new()));
        return;
    };
    let mut schema = schema.clone();
    rewrite(&mut schema, &escape(&name));
    if let Value::Object(object) = &mut schema {
        for keyword in ["$schema", "$id", "title", "required"] {
            object.remove(keyword);
        }
        for keyword in ["$defs", "definitions"] {
            if let Some(Value::Object(inner)) = object.remove(keyword) {
                definitions.extend(
                    inner
                        .into_iter()
                        .map(|(inner, schema)| (format!("{name}.{inner}"), schema)),
                );
            }
        }
        // Unknown names are refused at the top of settings, whatever the schema says; see `unknown_names`.
        let composed = ["allOf", "anyOf", "oneOf", "$ref"]
            .iter()
            .any(|keyword| object.contains_key(*keyword));
        let closes = [
            "additionalProperties",
            "unevaluatedProperties",
            "patternProperties",
        ];
        if !closes.iter().any(|keyword| object.contains_key(*keyword)) {
            let keyword = if composed {
                "unevaluatedProperties"
            } else {
                "additionalProperties"
            };
            object.insert(keyword.to_owned(), Value::Bool(false));
        }
    }
    definitions.insert(name, schema);
}

/// Makes every reference within a schema of settings point to where its target goes.
fn rewrite(schema: &mut Value, name: &str) {
    let Value::Object(object) = schema else {
        return;
    };
    for (keyword, inner) in object {
        match (keyword.as_str(), inner) {
            ("$ref" | "$dynamicRef", Value::String(reference)) => {
                *reference = moved(reference, name)
            }
            (
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                Value::Object(named),
            ) => {
                named.values_mut().for_each(|schema| rewrite(schema, name));
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(|schema| rewrite(schema, name));
            }
            (
                "items"
                | "additionalProperties"
                | "unevaluatedProperties"
                | "unevaluatedItems"
                | "contains"
                | "not"
                | "if"
                | "then"
                | "else"
                | "propertyNames",
                schema,
            ) => rewrite(schema, name),
            // Everything else, `default` and `const` among it, is data.
            _ => {}
        }
    }
}

fn moved(reference: &str, name: &str) -> String {
    let inner = ["#/$defs/", "#/definitions/"]
        .iter()
        .find_map(|prefix| reference.strip_prefix(prefix));
    match (inner, reference.strip_prefix('#')) {
        (Some(inner), _) => format!("#/$defs/{name}.{inner}"),
        (None, Some(rest)) => format!("#/$defs/{name}{rest}"),
        (None, None) => reference.to_owned(),
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A further instance: the shape of its settings depends on the plugin it names.
fn instance(catalog: &Catalog) -> Value {
    let ids: Vec<&str> = catalog
        .plugins
        .iter()
        .map(|plugin| plugin.id.as_str())
        .collect();
    let by_plugin = |plugin: &Plugin| {
        json!({
            "if": {"properties": {"plugin": {"const": plugin.id}}, "required": ["plugin"]},
            "then": {"properties": {"settings": settings(plugin)}},
        })
    };
    let mut instance = json!({
        "type": "object",
        "properties": {
            "plugin": {"type": "string", "enum": ids, "description": "The plugin to make an instance of."},
            "settings": {"type": "object", "description": "Its settings."},
        },
        "required": ["plugin"],
        "additionalProperties": false,
    });
    if !catalog.plugins.is_empty() {
        instance["allOf"] = catalog.plugins.iter().map(by_plugin).collect();
    }
    instance
}

fn services(catalog: &Catalog) -> Value {
    let text = json!({"type": "string"});
    // `report.storage = "archive"` without quotes is a table in a table.
    let by_service = json!({"type": "object", "additionalProperties": text});
    let property = |service: &super::Service| {
        let provides = |plugin: &&Plugin| plugin.provides.contains(&service.name);
        let providers: Vec<&str> = catalog
            .plugins
            .iter()
            .filter(provides)
            .map(|plugin| plugin.id.as_str())
            .collect();
        let description = format!("Which instance provides `{}`.", service.name);
        let schema = json!({
            "description": description,
            "anyOf": [{"type": "string", "enum": providers}, text, by_service],
        });
        (service.name.clone(), schema)
    };
    let properties: Map<String, Value> = catalog.services.iter().map(property).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": {"anyOf": [text, by_service]}})
}

fn permissions(catalog: &Catalog) -> Value {
    let granted = json!({"type": "array", "items": {"type": "string"}, "description": "Permissions: `storage.write`, `storage.*`, `*`."});
    let plugins = catalog
        .plugins
        .iter()
        .map(|plugin| format!("plugin:{}", plugin.id));
    let principals = plugins.chain(["operator".to_owned()]);
    let properties: Map<String, Value> = principals
        .map(|principal| (principal, granted.clone()))
        .collect();
    json!({"type": "object", "properties": properties, "additionalProperties": granted})
}

fn limits(catalog: &Catalog) -> Value {
    let limit = json!({"$ref": "#/$defs/limit"});
    let mut properties = Map::new();
    for service in &catalog.services {
        let methods = service
            .methods
            .iter()
            .map(|method| (method.clone(), limit.clone()));
        properties.insert(service.name.clone(), object(methods.collect()));
        for method in &service.methods {
            properties.insert(format!("{}.{method}", service.name), limit.clone());
        }
    }
    object(properties)
}
