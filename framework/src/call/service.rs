use std::fmt;
use std::sync::Arc;

use super::Contract;
use super::consumer::Consumer;
use super::generation::Generation;
use crate::contract::ServiceDescriptor;

/// A client of a service: `Service<dyn Storage>` implements `Storage`, and every call passes the gate.
///
/// Ask for it in a plugin's constructor, or from a host. It stays good when the provider is
/// replaced. Cheap to clone.
pub struct Service<S: Contract + ?Sized> {
    pub(crate) first: Arc<Generation<S::Twin>>,
    /// Bit `n`: the consumer may call method `n`.
    pub(crate) declared: u64,
    pub(crate) consumer: Arc<str>,
}

impl<S: Contract + ?Sized> Service<S> {
    pub(crate) fn new(first: Arc<Generation<S::Twin>>, consumer: &Consumer) -> Self {
        Self {
            first,
            declared: consumer.word(S::DESCRIPTOR),
            consumer: consumer.name.clone(),
        }
    }

    /// The contract.
    pub fn descriptor(&self) -> &'static ServiceDescriptor {
        S::DESCRIPTOR
    }

    /// The name of the instance that answers at present.
    pub fn provider(&self) -> &str {
        self.first.newest().instance.name()
    }
}

impl<S: Contract + ?Sized> Clone for Service<S> {
    fn clone(&self) -> Self {
        Self {
            first: self.first.clone(),
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
