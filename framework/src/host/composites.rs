//! The composites of a host: declared, compared with what is linked, and made entries like the linked ones.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::HostBuilder;
use super::builder::Setup;
#[cfg(feature = "cli")]
use crate::composition::Plan;
use crate::composition::{Composite, Parts, entry, make};
use crate::config::Config;
use crate::error::Problem;
use crate::registry::PluginEntry;

/// The composites that were declared, and what has become of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Composites {
    declared: Vec<Composite>,
    /// What was wrong with those that could not even be read.
    unreadable: Vec<Problem>,
    /// Made once: contracts live as long as the process. Emptied by whatever they depend on.
    made: Arc<OnceLock<Made>>,
}

struct Made {
    #[cfg(feature = "cli")]
    plans: Vec<Arc<Plan>>,
    entries: Vec<PluginEntry>,
    problems: Vec<Problem>,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.entries).finish()
    }
}

impl Composites {
    /// Forgets what was made: something that it depends on changes.
    pub(super) fn renew(&mut self) {
        self.made = Arc::default();
    }

    fn made(&self, setup: &Setup) -> &Made {
        self.made.get_or_init(|| {
            let parts = Parts {
                entries: &setup.entries,
                instances: &setup.choices.instances,
                grants: &setup.grants,
            };
            let (plans, mut problems) = make(&self.declared, &parts);
            problems.extend(self.unreadable.iter().cloned());
            Made {
                entries: plans.iter().map(entry).collect(),
                #[cfg(feature = "cli")]
                plans,
                problems,
            }
        })
    }
}

impl HostBuilder {
    /// Adds a composite.
    #[must_use]
    pub fn composite(mut self, composite: Composite) -> Self {
        self.setup.composites.renew();
        self.setup.composites.declared.push(composite);
        self
    }

    /// Adds a composite of a configuration, with the places where its values were written.
    pub(super) fn declared(mut self, name: &str, value: &Value, config: &Config) -> Self {
        self.setup.composites.renew();
        let root = format!("/composites/{}", name.replace('~', "~0").replace('/', "~1"));
        let mut places = BTreeMap::new();
        let mut open = vec![String::new()];
        while let Some(pointer) = open.pop() {
            let here = format!("{root}{pointer}");
            if let Some(origin) = config.place_of(&here) {
                places.insert(pointer.clone(), origin.to_string());
            }
            match value.pointer(&pointer) {
                Some(Value::Object(fields)) => open.extend(fields.keys().map(|name| {
                    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
                })),
                Some(Value::Array(items)) => {
                    open.extend((0..items.len()).map(|index| format!("{pointer}/{index}")))
                }
                Some(_) | None => {}
            }
        }
        match Composite::read(name, value, places) {
            Ok(composite) => self.setup.composites.declared.push(composite),
            Err(found) => self.setup.composites.unreadable.extend(found),
        }
        self
    }

    /// The composites that fit what they are made of.
    #[cfg(feature = "cli")]
    pub(crate) fn composites(&self) -> &[Arc<Plan>] {
        &self.setup.composites.made(&self.setup).plans
    }
}

impl Setup {
    /// All entries, those of composites included, and what is wrong with composites.
    pub(super) fn composed(&self) -> (Vec<PluginEntry>, Vec<Problem>) {
        let made = self.composites.made(self);
        let entries = self.entries.iter().chain(&made.entries).copied().collect();
        (entries, made.problems.clone())
    }
}
