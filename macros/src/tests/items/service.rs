/// Documents under string keys.
///
/// Second paragraph.
pub trait Storage {
    /// Read one document.
    #[method(read_only, idempotent)]
    async fn get(&self, ctx: &Ctx, #[garde(length(min = 1, max = 64))] key: String) -> Result<Option<Document>, StorageError>;
    /// Write one document.
    #[method(transactional, permission = "storage.write", timeout = "5s")]
    async fn put(&self, ctx: &Ctx, key: Key, document: Document) -> Result<(), StorageError>;
    /// Count documents.
    fn count(&self, _ctx: &Ctx, #[serde(default)] prefix: String) -> Result<u64, StorageError>;
    /// Follow what is written.
    fn tail(&self, ctx: &Ctx, /** Where to begin. */ #[serde(rename = "from")] start: Option<Cursor>) -> weldkit::Stream<Document, StorageError>;
    /// Nothing at all.
    #[method(isolated, deprecated = "use `count`")]
    async fn nothing(&self, ctx: &Ctx) -> Result<(), CallError>;
}
