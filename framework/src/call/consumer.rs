use std::sync::Arc;

use crate::contract::ServiceDescriptor;
use crate::security::Permission;

/// Who binds a client: a plugin instance with what it declared, or the host itself.
#[derive(Debug, Clone)]
pub(crate) struct Consumer {
    pub(crate) name: Arc<str>,
    pub(crate) declared: Declared,
}

/// Which permissions the code that calls has declared.
#[derive(Debug, Clone)]
pub(crate) enum Declared {
    /// A door: only the principal counts.
    All,
    /// A plugin: requiring a service declares its name, the rest stands in its attribute.
    Only(Vec<Permission>),
}

impl Consumer {
    /// The host's own doors.
    pub(crate) fn door() -> Self {
        Self {
            name: "host".into(),
            declared: Declared::All,
        }
    }

    /// Bit `n`: the consumer may call method `n` of the service.
    pub(super) fn word(&self, service: &ServiceDescriptor) -> u64 {
        let Declared::Only(declared) = &self.declared else {
            return u64::MAX;
        };
        service
            .methods
            .iter()
            .enumerate()
            .fold(0, |word, (index, method)| {
                let may = method.permission.is_none_or(|permission| {
                    declared.iter().any(|pattern| pattern.covers(permission))
                });
                if may { word | 1 << index } else { word }
            })
    }
}
