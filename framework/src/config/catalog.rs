//! What this binary knows: the names that configuration may use, and the shape of every plugin's settings.
//!
//! The host fills a [`Catalog`] from its registry. Configuration needs it to resolve names of variables, to refuse
//! unknown names with the nearest known one, and to write schema and sample.

use std::fmt;
use std::sync::LazyLock;

use serde_json::Value;

type Schema = LazyLock<Option<Value>, Box<dyn FnOnce() -> Option<Value> + Send>>;

/// Every plugin and service of a binary.
#[derive(Debug, Default)]
pub struct Catalog {
    /// The plugins that are linked in.
    pub plugins: Vec<Plugin>,
    /// The services that somebody provides.
    pub services: Vec<Service>,
}

impl Catalog {
    /// The plugin with this id.
    pub fn plugin(&self, id: &str) -> Option<&Plugin> {
        self.plugins.iter().find(|plugin| plugin.id == id)
    }

    /// The service with this name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The settings schema of a plugin; `None` where the plugin is unknown or takes no settings.
    pub fn settings(&self, plugin: &str) -> Option<&Value> {
        self.plugin(plugin)?.settings()
    }
}

/// A service that configuration may name.
#[derive(Debug, Clone, Default)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Names of its methods, which limits refer to.
    pub methods: Vec<String>,
}

/// A plugin that configuration may name.
pub struct Plugin {
    /// Its id, which is also the name of its default instance.
    pub id: String,
    /// One sentence.
    pub description: String,
    /// Names of the services that it provides.
    pub provides: Vec<String>,
    settings: Schema,
}

impl Plugin {
    /// A plugin whose settings schema is built when it is first needed; `None` says that it takes no settings.
    pub fn new(
        id: impl Into<String>,
        description: impl Into<String>,
        settings: impl FnOnce() -> Option<Value> + Send + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            description: description.into(),
            provides: Vec::new(),
            settings: LazyLock::new(Box::new(settings)),
        }
    }

    /// The same plugin, providing these services.
    #[must_use]
    pub fn provides(mut self, services: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.provides = services.into_iter().map(Into::into).collect();
        self
    }

    /// The JSON Schema of its settings.
    pub fn settings(&self) -> Option<&Value> {
        self.settings.as_ref()
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
