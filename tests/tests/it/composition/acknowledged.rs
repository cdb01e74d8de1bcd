//! A pipeline from records to storage, in a process that is killed: no row is lost, and nothing behind an acknowledged
//! position is read again.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use weldkit::composition::typed::{Delivery, Positions};
use weldkit::testing::TestHost;
use weldkit::transaction::Containers;
use weldkit::{CallError, Code, Ctx, Service, Stream};
use weldkit_records::{Place, ReadOptions, Records, Source};
use weldkit_records_files::FileRecords;
use weldkit_storage::{Collection, Document, Storage};
use weldkit_storage_redb::RedbStorage;

/// Set for the process that is killed: the folder that it works in.
const FOLDER: &str = "WELDKIT_TEST_LOADER";
const ROWS: u64 = 600;
const BATCH: u64 = 10;

/// From a file into a collection.
#[weldkit::service(name = "loader", version = "1.0")]
trait Loading {
    /// Stores every row under its line.
    #[method(timeout = "10m")]
    async fn load(&self, ctx: &Ctx, file: String) -> Result<(), CallError>;
}

struct Loader {
    records: Service<dyn Records>,
    storage: Service<dyn Storage>,
    positions: Positions<Place>,
}

#[weldkit::plugin(
    id = "loader",
    provides(Loading),
    permissions("records.read", "storage.write")
)]
impl Loader {
    async fn start(
        records: Service<dyn Records>,
        storage: Service<dyn Storage>,
        containers: Containers,
    ) -> weldkit::Result<Self> {
        let positions = Positions::open(&containers, "positions").await?;
        Ok(Self {
            records,
            storage,
            positions,
        })
    }
}

impl Loading for Loader {
    async fn load(&self, ctx: &Ctx, file: String) -> Result<(), CallError> {
        let internal = |error: &dyn std::error::Error| CallError::internal(error.to_string());
        let from_there = |behind: Option<Place>| {
            say("from", behind.map_or(2, |place| place.line));
            let options = ReadOptions {
                batch_size: u32::try_from(BATCH).ok(),
                start: behind,
                ..ReadOptions::default()
            };
            self.records.read(ctx, Source::path(&*file), options)
        };
        let batches = self
            .positions
            .read(ctx, &file, from_there, |batch| batch.end);
        let mut batches = batches.await?;
        while let Some(delivery) = batches.next().await {
            let Delivery { item, receipt } = delivery.map_err(|error| internal(&error))?;
            let document = |line: u64, values| Document {
                key: format!("{line:06}").try_into().unwrap(),
                body: Value::Object(values),
            };
            let rows = item.records.into_iter();
            let rows = rows.map(|row| document(row.line, row.values)).collect();
            let collection = Collection::new("rows").unwrap();
            let stored = self.storage.put_batch(ctx, collection, rows).await;
            stored.map_err(|error| internal(&error))?;
            say("stored", item.line_last);
            receipt.acknowledge(ctx).await?;
            say("acknowledged", item.line_last);
        }
        Ok(())
    }
}

/// A line for the process that kills this one.
fn say(what: &str, line: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{what} {line}").unwrap();
    out.flush().unwrap();
}

async fn host(folder: &Path) -> TestHost {
    TestHost::new(|host| {
        host.plugin::<FileRecords>()
            .plugin::<RedbStorage>()
            .plugin::<Loader>()
            .settings("records", json!({ "root": folder }))
            .state(folder.join("state"))
    })
    .await
    .unwrap()
}

