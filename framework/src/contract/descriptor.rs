use std::time::Duration;

use super::{Line, Schema, Version};

/// What a service promises. Static: made by `#[weldkit::service]`, or by hand.
#[derive(Debug, Clone, Copy)]
pub struct ServiceDescriptor {
    /// The name callers use.
    pub name: &'static str,
    /// The version of the contract.
    pub version: Version,
    /// The package that holds the contract.
    pub package: &'static str,
    /// The doc comment of the trait.
    pub docs: &'static str,
    /// How settled the contract is.
    pub stability: Stability,
    /// The version that first had the service.
    pub since: Option<&'static str>,
    /// Why not to use it any more, and what to use instead.
    pub deprecated: Option<&'static str>,
    /// The methods, in the order of the trait.
    pub methods: &'static [MethodDescriptor],
}

impl ServiceDescriptor {
    /// The compatibility line of the contract.
    pub const fn line(&self) -> Line {
        self.version.line()
    }

    /// The index of the method of that name.
    pub fn method(&self, name: &str) -> Option<usize> {
        self.methods.iter().position(|method| method.name == name)
    }
}

/// What one method promises.
#[derive(Debug, Clone, Copy)]
pub struct MethodDescriptor {
    /// The name callers use.
    pub name: &'static str,
    /// The doc comment.
    pub docs: &'static str,
    /// How it is called.
    pub kind: MethodKind,
    /// Changes nothing.
    pub read_only: bool,
    /// A second call with the same input has no further effect.
    pub idempotent: bool,
    /// Takes part in the transaction of its `Ctx`.
    pub transactional: bool,
    /// Runs on a task of its own, so that its deadline holds whatever the handler does.
    pub isolated: bool,
    /// The permission that the principal must hold and the calling plugin must declare; without
    /// one, the name of the service is the permission, and requiring the service declares it.
    pub permission: Option<&'static str>,
    /// The deadline of a call that has none nearer; `None` for a sync method.
    pub timeout: Option<Duration>,
    /// How settled the method is.
    pub stability: Stability,
    /// The version that first had it.
    pub since: Option<&'static str>,
    /// Why not to use it any more, and what to use instead.
    pub deprecated: Option<&'static str>,
    /// The names of the parameters, in order.
    pub parameters: &'static [&'static str],
    /// The JSON Schema of the parameter object.
    pub input: SchemaOf,
    /// The JSON Schema of the result, or of one item of a stream.
    pub output: SchemaOf,
    /// The JSON Schema of the error.
    pub error: SchemaOf,
}

/// Where a schema comes from.
#[derive(Debug, Clone, Copy)]
pub enum SchemaOf {
    /// Derived from a type, each time that it is asked for.
    Type(fn() -> Schema),
    /// Made when the host was put together, of other schemas.
    Made(&'static Schema),
}

impl SchemaOf {
    /// The schema.
    pub fn get(self) -> Schema {
        match self {
            Self::Type(derive) => derive(),
            Self::Made(schema) => schema.clone(),
        }
    }
}

/// How a method is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodKind {
    /// A plain `fn`: no deadline, may not block.
    Sync,
    /// An `async fn`.
    Async,
    /// A `fn` that returns a [`Stream`](crate::Stream).
    Stream,
}

/// How settled a service, a method or a plugin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stability {
    /// May change in any version.
    Experimental,
    /// Settled but young.
    Beta,
    /// Follows semantic versioning.
    #[default]
    Stable,
    /// Will go.
    Deprecated,
}

impl Stability {
    /// The word used in metadata and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stability::Experimental => "experimental",
            Stability::Beta => "beta",
            Stability::Stable => "stable",
            Stability::Deprecated => "deprecated",
        }
    }
}
