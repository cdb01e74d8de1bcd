use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bytes::{BytesMap, BytesRange};
use super::key::{MapKey, decoded, encoded};
use crate::call::Ctx;
use crate::error::CallError;
use crate::transaction::Durability;

/// A map from typed keys, in their order, to values that are kept as JSON. Takes part in transactions.
///
/// ```no_run
/// use weldkit::transaction::{Containers, Durability, Map};
/// use weldkit::{CallError, Ctx};
///
/// struct Bank {
///     accounts: Map<String, i64>,
/// }
///
/// impl Bank {
///     async fn start(containers: Containers) -> weldkit::Result<Self> {
///         let accounts = containers.map("accounts", Durability::Durable).await?;
///         Ok(Self { accounts })
///     }
///
///     async fn deposit(&self, ctx: &Ctx, account: String, amount: i64) -> Result<i64, CallError> {
///         self.accounts
///             .update(ctx, &account, |before| {
///                 let after = before.unwrap_or(0) + amount;
///                 Ok((Some(after), after))
///             })
///             .await
///     }
/// }
/// ```
pub struct Map<K, V> {
    bytes: BytesMap,
    of: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for Map<K, V> {
    fn clone(&self) -> Self {
        Self::new(self.bytes.clone())
    }
}

impl<K, V> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.fmt(f)
    }
}

impl<K, V> Map<K, V> {
    pub(super) fn new(bytes: BytesMap) -> Self {
        Self {
            bytes,
            of: PhantomData,
        }
    }

    /// Whether what is committed survives a crash.
    pub fn durability(&self) -> Durability {
        self.bytes.durability()
    }
}

impl<K: MapKey, V: Serialize + DeserializeOwned> Map<K, V> {
    /// What the key holds.
    ///
    /// # Errors
    ///
    /// As [`BytesMap::get`]; `internal` when a value is of another type.
    pub async fn get(&self, ctx: &Ctx, key: &K) -> Result<Option<V>, CallError> {
        let found = self.bytes.get(ctx, &encoded(key)).await?;
        found.as_deref().map(value).transpose()
    }

    /// Writes a key.
    ///
    /// # Errors
    ///
    /// As [`BytesMap::put`].
    pub async fn put(&self, ctx: &Ctx, key: &K, value: &V) -> Result<(), CallError> {
        self.bytes.put(ctx, &encoded(key), text(value)?).await
    }

    /// Removes a key; `false` when it held nothing.
    ///
    /// # Errors
    ///
    /// As [`BytesMap::put`].
    pub async fn delete(&self, ctx: &Ctx, key: &K) -> Result<bool, CallError> {
        self.bytes.delete(ctx, &encoded(key)).await
    }

    /// Reads a key and writes what `change` makes of it, with nobody in between.
    ///
    /// # Errors
    ///
    /// What `change` gives; as [`BytesMap::put`].
    pub async fn update<T>(
        &self,
        ctx: &Ctx,
        key: &K,
        change: impl FnOnce(Option<V>) -> Result<(Option<V>, T), CallError> + Send,
    ) -> Result<T, CallError> {
        self.bytes
            .update(ctx, &encoded(key), |before| {
                let before = before.map(value).transpose()?;
                let (after, answer) = change(before)?;
                Ok((after.as_ref().map(text).transpose()?, answer))
            })
            .await
    }

    /// The first `limit` pairs of a range, in the order of their keys, all at one moment.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn range(
        &self,
        ctx: &Ctx,
        range: impl RangeBounds<K>,
        limit: usize,
    ) -> Result<Vec<(K, V)>, CallError> {
        let pairs = self.bytes.range(ctx, &bounds(&range), limit).await?;
        pairs
            .into_iter()
            .map(|(key, found)| Ok((decoded(&key)?, value(&found)?)))
            .collect()
    }

    /// How many keys of a range hold something.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn count(&self, ctx: &Ctx, range: impl RangeBounds<K>) -> Result<u64, CallError> {
        let mut count = 0;
        self.bytes
            .visit(ctx, &bounds(&range), |_, _| {
                count += 1;
                true
            })
            .await?;
        Ok(count)
    }
}

fn bounds<K: MapKey>(range: &impl RangeBounds<K>) -> BytesRange {
    // No key begins with another one's bytes and a zero byte, so this is the first place after a key.
    let behind = |key: &K| {
        let mut bytes = encoded(key);
        bytes.push(0);
        bytes
    };
    BytesRange {
        from: match range.start_bound() {
            Bound::Included(key) => encoded(key),
            Bound::Excluded(key) => behind(key),
            Bound::Unbounded => Vec::new(),
        },
        until: match range.end_bound() {
            Bound::Included(key) => Some(behind(key)),
            Bound::Excluded(key) => Some(encoded(key)),
            Bound::Unbounded => None,
        },
    }
}

pub(super) fn text<V: Serialize>(value: &V) -> Result<Vec<u8>, CallError> {
    serde_json::to_vec(value)
        .map_err(|fault| CallError::internal(format!("a value cannot be written as JSON: {fault}")))
}

pub(super) fn value<V: DeserializeOwned>(text: &[u8]) -> Result<V, CallError> {
    serde_json::from_slice(text).map_err(|fault| {
        CallError::internal(format!(
            "a value in the container is of another type than its map: {fault}"
        ))
    })
}
