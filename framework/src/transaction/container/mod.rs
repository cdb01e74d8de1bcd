//! Containers: what a plugin keeps in them takes part in transactions without a line of its own.
//!
//! ```text
//! Containers (asked for in the constructor) -> Map<K, V>, Cell<V>, BytesMap -> the host's one store
//! ```

mod bytes;
mod cell;
mod key;
mod map;

use std::sync::Arc;

pub use bytes::{BytesMap, BytesPair, BytesRange};
pub use cell::Cell;
pub use key::MapKey;
pub use map::Map;

use super::{Durability, Transactions};
use crate::error::Result;

/// The containers of one instance. A plugin asks for it in its constructor.
///
/// A container is named within its instance, and keeps its name from start to start.
#[derive(Debug, Clone)]
pub struct Containers {
    transactions: Transactions,
    instance: Arc<str>,
}

impl Containers {
    pub(crate) fn new(transactions: Transactions, instance: Arc<str>) -> Self {
        Self {
            transactions,
            instance,
        }
    }

    /// A map from typed keys, in their order, to values that are kept as JSON.
    ///
    /// # Errors
    ///
    /// When a durable one cannot be opened.
    pub async fn map<K, V>(&self, name: &str, durability: Durability) -> Result<Map<K, V>> {
        Ok(Map::new(self.bytes(name, durability).await?))
    }

    /// One value.
    ///
    /// # Errors
    ///
    /// When a durable one cannot be opened.
    pub async fn cell<V>(&self, name: &str, durability: Durability) -> Result<Cell<V>> {
        Ok(Cell::new(self.bytes(name, durability).await?))
    }

    /// A map of bytes, in the order of its keys' bytes.
    ///
    /// # Errors
    ///
    /// When a durable one cannot be opened.
    pub async fn bytes(&self, name: &str, durability: Durability) -> Result<BytesMap> {
        let name = format!("{}/{name}", self.instance);
        let container = self.transactions.container(&name, durability).await?;
        Ok(BytesMap::new(self.transactions.clone(), container))
    }
}
