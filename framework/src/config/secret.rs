//! What must not be shown: secrets, and whatever may be one under a name with a typing error.

use serde_json::Value;

use super::catalog::Catalog;
use super::place::Place;
use super::section::SECTIONS;
use super::settings::unknown_to;
use super::tree::{Node, join};
use super::walk;

/// Pointers of the settings that are withheld: secrets, and all that stands under names that the plugin does not know.
pub(super) fn withheld(schema: &Value, settings: &Value) -> Vec<String> {
    let mut pointers = Vec::new();
    secrets(schema, schema, settings, "", &mut pointers);
    let names = settings
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys());
    pointers.extend(unknown_to(schema, names).iter().map(|name| join("", name)));
    pointers
}

/// Adds the pointers of secrets and of unknown names at and below `pointer`.
///
/// A reference says only where a secret is, so it may be shown.
fn secrets(root: &Value, schema: &Value, value: &Value, pointer: &str, found: &mut Vec<String>) {
    if walk::is_secret(root, schema) {
        if !walk::is_reference(value) {
            found.push(pointer.to_owned());
        }
        return;
    }
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    // A value of any shape lists no names, so none is unknown in it.
    let lists_names = !walk::properties(root, schema).is_empty() && !walk::is_open(root, schema);
    for (name, value) in children {
        match walk::child(root, schema, &name) {
            Some(schema) => secrets(root, schema, value, &join(pointer, &name), found),
            None if lists_names => found.push(join(pointer, &name)),
            None => {}
        }
    }
}

/// Places in a whole configuration that are withheld.
pub(super) fn hidden(root: &Node, catalog: &Catalog) -> Vec<Place> {
    let mut places = Vec::new();
    for (section, node) in root.entries().into_iter().flatten() {
        match (section.as_str(), node.entries()) {
            ("plugins", Some(plugins)) => {
                for (plugin, settings) in plugins {
                    hide_settings(catalog.settings(plugin), settings, &mut places);
                }
            }
            ("instances", Some(instances)) => {
                for node in instances.values() {
                    let plugin = node.child("plugin").map(Node::value);
                    let schema = plugin
                        .as_ref()
                        .and_then(Value::as_str)
                        .and_then(|plugin| catalog.settings(plugin));
                    for (name, node) in node
                        .entries()
                        .into_iter()
                        .flatten()
                        .filter(|(name, _)| *name != "plugin")
                    {
                        hide_settings(schema.filter(|_| name == "settings"), node, &mut places);
                    }
                }
            }
            (name, Some(_)) if SECTIONS.iter().any(|section| section.name == name) => {}
            (_, _) => hide(node, &mut places),
        }
    }
    places
}

fn hide_settings(schema: Option<&Value>, settings: &Node, places: &mut Vec<Place>) {
    match schema.filter(|_| settings.entries().is_some()) {
        Some(schema) => {
            let pointers = withheld(schema, &settings.value());
            pointers
                .iter()
                .filter_map(|pointer| settings.at(pointer))
                .for_each(|node| hide(node, places));
        }
        None => hide(settings, places),
    }
}

/// Withholds a value: the whole of it, and each part, which may stand on another line.
fn hide(node: &Node, places: &mut Vec<Place>) {
    if node.entries().is_none() {
        places.push(node.place.clone());
    }
    node.visit_leaves(&mut |leaf| places.push(leaf.place.clone()));
}
