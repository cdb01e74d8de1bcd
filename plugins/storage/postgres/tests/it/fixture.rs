//! A schema for each test, and servers that a test may stop.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};
use weldkit::testing::TestHost;
use weldkit::{Ctx, Json};
use weldkit_storage::{Collection, Key, Storage};
use weldkit_storage_postgres::PostgresStorage;
use weldkit_xtask::postgres::{self, Cluster, Stop};

/// How long a test waits for what happens elsewhere, such as the end of a server process.
const PATIENCE: Duration = Duration::from_secs(20);

/// A schema of its own for one test, and a client that looks at it from outside.
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) schema: String,
    pub(crate) admin: Client,
}

impl Database {
    /// On the common server; nothing, and the test is skipped, where there is none.
    pub(crate) async fn new(name: &str) -> Option<Self> {
        let url = postgres::server()?;
        Some(Self::at(&url, name).await)
    }

    pub(crate) async fn at(url: &str, name: &str) -> Self {
        let schema = format!("t{}_{name}", std::process::id());
        let admin = client(url).await;
        let database = Self {
            url: url.to_owned(),
            schema,
            admin,
        };
        database.clear().await;
        database
    }

    /// What a plugin is told.
    pub(crate) fn settings(&self) -> Value {
        json!({"url": self.url, "schema": self.schema})
    }

    /// The same with others on top.
    pub(crate) fn settings_with(&self, more: Value) -> Value {
        let mut settings = self.settings();
        for (key, value) in more.as_object().unwrap() {
            settings[key] = value.clone();
        }
        settings
    }

    /// A host of nothing but the plugin.
    pub(crate) async fn host(&self) -> TestHost {
        self.try_host(self.settings()).await.unwrap()
    }

    pub(crate) async fn try_host(&self, settings: Value) -> weldkit::Result<TestHost> {
        TestHost::new(|host| {
            host.plugin::<PostgresStorage>()
                .settings("storage-postgres", settings)
        })
        .await
    }

    /// What stands under the key of collection `c`, for everybody to see.
    pub(crate) async fn seen(&self, key: &str) -> Option<Json> {
        let sql = format!(
            "SELECT body FROM {}.documents WHERE collection = 'c' AND key = $1",
            self.schema
        );
        let row = self
            .admin
            .query_opt(&sql, &[&key.as_bytes()])
            .await
            .unwrap()?;
        Some(serde_json::from_str(row.get(0)).unwrap())
    }

    /// The names of what is prepared in this schema.
    pub(crate) async fn prepared(&self) -> Vec<String> {
        let sql = "SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'weldkit:%:' || (SELECT oid FROM pg_database
            WHERE datname = current_database()) || '.' || (SELECT oid FROM pg_namespace WHERE nspname = $1) ORDER BY gid";
        let rows = self.admin.query(sql, &[&self.schema]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The server processes that hold a lock on our documents.
    pub(crate) async fn working(&self) -> Vec<i32> {
        let sql = "SELECT DISTINCT pid FROM pg_locks WHERE pid IS NOT NULL AND relation = to_regclass($1)";
        let name = format!("{}.documents", self.schema);
        let rows = self.admin.query(sql, &[&name]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Whether a transaction waits for another one here.
    pub(crate) async fn is_waiting(&self) -> bool {
        let sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted
            AND pid IN (SELECT pid FROM pg_locks WHERE relation = to_regclass($1)))";
        let name = format!("{}.documents", self.schema);
        self.admin.query_one(sql, &[&name]).await.unwrap().get(0)
    }

    /// Ends the server process of the one transaction that is open here.
    pub(crate) async fn kill_the_one(&self) {
        let working = self.working().await;
        assert_eq!(working.len(), 1, "{working:?}");
        self.admin
            .execute("SELECT pg_terminate_backend($1)", &[&working[0]])
            .await
            .unwrap();
        until(async || self.working().await.is_empty()).await;
    }

    /// Removes what the test has left.
    pub(crate) async fn clear(&self) {
        for gid in self.prepared().await {
            let sql = format!("ROLLBACK PREPARED '{gid}'");
            self.admin.batch_execute(&sql).await.unwrap();
        }
        let sql = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema);
        self.admin.batch_execute(&sql).await.unwrap();
    }
}

pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    // What a test expects to see is at most milliseconds away, and its dropped schema makes a notice.
    client
        .batch_execute("SET client_min_messages = warning; SET lock_timeout = '10s'")
        .await
        .unwrap();
    client
}

/// Waits for what another process does.
pub(crate) async fn until(mut done: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it happens in time");
}

/// Holds what ends at the server: a deferred trigger waits at COMMIT and PREPARE for a lock of ours.
pub(crate) struct Barrier<'d>(&'d Database);

impl<'d> Barrier<'d> {
    pub(crate) async fn new(database: &'d Database) -> Self {
        let sql = format!(
            "CREATE FUNCTION {0}.wait() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_advisory_xact_lock(hashtext('{0}')); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER wait AFTER INSERT OR UPDATE ON {0}.documents DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION {0}.wait()",
            database.schema
        );
        database.admin.batch_execute(&sql).await.unwrap();
        Self(database)
    }

    pub(crate) async fn close(&self) {
        let sql = format!("SELECT pg_advisory_lock(hashtext('{}'))", self.0.schema);
        self.0.admin.batch_execute(&sql).await.unwrap();
    }

    pub(crate) async fn open(&self) {
        let sql = format!("SELECT pg_advisory_unlock(hashtext('{}'))", self.0.schema);
        self.0.admin.batch_execute(&sql).await.unwrap();
    }

    /// Waits until somebody waits at it.
    pub(crate) async fn reached(&self) {
        let sql = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND pid IN (SELECT pid FROM pg_locks WHERE relation = to_regclass($1))";
        let name = format!("{}.documents", self.0.schema);
        until(async || {
            self.0
                .admin
                .query_opt(sql, &[&name])
                .await
                .unwrap()
                .is_some()
        })
        .await;
    }
}

/// A server of the test's own, which goes with it.
pub(crate) struct OwnServer {
    pub(crate) cluster: Cluster,
    _folder: TempDir,
}

impl OwnServer {
    /// Nothing, and the test is skipped, where PostgreSQL is not installed.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Option<(Self, String)> {
        let folder = TempDir::new().unwrap();
        let cluster = postgres::own(PathBuf::from(folder.path()).join("postgres"))?;
        let url = cluster.start(settings).unwrap();
        let server = Self {
            cluster,
            _folder: folder,
        };
        Some((server, url))
    }

    pub(crate) fn crash(&self) {
        self.cluster.stop(Stop::Immediate).unwrap();
    }

    pub(crate) fn start_again(&self) {
        self.cluster.start(&[]).unwrap();
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        drop(self.cluster.stop(Stop::Immediate));
        drop(std::fs::remove_dir_all(self.cluster.place()));
    }
}

pub(crate) fn c() -> Collection {
    Collection::new("c").unwrap()
}

pub(crate) fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

/// Writes a number under a key of collection `c`.
pub(crate) async fn put(
    storage: &impl Storage,
    ctx: &Ctx,
    at: &str,
    number: i64,
) -> Result<(), weldkit_storage::StorageError> {
    storage.put(ctx, c(), key(at), json!(number)).await
}

/// What the storage answers for a key of collection `c`.
pub(crate) async fn get(storage: &impl Storage, ctx: &Ctx, at: &str) -> Option<Json> {
    let found = storage.get(ctx, c(), key(at)).await.unwrap();
    found.map(|document| document.body)
}
