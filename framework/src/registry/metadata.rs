use serde_json::{Value, json};

use super::PluginDescriptor;
use crate::contract::{Version, shape_hash};

/// The metadata of a plugin: what its `plugin_metadata.json` holds.
///
/// The fields of the guide, and requirements, contract hashes and access beside them.
pub fn metadata(plugin: &PluginDescriptor) -> Value {
    let requires: Vec<Value> = plugin
        .requires()
        .map(|(service, optional)| json!({ "service": service.name, "version": caret(service.version), "optional": optional }))
        .collect();
    let dependencies: Vec<&str> = plugin
        .requires()
        .filter(|(_, optional)| !optional)
        .map(|(service, _)| service.name)
        .collect();
    let contracts: Vec<Value> = plugin
        .provides
        .iter()
        .map(|service| {
            let methods: Vec<&str> = service.methods.iter().map(|method| method.name).collect();
            json!({ "name": service.name, "version": service.version.to_string(), "hash": shape_hash(service), "methods": methods })
        })
        .collect();
    let transactional = plugin
        .provides
        .iter()
        .any(|service| service.methods.iter().any(|method| method.transactional));
    let capabilities: Vec<&str> = transactional
        .then_some("transactions")
        .into_iter()
        .collect();
    json!({
        "format": 1,
        "id": plugin.id,
        "name": title(plugin.id),
        "version": plugin.version,
        "description": plugin.description,
        "author": plugin.authors.replace(':', ", "),
        "license": plugin.license,
        "package": plugin.package,
        "source": plugin.source,
        "categories": plugin.categories,
        "tags": plugin.tags,
        "stability": plugin.stability.as_str(),
        "requirements": { "weldkit_version": caret(Version::parse(env!("CARGO_PKG_VERSION"))), "dependencies": dependencies },
        "capabilities": capabilities,
        "requires": requires,
        "service_contracts": contracts,
        "permissions": plugin.permissions,
        "access": plugin.access,
        "exclusive": plugin.exclusive,
        "configuration_schema": plugin.settings().map_or_else(|| json!({ "type": "object", "properties": {} }), |schema| schema.to_value()),
    })
}

fn caret(version: Version) -> String {
    format!("^{version}")
}

/// `storage-redb` as `Storage Redb`.
fn title(id: &str) -> String {
    let words = id.split(['-', '_']).map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + letters.as_str()
        })
    });
    words.collect::<Vec<_>>().join(" ")
}
