//! The part of an application's configuration that decides which plugins it needs: the plugins and
//! instances it names, the providers it chooses, what it switches off.
//!
//! The host checks the settings themselves; this reads no further than the graph.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml_edit::{Document, Item, TableLike};

use crate::error::{Error, Problem, Result};
use crate::file;

/// A configuration as the graph sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Plugins with settings: `[plugins.ID]`.
    pub plugins: BTreeSet<String>,
    /// Further instances with their plugins: `[instances.NAME] plugin = "ID"`.
    pub instances: BTreeMap<String, String>,
    /// The chosen providers: `[services]`, service or `consumer.service` -> instance.
    pub choices: BTreeMap<String, String>,
    /// What is not started: `[host] disable`.
    pub disabled: BTreeSet<String>,
    /// Services that `[limits]` speaks of.
    pub limited: BTreeSet<String>,
}

impl Configuration {
    /// Reads a file.
    ///
    /// # Errors
    /// Fails with the path and the place where it is not TOML, or not of this shape.
    pub fn read(path: &Path) -> Result<Self> {
        let text = file::read(path)?;
        Self::parse(&text).map_err(|problems| {
            let at = |problem: Problem| Problem {
                message: format!("{}: {}", path.display(), problem.message),
                ..problem
            };
            Error::Refused(problems.into_iter().map(at).collect())
        })
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Fails with every place where it is not of this shape.
    pub fn parse(text: &str) -> std::result::Result<Self, Vec<Problem>> {
        let document = Document::parse(text)
            .map_err(|error| vec![Problem::new(error.to_string().trim_end().to_owned())])?;
        let mut read = Read {
            text,
            problems: Vec::new(),
        };
        let root = document.as_table();
        let configuration = Self {
            plugins: read.keys(root, "plugins"),
            instances: read.instances(root),
            choices: read.strings(root, "services"),
            disabled: read.disabled(root),
            limited: read
                .keys(root, "limits")
                .iter()
                .filter_map(|method| Some(method.split_once('.')?.0.to_owned()))
                .collect(),
        };
        if read.problems.is_empty() {
            Ok(configuration)
        } else {
            Err(read.problems)
        }
    }

    /// The plugin behind an instance: a named one, or the default one that bears the plugin's id.
    pub fn plugin_of<'a>(&'a self, instance: &'a str) -> &'a str {
        self.instances
            .get(instance)
            .map_or(instance, String::as_str)
    }

    /// Every plugin that is named somewhere and not switched off. Only a default instance can be
    /// switched off; a further instance always needs its plugin.
    pub fn named(&self) -> BTreeSet<String> {
        let consumers = self.choices.keys().filter_map(|key| key.split_once('.'));
        let consumers = consumers.map(|(consumer, _)| consumer);
        let chosen = self.choices.values().map(String::as_str);
        let instances = consumers
            .chain(chosen)
            .map(|instance| self.plugin_of(instance));
        let all = self.plugins.iter().map(String::as_str).chain(instances);
        all.filter(|id| !self.disabled.contains(*id))
            .chain(self.instances.values().map(String::as_str))
            .map(str::to_owned)
            .collect()
    }

    /// Whether nothing of a plugin would be started.
    pub fn is_off(&self, plugin: &str) -> bool {
        self.disabled.contains(plugin) && !self.instances.values().any(|other| other == plugin)
    }
}

/// A reader that goes on after a problem.
struct Read<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl Read<'_> {
    fn wrong(&mut self, item: &Item, what: &str) {
        let place = item.span().map_or_else(String::new, |span| {
            let before = &self.text[..span.start.min(self.text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!("{line}:{column}: ")
        });
        self.problems.push(Problem::new(format!("{place}{what}")));
    }

    fn table<'t>(&mut self, root: &'t dyn TableLike, name: &str) -> Option<&'t dyn TableLike> {
        let item = root.get(name)?;
        if item.as_table_like().is_none() {
            self.wrong(item, &format!("`{name}` is a table"));
        }
        item.as_table_like()
    }

    fn keys(&mut self, root: &dyn TableLike, name: &str) -> BTreeSet<String> {
        let table = self.table(root, name);
        let keys = table.into_iter().flat_map(|table| table.iter());
        keys.map(|(key, _)| key.to_owned()).collect()
    }

    fn strings(&mut self, root: &dyn TableLike, name: &str) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for (key, item) in self
            .table(root, name)
            .into_iter()
            .flat_map(|table| table.iter())
        {
            match item.as_str() {
                Some(value) => drop(found.insert(key.to_owned(), value.to_owned())),
                None => self.wrong(item, &format!("`{name}.{key}` is the name of an instance")),
            }
        }
        found
    }

    fn instances(&mut self, root: &dyn TableLike) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for (name, item) in self
            .table(root, "instances")
            .into_iter()
            .flat_map(|table| table.iter())
        {
            match item.get("plugin").and_then(Item::as_str) {
                Some(plugin) => drop(found.insert(name.to_owned(), plugin.to_owned())),
                None => self.wrong(item, &format!("`instances.{name}` needs `plugin = \"ID\"`")),
            }
        }
        found
    }

    fn disabled(&mut self, root: &dyn TableLike) -> BTreeSet<String> {
        let Some(item) = self
            .table(root, "host")
            .and_then(|host| host.get("disable"))
        else {
            return BTreeSet::new();
        };
        let Some(names) = item.as_array() else {
            self.wrong(item, "`host.disable` is a list of plugins");
            return BTreeSet::new();
        };
        let names = names.iter().filter_map(|name| name.as_str());
        names.map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_names_a_plugin_counts_unless_it_is_disabled() {
        let configuration = Configuration::parse(
            r#"
            [host]
            disable = ["validation"]
            [plugins.records]
            batch = 500
            [plugins.validation]
            [instances.archive]
            plugin = "storage-redb"
            [services]
            storage = "storage-memory"
            "report.storage" = "archive"
            [limits]
            "data_processing.process_batch" = { concurrency = 4 }
            "#,
        )
        .unwrap();
        let named: Vec<String> = configuration.named().into_iter().collect();
        assert_eq!(
            named,
            ["records", "report", "storage-memory", "storage-redb"]
        );
        assert_eq!(configuration.plugin_of("archive"), "storage-redb");
        assert!(configuration.limited.contains("data_processing"));
    }

    #[test]
    fn every_wrong_place_is_told_with_line_and_column() {
        let check = |text: &str, expected: &[&str]| {
            let problems = Configuration::parse(text).unwrap_err();
            let messages: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
            assert_eq!(messages, expected);
        };
        check(
            "plugins = 3\n[services]\nstorage = 4\n[instances.a]\nx = 1\n[host]\ndisable = 1\n",
            &[
                "1:11: `plugins` is a table",
                "4:1: `instances.a` needs `plugin = \"ID\"`",
                "3:11: `services.storage` is the name of an instance",
                "7:11: `host.disable` is a list of plugins",
            ],
        );
        let problems = Configuration::parse("a = ").unwrap_err();
        assert!(
            problems[0].message.contains("line 1, column 5"),
            "{problems:?}"
        );
    }
}
