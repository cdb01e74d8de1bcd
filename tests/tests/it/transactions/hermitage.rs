//! Hermitage: what each level of isolation prevents, by the ten scripts of Martin Kleppmann's test suite
//! (github.com/ept/hermitage, CC BY 4.0), in one container and across two.

use std::future::Future;
use std::pin::Pin;

use serde_json::json;
use weldkit::testing::TestHost;
use weldkit::transaction::{Isolation, Transaction};
use weldkit::{CallError, Code, Ctx, Service};
use weldkit_storage::{Collection, Document, Key, KeyRange, Limit, Storage, StorageError};
use weldkit_storage_memory::MemoryStorage;

/// Where the rows are: all in one container, or the odd and the even ones in two.
struct Bank {
    test: TestHost,
    stores: Vec<Service<dyn Storage>>,
}

/// Reaches the second storage.
#[weldkit::service(name = "even", version = "1.0")]
trait Even {
    /// Nothing: only its plugin's binding counts.
    async fn nothing(&self, ctx: &Ctx) -> Result<(), CallError>;
}

/// Hands out its client of the second storage.
#[derive(Debug)]
struct Hand;

/// The client that the plugin below was given.
static EVEN: std::sync::Mutex<Option<Service<dyn Storage>>> = std::sync::Mutex::new(None);
/// One host at a time binds it.
static BINDING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[weldkit::plugin(
    id = "hand",
    provides(Even),
    permissions("storage.read", "storage.write")
)]
impl Hand {
    fn start(storage: Service<dyn Storage>) -> weldkit::Result<Self> {
        *EVEN.lock().unwrap() = Some(storage);
        Ok(Self)
    }
}

impl Even for Hand {
    async fn nothing(&self, _: &Ctx) -> Result<(), CallError> {
        Ok(())
    }
}

impl Bank {
    /// Rows 1 and 2 hold 10 and 20.
    async fn open(containers: usize) -> Self {
        let _one_at_a_time = BINDING.lock().await;
        let test = TestHost::new(|host| {
            host.plugin::<MemoryStorage>()
                .instance("second", "storage-memory")
                .provider("storage", "storage-memory")
                .plugin::<Hand>()
                .provider("hand.storage", "second")
        })
        .await
        .unwrap();
        let mut stores = vec![test.service::<dyn Storage>().unwrap()];
        if containers == 2 {
            stores.push(EVEN.lock().unwrap().take().unwrap());
        }
        let bank = Self { test, stores };
        for (row, value) in [(1, 10), (2, 20)] {
            bank.store(row)
                .put(&bank.test.ctx(), rows(), key(row), json!(value))
                .await
                .unwrap();
        }
        bank
    }

    fn store(&self, row: usize) -> &Service<dyn Storage> {
        &self.stores[row % self.stores.len()]
    }

    fn begin(&self, level: Isolation) -> Tx<'_> {
        let transaction = self.test.transaction().isolation(level).begin().unwrap();
        Tx {
            bank: self,
            transaction,
            failed: false,
        }
    }

    /// What everybody sees now.
    async fn values(&self) -> [i64; 2] {
        let mut tx = self.begin(Isolation::RepeatableRead);
        [tx.read(1).await.unwrap(), tx.read(2).await.unwrap()]
    }
}

fn rows() -> Collection {
    Collection::new("rows").unwrap()
}

fn key(row: usize) -> Key {
    Key::new(format!("{row}")).unwrap()
}

/// One transaction of a script. What fails once does nothing more: the script goes on without it.
struct Tx<'b> {
    bank: &'b Bank,
    transaction: Transaction,
    failed: bool,
}

type Step<'s> = Pin<Box<dyn Future<Output = Result<(), StorageError>> + Send + 's>>;

