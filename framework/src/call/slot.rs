//! Where the provider of a service stands, so that it can be replaced while consumers hold on.

use std::any::Any;
use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

use super::Contract;
use super::consumer::Consumer;
use super::generation::{Generation, Link};
use super::instance::{Instance, MethodGate};
use super::json::AnyService;
use super::service::Service;
use crate::contract::ServiceDescriptor;
use crate::error::{Error, ErrorKind, Result};
use crate::limit;

/// A service of an instance: consumers bind to it, providers come and go.
pub(crate) struct Slot<S: Contract + ?Sized> {
    first: Arc<Link<S::Twin>>,
    replacements: Mutex<usize>,
}

impl<S: Contract + ?Sized> fmt::Debug for Slot<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({})", S::DESCRIPTOR.name)
    }
}

impl<S: Contract + ?Sized> Slot<S> {
    pub(crate) fn new(
        provider: Arc<S::Twin>,
        gates: Arc<[MethodGate]>,
        instance: Arc<Instance>,
    ) -> Self {
        Self {
            first: Link::new(Generation {
                provider,
                gates,
                instance,
            }),
            replacements: Mutex::new(0),
        }
    }

    pub(crate) fn bind(&self, consumer: &Consumer) -> Service<S> {
        self.bind_as(S::DESCRIPTOR, consumer)
    }

    pub(super) fn bind_as(&self, contract: &ServiceDescriptor, consumer: &Consumer) -> Service<S> {
        Service::new(self.first.newest().clone(), contract, consumer)
    }

    /// Puts the provider of `other` in front.
    pub(super) fn put_in_front(&self, other: &Self, name: &str) -> Result<()> {
        let mut replacements = self
            .replacements
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *replacements >= limit::REPLACEMENTS {
            return Err(Error::new(
                ErrorKind::State,
                format!(
                    "`{name}` has been replaced {} times; restart the process",
                    limit::REPLACEMENTS
                ),
            ));
        }
        let new = Link::new(other.first.newest().generation.clone());
        // The lock makes this the only writer, so the end of the chain is still the end.
        let last = self.first.newest();
        let placed = last.next.set(new);
        debug_assert!(placed.is_ok(), "the lock makes this the only writer");
        for gate in last.generation.gates.iter() {
            gate.aside.store(true, Relaxed);
        }
        *replacements += 1;
        Ok(())
    }

    pub(super) fn all_gates(&self) -> Vec<Arc<[MethodGate]>> {
        let mut all = vec![self.first.generation.gates.clone()];
        let mut link = &self.first;
        while let Some(next) = link.next.get() {
            all.push(next.generation.gates.clone());
            link = next;
        }
        all
    }
}

/// Why a slot cannot take a provider.
pub(super) fn other_contract(name: &str) -> Error {
    Error::new(
        ErrorKind::Graph,
        format!("the new provider of `{name}` has another contract"),
    )
}

/// A slot whose contract is not known to whoever holds it.
pub(crate) trait AnySlot: Send + Sync + fmt::Debug {
    /// For the downcast to `Slot<S>`.
    fn as_any(&self) -> &(dyn Any + Send + Sync);
    fn service(&self) -> &'static ServiceDescriptor;
    /// A client without its type.
    fn client(&self, consumer: &Consumer) -> Arc<dyn AnyService>;
    /// Puts the provider of `other`, a slot of the same contract, in front.
    fn replace(&self, other: &dyn AnySlot) -> Result<()>;
    /// The gates of all generations, oldest first.
    fn gates(&self) -> Vec<Arc<[MethodGate]>>;
}

impl<S: Contract + ?Sized + 'static> AnySlot for Slot<S> {
    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn service(&self) -> &'static ServiceDescriptor {
        S::DESCRIPTOR
    }

    fn client(&self, consumer: &Consumer) -> Arc<dyn AnyService> {
        Arc::new(self.bind(consumer))
    }

    fn replace(&self, other: &dyn AnySlot) -> Result<()> {
        match other.as_any().downcast_ref::<Self>() {
            Some(other) => self.put_in_front(other, S::DESCRIPTOR.name),
            None => Err(other_contract(S::DESCRIPTOR.name)),
        }
    }

    fn gates(&self) -> Vec<Arc<[MethodGate]>> {
        self.all_gates()
    }
}
