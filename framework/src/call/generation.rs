//! One provider in the life of a slot, and the way to the newest.

use std::sync::{Arc, OnceLock};

use super::instance::{Instance, MethodGate};

/// One provider in the life of a slot.
pub(crate) struct Generation<T: ?Sized> {
    pub(crate) provider: Arc<T>,
    pub(crate) gates: Arc<[MethodGate]>,
    pub(crate) instance: Arc<Instance>,
}

impl<T: ?Sized> Clone for Generation<T> {
    fn clone(&self) -> Self {
        Self {
            provider: self.provider.clone(),
            gates: self.gates.clone(),
            instance: self.instance.clone(),
        }
    }
}

/// A generation and the one that took its place. The newest is at the end of the chain; a chain
/// costs a call less than any lock or reference count, and is bounded by [`limit::REPLACEMENTS`](crate::limit::REPLACEMENTS).
pub(crate) struct Link<T: ?Sized> {
    pub(crate) generation: Generation<T>,
    pub(super) next: OnceLock<Arc<Link<T>>>,
}

impl<T: ?Sized> Link<T> {
    pub(super) fn new(generation: Generation<T>) -> Arc<Self> {
        Arc::new(Self {
            generation,
            next: OnceLock::new(),
        })
    }

    /// The end of the chain.
    pub(crate) fn newest(self: &Arc<Self>) -> &Arc<Self> {
        let mut newest = self;
        while let Some(next) = newest.next.get() {
            newest = next;
        }
        newest
    }
}
