use std::ops::Bound;
use std::sync::Arc;

use crate::call::BoxFuture;
use crate::error::CallError;

/// A key and what it holds.
pub(crate) type Pair = (Arc<[u8]>, Arc<[u8]>);

/// How much is read in one go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    pub(crate) pairs: usize,
    pub(crate) bytes: usize,
}

/// The first pairs of a range.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) pairs: Vec<Pair>,
    /// Whether a bound has ended it: there may be more.
    pub(crate) is_cut: bool,
}

impl Most {
    /// The pairs of a piece, taken from all.
    pub(crate) fn take<E>(self, all: impl Iterator<Item = Result<Pair, E>>) -> Result<Piece, E> {
        let (mut pairs, mut bytes) = (Vec::new(), 0);
        for pair in all {
            let (key, value) = pair?;
            bytes += key.len() + value.len();
            pairs.push((key, value));
            if pairs.len() >= self.pairs || bytes >= self.bytes {
                return Ok(Piece {
                    pairs,
                    is_cut: true,
                });
            }
        }
        Ok(Piece {
            pairs,
            is_cut: false,
        })
    }
}

/// What a durable container held at the last checkpoint: every snapshot in use sees it, or a newer version of its own.
pub(crate) trait Base: Send + Sync {
    /// What the key holds.
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Arc<[u8]>>, CallError>>;

    /// The first pairs of a range, in the order of their keys: one, and further ones up to the bounds.
    fn range<'a>(
        &'a self,
        range: (Bound<&'a [u8]>, Bound<&'a [u8]>),
        most: Most,
    ) -> BoxFuture<'a, Result<Piece, CallError>>;
}
