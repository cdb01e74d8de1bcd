//! Document storage on PostgreSQL, which takes part in transactions.
//!
//! ```text
//! call -> access -> its transaction's connection, or one of its own -> documents -> SQL
//! coordinator -> participant -> branch -> PREPARE TRANSACTION, COMMIT PREPARED, …
//! ```
//!
//! A call outside of transactions is one statement and durable when it returns. Inside of one, it runs on the connection
//! that the transaction holds from its first call here to its end.

mod access;
mod branch;
mod documents;
mod ending;
mod fault;
mod orphans;
mod outcomes;
mod participant;
mod pool;
mod schema;
mod session;
mod settings;
mod statements;

use std::sync::Arc;

use tokio::runtime::Handle;
use weldkit::{CallError, Ctx, Error, ErrorKind, Health, Json, Settings, Stream};
use weldkit_storage::provider::{Scan, check_batch, check_document, check_import, taken};
use weldkit_storage::{
    Collection, Cursor, Document, Existing, Exported, Key, KeyRange, Limit, Page, Storage,
    StorageError,
};

pub use crate::orphans::Orphan;
pub use crate::settings::PostgresSettings;

use crate::branch::Branches;
use crate::documents::Text;
use crate::fault::Fault;
use crate::orphans::Watch;
use crate::outcomes::Outcomes;
use crate::pool::Pool;
use crate::schema::Server;
use crate::session::Connector;
use crate::statements::Sql;

/// Documents in a schema of a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStorage {
    /// The server as messages name it.
    place: String,
    server: Server,
    /// What names our schema among all of the server.
    mark: String,
    pool: Arc<Pool>,
    outcomes: Arc<Outcomes>,
    branches: Branches,
    watch: Arc<Watch>,
    runtime: Handle,
}

/// Document storage on PostgreSQL.
#[weldkit::plugin(
    provides(Storage),
    categories("Storage"),
    tags("durable", "server", "sql"),
    access(net),
    participant
)]
impl PostgresStorage {
    /// Connects, checks the server, and makes the tables where they are missing.
    pub async fn start(settings: Settings<PostgresSettings>) -> weldkit::Result<Self> {
        let config = settings.config()?;
        let place = settings::place(&config);
        let runtime = Handle::current();
        let connector = Connector {
            config,
            place: place.clone(),
            timeout: settings.connect_timeout(),
            runtime: runtime.clone(),
        };
        let failed = |fault: Fault| Error::new(ErrorKind::Start, fault.reason);
        let (client, _driver) = connector.connect().await.map_err(failed)?;
        let (server, mark) = schema::open(&client, &place, &settings.schema).await?;
        drop(client);
        let sql = Sql::new(&settings.schema);
        let pool = Pool::new(connector, sql, settings.connections, settings.wait());
        let outcomes = Arc::new(Outcomes::new(pool.clone()));
        let watch = Watch::new(outcomes.clone(), &mark);
        // Known from the start, for a health that cannot wait.
        watch.look().await.map_err(failed)?;
        Ok(Self {
            place,
            server,
            mark,
            pool,
            outcomes,
            branches: Branches::default(),
            watch,
            runtime,
        })
    }

    /// Ends the connections. What is prepared waits at the server for the next start.
    pub async fn stop(&self) -> weldkit::Result<()> {
        self.pool.close();
        self.branches.clear();
        self.outcomes.close().await;
        Ok(())
    }

    /// Failed while the server cannot be reached; degraded when it cannot prepare, does not force its commits to disk, or
    /// holds prepared transactions of hosts that do not come back.
    pub fn health(&self) -> Health {
        if let Some(trouble) = self.pool.trouble() {
            return Health::Failed(trouble);
        }
        let notes = self.notes().chain(self.watch.advice(&self.runtime));
        let notes: Vec<String> = notes.collect();
        match notes.is_empty() {
            true => Health::Ready,
            false => Health::Degraded(format!("{}: {}", self.place, notes.join("; "))),
        }
    }
}

impl PostgresStorage {
    /// The prepared transactions of this server that are not ours to end: of other hosts, or of this host in another
    /// schema. The oldest first. One whose host is alive is gone in a moment.
    ///
    /// # Errors
    /// `unavailable` when the server does not answer.
    pub async fn orphans(&self) -> Result<Vec<Orphan>, CallError> {
        self.watch.look().await.map_err(Fault::call)
    }

    /// What is not as it should be with the server's own settings.
    fn notes(&self) -> impl Iterator<Item = String> {
        let prepare = (self.server.prepared_max == 0).then_some(
            "it prepares no transactions, so that at most one such participant fits into a transaction; set max_prepared_transactions to the transactions that may be open, and restart the server",
        );
        let fsync = (!self.server.fsync).then_some(
            "fsync is off, so that a crash may take what was committed; set fsync to on",
        );
        prepare.into_iter().chain(fsync).map(str::to_owned)
    }
}

