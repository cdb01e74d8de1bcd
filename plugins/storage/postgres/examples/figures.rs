//! What two-phase commit costs through the participant, beside the same statements by a bare client.
//!
//! `cargo run --release -p weldkit-storage-postgres --example storage-postgres-figures -- 500`
//!
//! Each round runs every row once, one after the other, so that what disturbs one disturbs all. A ratio is that of the
//! medians: 1.00x is as fast as the bare client.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it measures, prints, and ends at the first failure"
)]

#[path = "../tests/it/probe.rs"]
mod probe;

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio_postgres::{Client, NoTls, Statement};
use weldkit::testing::TestHost;
use weldkit::transaction::{Participant, Phase};
use weldkit::{Ctx, Service};
use weldkit_storage::{Collection, Key, Storage};

/// Bytes of the decision that a coordinator forces to disk between the phases.
const RECORD: [u8; 128] = [0; 128];
/// Documents that are written over and over.
const KEYS: usize = 1_000;
/// Rounds that are not counted.
const WARM_UP: usize = 20;

struct Bench {
    host: TestHost,
    window: std::sync::Arc<probe::Window>,
    storage: Service<dyn Storage>,
    bare: Client,
    insert: Statement,
    decisions: File,
}

impl Bench {
    async fn open(url: &str, schema: &str) -> Self {
        let (host, window) = probe::open(json!({"url": url, "schema": schema})).await;
        let (bare, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let insert = format!(
            "INSERT INTO {schema}.documents (collection, key, body) VALUES ($1, $2, $3)
                ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body"
        );
        Self {
            storage: host.service::<dyn Storage>().unwrap(),
            insert: bare.prepare(&insert).await.unwrap(),
            decisions: tempfile::tempfile_in(std::env::current_dir().unwrap()).unwrap(),
            host,
            window,
            bare,
        }
    }

    async fn put(&self, ctx: &Ctx, round: usize) {
        let key = Key::new(format!("ours-{}", round % KEYS)).unwrap();
        self.storage
            .put(
                ctx,
                Collection::new("c").unwrap(),
                key,
                json!({"round": round}),
            )
            .await
            .unwrap();
    }

    async fn insert(&self, round: usize) {
        let (key, body) = (
            format!("bare-{}", round % KEYS),
            json!({"round": round}).to_string(),
        );
        self.bare
            .execute(&self.insert, &[&"c", &key.as_bytes(), &body])
            .await
            .unwrap();
    }

    fn decide(&mut self) {
        self.decisions.write_all(&RECORD).unwrap();
        self.decisions.sync_data().unwrap();
    }

    async fn two_phases(&mut self, round: usize) -> Duration {
        let start = Instant::now();
        let transaction = self.host.transaction().begin().unwrap().kept();
        self.put(&transaction.ctx(), round).await;
        let branch = self.window.branch();
        self.window.storage.prepare(&branch).await.unwrap();
        self.decide();
        self.window
            .storage
            .commit(&branch, Phase::Two)
            .await
            .unwrap();
        let taken = start.elapsed();
        // The coordinator was gone round, and is told that there is nothing left.
        transaction.abort().await.unwrap();
        taken
    }

    async fn two_phases_bare(&mut self, round: usize) -> Duration {
        let start = Instant::now();
        self.bare
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            .await
            .unwrap();
        self.insert(round).await;
        self.bare
            .batch_execute("PREPARE TRANSACTION 'bare'")
            .await
            .unwrap();
        self.decide();
        self.bare
            .batch_execute("COMMIT PREPARED 'bare'")
            .await
            .unwrap();
        start.elapsed()
    }

    async fn one_phase(&mut self, round: usize) -> Duration {
        let start = Instant::now();
        let transaction = self.host.transaction().begin().unwrap();
        self.put(&transaction.ctx(), round).await;
        transaction.commit().await.unwrap();
        start.elapsed()
    }

    async fn one_phase_bare(&mut self, round: usize) -> Duration {
        let start = Instant::now();
        self.bare
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            .await
            .unwrap();
        self.insert(round).await;
        self.bare.batch_execute("COMMIT").await.unwrap();
        start.elapsed()
    }

    async fn alone(&mut self, round: usize) -> Duration {
        let start = Instant::now();
        self.put(&self.host.ctx(), round).await;
        start.elapsed()
    }

    async fn alone_bare(&mut self, round: usize) -> Duration {
        let start = Instant::now();
        self.insert(round).await;
        start.elapsed()
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::main]
async fn main() {
    let Some(url) = weldkit_xtask::postgres::server() else {
        return;
    };
    let rounds: usize = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(500);
    let schema = format!("figures{}", std::process::id());
    let mut bench = Bench::open(&url, &schema).await;
    let mut times = [const { Vec::new() }; 6];
    for round in 0..WARM_UP + rounds {
        let taken = [
            bench.two_phases(round).await,
            bench.two_phases_bare(round).await,
            bench.one_phase(round).await,
            bench.one_phase_bare(round).await,
            bench.alone(round).await,
            bench.alone_bare(round).await,
        ];
        if round >= WARM_UP {
            times
                .iter_mut()
                .zip(taken)
                .for_each(|(times, taken)| times.push(taken));
        }
    }
    println!("{rounds} rounds, medians");
    for (name, pair) in ["two phases, one forced decision", "one phase", "one call"]
        .into_iter()
        .zip(times.chunks_mut(2))
    {
        let [ours, bare] = [median(&mut pair[0]), median(&mut pair[1])];
        let ratio = bare.as_secs_f64() / ours.as_secs_f64();
        println!("{name:32} {ours:>10.1?} beside {bare:>10.1?} by the bare client: {ratio:.2}x");
    }
    bench
        .bare
        .batch_execute(&format!("DROP SCHEMA {schema} CASCADE"))
        .await
        .unwrap();
    bench.host.stop().await.unwrap();
}
