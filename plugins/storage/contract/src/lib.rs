//! The contract of document storage: JSON documents under string keys in collections.
//!
//! A consumer asks for `Service<dyn Storage>` and never links a provider. A provider implements
//! [`Storage`] and finds what all providers share in [`provider`]; the feature `conformance` holds
//! the tests that each of them passes.
//!
//! ```
//! use weldkit_storage::{Collection, Key, KeyRange, Limit};
//!
//! let collection = Collection::new("strikes")?;
//! let key = Key::new("1990-01-08/000002")?;
//! let january = KeyRange::prefix("1990-01-");
//! assert!(january.holds(key.as_str()));
//! assert!(Limit::new(0).is_err());
//! # let _ = collection;
//! # Ok::<(), weldkit_storage::Invalid>(())
//! ```

mod document;
#[cfg(feature = "containers")]
mod documents;
mod error;
mod name;
mod range;

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod provider;

use weldkit::{Ctx, Json};

pub use crate::document::{Document, Existing, Exported, Page};
#[cfg(feature = "containers")]
pub use crate::documents::{Documents, Keeper};
pub use crate::error::StorageError;
pub use crate::name::{COLLECTION_LEN_MAX, Collection, Invalid, KEY_LEN_MAX, Key};
pub use crate::range::{Cursor, KeyRange, LIMIT_DEFAULT, LIMIT_MAX, Limit};

/// JSON documents under string keys in collections.
///
/// A collection exists as long as it holds a document; nothing creates or drops one. Keys are
/// ordered by their bytes, and every listing comes in that order.
#[weldkit::service]
pub trait Storage {
    /// Read one document; `null` when there is none under the key.
    #[method(read_only, idempotent, transactional, permission = "storage.read")]
    async fn get(
        &self,
        ctx: &Ctx,
        /// The collection to look in.
        collection: Collection,
        /// The key of the document.
        key: Key,
    ) -> Result<Option<Document>, StorageError>;

    /// Write one document, replacing what was under its key.
    ///
    /// When the call returns, the document is as durable as the provider promises.
    #[method(idempotent, transactional, permission = "storage.write")]
    async fn put(
        &self,
        ctx: &Ctx,
        /// The collection to write to.
        collection: Collection,
        /// The key of the document.
        key: Key,
        /// The document: any JSON value up to 16 MiB as text and 100 levels deep.
        body: Json,
    ) -> Result<(), StorageError>;

    /// Write many documents at once: all of them, or none.
    ///
    /// A key that stands twice in the batch is refused, because one of its documents would be lost.
    #[method(idempotent, transactional, permission = "storage.write")]
    async fn put_batch(
        &self,
        ctx: &Ctx,
        /// The collection to write to.
        collection: Collection,
        /// Up to 10,000 documents, 64 MiB as text together.
        #[schemars(length(max = 10_000))]
        documents: Vec<Document>,
    ) -> Result<(), StorageError>;

    /// Remove one document; `false` when there was none under the key.
    #[method(idempotent, transactional, permission = "storage.write")]
    async fn delete(
        &self,
        ctx: &Ctx,
        /// The collection to remove from.
        collection: Collection,
        /// The key of the document.
        key: Key,
    ) -> Result<bool, StorageError>;

    /// List the documents of a range of keys, page by page, in the order of their keys.
    ///
    /// Pass the `cursor` of a page to get the next one; the last page has none. Each page sees the
    /// documents as they are when it is read, after the last key of the page before. A page of large
    /// documents ends early, at 16 MiB.
    #[method(read_only, idempotent, transactional, permission = "storage.read")]
    async fn scan(
        &self,
        ctx: &Ctx,
        /// The collection to list.
        collection: Collection,
        /// Which keys; all of them unless given.
        #[serde(default)]
        range: KeyRange,
        /// Where the page before ended. It belongs to the same collection and range.
        #[serde(default)]
        cursor: Option<Cursor>,
        /// Most documents in the page.
        #[serde(default)]
        limit: Limit,
    ) -> Result<Page, StorageError>;

    /// Count the documents of a range of keys.
    #[method(read_only, idempotent, transactional, permission = "storage.read")]
    async fn count(
        &self,
        ctx: &Ctx,
        /// The collection to count in.
        collection: Collection,
        /// Which keys; all of them unless given.
        #[serde(default)]
        range: KeyRange,
    ) -> Result<u64, StorageError>;

    /// List the collections that hold a document, in the order of their names.
    #[method(read_only, idempotent, transactional, permission = "storage.read")]
    async fn collections(
        &self,
        ctx: &Ctx,
        /// Only those after this name: the last one of the list before.
        #[serde(default)]
        after: Option<Collection>,
        /// Most collections in the list.
        #[serde(default)]
        limit: Limit,
    ) -> Result<Vec<Collection>, StorageError>;

    /// Every document of one collection, or of all, as they were at the one moment when the export began.
    ///
    /// They come one by one, in the order of collections and keys: as lines of JSON at the command line. What is
    /// written meanwhile is not among them. A provider keeps what is replaced until the export has ended.
    #[method(
        read_only,
        idempotent,
        stream,
        permission = "storage.read",
        timeout = "1h"
    )]
    fn export(
        &self,
        ctx: &Ctx,
        /// The collection; all of them unless given.
        #[serde(default)]
        collection: Option<Collection>,
    ) -> weldkit::Stream<Exported, StorageError>;

    /// Write what an export gave: all of it, or nothing. Gives the number of documents.
    ///
    /// It is one commit. An export that is larger is imported in parts, and in one transaction where that matters. At
    /// the command line, `--lines` makes the documents of the lines of an export.
    #[method(
        idempotent,
        transactional,
        permission = "storage.write",
        timeout = "1h"
    )]
    async fn import(
        &self,
        ctx: &Ctx,
        /// Up to 100,000 documents, 64 MiB as text together, each key of a collection once.
        #[schemars(length(max = 100_000))]
        documents: Vec<Exported>,
        /// What becomes of the whole when a document is there already.
        #[serde(default)]
        existing: Existing,
    ) -> Result<u64, StorageError>;
}
