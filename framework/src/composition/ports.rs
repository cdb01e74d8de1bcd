//! What of a service can be bound: every method is a port, and so is each of its parameters and fields.

use serde::Serialize;

use super::schema::Shape;
use crate::contract::{MethodKind, ServiceDescriptor, escape};

/// The ports of a service, in the words of the guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ports {
    /// Every service may be a part of a composite.
    pub supports_composition: bool,
    /// What it can be there for.
    pub composition_roles: [&'static str; 3],
    /// `method`, and `method#/parameter` for a part of it.
    pub input_ports: Vec<String>,
    /// `method`, and `method#/field` for a part of its result, or of each item.
    pub output_ports: Vec<String>,
    /// The methods whose output comes item by item.
    pub stream_ports: Vec<String>,
    /// How ports are joined.
    pub binding_types: [&'static str; 2],
}

impl Ports {
    /// The ports of a service.
    pub fn of(service: &ServiceDescriptor) -> Self {
        let (mut input_ports, mut output_ports, mut stream_ports) =
            (Vec::new(), Vec::new(), Vec::new());
        for method in service.methods {
            let part = |name: &str| format!("{}#/{}", method.name, escape(name));
            input_ports.push(method.name.to_owned());
            input_ports.extend(method.parameters.iter().map(|name| part(name)));
            output_ports.push(method.name.to_owned());
            let output = method.output.get().to_value();
            let fields = Shape::of(&output).properties();
            output_ports.extend(fields.into_iter().flatten().map(|(name, _)| part(name)));
            if method.kind == MethodKind::Stream {
                stream_ports.push(method.name.to_owned());
            }
        }
        Self {
            supports_composition: true,
            composition_roles: ["primary", "secondary", "auxiliary"],
            input_ports,
            output_ports,
            stream_ports,
            binding_types: ["data_flow", "event_flow"],
        }
    }
}
