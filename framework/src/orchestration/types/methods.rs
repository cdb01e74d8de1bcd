use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::contract::types::{Origin, Taker, Type, alone, read};
use crate::contract::{MethodDescriptor, MethodKind, ServiceDescriptor};

/// What methods take and give, each read once.
pub(super) struct Methods<'a> {
    services: &'a [&'static ServiceDescriptor],
    known: BTreeMap<String, Option<Arc<Method>>>,
}

/// What a method takes and gives.
#[derive(Debug)]
pub(super) struct Method {
    /// All parameters.
    pub(super) whole: Taker,
    pub(super) parameters: BTreeMap<String, Taker>,
    pub(super) gives: Type,
}

impl<'a> Methods<'a> {
    pub(super) fn new(services: &'a [&'static ServiceDescriptor]) -> Self {
        Self {
            services,
            known: BTreeMap::new(),
        }
    }

    /// `service.method`, if it is there.
    pub(super) fn get(&mut self, name: &str) -> Option<Arc<Method>> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let found = find(self.services, name).map(|method| Arc::new(Method::new(method)));
        self.known.insert(name.to_owned(), found.clone());
        found
    }
}

/// The descriptor of `service.method`.
pub(in crate::orchestration) fn find(
    services: &[&'static ServiceDescriptor],
    name: &str,
) -> Option<&'static MethodDescriptor> {
    let (service, method) = name.rsplit_once('.')?;
    let service = services.iter().find(|known| known.name == service)?;
    service.methods.iter().find(|known| known.name == method)
}

impl Method {
    fn new(method: &MethodDescriptor) -> Self {
        let input = method.input.get().to_value();
        let properties = input.get("properties").and_then(Value::as_object);
        let parameters = properties.into_iter().flatten().map(|(name, schema)| {
            let taker = Taker::new(alone(schema, &input), Origin::Taken);
            (name.clone(), taker)
        });
        Self {
            parameters: parameters.collect(),
            gives: match method.kind {
                // Not said by the schema, which is that of one item.
                MethodKind::Stream => Type::Any,
                MethodKind::Sync | MethodKind::Async => {
                    read(&method.output.get().to_value(), Origin::Written)
                }
            },
            whole: Taker::new(input.clone(), Origin::Taken),
        }
    }
}
