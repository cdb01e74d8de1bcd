//! From the merged tree to types: everything but the plugins' own settings.
//!
//! A value that does not fit is reported and left at its default, so that one mistake does not hide the next.

mod alerts;
mod names;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub(super) use names::{Spot, unknown};

use super::catalog::Catalog;
use super::problem::{Code, Problem};
use super::section::{
    Field, FieldKind, HOST, INSTANCE, LIMIT, Level, Limit, LogFormat, SECTIONS, Typed,
};
use super::tree::{Node, join};
use crate::name;
use crate::security::Permission;

/// Reads every section; problems come in no particular order.
pub(super) fn read(root: &Node, catalog: &Catalog) -> (Typed, Vec<Problem>) {
    let mut reader = Reader {
        catalog,
        typed: Typed::default(),
        problems: Vec::new(),
    };
    // Instances come first, since the other sections refer to them.
    let sections = root.entries().into_iter().flatten();
    let (instances, others): (Vec<_>, Vec<_>) =
        sections.partition(|(name, _)| matches!(name.as_str(), "instances" | "composites"));
    for (name, node) in instances.into_iter().chain(others) {
        let pointer = join("", name);
        if !SECTIONS.iter().any(|section| section.name == name) {
            let known: Vec<&str> = SECTIONS.iter().map(|section| section.name).collect();
            reader
                .problems
                .push(unknown("section", name, Spot::Key(node), &pointer, &known));
            continue;
        }
        let Some(entries) = reader.table(name, node, &pointer) else {
            continue;
        };
        match name.as_str() {
            "host" => reader.host(entries),
            "plugins" => reader.plugins(entries),
            "instances" => reader.instances(entries),
            "composites" => reader.composites(entries),
            "services" => reader.services(entries),
            "permissions" => reader.permissions(entries),
            "alerts" => reader.alerts(entries),
            _ => reader.limits(entries),
        }
    }
    (reader.typed, reader.problems)
}

type Entries = BTreeMap<String, Node>;

