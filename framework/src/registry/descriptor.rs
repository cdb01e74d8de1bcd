use crate::contract::{Schema, ServiceDescriptor, Stability};

/// What a plugin is. Static: made by `#[weldkit::plugin]`, or by hand.
#[derive(Debug, Clone, Copy)]
pub struct PluginDescriptor {
    /// Unique among the linked plugins; the name of its default instance.
    pub id: &'static str,
    /// The version of the package.
    pub version: &'static str,
    /// The package.
    pub package: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// As Cargo has them, separated by `:`.
    pub authors: &'static str,
    /// SPDX expression.
    pub license: &'static str,
    /// Where the source is.
    pub source: &'static str,
    /// How settled the plugin is.
    pub stability: Stability,
    /// For people who look for it.
    pub categories: &'static [&'static str],
    /// For people who look for it.
    pub tags: &'static [&'static str],
    /// Permissions that its own calls need.
    pub permissions: &'static [&'static str],
    /// What it touches outside of the process: `net`, `fs`, `env`, `exec`.
    pub access: &'static [&'static str],
    /// Two instances may not run at once: a replacement stops the old one first.
    pub exclusive: bool,
    /// The services it provides.
    pub provides: &'static [&'static ServiceDescriptor],
    /// What its constructor asks for.
    pub needs: &'static [Need],
}

/// What one constructor parameter asks for.
#[derive(Debug, Clone, Copy)]
pub enum Need {
    /// A service; the plugin starts after its provider.
    Service {
        /// The contract.
        service: &'static ServiceDescriptor,
        /// Whether the plugin does without when nobody provides it.
        optional: bool,
    },
    /// A service of one certain instance, whatever else is chosen; the plugin starts after it.
    Instance {
        /// The contract.
        service: &'static ServiceDescriptor,
        /// The instance.
        instance: &'static str,
    },
    /// The plugin's part of the configuration.
    Settings {
        /// Its schema.
        schema: fn() -> Schema,
    },
    /// Containers of the host, which take part in transactions.
    Containers,
    /// Something that every host has.
    Host,
}

impl PluginDescriptor {
    /// The services that it asks for, with whether each is optional.
    pub fn requires(&self) -> impl Iterator<Item = (&'static ServiceDescriptor, bool)> + '_ {
        self.needs.iter().filter_map(|need| match need {
            Need::Service { service, optional } => Some((*service, *optional)),
            Need::Instance { service, .. } => Some((*service, false)),
            Need::Settings { .. } | Need::Containers | Need::Host => None,
        })
    }

    /// The instance that must answer each service that it asks for, in the order of [`requires`](Self::requires).
    pub(super) fn pins(&self) -> impl Iterator<Item = Option<&'static str>> + '_ {
        self.needs.iter().filter_map(|need| match need {
            Need::Service { .. } => Some(None),
            Need::Instance { instance, .. } => Some(Some(*instance)),
            Need::Settings { .. } | Need::Containers | Need::Host => None,
        })
    }

    /// The schema of its settings.
    pub fn settings(&self) -> Option<Schema> {
        self.needs.iter().find_map(|need| match need {
            Need::Settings { schema } => Some(schema()),
            Need::Service { .. } | Need::Instance { .. } | Need::Containers | Need::Host => None,
        })
    }
}

impl PluginDescriptor {
    /// Whether a transaction can pass through it without it being a participant: it keeps what it has in containers
    /// of the host, or calls others that take part.
    #[cfg(feature = "transaction")]
    pub(crate) fn passes_transactions(&self) -> bool {
        let keeps = self
            .needs
            .iter()
            .any(|need| matches!(need, Need::Containers));
        keeps
            || self
                .requires()
                .any(|(service, _)| service.methods.iter().any(|method| method.transactional))
    }
}

/// The id of a plugin that gives none: its package without a leading `weldkit-`.
pub const fn default_id(package: &'static str) -> &'static str {
    const PREFIX: &[u8] = b"weldkit-";
    let bytes = package.as_bytes();
    let mut at = 0;
    while at < PREFIX.len() {
        if at >= bytes.len() || bytes[at] != PREFIX[at] {
            return package;
        }
        at += 1;
    }
    match package.split_at_checked(PREFIX.len()) {
        Some((_, id)) => id,
        None => package,
    }
}

/// The first text that is not empty.
pub const fn first_non_empty(first: &'static str, second: &'static str) -> &'static str {
    if first.is_empty() { second } else { first }
}
