//! What can go wrong with storage.

use weldkit::CallError;

use crate::Invalid;

/// What can go wrong with storage.
#[derive(Debug, thiserror::Error, weldkit::ServiceError)]
#[non_exhaustive]
pub enum StorageError {
    /// The cursor does not belong to this scan: start again without a cursor.
    #[error(
        "the cursor does not belong to a scan of this range of `{collection}`; start again without a cursor"
    )]
    InvalidCursor {
        /// The collection that was scanned.
        collection: String,
    },
    /// Two documents of one batch have the same key.
    #[error("key `{key}` stands twice in the batch; one of the two documents would be lost")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// The document is too large or too deep.
    #[error("the document under `{key}` {reason}")]
    DocumentLimit {
        /// The key.
        key: String,
        /// What is too much of it, and how much is allowed.
        reason: String,
    },
    /// The batch has too many documents, or too much text.
    #[error("the batch {reason}; send it in parts")]
    BatchLimit {
        /// What is too much of it, and how much is allowed.
        reason: String,
    },
    /// One document of an import cannot be taken in. Nothing was written.
    #[error("document {number}, `{key}` of `{collection}`, {reason}; nothing was written")]
    NotImported {
        /// Which one, the first is 1: the line of an export.
        number: usize,
        /// The collection.
        collection: String,
        /// The key.
        key: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The storage has no room left. Nothing was written.
    #[error("the storage is full: {reason}")]
    Full {
        /// What is full.
        reason: String,
    },
    /// The storage is stopped, or its file was given up after an earlier failure.
    #[error("the storage cannot be used: {reason}")]
    #[service_error(code = "unavailable", retryable)]
    Unavailable {
        /// Why.
        reason: String,
    },
    /// The storage failed while it worked: what the call should write may be there or not.
    #[error("the storage failed: {reason}")]
    #[service_error(effect = "possible")]
    Failed {
        /// What failed.
        reason: String,
    },
    /// The host's own errors.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl From<Invalid> for StorageError {
    fn from(invalid: Invalid) -> Self {
        Self::Call(invalid.into())
    }
}
