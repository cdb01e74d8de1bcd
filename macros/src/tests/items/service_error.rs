/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No such document.
    #[error("no document under key `{key}` in `{collection}`")]
    NotFound {
        /// Where it was looked for.
        collection: String,
        #[serde(rename = "id")]
        key: String,
        #[service_error(skip)]
        internal: u8,
    },
    /// The disk.
    #[error("the disk failed at {offset}")]
    #[service_error(code = "disk", retryable, effect = "possible")]
    DiskFailed { offset: u64, source: std::io::Error },
    #[error("no room")]
    Full(u64),
    #[error("{message}")]
    Refused { message: String },
    #[error("broken pipe")]
    Pipe(#[from] std::fmt::Error),
    #[error("closed")]
    Closed,
    /// The host's own errors.
    #[error(transparent)]
    Call(#[from] weldkit::CallError),
}
