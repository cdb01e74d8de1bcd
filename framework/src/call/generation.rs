//! One provider in the life of a slot, and the way to the newest.

use std::sync::{Arc, OnceLock};

use super::instance::{Instance, MethodGate};

/// One provider in the life of a slot. The newest is at the end of the chain; a chain costs a
/// call less than any lock or reference count, and is bounded by [`limit::REPLACEMENTS`].
pub(crate) struct Generation<T: ?Sized> {
    pub(crate) provider: Arc<T>,
    pub(crate) gates: Arc<[MethodGate]>,
    pub(crate) instance: Arc<Instance>,
    pub(super) next: OnceLock<Arc<Generation<T>>>,
}

impl<T: ?Sized> Generation<T> {
    /// The newest generation.
    #[inline]
    pub(crate) fn newest(self: &Arc<Self>) -> &Arc<Self> {
        let mut newest = self;
        while let Some(next) = newest.next.get() {
            newest = next;
        }
        newest
    }
}
