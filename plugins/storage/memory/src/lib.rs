//! Document storage in memory: fast, bounded, transactional, and gone with the host.
//!
//! For tests, caches and state that may be lost. `storage-redb` provides the same service durably.

use weldkit::metrics::Gauge;
use weldkit::transaction::{Containers, Durability};
use weldkit::{Ctx, Json, Meter, Settings};
use weldkit_storage::{
    Collection, Cursor, Document, Documents, Key, KeyRange, Limit, Page, Storage, StorageError,
};

/// Settings of `storage-memory`.
#[weldkit::data]
#[derive(Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct MemorySettings {
    /// Most bytes of all documents together, roughly; a write beyond is refused as `full`.
    #[serde(default = "bytes_max")]
    pub bytes_max: u64,
}

fn bytes_max() -> u64 {
    1024 * 1024 * 1024
}

/// Documents in memory.
#[derive(Debug)]
pub struct MemoryStorage {
    documents: Documents,
    bytes: Gauge,
}

/// Document storage in memory.
#[weldkit::plugin(
    provides(Storage),
    categories("Storage"),
    tags("memory", "transactional")
)]
impl MemoryStorage {
    /// A storage that is empty when the host starts.
    pub async fn start(
        settings: Settings<MemorySettings>,
        containers: Containers,
        meter: Meter,
    ) -> weldkit::Result<Self> {
        let bytes = containers.bytes("documents", Durability::Volatile).await?;
        Ok(Self {
            documents: Documents::new(bytes, settings.bytes_max),
            bytes: meter.gauge("bytes"),
        })
    }
}

impl MemoryStorage {
    /// Passes on what a change gave, with the gauge as it is now.
    fn changed<T>(&self, answer: T) -> T {
        self.bytes.set(self.documents.bytes() as f64);
        answer
    }
}

impl Storage for MemoryStorage {
    async fn get(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<Option<Document>, StorageError> {
        self.documents.get(ctx, collection, key).await
    }

    async fn put(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
        body: Json,
    ) -> Result<(), StorageError> {
        self.changed(self.documents.put(ctx, collection, key, body).await)
    }

    async fn put_batch(
        &self,
        ctx: &Ctx,
        collection: Collection,
        documents: Vec<Document>,
    ) -> Result<(), StorageError> {
        self.changed(self.documents.put_batch(ctx, collection, documents).await)
    }

    async fn delete(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<bool, StorageError> {
        self.changed(self.documents.delete(ctx, collection, key).await)
    }

    async fn scan(
        &self,
        ctx: &Ctx,
        collection: Collection,
        range: KeyRange,
        cursor: Option<Cursor>,
        limit: Limit,
    ) -> Result<Page, StorageError> {
        self.documents
            .scan(ctx, collection, range, cursor, limit)
            .await
    }

    async fn count(
        &self,
        ctx: &Ctx,
        collection: Collection,
        range: KeyRange,
    ) -> Result<u64, StorageError> {
        self.documents.count(ctx, collection, range).await
    }

    async fn collections(
        &self,
        ctx: &Ctx,
        after: Option<Collection>,
        limit: Limit,
    ) -> Result<Vec<Collection>, StorageError> {
        self.documents.collections(ctx, after, limit).await
    }
}
