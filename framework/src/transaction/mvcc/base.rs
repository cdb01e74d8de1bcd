use std::ops::Bound;
use std::sync::Arc;

use crate::call::BoxFuture;
use crate::error::CallError;

/// A key and what it holds.
pub(crate) type Pair = (Arc<[u8]>, Arc<[u8]>);

/// What a durable container held at the last checkpoint: every snapshot in use sees it, or a newer version of its own.
pub(crate) trait Base: Send + Sync {
    /// What the key holds.
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Arc<[u8]>>, CallError>>;

    /// The first `limit` pairs of a range, in the order of their keys.
    fn range<'a>(
        &'a self,
        range: (Bound<&'a [u8]>, Bound<&'a [u8]>),
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Pair>, CallError>>;
}
