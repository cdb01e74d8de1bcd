//! Hermitage: what each level of isolation prevents, by the ten scripts of Martin Kleppmann's test suite
//! (github.com/ept/hermitage, CC BY 4.0). The levels are PostgreSQL's; what is shown here is that a transaction of a host
//! gets the one that it asks for, and hears of every conflict.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::task::JoinHandle;
use weldkit::testing::TestHost;
use weldkit::transaction::{Isolation, Transaction};
use weldkit::{Code, Service};
use weldkit_storage::{KeyRange, Limit, Storage, StorageError};

use super::fixture::{Database, c, key, until};

/// A step of one transaction.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Reads a row.
    R(u8, u8),
    /// Counts the rows that hold a multiple of three.
    S(u8),
    /// Writes a row; it may wait for another transaction, and the script goes on.
    W(u8, u8, i64),
    /// Commits.
    C(u8),
    /// Aborts.
    A(u8),
}
use Step::{A, C, R, S, W};

/// What came of a script.
#[derive(Debug, Default)]
struct Seen {
    /// What was read and counted, in the order of the script; nothing where a conflict came before.
    reads: Vec<Option<i64>>,
    /// Which transactions could commit.
    committed: Vec<u8>,
    /// Rows 1 and 2 in the end.
    rows: [i64; 2],
}

/// One anomaly: its script, and whether what came of it shows that the anomaly cannot be.
struct Anomaly {
    name: &'static str,
    script: &'static [Step],
    is_prevented: fn(&Seen) -> bool,
}

const ANOMALIES: [Anomaly; 10] = [
    Anomaly {
        name: "G0",
        script: &[
            W(1, 1, 11),
            W(2, 1, 12),
            W(1, 2, 21),
            C(1),
            W(2, 2, 22),
            C(2),
        ],
        is_prevented: |seen| matches!(seen.rows, [11, 21] | [12, 22]),
    },
    Anomaly {
        name: "G1a",
        script: &[W(1, 1, 101), R(2, 1), A(1), R(2, 1), C(2)],
        is_prevented: |seen| seen.reads == [Some(10), Some(10)],
    },
    Anomaly {
        name: "G1b",
        script: &[W(1, 1, 101), R(2, 1), W(1, 1, 11), C(1), R(2, 1), C(2)],
        is_prevented: |seen| seen.reads[0] == Some(10) && seen.reads[1] != Some(101),
    },
    Anomaly {
        name: "G1c",
        script: &[W(1, 1, 11), W(2, 2, 22), R(1, 2), R(2, 1), C(1), C(2)],
        is_prevented: |seen| seen.reads == [Some(20), Some(10)],
    },
    Anomaly {
        name: "OTV",
        script: &[
            W(1, 1, 11),
            W(1, 2, 19),
            W(2, 1, 12),
            C(1),
            R(3, 1),
            W(2, 2, 18),
            R(3, 2),
            C(2),
            R(3, 2),
            R(3, 1),
            C(3),
        ],
        // Once something of the second is seen, nothing of before is.
        is_prevented: |seen| {
            let of_second = |at: usize, value: i64| seen.reads[at] == Some(value);
            !of_second(0, 12) && !of_second(1, 18) && of_second(2, 18) == of_second(3, 12)
        },
    },
    Anomaly {
        name: "PMP",
        script: &[S(1), W(2, 3, 30), C(2), S(1), C(1)],
        is_prevented: |seen| seen.reads == [Some(0), Some(0)],
    },
    Anomaly {
        name: "P4",
        script: &[R(1, 1), R(2, 1), W(1, 1, 11), W(2, 1, 12), C(1), C(2)],
        is_prevented: |seen| seen.committed == [1],
    },
    Anomaly {
        name: "G-single",
        script: &[R(1, 1), W(2, 1, 12), W(2, 2, 18), C(2), R(1, 2), C(1)],
        is_prevented: |seen| seen.reads == [Some(10), Some(20)],
    },
    Anomaly {
        name: "G2-item",
        script: &[
            R(1, 1),
            R(1, 2),
            R(2, 1),
            R(2, 2),
            W(1, 1, 11),
            W(2, 2, 21),
            C(1),
            C(2),
        ],
        is_prevented: |seen| seen.committed.len() < 2,
    },
    Anomaly {
        name: "G2",
        script: &[S(1), S(2), W(1, 3, 30), W(2, 4, 42), C(1), C(2)],
        is_prevented: |seen| seen.committed.len() < 2,
    },
];

/// One transaction of a script. After a conflict it does nothing more, and the script goes on without it.
struct Tx {
    transaction: Transaction,
    waiting: Option<JoinHandle<Result<(), StorageError>>>,
    has_failed: bool,
}

