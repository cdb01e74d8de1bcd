use std::fmt;
use std::sync::Arc;

use super::Contract;
use super::consumer::Consumer;
use super::generation::{Generation, Link};
use crate::contract::ServiceDescriptor;

/// A client of a service: `Service<dyn Storage>` implements `Storage`, and every call passes the gate.
///
/// Ask for it in a plugin's constructor, or from a host. It stays good when the provider is
/// replaced. Cheap to clone.
pub struct Service<S: Contract + ?Sized> {
    /// The provider at the time of binding, at hand without a further pointer. Its gates say when
    /// there is a newer one.
    pub(super) bound: Generation<S::Twin>,
    /// The same in the chain, which leads to the newer one.
    link: Arc<Link<S::Twin>>,
    /// Bit `n`: the consumer may call method `n`.
    pub(crate) declared: u64,
    pub(crate) consumer: Arc<str>,
}

impl<S: Contract + ?Sized> Service<S> {
    /// A client for `consumer`; `contract` is `S::DESCRIPTOR`, unless the contract was made at start.
    pub(super) fn new(
        link: Arc<Link<S::Twin>>,
        contract: &ServiceDescriptor,
        consumer: &Consumer,
    ) -> Self {
        Self {
            bound: link.generation.clone(),
            link,
            declared: consumer.word(contract),
            consumer: consumer.name.clone(),
        }
    }

    /// The provider that answers at present.
    pub(super) fn newest(&self) -> &Generation<S::Twin> {
        &self.link.newest().generation
    }

    /// The contract.
    pub fn descriptor(&self) -> &'static ServiceDescriptor {
        S::DESCRIPTOR
    }

    /// The name of the instance that answers at present.
    pub fn provider(&self) -> &str {
        self.newest().instance.name()
    }
}

impl<S: Contract + ?Sized> Clone for Service<S> {
    fn clone(&self) -> Self {
        Self {
            bound: self.bound.clone(),
            link: self.link.clone(),
            declared: self.declared,
            consumer: self.consumer.clone(),
        }
    }
}

impl<S: Contract + ?Sized> fmt::Debug for Service<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({} by {})", S::DESCRIPTOR.name, self.provider())
    }
}
