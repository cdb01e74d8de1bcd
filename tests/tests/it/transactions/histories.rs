//! Histories of many clients, checked from outside for what their level of isolation forbids (Elle's method, by `adya`).
//!
//! `WELDKIT_TRANSACTIONS` says how many transactions a history has.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adya::history::{Interner, Mop, Op, OpType, ReadValue, Scalar};
use adya::model::canonical;
use adya::{History, Opts, Report, Valid, Workload};
use serde_json::json;
use weldkit::testing::TestHost;
use weldkit::transaction::{Isolation, Transaction};
use weldkit::{Ctx, Json, Service};
use weldkit_storage::{Collection, Key, Storage, StorageError};
use weldkit_storage_memory::MemoryStorage;
use weldkit_storage_redb::RedbStorage;

const CLIENTS: i64 = 8;
/// Keys in use at a time; so many transactions later there are others, so that lists stay short.
const KEYS: u64 = 5;
const KEYS_LAST: u64 = 100;
/// Most steps of one transaction.
const STEPS: u64 = 5;

/// How long a history is, unless something else is asked for.
const TRANSACTIONS: u64 = 2_500;

/// How long a history of a sound level is. One that is broken has shown it long before.
fn transactions() -> u64 {
    let given = std::env::var("WELDKIT_TRANSACTIONS").ok();
    given.map_or(TRANSACTIONS, |given| given.parse().expect("a number"))
}

/// What a client does next.
#[derive(Debug, Clone, Copy)]
enum Step {
    Read { key: i64 },
    Write { key: i64, value: i64 },
}

/// A generator of choices; the same seed makes the same ones (SplitMix64).
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// The steps of one transaction. Every value is written once.
    fn steps(&mut self, number: u64) -> Vec<Step> {
        let first = number / KEYS_LAST * KEYS;
        let count = 1 + self.below(STEPS);
        let step = |at: u64| {
            let key = i64::try_from(first + self.below(KEYS)).unwrap();
            let value = i64::try_from(number * STEPS + at).unwrap();
            match self.below(2) {
                0 => Step::Read { key },
                _ => Step::Write { key, value },
            }
        };
        (0..count).map(step).collect()
    }
}

/// What all clients did, in the order in which it was seen.
#[derive(Default)]
struct Recorder(Mutex<(Vec<Op>, Interner)>);

impl Recorder {
    fn note(&self, process: i64, kind: OpType, steps: &[(Step, Option<Json>)]) {
        let mut held = self.0.lock().unwrap();
        let (ops, interner) = &mut *held;
        let mut id = |number: i64| interner.intern(Scalar::Int(number));
        let mut mop = |(step, read): &(Step, Option<Json>)| match *step {
            Step::Write { key, value } => Mop::Write {
                key: id(key),
                value: id(value),
            },
            Step::Read { key } => Mop::Read {
                key: id(key),
                value: match read {
                    None => ReadValue::Nil,
                    Some(Json::Array(all)) => {
                        let all = all.iter().map(|one| id(one.as_i64().unwrap()));
                        ReadValue::List(all.collect())
                    }
                    Some(one) => ReadValue::Scalar(id(one.as_i64().unwrap())),
                },
            },
        };
        let value = steps.iter().map(&mut mop).collect();
        ops.push(Op {
            index: ops.len() as u64,
            kind,
            process: Some(process),
            value,
            time: None,
        });
    }

    fn history(self, workload: Workload) -> History {
        let (mut ops, interner) = self.0.into_inner().unwrap();
        if workload == Workload::ListAppend {
            for mop in ops.iter_mut().flat_map(|op| &mut op.value) {
                if let Mop::Write { key, value } = *mop {
                    *mop = Mop::Append { key, value };
                }
            }
        }
        History::from_ops(ops, interner)
    }
}

/// A level that is broken on purpose: what a provider would do that gets it wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breach {
    /// What is read is what was committed last, whatever the transaction has read before.
    ReadsTheLatest,
    /// What is written is committed without a look at what others have committed since.
    OverwritesOthers,
}

/// What a transaction with a breach has written itself.
type Written = BTreeMap<i64, Json>;

/// One way of making a history.
struct Bench {
    storage: Service<dyn Storage>,
    level: Isolation,
    workload: Workload,
    breach: Option<Breach>,
    /// The number of the next transaction, whoever runs it: all clients are at the same keys.
    next: Arc<AtomicU64>,
}