struct Reader<'a> {
    catalog: &'a Catalog,
    typed: Typed,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn host(&mut self, entries: &Entries) {
        for (field, node, pointer) in self.fields("`host`", HOST, entries, "/host") {
            match field.name {
                "state" => {
                    if let Some(state) = self.text(field, node, &pointer) {
                        self.typed.host.state = PathBuf::from(state);
                    }
                }
                "start_deadline" => {
                    if let Some(deadline) = self.duration(field, node, &pointer) {
                        self.typed.host.start_deadline = deadline;
                    }
                }
                "stop_deadline" => {
                    if let Some(deadline) = self.duration(field, node, &pointer) {
                        self.typed.host.stop_deadline = deadline;
                    }
                }
                "log_format" => {
                    let format = self.choice(field, node, &pointer, LogFormat::named);
                    self.typed.host.log_format = format.unwrap_or_default();
                }
                "monitor" => {
                    if self.is_watching("`monitor`", node, &pointer) {
                        self.typed.host.monitor = self.duration(field, node, &pointer);
                    }
                }
                "log" => {
                    if let Some(level) = self.choice(field, node, &pointer, Level::named) {
                        self.typed.host.log = level;
                    }
                }
                _ => self.disable(field, node, &pointer),
            }
        }
    }

    fn disable(&mut self, field: &Field, node: &Node, pointer: &str) {
        for (instance, node, pointer) in self.texts(field, node, pointer) {
            if self.instance_exists(&instance, Spot::Value(node), &pointer) {
                self.typed.host.disable.insert(instance);
            }
        }
    }

    fn composites(&mut self, entries: &Entries) {
        let read = entries
            .iter()
            .map(|(name, node)| (name.clone(), node.value()));
        self.typed.composites.extend(read);
    }

    fn plugins(&mut self, entries: &Entries) {
        for (plugin, node) in entries {
            let pointer = join("/plugins", plugin);
            if self.plugin_exists(plugin, Spot::Key(node), &pointer) {
                self.table(plugin, node, &pointer);
            }
        }
    }

    fn instances(&mut self, entries: &Entries) {
        for (instance, node) in entries {
            let pointer = join("/instances", instance);
            let taken = self.catalog.plugin(instance).is_some();
            let taken = taken.then(|| {
                format!("`{instance}` is the default instance of the plugin of that name")
            });
            if let Some(fault) = name::fault(instance).or(taken) {
                let problem = Problem::new(Code::InvalidValue, &pointer, fault);
                self.problems.push(
                    problem
                        .at_key(&node.place)
                        .fix("give the instance another name"),
                );
                continue;
            }
            let Some(entries) = self.table(instance, node, &pointer) else {
                continue;
            };
            let mut plugin = None;
            for (field, node, pointer) in self.fields("an instance", INSTANCE, entries, &pointer) {
                if field.kind == FieldKind::Table {
                    self.table(field.name, node, &pointer);
                } else {
                    let id = self.text(field, node, &pointer);
                    plugin = id.filter(|id| self.plugin_exists(id, Spot::Value(node), &pointer));
                }
            }
            if !entries.contains_key("plugin") {
                let message =
                    format!("the instance `{instance}` does not say of which plugin it is");
                let problem = Problem::new(Code::Missing, join(&pointer, "plugin"), message);
                self.problems
                    .push(problem.at_key(&node.place).fix("add `plugin = \"…\"`"));
            }
            if let Some(plugin) = plugin {
                self.typed.instances.insert(instance.clone(), plugin);
            }
        }
    }

    fn services(&mut self, entries: &Entries) {
        for (key, node) in entries {
            let pointer = join("/services", key);
            let (consumer, service) = match key.split_once('.') {
                Some((consumer, service)) => (Some(consumer), service),
                None => (None, key.as_str()),
            };
            let consumer_known = consumer
                .is_none_or(|consumer| self.instance_exists(consumer, Spot::Key(node), &pointer));
            if !self.service_exists(service, Spot::Key(node), &pointer) || !consumer_known {
                continue;
            }
            let Some(instance) = self.text_of(key, FieldKind::Text, node, &pointer) else {
                continue;
            };
            if !self.instance_exists(&instance, Spot::Value(node), &pointer) {
                continue;
            }
            let providers = self.providers(service);
            if !providers.contains(&instance) {
                let message = format!("`{instance}` does not provide the service `{service}`");
                let problem =
                    Problem::new(Code::InvalidValue, &pointer, message).at_value(&node.place);
                self.problems
                    .push(problem.fix(format!("choose one of: {}", providers.join(", "))));
                continue;
            }
            self.typed.services.insert(key.clone(), instance);
        }
    }

    fn permissions(&mut self, entries: &Entries) {
        let field = Field {
            name: "permissions",
            description: "",
            kind: FieldKind::Texts,
            default: None,
        };
        for (principal, node) in entries {
            let pointer = join("/permissions", principal);
            if let Some(instance) = principal.strip_prefix("plugin:") {
                self.instance_exists(instance, Spot::Key(node), &pointer);
            }
            let mut granted = Vec::new();
            for (pattern, node, pointer) in self.texts(&field, node, &pointer) {
                match Permission::new(&pattern) {
                    Ok(_) => granted.push(pattern),
                    Err(fault) => {
                        let problem = Problem::new(Code::InvalidValue, pointer, fault);
                        self.problems.push(problem.at_value(&node.place));
                    }
                }
            }
            self.typed.permissions.insert(principal.clone(), granted);
        }
    }

    fn limits(&mut self, entries: &Entries) {
        for (key, node) in entries {
            let pointer = join("/limits", key);
            let Some((service, method)) = key.split_once('.') else {
                let problem = Problem::new(
                    Code::UnknownName,
                    pointer,
                    format!("`{key}` is not a method"),
                );
                self.problems.push(
                    problem
                        .at_key(&node.place)
                        .fix("a limit is for one method: write \"service.method\""),
                );
                continue;
            };
            if !self.service_exists(service, Spot::Key(node), &pointer)
                || !self.method_exists(service, method, Spot::Key(node), &pointer)
            {
                continue;
            }
            let Some(entries) = self.table(key, node, &pointer) else {
                continue;
            };
            let mut limit = Limit::default();
            for (field, node, pointer) in self.fields("a limit", LIMIT, entries, &pointer) {
                if field.kind == FieldKind::Duration {
                    limit.timeout = self.duration(field, node, &pointer);
                } else {
                    limit.concurrency = self.count(field, node, &pointer);
                }
            }
            self.typed.limits.insert(key.clone(), limit);
        }
    }
}
