//! Document storage in memory: fast, bounded, and gone with the instance.
//!
//! For tests, caches and state that may be lost. `storage-redb` provides the same service durably.

mod store;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use weldkit::metrics::Gauge;
use weldkit::{Ctx, Json, Meter, Settings};
use weldkit_storage::provider::{Scan, check_batch, check_document};
use weldkit_storage::{
    Collection, Cursor, Document, Key, KeyRange, Limit, Page, Storage, StorageError,
};

use crate::store::{Store, Stored};

/// Settings of `storage-memory`.
#[weldkit::data]
#[derive(Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct MemorySettings {
    /// Most bytes of all documents together; a write beyond is refused as `full`.
    #[serde(default = "bytes_max")]
    pub bytes_max: u64,
}

fn bytes_max() -> u64 {
    1024 * 1024 * 1024
}

/// Documents in memory.
#[derive(Debug)]
pub struct MemoryStorage {
    /// Never held over an await, and no foreign code runs under it.
    store: RwLock<Store>,
    bytes: Gauge,
}

/// Document storage in memory.
#[weldkit::plugin(provides(Storage), categories("Storage"), tags("memory"))]
impl MemoryStorage {
    /// An empty storage.
    pub fn start(settings: Settings<MemorySettings>, meter: Meter) -> weldkit::Result<Self> {
        let bytes_max = usize::try_from(settings.bytes_max).unwrap_or(usize::MAX);
        Ok(Self {
            store: RwLock::new(Store::new(bytes_max)),
            bytes: meter.gauge("bytes"),
        })
    }
}

impl MemoryStorage {
    // A panic under the lock leaves the store as the last finished step left it, so poison says nothing here.
    fn read(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the store. What the change lets go is dropped after the lock: freeing a large document takes time.
    fn change<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        let mut store = self.write();
        let let_go = change(&mut store);
        self.bytes.set(store.bytes() as f64);
        drop(store);
        let_go
    }
}

impl Storage for MemoryStorage {
    async fn get(
        &self,
        _: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<Option<Document>, StorageError> {
        Ok(self.read().get(&collection, key))
    }

    async fn put(
        &self,
        _: &Ctx,
        collection: Collection,
        key: Key,
        body: Json,
    ) -> Result<(), StorageError> {
        let length = check_document(&key, &body)?;
        self.change(|store| store.put(&collection, vec![(key, Stored::new(body, length))]))
            .map(drop)
    }

    async fn put_batch(
        &self,
        _: &Ctx,
        collection: Collection,
        documents: Vec<Document>,
    ) -> Result<(), StorageError> {
        let lengths = check_batch(&documents)?;
        let entries = documents.into_iter().zip(lengths);
        let entries = entries
            .map(|(Document { key, body }, length)| (key, Stored::new(body, length)))
            .collect();
        self.change(|store| store.put(&collection, entries))
            .map(drop)
    }

    async fn delete(
        &self,
        _: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<bool, StorageError> {
        Ok(self
            .change(|store| store.delete(&collection, &key))
            .is_some())
    }

    async fn scan(
        &self,
        _: &Ctx,
        collection: Collection,
        range: KeyRange,
        cursor: Option<Cursor>,
        limit: Limit,
    ) -> Result<Page, StorageError> {
        let scan = Scan::new(&collection, range, cursor.as_ref(), limit)?;
        self.read().scan(&collection, &scan)
    }

    async fn count(
        &self,
        _: &Ctx,
        collection: Collection,
        range: KeyRange,
    ) -> Result<u64, StorageError> {
        Ok(self.read().count(&collection, &range))
    }

    async fn collections(
        &self,
        _: &Ctx,
        after: Option<Collection>,
        limit: Limit,
    ) -> Result<Vec<Collection>, StorageError> {
        Ok(self.read().collections(after.as_ref(), limit))
    }
}
