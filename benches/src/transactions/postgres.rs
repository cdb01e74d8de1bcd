//! A database that takes part in transactions, beside the same statements by a bare client.

use std::path::Path;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};
use weldkit::{CallError, Ctx, Host, Service};
use weldkit_storage::{Collection, Key, Storage};
use weldkit_storage_postgres::PostgresStorage;
use weldkit_xtask::postgres;

use super::Bed;
use super::disk::Zeros;
use super::durable::{Way, in_turn, rounds, small, stop};
use crate::options::Options;
use crate::{Bound, Claim, Outcome};

const TWO: &str = "PostgreSQL and a container in one transaction, 1 client";
const ONE: &str = "PostgreSQL alone in a transaction, 1 client";

const PREPARED: &str = "PREPARE, fdatasync of 128 bytes, COMMIT PREPARED";
const BOTH: &str = "one put here, one there, committed";
const PLAIN: &str = "BEGIN, INSERT, COMMIT";
const ALONE: &str = "one put there, committed";

/// Bytes of the decision that a coordinator forces to disk between the phases.
const RECORD: [u8; 128] = [7; 128];

/// Nothing where there is no server, and a line that says so.
pub(super) fn outcomes(folder: &Path, options: &Options) -> Vec<Outcome> {
    if ![TWO, ONE].iter().any(|title| options.wants(title)) {
        return Vec::new();
    }
    let Some(url) = postgres::server() else {
        return Vec::new();
    };
    let schema = format!("bench_{}_", std::process::id());
    let folder = tempfile::tempdir_in(folder).expect("the folder of the bench can be written");
    let both = Both::new(&url, &schema, folder.path());
    let mut outcomes = Vec::new();
    if options.wants(TWO) {
        outcomes.push(two_phases(&both, folder.path(), rounds(options)));
    }
    if options.wants(ONE) {
        outcomes.push(one_phase(&both, rounds(options)));
    }
    stop(&both.bed);
    drop(both);
    postgres::drop_schemas(&url, &schema).expect("what was made can be removed");
    outcomes
}

/// A host with the participant, and a bare client of the same server.
struct Both {
    bed: Bed,
    storage: Service<dyn Storage>,
    client: Client,
    insert: Statement,
}

impl Both {
    fn new(url: &str, schema: &str, folder: &Path) -> Self {
        let settings = serde_json::json!({ "url": url, "schema": schema });
        let builder = Host::builder().plugin::<PostgresStorage>();
        let builder = builder.settings("storage-postgres", settings);
        let bed = Bed::beside(&folder.join("state"), builder);
        let upsert = format!(
            "INSERT INTO {schema}.documents (collection, key, body) VALUES ($1, $2, $3)
                ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body"
        );
        let (client, insert) = bed.runtime.block_on(async {
            let connected = tokio_postgres::connect(url, NoTls).await;
            let (client, connection) = connected.expect("the server takes one more");
            tokio::spawn(connection);
            let insert = client.prepare(&upsert).await;
            (client, insert.expect("the statement is well formed"))
        });
        Self {
            storage: bed.host.service().expect("it is provided"),
            bed,
            client,
            insert,
        }
    }

    fn wait<T, E: std::fmt::Debug>(&self, work: impl Future<Output = Result<T, E>>) -> T {
        let done = self.bed.runtime.block_on(work);
        done.expect("server and disk take it")
    }

    async fn insert(&self) -> Result<(), tokio_postgres::Error> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ";
        self.client.batch_execute(begin).await?;
        let (key, body) = (b"account/1".as_slice(), "7777777777777777");
        let parameters: [&(dyn ToSql + Sync); 3] = [&"bare", &key, &body];
        let inserted = self.client.execute(&self.insert, &parameters).await;
        inserted.map(drop)
    }

    async fn put(&self, ctx: &Ctx) -> Result<(), CallError> {
        let collection = Collection::new("ours").map_err(CallError::from)?;
        let key = Key::new("account/1").map_err(CallError::from)?;
        let body = serde_json::json!(7_777_777_777_777_777_u64);
        let put = self.storage.put(ctx, collection, key, body).await;
        put.map_err(weldkit::ServiceError::into_call_error)
    }
}

fn two_phases(both: &Both, folder: &Path, rounds: usize) -> Outcome {
    let mut zeros = Zeros::create(folder).expect("there is room for a file");
    let bare = || {
        both.wait(async {
            both.insert().await?;
            both.client
                .batch_execute("PREPARE TRANSACTION 'bare'")
                .await?;
            zeros.force(&RECORD).expect("the disk takes it");
            both.client.batch_execute("COMMIT PREPARED 'bare'").await
        });
    };
    let ours = || {
        let run = both.bed.host.transaction().run(async |ctx| {
            both.bed.map.put(&ctx, b"account/1", small()).await?;
            both.put(&ctx).await
        });
        both.wait(run);
    };
    let times = [
        (PREPARED, Box::new(bare) as Box<dyn FnMut() + '_>),
        (BOTH, Box::new(ours)),
    ];
    Outcome {
        // At least 0.9 times as fast.
        claims: vec![Claim::new(
            BOTH,
            Bound::MedianAtMostTimes(1.0 / 0.9),
            PREPARED,
        )],
        ..measured(TWO, times, rounds)
    }
}

/// Reported only: what the coordinator adds is a part of so little.
fn one_phase(both: &Both, rounds: usize) -> Outcome {
    let bare = || {
        both.wait(async {
            both.insert().await?;
            both.client.batch_execute("COMMIT").await
        });
    };
    let ours = || {
        let run = both
            .bed
            .host
            .transaction()
            .run(async |ctx| both.put(&ctx).await);
        both.wait(run);
    };
    let times = [
        (PLAIN, Box::new(bare) as Box<dyn FnMut() + '_>),
        (ALONE, Box::new(ours)),
    ];
    measured(ONE, times, rounds)
}

fn measured(
    title: &str,
    ways: [(&'static str, Box<dyn FnMut() + '_>); 2],
    rounds: usize,
) -> Outcome {
    let mut ways = ways.map(|(name, once)| Way { name, once });
    Outcome {
        title: title.to_owned(),
        unit: "us",
        readings: in_turn(&mut ways, rounds),
        claims: Vec::new(),
    }
}