impl Tx {
    /// What came of a call; nothing after a conflict, which is the only thing that may be wrong.
    fn note<T>(&mut self, answer: Result<T, StorageError>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(StorageError::Call(error))
                if *error.code() == Code::Conflict && error.is_retryable() =>
            {
                self.has_failed = true;
                None
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Waits for a write that waited; whether the transaction goes on.
    async fn is_going_on(&mut self) -> bool {
        if let Some(waiting) = self.waiting.take() {
            let written = waiting.await.unwrap();
            self.note(written);
        }
        !self.has_failed
    }
}

struct Bank<'d> {
    database: &'d Database,
    host: TestHost,
    storage: Service<dyn Storage>,
}

impl Bank<'_> {
    async fn run(&self, script: &[Step], level: Isolation) -> Seen {
        let mut seen = Seen::default();
        let mut all: BTreeMap<u8, Tx> = BTreeMap::new();
        for step in script {
            let (R(number, _) | S(number) | W(number, ..) | C(number) | A(number)) = step;
            let tx = all.entry(*number).or_insert_with(|| Tx {
                transaction: self.host.transaction().isolation(level).begin().unwrap(),
                waiting: None,
                has_failed: false,
            });
            let is_going_on = tx.is_going_on().await;
            let ctx = tx.transaction.ctx();
            match *step {
                R(..) | S(_) if !is_going_on => seen.reads.push(None),
                R(_, row) => {
                    let found = self.storage.get(&ctx, c(), key(&row.to_string())).await;
                    let value = tx
                        .note(found)
                        .flatten()
                        .and_then(|document| document.body.as_i64());
                    seen.reads.push(value);
                }
                S(_) => {
                    let page = self
                        .storage
                        .scan(&ctx, c(), KeyRange::all(), None, Limit::MAX)
                        .await;
                    let counted = tx.note(page).map(|page| {
                        let values = page
                            .documents
                            .iter()
                            .filter_map(|document| document.body.as_i64());
                        values.filter(|value| value % 3 == 0).count() as i64
                    });
                    seen.reads.push(counted);
                }
                W(_, row, value) if is_going_on => self.write(tx, row, value).await,
                C(number) if is_going_on => match tx.transaction.commit().await {
                    Ok(()) => seen.committed.push(number),
                    Err(error) => assert_eq!(*error.code(), Code::Conflict, "{error}"),
                },
                W(..) => {}
                C(_) | A(_) => tx.transaction.abort().await.unwrap(),
            }
        }
        for (at, row) in ["1", "2"].into_iter().enumerate() {
            seen.rows[at] = self.database.seen(row).await.unwrap().as_i64().unwrap();
        }
        seen
    }

    /// Writes, and goes on once it is written or waits for another transaction.
    async fn write(&self, tx: &mut Tx, row: u8, value: i64) {
        let (storage, ctx) = (self.storage.clone(), tx.transaction.ctx());
        let at = key(&row.to_string());
        let writing = tokio::spawn(async move { storage.put(&ctx, c(), at, json!(value)).await });
        until(async || writing.is_finished() || self.database.is_waiting().await).await;
        tx.waiting = Some(writing);
        if tx.waiting.as_ref().is_some_and(JoinHandle::is_finished) {
            tx.is_going_on().await;
        }
    }
}

#[tokio::test]
async fn each_level_prevents_what_postgresql_prevents_at_it() {
    let Some(database) = Database::new("hermitage").await else {
        return;
    };
    let host = database.host().await;
    let storage = host.service::<dyn Storage>().unwrap();
    let bank = Bank {
        database: &database,
        host,
        storage,
    };
    for (level, expected) in [
        (Isolation::ReadCommitted, "yyyyy-----"),
        (Isolation::RepeatableRead, "yyyyyyyy--"),
        (Isolation::Serializable, "yyyyyyyyyy"),
    ] {
        let mut found = String::new();
        for anomaly in &ANOMALIES {
            let reset = format!(
                "DELETE FROM {0}.documents; INSERT INTO {0}.documents VALUES ('c', '1', '10'), ('c', '2', '20')",
                database.schema
            );
            database.admin.batch_execute(&reset).await.unwrap();
            let seen = bank.run(anomaly.script, level).await;
            found.push(if (anomaly.is_prevented)(&seen) {
                'y'
            } else {
                '-'
            });
        }
        let names: Vec<&str> = ANOMALIES.iter().map(|anomaly| anomaly.name).collect();
        assert_eq!(found, expected, "{level}: {names:?}");
    }
    bank.host.stop().await.unwrap();
    database.clear().await;
}