impl Bench {
    async fn read(&self, ctx: &Ctx, key: i64) -> Result<Option<Json>, StorageError> {
        let found = self.storage.get(ctx, collection("rows"), named(key)).await;
        Ok(found?.map(|document| document.body))
    }

    async fn put(&self, ctx: &Ctx, rows: &str, key: i64, body: Json) -> Result<(), StorageError> {
        let (rows, key) = (collection(rows), named(key));
        self.storage.put(ctx, rows, key, body).await.map(drop)
    }

    /// One step inside of a transaction; `outside` is none.
    async fn perform(
        &self,
        (ctx, outside): (&Ctx, &Ctx),
        step: Step,
        written: &mut Written,
    ) -> Result<Option<Json>, StorageError> {
        let read = async |key: i64| match self.breach {
            Some(_) if written.contains_key(&key) => Ok(written.get(&key).cloned()),
            Some(Breach::ReadsTheLatest) => self.read(outside, key).await,
            Some(Breach::OverwritesOthers) | None => self.read(ctx, key).await,
        };
        let (key, body) = match (step, self.workload) {
            (Step::Read { key }, _) => return read(key).await,
            (Step::Write { key, value }, Workload::RwRegister) => (key, json!(value)),
            (Step::Write { key, value }, Workload::ListAppend) => {
                // Read committed lets another write between a read and a write: an append there takes a lock first.
                if self.level == Isolation::ReadCommitted {
                    self.put(ctx, "locks", key, json!(0)).await?;
                }
                let mut list = read(key).await?.unwrap_or_else(|| json!([]));
                list.as_array_mut().unwrap().push(json!(value));
                (key, list)
            }
        };
        if self.breach.is_some() {
            written.insert(key, body.clone());
        }
        if self.breach != Some(Breach::OverwritesOthers) {
            self.put(ctx, "rows", key, body).await?;
        }
        Ok(None)
    }

    /// Ends the transaction as its level wants it, or blindly.
    async fn commit(
        &self,
        host: &TestHost,
        transaction: &Transaction,
        written: Written,
    ) -> Result<(), StorageError> {
        if self.breach != Some(Breach::OverwritesOthers) {
            return Ok(transaction.commit().await?);
        }
        transaction.abort().await?;
        let blind = host.transaction().isolation(Isolation::ReadCommitted);
        let blind = blind.begin().unwrap();
        for (key, body) in written {
            self.put(&blind.ctx(), "rows", key, body).await?;
        }
        Ok(blind.commit().await?)
    }

    /// All steps and the commit; what a conflict ends is done by nobody.
    async fn run(
        &self,
        host: &TestHost,
        transaction: &Transaction,
        steps: &[Step],
    ) -> Result<Vec<(Step, Option<Json>)>, StorageError> {
        let (ctx, outside) = (transaction.ctx(), host.ctx());
        let (mut done, mut written) = (Vec::new(), Written::new());
        for step in steps {
            let seen = self.perform((&ctx, &outside), *step, &mut written).await?;
            done.push((*step, seen));
            tokio::task::yield_now().await;
        }
        self.commit(host, transaction, written).await?;
        Ok(done)
    }

