//! From a configuration to a builder, and from a builder to only what one service needs.

use std::collections::{BTreeMap, BTreeSet};

use super::builder::Setup;
use super::{HostBuilder, Limit};
use crate::config::{Catalog, Config, Origin, Plugin, Service};
use crate::registry::{Choices, Plan, PluginEntry};

/// The names that a configuration may use, and the shape of every plugin's settings.
pub fn catalog(entries: &[PluginEntry]) -> Catalog {
    let mut services: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for service in entries.iter().flat_map(|entry| entry.descriptor.provides) {
        let methods = services.entry(service.name).or_default();
        methods.extend(service.methods.iter().map(|method| method.name));
    }
    let plugin = |entry: &PluginEntry| {
        let plugin = entry.descriptor;
        let settings = || plugin.settings().map(|schema| schema.to_value());
        Plugin::new(plugin.id, plugin.description, settings)
            .provides(plugin.provides.iter().map(|service| service.name))
    };
    let service = |(name, methods): (&str, BTreeSet<&str>)| Service {
        name: name.to_owned(),
        methods: methods.into_iter().map(str::to_owned).collect(),
    };
    Catalog {
        plugins: entries.iter().map(plugin).collect(),
        services: services.into_iter().map(service).collect(),
    }
}

impl HostBuilder {
    /// Takes everything that a configuration says: settings, instances, providers, permissions,
    /// limits, the state folder and the deadlines.
    ///
    /// Problems of the configuration are [`Config::check_all`]; the builder finds those of the graph.
    #[must_use]
    pub fn configure(mut self, config: &Config) -> Self {
        let host = config.host();
        for (instance, plugin) in config.enabled() {
            self = self.settings(&instance, config.settings_value(&instance));
            if instance != plugin {
                self = self.instance(&instance, &plugin);
            }
        }
        for plugin in &host.disable {
            // A further instance that is disabled is simply not among the enabled ones.
            if !config.instances().contains_key(plugin) {
                self = self.disable(plugin);
            }
        }
        for (service, instance) in config.services() {
            let pointer = format!(
                "/services/{}",
                service.replace('~', "~0").replace('/', "~1")
            );
            if let Some(Origin::Default { .. }) = config.origin(&pointer) {
                self = self.preferred(service, instance);
            } else {
                self = self.provider(service, instance);
            }
        }
        for (principal, permissions) in config.permissions() {
            let permissions: Vec<&str> = permissions.iter().map(String::as_str).collect();
            self = self.grant(principal, &permissions);
        }
        for (method, limit) in config.limits() {
            let concurrency = limit
                .concurrency
                .and_then(|count| usize::try_from(count).ok());
            let timeout = limit.timeout;
            self = self.limit(
                method,
                Limit {
                    concurrency,
                    timeout,
                },
            );
        }
        #[cfg(feature = "composition")]
        for (name, value) in config.composites() {
            self = self.declared(name, value, config);
        }
        #[cfg(feature = "monitoring")]
        {
            self.setup.monitor = host.monitor;
            for (name, alert) in config.alerts() {
                self = self.alert(rule(name, alert));
            }
        }
        self.state(&host.state)
            .deadlines(host.start_deadline, host.stop_deadline)
    }

    /// Starts only what calls of `service` reach: its provider, and what that asks for.
    ///
    /// What is broken elsewhere is then no obstacle.
    #[must_use]
    pub fn reaching(mut self, service: &str) -> Self {
        self.setup.reach = Some(service.to_owned());
        self
    }
}

#[cfg(feature = "monitoring")]
fn rule(name: &str, alert: &crate::config::Alert) -> crate::monitoring::Rule {
    use crate::monitoring::{Bound, Rule};
    Rule {
        name: name.to_owned(),
        metric: alert.metric.clone(),
        labels: alert.labels.clone(),
        of: alert.of.clone(),
        percentile: alert.percentile,
        bound: match (alert.above, alert.below) {
            (Some(above), _) => Bound::Above(above),
            (None, below) => Bound::Below(below.unwrap_or_default()),
        },
        window: alert.window,
    }
}

/// Entries and choices without what has nothing to do with `service`.
///
/// Every possible provider stays in, so that the choice among them is made as for the whole.
pub(super) fn within_reach(
    setup: &Setup,
    all: &[PluginEntry],
    service: &str,
) -> (Vec<PluginEntry>, Choices) {
    let mut services = BTreeSet::from([service]);
    let mut entries: Vec<PluginEntry> = Vec::new();
    loop {
        let found = all.iter().filter(|entry| {
            let provides = entry.descriptor.provides.iter();
            let taken = entries
                .iter()
                .any(|taken| std::ptr::eq(taken.descriptor, entry.descriptor));
            !taken
                && provides
                    .clone()
                    .any(|provided| services.contains(provided.name))
        });
        let found: Vec<PluginEntry> = found.copied().collect();
        if found.is_empty() {
            break;
        }
        for entry in &found {
            services.extend(entry.descriptor.requires().map(|(service, _)| service.name));
        }
        entries.extend(found);
    }
    let mut choices = setup.choices.clone();
    let is_plugin = |id: &str| entries.iter().any(|entry| entry.descriptor.id == id);
    choices.instances.retain(|_, plugin| is_plugin(plugin));
    choices.disable.retain(|plugin| is_plugin(plugin));
    let instances = choices.instances.clone();
    let is_instance = |name: &str| is_plugin(name) || instances.contains_key(name);
    choices.services.retain(|key, instance| {
        let consumer = key.split_once('.').map(|(consumer, _)| consumer);
        consumer.is_none_or(is_instance) && is_instance(instance)
    });
    (entries, choices)
}

/// A plan with only the provider of `service` and what that asks for.
pub(super) fn reduced(mut plan: Plan, service: &str) -> Plan {
    let providers = plan
        .defaults
        .iter()
        .filter(|((name, _), _)| *name == service);
    let mut wanted: BTreeSet<String> = providers.map(|(_, provider)| provider.clone()).collect();
    // Providers stand before their consumers, so one walk from the end finds them all.
    for planned in plan.instances.iter().rev() {
        if wanted.contains(&planned.name) {
            wanted.extend(
                planned
                    .bindings
                    .iter()
                    .map(|binding| binding.provider.clone()),
            );
        }
    }
    plan.instances
        .retain(|planned| wanted.contains(&planned.name));
    plan.defaults
        .retain(|_, provider| wanted.contains(provider));
    plan
}