impl Tx<'_> {
    async fn read(&mut self, row: usize) -> Option<i64> {
        let found: Result<Option<Document>, _> = self
            .bank
            .store(row)
            .get(&self.transaction.ctx(), rows(), key(row))
            .await;
        found
            .unwrap()
            .map(|document| document.body.as_i64().unwrap())
    }

    /// How many rows hold a multiple of three.
    async fn scan(&mut self) -> usize {
        let mut found = 0;
        for store in &self.bank.stores {
            let page = store
                .scan(
                    &self.transaction.ctx(),
                    rows(),
                    KeyRange::all(),
                    None,
                    Limit::MAX,
                )
                .await
                .unwrap();
            let values = page
                .documents
                .iter()
                .filter_map(|document| document.body.as_i64());
            found += values.filter(|value| value % 3 == 0).count();
        }
        found
    }

    async fn write(&mut self, row: usize, value: i64) {
        if !self.failed {
            let written = self.start_writing(row, value).await;
            self.note(written);
        }
    }

    /// A write that waits for another transaction; it is awaited later in the script.
    fn start_writing(&self, row: usize, value: i64) -> Step<'static> {
        let (store, ctx) = (self.bank.store(row).clone(), self.transaction.ctx());
        let task =
            tokio::spawn(async move { store.put(&ctx, rows(), key(row), json!(value)).await });
        Box::pin(async move { task.await.unwrap() })
    }

    fn note(&mut self, written: Result<(), StorageError>) {
        if let Err(error) = written {
            let StorageError::Call(error) = error else {
                panic!("{error}");
            };
            assert_eq!(error.code(), &Code::Conflict, "{error}");
            assert!(error.is_retryable(), "{error}");
            self.failed = true;
        }
    }

    /// Commits, unless a conflict came before; whether it could.
    async fn commit(self) -> bool {
        if self.failed {
            self.transaction.abort().await.unwrap();
            return false;
        }
        match self.transaction.commit().await {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.code(), &Code::Conflict, "{error}");
                false
            }
        }
    }
}

/// Lets what was spawned run until it waits.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// Dirty writes: two transactions' writes to two rows are never interleaved.
async fn g0(bank: &Bank, level: Isolation) -> bool {
    let (mut t1, mut t2) = (bank.begin(level), bank.begin(level));
    t1.write(1, 11).await;
    let waiting = t2.start_writing(1, 12);
    settle().await;
    t1.write(2, 21).await;
    t1.commit().await;
    let written = waiting.await;
    t2.note(written);
    t2.write(2, 22).await;
    t2.commit().await;
    matches!(bank.values().await, [11, 21] | [12, 22])
}

/// Aborted reads.
async fn g1a(bank: &Bank, level: Isolation) -> bool {
    let (mut t1, mut t2) = (bank.begin(level), bank.begin(level));
    t1.write(1, 101).await;
    let before = t2.read(1).await;
    t1.transaction.abort().await.unwrap();
    let after = t2.read(1).await;
    t2.commit().await;
    (before, after) == (Some(10), Some(10))
}

/// Intermediate reads.
async fn g1b(bank: &Bank, level: Isolation) -> bool {
    let (mut t1, mut t2) = (bank.begin(level), bank.begin(level));
    t1.write(1, 101).await;
    let before = t2.read(1).await;
    t1.write(1, 11).await;
    t1.commit().await;
    let after = t2.read(1).await;
    t2.commit().await;
    before == Some(10) && after != Some(101)
}

/// Circular information flow.
async fn g1c(bank: &Bank, level: Isolation) -> bool {
    let (mut t1, mut t2) = (bank.begin(level), bank.begin(level));
    t1.write(1, 11).await;
    t2.write(2, 22).await;
    let (seen1, seen2) = (t1.read(2).await, t2.read(1).await);
    t1.commit().await;
    t2.commit().await;
    (seen1, seen2) == (Some(20), Some(10))
}

/// Observed transaction vanishes.
async fn otv(bank: &Bank, level: Isolation) -> bool {
    let (mut t1, mut t2, mut t3) = (bank.begin(level), bank.begin(level), bank.begin(level));
    t1.write(1, 11).await;
    t1.write(2, 19).await;
    let waiting = t2.start_writing(1, 12);
    settle().await;
    t1.commit().await;
    let first = t3.read(1).await;
    let written = waiting.await;
    t2.note(written);
    t2.write(2, 18).await;
    let second = t3.read(2).await;
    t2.commit().await;
    let (third, fourth) = (t3.read(2).await, t3.read(1).await);
    t3.commit().await;
    // Once something of T2 is seen, nothing of before is.
    let before = [first == Some(12), second == Some(18)];
    let after = [third == Some(18), fourth == Some(12)];
    before == [false, false] && (after == [true, true] || after == [false, false])
}

