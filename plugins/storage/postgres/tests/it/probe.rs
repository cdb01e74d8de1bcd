//! The plugin with a window: a test reaches the instance behind the gate, and the branches that it was given.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use weldkit::testing::TestHost;
use weldkit::transaction::{
    Branch, Capabilities, Fault, HostId, Participant, Phase, TransactionId, Vote,
};
use weldkit::{CallError, Ctx, Json, Settings, Stream};
use weldkit_storage::{
    Collection, Cursor, Document, Existing, Exported, Key, KeyRange, Limit, Page, Storage,
    StorageError,
};
use weldkit_storage_postgres::{PostgresSettings, PostgresStorage};

/// What a test reaches.
pub(crate) struct Window {
    pub(crate) storage: PostgresStorage,
    branches: Mutex<Vec<Branch>>,
}

impl Window {
    /// The branch that was opened last.
    pub(crate) fn branch(&self) -> Branch {
        self.branches
            .lock()
            .unwrap()
            .last()
            .cloned()
            .expect("a branch was opened")
    }
}

/// The windows of this process, by schema: a host gives nobody its instances.
static WINDOWS: Mutex<BTreeMap<String, Arc<Window>>> = Mutex::new(BTreeMap::new());

/// A host of the plugin with a window.
pub(crate) async fn open(settings: Value) -> (TestHost, Arc<Window>) {
    let schema = settings["schema"].as_str().unwrap().to_owned();
    let host = TestHost::new(|host| host.plugin::<Probe>().settings("probe", settings))
        .await
        .unwrap();
    let window = WINDOWS.lock().unwrap().remove(&schema).unwrap();
    (host, window)
}

/// The plugin.
pub(crate) struct Probe(Arc<Window>);

#[weldkit::plugin(id = "probe", provides(Storage), participant)]
impl Probe {
    pub(crate) async fn start(settings: Settings<PostgresSettings>) -> weldkit::Result<Self> {
        let schema = settings.schema.clone();
        let window = Arc::new(Window {
            storage: PostgresStorage::start(settings).await?,
            branches: Mutex::default(),
        });
        WINDOWS.lock().unwrap().insert(schema, window.clone());
        Ok(Self(window))
    }

    pub(crate) async fn stop(&self) -> weldkit::Result<()> {
        self.0.storage.stop().await
    }
}

impl Participant for Probe {
    fn capabilities(&self) -> Capabilities {
        self.0.storage.capabilities()
    }

    async fn begin(&self, branch: &Branch) -> Result<(), CallError> {
        self.0.branches.lock().unwrap().push(branch.clone());
        self.0.storage.begin(branch).await
    }

    async fn prepare(&self, branch: &Branch) -> Result<Vote, CallError> {
        self.0.storage.prepare(branch).await
    }

    async fn commit(&self, branch: &Branch, phase: Phase) -> Result<(), Fault> {
        self.0.storage.commit(branch, phase).await
    }

    async fn abort(&self, branch: &Branch) -> Result<(), Fault> {
        self.0.storage.abort(branch).await
    }

    async fn recover(&self, host: HostId) -> Result<Vec<TransactionId>, CallError> {
        self.0.storage.recover(host).await
    }

    async fn savepoint(&self, branch: &Branch, mark: u32) -> Result<(), CallError> {
        self.0.storage.savepoint(branch, mark).await
    }

    async fn rollback_to(&self, branch: &Branch, mark: u32) -> Result<(), CallError> {
        self.0.storage.rollback_to(branch, mark).await
    }

    async fn release(&self, branch: &Branch, mark: u32) -> Result<(), CallError> {
        self.0.storage.release(branch, mark).await
    }
}

impl Storage for Probe {
    async fn get(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<Option<Document>, StorageError> {
        self.0.storage.get(ctx, collection, key).await
    }

    async fn put(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
        body: Json,
    ) -> Result<(), StorageError> {
        self.0.storage.put(ctx, collection, key, body).await
    }

    async fn put_batch(
        &self,
        ctx: &Ctx,
        collection: Collection,
        documents: Vec<Document>,
    ) -> Result<(), StorageError> {
        self.0.storage.put_batch(ctx, collection, documents).await
    }

    async fn delete(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<bool, StorageError> {
        self.0.storage.delete(ctx, collection, key).await
    }

    async fn scan(
        &self,
        ctx: &Ctx,
        collection: Collection,
        range: KeyRange,
        cursor: Option<Cursor>,
        limit: Limit,
    ) -> Result<Page, StorageError> {
        self.0
            .storage
            .scan(ctx, collection, range, cursor, limit)
            .await
    }

    async fn count(
        &self,
        ctx: &Ctx,
        collection: Collection,
        range: KeyRange,
    ) -> Result<u64, StorageError> {
        self.0.storage.count(ctx, collection, range).await
    }

    async fn collections(
        &self,
        ctx: &Ctx,
        after: Option<Collection>,
        limit: Limit,
    ) -> Result<Vec<Collection>, StorageError> {
        self.0.storage.collections(ctx, after, limit).await
    }

    fn export(&self, ctx: &Ctx, collection: Option<Collection>) -> Stream<Exported, StorageError> {
        self.0.storage.export(ctx, collection)
    }

    async fn import(
        &self,
        ctx: &Ctx,
        documents: Vec<Exported>,
        existing: Existing,
    ) -> Result<u64, StorageError> {
        self.0.storage.import(ctx, documents, existing).await
    }
}
