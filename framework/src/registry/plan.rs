use std::collections::{BTreeMap, BTreeSet};

use super::PluginEntry;
use crate::contract::{Line, ServiceDescriptor};

/// What the configuration chooses.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Further instances: name -> plugin id. Every plugin has its default instance beside them.
    pub instances: BTreeMap<String, String>,
    /// Plugins whose default instance is not started.
    pub disable: BTreeSet<String>,
    /// Providers: `service` or `consumer.service` -> instance.
    pub services: BTreeMap<String, String>,
    /// The same, where a provider that is not there is passed over: an application's own defaults.
    pub preferred: BTreeMap<String, String>,
    /// Plugins that could be linked in: id, and its services as `name@line`.
    pub known: &'static [(&'static str, &'static [&'static str])],
    /// What is linked by choice, for the build command in a message.
    pub chosen: &'static [&'static str],
}

/// The instances in the order in which they start.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Every instance after the providers of what it asks for.
    pub instances: Vec<PlannedInstance>,
    /// The provider that doors and consumers without a choice of their own get.
    pub defaults: BTreeMap<(&'static str, Line), String>,
}

/// One instance.
#[derive(Debug, Clone)]
pub struct PlannedInstance {
    /// Its name.
    pub name: String,
    /// The plugin.
    pub entry: PluginEntry,
    /// Who answers each service that it asks for.
    pub bindings: Vec<Binding>,
}

/// One service that an instance asks for, and who answers.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The service.
    pub service: &'static ServiceDescriptor,
    /// The instance that answers.
    pub provider: String,
}