/// A process that loads, and what it says.
struct Worker {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Worker {
    fn start(folder: &Path) -> Self {
        let name =
            "composition::acknowledged::rows_come_at_least_once_through_a_process_that_is_killed";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    /// What it says next; nothing when it is over.
    fn next(&mut self) -> Option<(String, u64)> {
        let mut line = String::new();
        while self.said.read_line(&mut line).unwrap() > 0 {
            if let Some((what, number)) = line.trim().split_once(' ')
                && ["from", "stored", "acknowledged"].contains(&what)
            {
                return Some((what.to_owned(), number.parse().unwrap()));
            }
            line.clear();
        }
        None
    }

    /// With SIGKILL; what it had said by then.
    fn kill(mut self) -> Vec<(String, u64)> {
        self.child.kill().unwrap();
        let rest = std::iter::from_fn(|| self.next()).collect();
        assert!(!self.child.wait().unwrap().success());
        rest
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_at_least_once_through_a_process_that_is_killed() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let host = host(Path::new(&folder)).await;
        host.call("loader.load", r#"{"file": "rows.csv"}"#)
            .await
            .unwrap();
        return host.stop().await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..ROWS).map(|row| format!("{row},row {row}\n")).collect();
    std::fs::write(folder.path().join("rows.csv"), format!("id,name\n{rows}")).unwrap();

    // The line behind the last batch that is known to be acknowledged, and the last that is known to be stored.
    let (mut behind, mut stored, mut kills, mut twice) = (2, 1, 0, 0);
    loop {
        let mut worker = Worker::start(folder.path());
        let (what, from) = worker.next().unwrap();
        assert_eq!(what, "from");
        assert!(
            from >= behind,
            "line {from} again, though {behind} was reached"
        );
        assert!(
            from <= stored + 1,
            "up to line {stored} is stored, and {from} is next"
        );
        twice += u64::from(from <= stored);
        // Between storing and acknowledging, and behind both, by turns; a little later each time.
        let wanted = ["stored", "acknowledged"][kills % 2];
        let mut left = kills + 1;
        let mut heard = Vec::new();
        while let Some((what, line)) = worker.next() {
            left -= usize::from(what == wanted);
            heard.push((what, line));
            if left == 0 {
                break;
            }
        }
        let is_over = left > 0;
        if is_over {
            assert!(worker.child.wait().unwrap().success());
        } else {
            heard.extend(worker.kill());
            kills += 1;
        }
        for (what, line) in heard {
            match what.as_str() {
                "stored" => stored = stored.max(line),
                _ => behind = line + 1,
            }
        }
        if is_over {
            break;
        }
    }
    assert!(kills >= 5, "{kills} kills");
    assert_eq!(
        (stored, behind),
        (ROWS + 1, ROWS + 2),
        "{twice} batches came twice"
    );

    let host = host(folder.path()).await;
    let count = host
        .call("storage.count", r#"{"collection": "rows"}"#)
        .await
        .unwrap();
    assert_eq!(count, json!(ROWS));
    host.stop().await.unwrap();
}

struct Keeper(Positions<u64>);

/// Gives its positions to the test.
#[weldkit::service(name = "keeper", version = "1.0")]
trait Keeping {
    /// Reads numbers from zero, acknowledges some of them in this order, and says which came.
    async fn read(
        &self,
        ctx: &Ctx,
        up_to: u64,
        acknowledge: Vec<u64>,
    ) -> Result<Vec<u64>, CallError>;

    /// Starts over.
    async fn forget(&self, ctx: &Ctx) -> Result<bool, CallError>;

    /// The same in a transaction.
    #[method(transactional)]
    async fn inside(&self, ctx: &Ctx) -> Result<(), CallError>;
}

#[weldkit::plugin(id = "keeper", provides(Keeping))]
impl Keeper {
    async fn start(containers: Containers) -> weldkit::Result<Self> {
        Ok(Self(Positions::open(&containers, "numbers").await?))
    }
}

fn numbers(from: Option<u64>, up_to: u64) -> Stream<u64, CallError> {
    Stream::from_iter((from.unwrap_or(0)..up_to).map(Ok))
}

impl Keeping for Keeper {
    async fn read(
        &self,
        ctx: &Ctx,
        up_to: u64,
        acknowledge: Vec<u64>,
    ) -> Result<Vec<u64>, CallError> {
        let from_there = |from| numbers(from, up_to);
        let items = self
            .0
            .read(ctx, "all", from_there, |number| number + 1)
            .await?;
        let mut came = items.collect().await?;
        let numbers = came.iter().map(|delivery| delivery.item).collect();
        for number in acknowledge {
            let place = came.iter().position(|delivery| delivery.item == number);
            let delivery = came.swap_remove(place.unwrap());
            delivery.receipt.acknowledge(ctx).await?;
        }
        Ok(numbers)
    }

    async fn forget(&self, ctx: &Ctx) -> Result<bool, CallError> {
        self.0.forget(ctx, "all").await
    }

    async fn inside(&self, ctx: &Ctx) -> Result<(), CallError> {
        let mut items = self
            .0
            .read(ctx, "all", |from| numbers(from, 9), |number| number + 1)
            .await?;
        let delivery = items.next().await.unwrap()?;
        delivery.receipt.acknowledge(ctx).await
    }
}

#[tokio::test]
async fn a_position_moves_when_every_earlier_item_is_acknowledged() {
    let host = TestHost::new(|host| host.plugin::<Keeper>()).await.unwrap();
    let read = async |up_to: u64, acknowledge: &[u64]| {
        let input = json!({"up_to": up_to, "acknowledge": acknowledge});
        host.call("keeper.read", &input.to_string()).await
    };
    assert_eq!(read(5, &[1, 3, 4]).await.unwrap(), json!([0, 1, 2, 3, 4]));
    assert_eq!(read(5, &[2, 0, 1]).await.unwrap(), json!([0, 1, 2, 3, 4]));
    assert_eq!(read(5, &[3]).await.unwrap(), json!([3, 4]));
    assert_eq!(read(6, &[]).await.unwrap(), json!([4, 5]));
    let transaction = host.transaction().begin().unwrap();
    let ctx = transaction.ctx();
    let inside = host.call_json(&ctx, "keeper.inside", b"{}");
    assert_eq!(inside.await.unwrap_err().code(), &Code::InvalidState);
    drop(transaction);
    // Who never acknowledges is stopped before memory ends.
    let most = weldkit::limit::STREAM_ITEMS as u64;
    assert_eq!(
        read(4 + most, &[]).await.unwrap().as_array().unwrap().len() as u64,
        most
    );
    let error = read(5 + most, &[]).await.unwrap_err();
    assert_eq!(error.code(), &Code::Limit);
    assert_eq!(host.call("keeper.forget", "{}").await.unwrap(), json!(true));
    assert_eq!(read(2, &[]).await.unwrap(), json!([0, 1]));
    host.stop().await.unwrap();
}