    async fn client(&self, host: &TestHost, process: i64, recorder: &Recorder) {
        let all = match self.breach {
            None => transactions(),
            Some(_) => TRANSACTIONS,
        };
        let next = || Some(self.next.fetch_add(1, Relaxed)).filter(|number| *number < all);
        while let Some(number) = next() {
            let steps = Choices(number).steps(number);
            let asked: Vec<_> = steps.iter().map(|step| (*step, None)).collect();
            recorder.note(process, OpType::Invoke, &asked);
            let transaction = host.transaction().isolation(self.level).begin().unwrap();
            match self.run(host, &transaction, &steps).await {
                Ok(done) => recorder.note(process, OpType::Ok, &done),
                Err(StorageError::Call(error)) => {
                    assert!(error.is_retryable(), "{error}");
                    transaction.abort().await.unwrap();
                    recorder.note(process, OpType::Fail, &asked);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn collection(name: &str) -> Collection {
    Collection::new(name).unwrap()
}

fn named(key: i64) -> Key {
    Key::new(key.to_string()).unwrap()
}

async fn history(
    provider: &str,
    (level, breach): (Isolation, Option<Breach>),
    workload: Workload,
) -> History {
    let host = TestHost::new(|host| match provider {
        "storage-memory" => host.plugin::<MemoryStorage>(),
        _ => host.plugin::<RedbStorage>(),
    });
    let host = Arc::new(host.await.unwrap());
    let recorder = Arc::new(Recorder::default());
    let next = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|process| {
            let (host, recorder) = (host.clone(), recorder.clone());
            let bench = Bench {
                storage: host.service::<dyn Storage>().unwrap(),
                level,
                workload,
                breach,
                next: next.clone(),
            };
            tokio::spawn(async move { bench.client(&host, process, &recorder).await })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    host.stop().await.unwrap();
    let recorder = Arc::into_inner(recorder).unwrap();
    recorder.history(workload)
}

fn check(history: &History, workload: Workload, model: &str) -> Report {
    let options = Opts {
        models: vec![canonical(model).expect("a model").to_owned()],
        wfr_keys: true,
        timeout: Duration::from_secs(20),
        ..Opts::default()
    };
    adya::check(history, workload, &options)
}

/// A level, and what many clients are to find of it.
struct Level {
    isolation: Isolation,
    /// What it keeps: by Adya's name, and the same in the order of real time.
    keeps: [&'static str; 2],
    /// What it does not keep, and the anomalies of which one at least is seen then.
    breaks: Option<(&'static str, &'static [&'static str])>,
}

const LEVELS: [Level; 3] = [
    Level {
        isolation: Isolation::ReadCommitted,
        keeps: ["PL-2", "strong-read-committed"],
        breaks: Some(("PL-SI", &["G-single-item", "lost-update", "internal"])),
    },
    Level {
        isolation: Isolation::RepeatableRead,
        keeps: ["PL-SI", "strong-snapshot-isolation"],
        breaks: Some(("PL-3", &["G2-item"])),
    },
    Level {
        isolation: Isolation::Serializable,
        keeps: ["PL-3", "strict-serializable"],
        breaks: None,
    },
];

async fn each_level_keeps_its_promise(provider: &str, workload: Workload) {
    for level in LEVELS {
        let history = history(provider, (level.isolation, None), workload).await;
        let ended = |kind| history.ops.iter().filter(|op| op.kind == kind).count();
        let what = format!("{} of {workload:?} on {provider}", level.isolation);
        println!(
            "{what}: {} committed, {} aborted",
            ended(OpType::Ok),
            ended(OpType::Fail)
        );
        for model in level.keeps {
            let report = check(&history, workload, model);
            let anomalies = &report.anomalies;
            assert_eq!(report.valid, Valid::True, "{what}: {model}: {anomalies:?}");
        }
        // The other way round: a level that were weaker than it says would be seen.
        if let Some((stronger, anomalies)) = level.breaks {
            let found = check(&history, workload, stronger).anomaly_types;
            let is_expected = |kind: &String| anomalies.contains(&kind.as_str());
            assert!(
                found.iter().any(is_expected),
                "{what}: {stronger}: {found:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_in_memory_show_no_anomaly_that_their_level_forbids() {
    each_level_keeps_its_promise("storage-memory", Workload::ListAppend).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_on_disk_show_no_anomaly_that_their_level_forbids() {
    each_level_keeps_its_promise("storage-redb", Workload::ListAppend).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registers_in_memory_show_no_anomaly_that_their_level_forbids() {
    each_level_keeps_its_promise("storage-memory", Workload::RwRegister).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registers_on_disk_show_no_anomaly_that_their_level_forbids() {
    each_level_keeps_its_promise("storage-redb", Workload::RwRegister).await;
}

/// A check that finds nothing in a sound store has shown little: it must find what a broken one does, in the same
/// workload and by the same model.
async fn a_broken_level_is_caught(breach: Breach) {
    for level in LEVELS {
        if level.isolation == Isolation::ReadCommitted {
            // It promises neither a snapshot nor that nothing is lost.
            continue;
        }
        for workload in [Workload::ListAppend, Workload::RwRegister] {
            let history = history("storage-memory", (level.isolation, Some(breach)), workload);
            let history = history.await;
            for model in level.keeps {
                let report = check(&history, workload, model);
                let what = format!(
                    "{breach:?} under {} of {workload:?}: {model}",
                    level.isolation
                );
                println!("{what}: {:?}", report.anomaly_types);
                assert_eq!(report.valid, Valid::False, "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_level_that_reads_the_latest_is_caught() {
    a_broken_level_is_caught(Breach::ReadsTheLatest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_level_that_overwrites_what_others_wrote_is_caught() {
    a_broken_level_is_caught(Breach::OverwritesOthers).await;
}
