//! The documents themselves: a map of maps with a bound on its bytes. Sync and pure.

use std::collections::BTreeMap;
use std::ops::Bound;

use weldkit::Json;
use weldkit_storage::provider::{Entry, Scan};
use weldkit_storage::{Collection, Document, Key, KeyRange, Limit, Page, StorageError};

/// Bytes that one document takes beside its key and its text: the nodes of the maps, roughly.
const OVERHEAD: usize = 64;

/// All collections.
///
/// Invariant: no collection is empty, and `bytes` is the sum of [`size`] over all documents.
#[derive(Debug)]
pub(crate) struct Store {
    collections: BTreeMap<Collection, BTreeMap<Key, Stored>>,
    bytes: usize,
    bytes_max: usize,
}

/// A document and the length of its text.
#[derive(Debug)]
pub(crate) struct Stored {
    body: Json,
    length: usize,
}

impl Stored {
    pub(crate) fn new(body: Json, length: usize) -> Self {
        Self { body, length }
    }
}

/// What a stored document counts.
fn size(key: &Key, length: usize) -> usize {
    key.as_str().len() + length + OVERHEAD
}

impl Store {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            collections: BTreeMap::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// What all documents count together.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn get(&self, collection: &Collection, key: Key) -> Option<Document> {
        let stored = self.collections.get(collection)?.get(&key)?;
        Some(Document::new(key, stored.body.clone()))
    }

    /// Writes all entries or none, and returns the documents that they replace, for the caller to drop outside of
    /// the lock. The keys must differ.
    pub(crate) fn put(
        &mut self,
        collection: &Collection,
        entries: Vec<(Key, Stored)>,
    ) -> Result<Vec<Json>, StorageError> {
        self.reserve(collection, &entries)?;
        Ok(entries
            .into_iter()
            .filter_map(|(key, stored)| self.insert(collection, key, stored))
            .collect())
    }

    /// Refuses what would not fit once it has replaced what is there.
    fn reserve(
        &self,
        collection: &Collection,
        entries: &[(Key, Stored)],
    ) -> Result<(), StorageError> {
        let present = self.collections.get(collection);
        let freed: usize = entries
            .iter()
            .filter_map(|(key, _)| Some(size(key, present?.get(key)?.length)))
            .sum();
        let added: usize = entries
            .iter()
            .map(|(key, stored)| size(key, stored.length))
            .sum();
        let bytes = self.bytes - freed + added;
        // A write that does not grow the store is let through even when a bound was lowered below what is there.
        if bytes > self.bytes_max && added > freed {
            let reason = format!(
                "{bytes} bytes would be stored and `bytes_max` is {}; remove documents or raise the setting",
                self.bytes_max
            );
            return Err(StorageError::Full { reason });
        }
        Ok(())
    }

    fn insert(&mut self, collection: &Collection, key: Key, stored: Stored) -> Option<Json> {
        self.bytes += size(&key, stored.length);
        let documents = self.collections.entry(collection.clone()).or_default();
        let length_replaced = documents
            .get(&key)
            .map(|replaced| size(&key, replaced.length));
        self.bytes -= length_replaced.unwrap_or_default();
        documents.insert(key, stored).map(|replaced| replaced.body)
    }

    /// Removes one document and returns it, for the caller to drop outside of the lock.
    pub(crate) fn delete(&mut self, collection: &Collection, key: &Key) -> Option<Json> {
        let documents = self.collections.get_mut(collection)?;
        let removed = documents.remove(key)?;
        if documents.is_empty() {
            self.collections.remove(collection);
        }
        self.bytes -= size(key, removed.length);
        Some(removed.body)
    }

    pub(crate) fn scan(&self, collection: &Collection, scan: &Scan) -> Result<Page, StorageError> {
        let walk = self
            .collections
            .get(collection)
            .into_iter()
            .flat_map(|documents| {
                documents
                    .range::<str, _>((scan.start(), Bound::Unbounded))
                    .map(|(key, stored)| {
                        Ok(Entry {
                            key: key.as_str().to_owned(),
                            length: stored.length,
                            body: stored.body.clone(),
                        })
                    })
            });
        scan.page(walk)
    }

    pub(crate) fn count(&self, collection: &Collection, range: &KeyRange) -> u64 {
        let Some(documents) = self.collections.get(collection) else {
            return 0;
        };
        if *range == KeyRange::all() {
            return documents.len() as u64;
        }
        let walk = documents.range::<str, _>((Bound::Included(range.start()), Bound::Unbounded));
        walk.take_while(|(key, _)| range.holds(key.as_str()))
            .count() as u64
    }

    pub(crate) fn collections(&self, after: Option<&Collection>, limit: Limit) -> Vec<Collection> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let names = self
            .collections
            .range::<Collection, _>((start, Bound::Unbounded))
            .map(|(name, _)| name.clone());
        names.take(limit.get()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(key: &str, length: usize) -> (Key, Stored) {
        (Key::new(key).unwrap(), Stored::new(json!(length), length))
    }

    #[test]
    fn the_bound_counts_what_is_there() {
        let c = Collection::new("c").unwrap();
        let mut store = Store::new(2 * (OVERHEAD + 1) + 100);
        store.put(&c, vec![entry("a", 60)]).unwrap();
        store.put(&c, vec![entry("b", 40)]).unwrap();
        assert_eq!(store.bytes(), 2 * (OVERHEAD + 1) + 100);
        let error = store.put(&c, vec![entry("b", 41)]).unwrap_err();
        assert!(matches!(error, StorageError::Full { .. }), "{error}");
        assert_eq!(
            store.get(&c, Key::new("b").unwrap()).unwrap().body,
            json!(40)
        );
        store.put(&c, vec![entry("a", 50)]).unwrap();
        store.put(&c, vec![entry("b", 50)]).unwrap();
        let over = store.put(&c, vec![entry("a", 51), entry("b", 50)]);
        assert!(matches!(over, Err(StorageError::Full { .. })), "{over:?}");
        assert_eq!(
            store.put(&c, vec![entry("a", 90), entry("b", 10)]).unwrap(),
            [json!(50), json!(50)]
        );
        for key in ["a", "b"] {
            assert!(store.delete(&c, &Key::new(key).unwrap()).is_some());
        }
        assert_eq!((store.bytes(), store.collections.len()), (0, 0));
    }
}
