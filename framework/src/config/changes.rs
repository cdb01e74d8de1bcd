//! What a reload has to do.

use std::collections::{BTreeMap, BTreeSet};

use super::Config;

/// The difference between two configurations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Instances that are to be started.
    pub added: BTreeSet<String>,
    /// Instances that are to be stopped.
    pub removed: BTreeSet<String>,
    /// Instances that are to be replaced: other settings, or another plugin.
    pub changed: BTreeSet<String>,
    /// Composites that are declared in another way, or are new, or are gone; they hold from the next start on.
    pub composites: BTreeSet<String>,
    /// `[host]` differs in more than the instances that are disabled; most of it holds from the next start on.
    pub host: bool,
    /// `[services]` differs.
    pub services: bool,
    /// `[permissions]` differs.
    pub permissions: bool,
    /// `[limits]` differs.
    pub limits: bool,
}

impl Changes {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares two configurations by what they mean, not by how or where it is written.
pub fn changes(old: &Config, new: &Config) -> Changes {
    let (before, after) = (old.enabled(), new.enabled());
    let only = |one: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
        one.keys()
            .filter(|instance| !other.contains_key(*instance))
            .cloned()
            .collect()
    };
    let differs = |instance: &&String| {
        before.get(*instance) != after.get(*instance)
            || old.settings_value(instance) != new.settings_value(instance)
    };
    let both = before
        .keys()
        .filter(|instance| after.contains_key(*instance));
    let host = |config: &Config| {
        let mut host = config.host().clone();
        host.disable.clear();
        host
    };
    Changes {
        added: only(&after, &before),
        removed: only(&before, &after),
        changed: both.filter(differs).cloned().collect(),
        composites: composites(old, new),
        host: host(old) != host(new),
        services: old.services() != new.services(),
        permissions: old.permissions() != new.permissions(),
        limits: old.limits() != new.limits(),
    }
}

fn composites(old: &Config, new: &Config) -> BTreeSet<String> {
    let (before, after) = (&old.typed.composites, &new.typed.composites);
    let names = before.keys().chain(after.keys());
    let differs = |name: &&String| before.get(*name) != after.get(*name);
    names.filter(differs).cloned().collect()
}
