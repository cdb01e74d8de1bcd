//! The names that may stand at each place, for the spelling of variables.
//!
//! A variable knows neither case nor `-`: `WELDKIT__PLUGINS__DATA_PROCESSING__BATCH_SIZE` means whatever known name reads
//! the same once case and punctuation are gone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::catalog::Catalog;
use super::section::{ALERT, HOST, INSTANCE, LIMIT, SECTIONS};
use super::tree::Node;
use super::walk;

/// Names from the catalog, and from the layers below.
pub(super) struct Names<'a> {
    pub(super) catalog: &'a Catalog,
}

pub(super) enum Resolved {
    Path(Vec<String>),
    /// Two or more known names read the same.
    Ambiguous(Vec<String>),
}

impl Names<'_> {
    /// Finds the names that the segments of a variable stand for; one that fits nothing is taken in lower case.
    pub(super) fn resolve(&self, segments: &[&str], root: &Node) -> Resolved {
        let mut path: Vec<String> = Vec::with_capacity(segments.len());
        let mut written = Some(root);
        for (at, segment) in segments.iter().enumerate() {
            let mut known = self.known(&path, at + 1 == segments.len(), root);
            known.extend(
                written
                    .and_then(Node::entries)
                    .into_iter()
                    .flat_map(|entries| entries.keys().cloned()),
            );
            let folded = fold(segment);
            let mut fitting: Vec<String> = known
                .into_iter()
                .filter(|name| fold(name) == folded)
                .collect();
            if fitting.len() > 1 {
                return Resolved::Ambiguous(fitting);
            }
            let name = fitting.pop().unwrap_or_else(|| segment.to_lowercase());
            written = written.and_then(|node| node.child(&name));
            path.push(name);
        }
        Resolved::Path(path)
    }

    fn known(&self, path: &[String], last: bool, root: &Node) -> BTreeSet<String> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let plugins = || self.catalog.plugins.iter().map(|plugin| plugin.id.clone());
        let services = || {
            self.catalog
                .services
                .iter()
                .map(|service| service.name.clone())
                .collect()
        };
        let instances = || {
            root.at("/instances")
                .and_then(Node::entries)
                .into_iter()
                .flat_map(|entries| entries.keys().cloned())
        };
        match path.as_slice() {
            [] => SECTIONS
                .iter()
                .map(|section| section.name.to_owned())
                .collect(),
            ["host"] => HOST.iter().map(|field| field.name.to_owned()).collect(),
            ["plugins"] => plugins().collect(),
            ["plugins", plugin, rest @ ..] => properties(self.catalog.settings(plugin), rest),
            ["instances", _] => INSTANCE.iter().map(|field| field.name.to_owned()).collect(),
            ["instances", instance, "settings", rest @ ..] => {
                let plugin = root
                    .at("/instances")
                    .and_then(|node| node.child(instance)?.child("plugin"));
                let plugin = plugin.map(Node::value);
                properties(
                    plugin
                        .as_ref()
                        .and_then(Value::as_str)
                        .and_then(|id| self.catalog.settings(id)),
                    rest,
                )
            }
            ["services"] if !last => plugins().chain(instances()).collect(),
            ["services"] | ["services", _] | ["limits"] => services(),
            ["limits", service] => self
                .catalog
                .service(service)
                .into_iter()
                .flat_map(|service| service.methods.iter().cloned())
                .collect(),
            ["limits", _, _] => LIMIT.iter().map(|field| field.name.to_owned()).collect(),
            ["alerts", _] => ALERT.iter().map(|field| field.name.to_owned()).collect(),
            ["permissions"] => {
                let principals = plugins()
                    .chain(instances())
                    .map(|instance| format!("plugin:{instance}"));
                principals.chain(["operator".to_owned()]).collect()
            }
            _ => BTreeSet::new(),
        }
    }
}

fn properties(schema: Option<&Value>, path: &[&str]) -> BTreeSet<String> {
    let Some(root) = schema else {
        return BTreeSet::new();
    };
    let site = path
        .iter()
        .try_fold(root, |site, name| walk::child(root, site, name));
    site.into_iter()
        .flat_map(|site| walk::properties(root, site))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// What is left of a name without case and punctuation.
fn fold(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect()
}