/// The text of a document within its bounds.
fn encode(key: &Key, body: &Json, length: usize) -> Result<String, StorageError> {
    let mut text = Vec::with_capacity(length);
    let written = serde_json::to_writer(&mut text, body).map_err(|error| error.to_string());
    let text = written.and_then(|()| String::from_utf8(text).map_err(|error| error.to_string()));
    text.map_err(|error| StorageError::DocumentLimit {
        key: key.as_str().into(),
        reason: format!("cannot be written as JSON: {error}"),
    })
}

impl Storage for PostgresStorage {
    async fn get(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<Option<Document>, StorageError> {
        let access = self.access(ctx).await?;
        let found = documents::get(access.session(), &collection, key).await;
        access.read(found)
    }

    async fn put(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
        body: Json,
    ) -> Result<(), StorageError> {
        let text = encode(&key, &body, check_document(&key, &body)?)?;
        let access = self.access(ctx).await?;
        let written = documents::put(access.session(), &collection, &key, &text).await;
        access.wrote(written.map(Some)).map(drop)
    }

    async fn put_batch(
        &self,
        ctx: &Ctx,
        collection: Collection,
        documents: Vec<Document>,
    ) -> Result<(), StorageError> {
        let lengths = check_batch(&documents)?;
        if documents.is_empty() {
            return Ok(());
        }
        let texts = documents.iter().zip(lengths);
        let texts = texts.map(|(Document { key, body }, length)| {
            Ok((&collection, key, encode(key, body, length)?))
        });
        let texts: Vec<Text<'_>> = texts.collect::<Result<_, StorageError>>()?;
        let access = self.access(ctx).await?;
        let written = documents::put_all(access.session(), texts).await;
        access.wrote(written.map(Some)).map(drop)
    }

    async fn delete(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<bool, StorageError> {
        let access = self.access(ctx).await?;
        let removed = documents::delete(access.session(), &collection, &key).await;
        access.wrote(removed)
    }

    async fn scan(
        &self,
        ctx: &Ctx,
        collection: Collection,
        range: KeyRange,
        cursor: Option<Cursor>,
        limit: Limit,
    ) -> Result<Page, StorageError> {
        let scan = Scan::new(&collection, range.clone(), cursor.as_ref(), limit)?;
        let access = self.access(ctx).await?;
        let page = documents::scan(access.session(), &collection, (&scan, &range, limit)).await;
        access.read(page)
    }

    async fn count(
        &self,
        ctx: &Ctx,
        collection: Collection,
        range: KeyRange,
    ) -> Result<u64, StorageError> {
        let access = self.access(ctx).await?;
        let counted = documents::count(access.session(), &collection, &range).await;
        access.read(counted)
    }

    async fn collections(
        &self,
        ctx: &Ctx,
        after: Option<Collection>,
        limit: Limit,
    ) -> Result<Vec<Collection>, StorageError> {
        let access = self.access(ctx).await?;
        let names = documents::collections(access.session(), after.as_ref(), limit).await;
        access.read(names)
    }

    fn export(&self, _: &Ctx, collection: Option<Collection>) -> Stream<Exported, StorageError> {
        let pool = self.pool.clone();
        Stream::channel(1, async move |items| {
            let export = async {
                // Dropped before the last row, it is cancelled at the server.
                let session = pool.lease().await?;
                let mut rows = documents::export(&session, collection.as_ref()).await?;
                while let Some(row) = rows.next().await? {
                    if !items.send(Ok(documents::exported(&row)?)).await {
                        break;
                    }
                }
                Ok::<_, Fault>(())
            };
            if let Err(fault) = export.await {
                items.send(Err(fault.alone(false))).await;
            }
        })
    }

    async fn import(
        &self,
        ctx: &Ctx,
        documents: Vec<Exported>,
        existing: Existing,
    ) -> Result<u64, StorageError> {
        let lengths = check_import(&documents)?;
        if documents.is_empty() {
            return Ok(0);
        }
        let texts = documents.iter().zip(lengths);
        let texts = texts.map(|(one, length)| {
            let text = encode(&one.key, &one.body, length)?;
            Ok((&one.collection, &one.key, text))
        });
        let texts: Vec<Text<'_>> = texts.collect::<Result<_, StorageError>>()?;
        let access = self.access(ctx).await?;
        let written = match existing {
            Existing::Refuse => documents::insert_all(access.session(), texts).await,
            Existing::Replace => documents::put_all(access.session(), texts).await.map(Ok),
        };
        let mut there = None;
        let written = written.map(|written| written.map_err(|place| there = Some(place)).ok());
        access.wrote(written)?;
        match there {
            None => Ok(documents.len() as u64),
            Some((collection, key)) => Err(taken(&documents, &collection, &key)),
        }
    }
}
