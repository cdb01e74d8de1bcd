//! Names that refer to something, and what is said about those that do not.

use super::{Entries, Reader};
use crate::config::problem::{Code, Problem, brief};
use crate::config::section::Field;
use crate::config::tree::{Node, join};
use crate::name;

/// More names than this are not listed in a problem.
const LISTED_MAX: usize = 12;

/// Where a name stands.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) enum Spot<'n> {
    /// It is what the node is bound to.
    Key(&'n Node),
    /// It is the node's text.
    Value(&'n Node),
}

/// A name that nobody knows.
pub(in crate::config) fn unknown(
    what: &str,
    name: &str,
    spot: Spot<'_>,
    pointer: &str,
    known: &[&str],
) -> Problem {
    let nearest = name::nearest(name, known.iter().copied());
    let message = format!("there is no {what} named `{}`", brief(name));
    let problem = Problem::new(Code::UnknownName, pointer, message).nearest(nearest);
    let problem = match nearest {
        Some(_) => problem,
        None if known.is_empty() => problem.fix("leave it out"),
        None if known.len() <= LISTED_MAX => {
            problem.fix(format!("there are: {}", known.join(", ")))
        }
        None => problem.fix("`app config sample` lists every name"),
    };
    match spot {
        Spot::Value(node) => problem.at_value(&node.place),
        Spot::Key(node) => problem.at_key(&node.place),
    }
}

impl<'a> Reader<'a> {
    /// The entries that are known fields; the others are reported.
    pub(super) fn fields<'n>(
        &mut self,
        whose: &str,
        fields: &'static [Field],
        entries: &'n Entries,
        pointer: &str,
    ) -> Vec<(&'static Field, &'n Node, String)> {
        let mut found = Vec::new();
        for (name, node) in entries {
            let pointer = join(pointer, name);
            if let Some(field) = fields.iter().find(|field| field.name == name) {
                found.push((field, node, pointer));
            } else {
                let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
                let what = format!("setting of {whose}");
                self.problems
                    .push(unknown(&what, name, Spot::Key(node), &pointer, &known));
            }
        }
        found
    }

    pub(super) fn instance_exists(
        &mut self,
        instance: &str,
        spot: Spot<'_>,
        pointer: &str,
    ) -> bool {
        let exists = self.catalog.plugin(instance).is_some()
            || self.typed.instances.contains_key(instance)
            || self.typed.composites.contains_key(instance);
        if !exists {
            let further = self.typed.instances.keys();
            let further = further
                .chain(self.typed.composites.keys())
                .map(String::as_str);
            let known: Vec<&str> = self.plugin_ids().chain(further).collect();
            let problem = unknown("instance", instance, spot, pointer, &known);
            self.problems.push(problem);
        }
        exists
    }

    pub(super) fn plugin_exists(&mut self, plugin: &str, spot: Spot<'_>, pointer: &str) -> bool {
        let exists = self.catalog.plugin(plugin).is_some();
        if !exists {
            let known: Vec<&str> = self.plugin_ids().collect();
            let mut problem = unknown("plugin in this binary", plugin, spot, pointer, &known);
            if self.typed.instances.contains_key(plugin) {
                problem = problem.nearest(None::<String>);
                problem = problem.fix(format!(
                    "settings of that instance stand in `[instances.{plugin}.settings]`"
                ));
            } else if problem.nearest.is_none() && name::fault(plugin).is_none() {
                let all = known
                    .into_iter()
                    .chain([plugin])
                    .collect::<Vec<_>>()
                    .join(",");
                problem = problem.fix(format!(
                    "if there is such a plugin, weld it in: `cargo xtask build --plugins {all}`"
                ));
            }
            self.problems.push(problem);
        }
        exists
    }

    pub(super) fn service_exists(&mut self, service: &str, spot: Spot<'_>, pointer: &str) -> bool {
        let exists =
            self.catalog.service(service).is_some() || self.typed.composites.contains_key(service);
        if !exists {
            let linked = self.catalog.services.iter();
            let composites = self.typed.composites.keys().map(String::as_str);
            let known: Vec<&str> = linked
                .map(|service| service.name.as_str())
                .chain(composites)
                .collect();
            self.problems
                .push(unknown("service", service, spot, pointer, &known));
        }
        exists
    }

    pub(super) fn method_exists(
        &mut self,
        service: &str,
        method: &str,
        spot: Spot<'_>,
        pointer: &str,
    ) -> bool {
        let linked = self.catalog.service(service);
        let linked = linked.into_iter().flat_map(|service| &service.methods);
        let composite = self.typed.composites.get(service);
        let composed = composite.and_then(|composite| composite.get("methods")?.as_object());
        let composed = composed.into_iter().flat_map(serde_json::Map::keys);
        let methods: Vec<String> = linked.chain(composed).cloned().collect();
        let exists = methods.iter().any(|name| name == method);
        if !exists {
            let known: Vec<&str> = methods.iter().map(String::as_str).collect();
            self.problems.push(unknown(
                &format!("method of `{service}`"),
                method,
                spot,
                pointer,
                &known,
            ));
        }
        exists
    }

    /// The instances that provide a service.
    pub(super) fn providers(&self, service: &str) -> Vec<String> {
        let catalog = self.catalog;
        let provides = |id: &str| {
            catalog
                .plugin(id)
                .is_some_and(|plugin| plugin.provides.iter().any(|provided| provided == service))
        };
        let further = self
            .typed
            .instances
            .iter()
            .filter(|(_, plugin)| provides(plugin))
            .map(|(instance, _)| instance.clone());
        // A composite provides the service of its own name.
        let composite = self.typed.composites.keys().filter(|name| *name == service);
        let further = further.chain(composite.cloned());
        self.plugin_ids()
            .filter(|id| provides(id))
            .map(str::to_owned)
            .chain(further)
            .collect()
    }

    fn plugin_ids(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.catalog.plugins.iter().map(|plugin| plugin.id.as_str())
    }
}
