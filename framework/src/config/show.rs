//! The effective configuration as TOML, without secrets.

use std::collections::BTreeSet;

use serde_json::Value;

use super::problem::HIDDEN;
use super::secret::withheld;
use super::section::{ALERT, Field, HOST, LIMIT};
use super::toml_text::{dotted, key, value as toml_value};
use super::tree::{Node, join};
use super::{Config, walk};

/// Writes every section that holds something. Loading the text gives the same configuration, save for secrets.
pub(super) fn show(config: &Config, origins: bool) -> String {
    let mut page = Page {
        text: String::new(),
        origins,
    };
    page.header(&["host"]);
    for field in HOST {
        let node = config
            .root
            .at("/host")
            .and_then(|host| host.child(field.name));
        match node.and_then(|node| toml_value(&field.kind.settle(node))) {
            Some(text) => page.line(field.name, &text, node),
            None => {
                if let Some(default) = field.default {
                    page.line(field.name, default, None);
                }
            }
        }
    }
    for plugin in &config.catalog.plugins {
        page.settings(config, &plugin.id, &plugin.id, &["plugins", &plugin.id]);
    }
    for (instance, plugin) in config.instances() {
        page.header(&["instances", instance]);
        let node = config
            .root
            .at(&join("/instances", instance))
            .and_then(|node| node.child("plugin"));
        page.line(
            "plugin",
            &toml_value(&Value::from(plugin.as_str())).unwrap_or_default(),
            node,
        );
        page.settings(
            config,
            plugin,
            instance,
            &["instances", instance, "settings"],
        );
    }
    for section in ["services", "permissions"] {
        page.section(config, section);
    }
    for name in config.limits().keys() {
        page.entry(config, ["limits", name], LIMIT);
    }
    for name in config.alerts().keys() {
        page.entry(config, ["alerts", name], ALERT);
    }
    page.text
}

struct Page {
    text: String,
    origins: bool,
}

impl Page {
    /// One table of the framework's own settings, as far as they are given.
    fn entry(&mut self, config: &Config, [section, name]: [&str; 2], fields: &[Field]) {
        self.header(&[section, name]);
        let entry = config.root.at(&join(&join("", section), name));
        for field in fields {
            let node = entry.and_then(|entry| entry.child(field.name));
            if let Some(text) = node.and_then(|node| toml_value(&field.kind.settle(node))) {
                self.line(field.name, &text, node);
            }
        }
    }

    fn header(&mut self, names: &[&str]) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text
            .push_str(&format!("[{}]\n", dotted(names.iter().copied())));
    }

    fn line(&mut self, key: &str, value: &str, node: Option<&Node>) {
        self.text.push_str(&format!("{key} = {value}"));
        if self.origins {
            // A path or variable may hold anything; a comment ends at the line's end.
            let origin = node.map_or_else(
                || "default".to_owned(),
                |node| node.place.origin().to_string(),
            );
            let origin: String = origin
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            self.text.push_str(&format!(" # {origin}"));
        }
        self.text.push('\n');
    }

    fn section(&mut self, config: &Config, section: &str) {
        let Some(entries) = config
            .root
            .child(section)
            .and_then(Node::entries)
            .filter(|entries| !entries.is_empty())
        else {
            return;
        };
        self.header(&[section]);
        for (name, node) in entries {
            if let Some(text) = toml_value(&node.value()) {
                self.line(&key(name), &text, Some(node));
            }
        }
    }

    fn settings(&mut self, config: &Config, plugin: &str, instance: &str, names: &[&str]) {
        let node = config
            .root
            .at(&config.settings_pointer(instance))
            .filter(|node| node.entries().is_some());
        let Some(schema) = config.catalog.settings(plugin) else {
            return;
        };
        let mut value = config.settings_value(instance);
        redact(schema, &mut value);
        let mut lines = Vec::new();
        let mut path = Vec::new();
        collect(
            &Site {
                root: schema,
                schema: Some(schema),
                node,
                value: Some(&value),
            },
            &mut path,
            &mut lines,
        );
        if !lines.is_empty() {
            self.header(names);
        }
        for (key, text, node) in lines {
            self.line(&key, &text, node);
        }
    }
}

/// One value, everything that is known about it.
struct Site<'a> {
    root: &'a Value,
    schema: Option<&'a Value>,
    node: Option<&'a Node>,
    value: Option<&'a Value>,
}

/// Lists the settings below a site, defaults included: dotted key, text, and the node if somebody set it.
fn collect<'a>(
    site: &Site<'a>,
    path: &mut Vec<String>,
    lines: &mut Vec<(String, String, Option<&'a Node>)>,
) {
    let known = site
        .schema
        .map(|schema| walk::properties(site.root, schema))
        .unwrap_or_default();
    let written = site
        .value
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|object| object.keys().map(String::as_str));
    let names: BTreeSet<&str> = known.keys().copied().chain(written).collect();
    for name in names {
        let schema = site
            .schema
            .and_then(|schema| walk::child(site.root, schema, name));
        let default = || schema.and_then(|schema| walk::keyword(site.root, schema, "default"));
        let value = site
            .value
            .and_then(|value| value.get(name))
            .or_else(default);
        let node = site.node.and_then(|node| node.child(name));
        let is_secret = schema.is_some_and(|schema| walk::is_secret(site.root, schema));
        path.push(name.to_owned());
        match value {
            Some(Value::Object(object)) if !object.is_empty() && !is_secret => {
                collect(
                    &Site {
                        schema,
                        node,
                        value,
                        ..*site
                    },
                    path,
                    lines,
                );
            }
            Some(value) => {
                let hidden = Value::from(HIDDEN);
                let shown = if is_secret && !walk::is_reference(value) {
                    &hidden
                } else {
                    value
                };
                let key = dotted(path.iter().map(String::as_str));
                lines.extend(toml_value(shown).map(|text| (key, text, node)));
            }
            None => {}
        }
        path.pop();
    }
}

/// Replaces what is withheld.
fn redact(schema: &Value, value: &mut Value) {
    for pointer in withheld(schema, value) {
        if let Some(secret) = value.pointer_mut(&pointer) {
            *secret = HIDDEN.into();
        }
    }
}
