//! What a reload has to do.

use std::collections::{BTreeMap, BTreeSet};

use super::Config;

/// The difference between two configurations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Instances that are to be started, composites among them.
    pub added: BTreeSet<String>,
    /// Instances that are to be stopped, composites among them.
    pub removed: BTreeSet<String>,
    /// Instances that are to be replaced: other settings, or another plugin.
    pub changed: BTreeSet<String>,
    /// Composites that are declared in another way.
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
    let (composed, recomposed) = (&old.typed.composites, &new.typed.composites);
    Changes {
        added: [missing(&before, &after), missing(composed, recomposed)]
            .concat()
            .into_iter()
            .collect(),
        removed: [missing(&after, &before), missing(recomposed, composed)]
            .concat()
            .into_iter()
            .collect(),
        changed: both.filter(differs).cloned().collect(),
        composites: composed
            .iter()
            .filter(|(name, value)| recomposed.get(*name).is_some_and(|new| new != *value))
            .map(|(name, _)| name.clone())
            .collect(),
        host: host(old) != host(new),
        services: old.services() != new.services(),
        permissions: old.permissions() != new.permissions(),
        limits: old.limits() != new.limits(),
    }
}

/// The names that `other` has and `one` has not.
fn missing<V>(one: &BTreeMap<String, V>, other: &BTreeMap<String, V>) -> Vec<String> {
    let names = other.keys().filter(|name| !one.contains_key(*name));
    names.cloned().collect()
}
