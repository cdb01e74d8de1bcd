use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bytes::BytesMap;
use super::map::{text, value};
use crate::call::Ctx;
use crate::error::CallError;

/// The one key of a cell.
const KEY: &[u8] = b"";

/// One value that takes part in transactions.
pub struct Cell<V> {
    bytes: BytesMap,
    of: PhantomData<fn() -> V>,
}

impl<V> Clone for Cell<V> {
    fn clone(&self) -> Self {
        Self::new(self.bytes.clone())
    }
}

impl<V> fmt::Debug for Cell<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.fmt(f)
    }
}

impl<V> Cell<V> {
    pub(super) fn new(bytes: BytesMap) -> Self {
        Self {
            bytes,
            of: PhantomData,
        }
    }
}

impl<V: Serialize + DeserializeOwned> Cell<V> {
    /// What it holds.
    ///
    /// # Errors
    ///
    /// As [`BytesMap::get`]; `internal` when the value is of another type.
    pub async fn get(&self, ctx: &Ctx) -> Result<Option<V>, CallError> {
        let found = self.bytes.get(ctx, KEY).await?;
        found.as_deref().map(value).transpose()
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// As [`BytesMap::put`].
    pub async fn set(&self, ctx: &Ctx, value: &V) -> Result<(), CallError> {
        self.bytes.put(ctx, KEY, text(value)?).await
    }

    /// Reads it and writes what `change` makes of it, with nobody in between.
    ///
    /// # Errors
    ///
    /// What `change` gives; as [`BytesMap::put`].
    pub async fn update<T>(
        &self,
        ctx: &Ctx,
        change: impl FnOnce(Option<V>) -> Result<(Option<V>, T), CallError> + Send,
    ) -> Result<T, CallError> {
        self.bytes
            .update(ctx, KEY, |before| {
                let (after, answer) = change(before.map(value).transpose()?)?;
                Ok((after.as_ref().map(text).transpose()?, answer))
            })
            .await
    }
}
