//! Durable document storage in one file, on redb: pure Rust, crash-safe, no server.
//!
//! A write has been forced to disk when its call returns. A caller that stops waiting (deadline, cancel) does not stop
//! a write that has begun.

mod backend;
mod documents;
mod open;
mod store;

use std::path::PathBuf;
use std::sync::Arc;

use weldkit::{Ctx, Error, ErrorKind, Health, Json, Settings, StateDir};
use weldkit_storage::provider::{Scan, check_batch, check_document};
use weldkit_storage::{
    Collection, Cursor, Document, Key, KeyRange, Limit, Page, Storage, StorageError,
};

use crate::store::Store;

/// Settings of `storage-redb`.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RedbSettings {
    /// The file, relative to the state folder of the host. Each instance needs its own.
    #[serde(default = "path")]
    pub path: PathBuf,
    /// Most bytes of the file that are kept in memory.
    #[serde(default = "cache_bytes")]
    pub cache_bytes: u64,
}

fn path() -> PathBuf {
    "storage.redb".into()
}

fn cache_bytes() -> u64 {
    64 * 1024 * 1024
}

impl Default for RedbSettings {
    fn default() -> Self {
        Self {
            path: path(),
            cache_bytes: cache_bytes(),
        }
    }
}

/// Documents in one file.
#[derive(Debug)]
pub struct RedbStorage {
    store: Arc<Store>,
}

/// Durable document storage in one file.
#[weldkit::plugin(
    provides(Storage),
    categories("Storage"),
    tags("durable", "embedded"),
    access(fs),
    exclusive
)]
impl RedbStorage {
    /// Opens the file, or makes it.
    pub async fn start(
        settings: Settings<RedbSettings>,
        folder: StateDir,
    ) -> weldkit::Result<Self> {
        let path = folder.path().join(&settings.path);
        let cache_bytes = usize::try_from(settings.cache_bytes).unwrap_or(usize::MAX);
        // After a crash the file is checked as it is opened, which takes time.
        let opened =
            tokio::task::spawn_blocking(move || Store::open(open::file(path, cache_bytes))).await;
        let store = opened.map_err(|error| Error::new(ErrorKind::Start, error.to_string()))??;
        Ok(Self {
            store: Arc::new(store),
        })
    }

    /// Waits for the calls that work on the file, and releases it.
    pub async fn stop(&self) -> weldkit::Result<()> {
        self.store.stop().await
    }

    /// Degraded while the disk is full, failed once the file cannot be trusted.
    pub fn health(&self) -> Health {
        self.store.health()
    }
}

/// The text of a document within its bounds.
fn encode(key: &Key, body: &Json, length: usize) -> Result<Vec<u8>, StorageError> {
    let mut text = Vec::with_capacity(length);
    serde_json::to_writer(&mut text, body).map_err(|error| StorageError::DocumentLimit {
        key: key.as_str().into(),
        reason: format!("cannot be written as JSON: {error}"),
    })?;
    Ok(text)
}

impl Storage for RedbStorage {
    async fn get(
        &self,
        _: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<Option<Document>, StorageError> {
        self.store
            .read(move |database| documents::get(database, &collection, key))
            .await
    }

    async fn put(
        &self,
        _: &Ctx,
        collection: Collection,
        key: Key,
        body: Json,
    ) -> Result<(), StorageError> {
        let text = encode(&key, &body, check_document(&key, &body)?)?;
        self.store
            .write(move |database| documents::put(database, &collection, &[(key, text)]))
            .await
    }

    async fn put_batch(
        &self,
        _: &Ctx,
        collection: Collection,
        documents: Vec<Document>,
    ) -> Result<(), StorageError> {
        let lengths = check_batch(&documents)?;
        if documents.is_empty() {
            return Ok(());
        }
        let texts = documents
            .into_iter()
            .zip(lengths)
            .map(|(Document { key, body }, length)| {
                let text = encode(&key, &body, length)?;
                Ok((key, text))
            });
        let texts: Vec<(Key, Vec<u8>)> = texts.collect::<Result<_, StorageError>>()?;
        self.store
            .write(move |database| documents::put(database, &collection, &texts))
            .await
    }

    async fn delete(
        &self,
        _: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<bool, StorageError> {
        self.store
            .write(move |database| documents::delete(database, &collection, &key))
            .await
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
        self.store
            .read(move |database| documents::scan(database, &collection, &scan))
            .await
    }

    async fn count(
        &self,
        ctx: &Ctx,
        collection: Collection,
        range: KeyRange,
    ) -> Result<u64, StorageError> {
        let ctx = ctx.clone();
        let work = move |database: &_| {
            documents::count(database, &collection, &range, || ctx.is_cancelled())
        };
        self.store.read(work).await
    }

    async fn collections(
        &self,
        _: &Ctx,
        after: Option<Collection>,
        limit: Limit,
    ) -> Result<Vec<Collection>, StorageError> {
        self.store
            .read(move |database| documents::collections(database, after.as_ref(), limit))
            .await
    }
}