/// Predicate-many-preceders.
async fn pmp(bank: &Bank, level: Isolation) -> bool {
    let (mut t1, mut t2) = (bank.begin(level), bank.begin(level));
    let before = t1.scan().await;
    t2.write(3, 30).await;
    t2.commit().await;
    let after = t1.scan().await;
    t1.commit().await;
    before == 0 && after == 0
}

/// Lost update.
async fn p4(bank: &Bank, level: Isolation) -> bool {
    let (mut t1, mut t2) = (bank.begin(level), bank.begin(level));
    let (seen1, seen2) = (t1.read(1).await, t2.read(1).await);
    assert_eq!(seen1, seen2);
    t1.write(1, 11).await;
    let waiting = t2.start_writing(1, 12);
    settle().await;
    t1.commit().await;
    let written = waiting.await;
    t2.note(written);
    !t2.commit().await
}

/// Read skew.
async fn g_single(bank: &Bank, level: Isolation) -> bool {
    let (mut t1, mut t2) = (bank.begin(level), bank.begin(level));
    let first = t1.read(1).await;
    t2.write(1, 12).await;
    t2.write(2, 18).await;
    t2.commit().await;
    let second = t1.read(2).await;
    t1.commit().await;
    (first, second) == (Some(10), Some(20))
}

/// Write skew.
async fn g2_item(bank: &Bank, level: Isolation) -> bool {
    let (mut t1, mut t2) = (bank.begin(level), bank.begin(level));
    for tx in [&mut t1, &mut t2] {
        for row in [1, 2] {
            tx.read(row).await;
        }
    }
    t1.write(1, 11).await;
    t2.write(2, 21).await;
    let both = [t1.commit().await, t2.commit().await];
    both != [true, true]
}

/// Anti-dependency cycles over a predicate.
async fn g2(bank: &Bank, level: Isolation) -> bool {
    let (mut t1, mut t2) = (bank.begin(level), bank.begin(level));
    assert_eq!((t1.scan().await, t2.scan().await), (0, 0));
    t1.write(3, 30).await;
    t2.write(4, 42).await;
    let both = [t1.commit().await, t2.commit().await];
    both != [true, true]
}

const ANOMALIES: [&str; 10] = [
    "G0", "G1a", "G1b", "G1c", "OTV", "PMP", "P4", "G-single", "G2-item", "G2",
];

async fn prevents(anomaly: &str, level: Isolation, containers: usize) -> bool {
    let bank = &Bank::open(containers).await;
    match anomaly {
        "G0" => g0(bank, level).await,
        "G1a" => g1a(bank, level).await,
        "G1b" => g1b(bank, level).await,
        "G1c" => g1c(bank, level).await,
        "OTV" => otv(bank, level).await,
        "PMP" => pmp(bank, level).await,
        "P4" => p4(bank, level).await,
        "G-single" => g_single(bank, level).await,
        "G2-item" => g2_item(bank, level).await,
        _ => g2(bank, level).await,
    }
}

#[tokio::test]
async fn each_level_prevents_what_postgresql_prevents_at_it() {
    let expected = [
        (Isolation::ReadCommitted, "yyyyy-----"),
        (Isolation::RepeatableRead, "yyyyyyyy--"),
        (Isolation::Serializable, "yyyyyyyyyy"),
    ];
    for containers in [1, 2] {
        for (level, expected) in expected {
            let mut found = String::new();
            for anomaly in ANOMALIES {
                let prevented = prevents(anomaly, level, containers).await;
                found.push(if prevented { 'y' } else { '-' });
            }
            println!("{containers} {level:16} {found}");
            assert_eq!(found, expected, "{level} over {containers}: {ANOMALIES:?}");
        }
    }
}
