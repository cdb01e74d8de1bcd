//! A stream of a million records from one task to another, and through the gate.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use weldkit::{CallError, Ctx, Host, Service, Stream};

use crate::{Bound, Case, Claim, Subject};

const RECORDS: u64 = 1_000_000;
const BUFFER: usize = 16;

/// A source of records.
#[weldkit::service(name = "source", version = "1.0")]
trait Source {
    /// So many numbers.
    #[method(read_only)]
    fn records(&self, ctx: &Ctx, count: u64) -> Stream<u64, CallError>;
}

#[derive(Debug)]
struct Numbers;

#[weldkit::plugin(id = "source", provides(Source))]
impl Numbers {
    async fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

impl Source for Numbers {
    fn records(&self, _: &Ctx, count: u64) -> Stream<u64, CallError> {
        Stream::channel(BUFFER, move |sender| async move {
            for record in 0..count {
                if !sender.send(Ok(record)).await {
                    return;
                }
            }
        })
    }
}

struct Fixture {
    runtime: Runtime,
    ctx: Ctx,
    source: Service<dyn Source>,
    _host: Host,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime of one thread needs no more than memory");
    let host = runtime
        .block_on(Host::builder().plugin::<Numbers>().start())
        .expect("a host of one plugin starts");
    Fixture {
        ctx: host.ctx(),
        source: host.service().expect("the plugin provides it"),
        _host: host,
        runtime,
    }
});

const FLOOR: &str = "tokio mpsc between two tasks";
const OURS: &str = "a stream through the gate";

pub(super) fn subject() -> Subject {
    Subject {
        title: "stream of 1,000,000 records",
        cases: vec![
            Case::awaited(FLOOR, &FIXTURE.runtime, async || {
                let (sender, mut records) = mpsc::channel(BUFFER);
                tokio::spawn(async move {
                    for record in 0..RECORDS {
                        if sender.send(record).await.is_err() {
                            return;
                        }
                    }
                });
                let mut sum = 0;
                while let Some(record) = records.recv().await {
                    sum += record;
                }
                sum
            }),
            Case::awaited(OURS, &FIXTURE.runtime, async || {
                let mut records = FIXTURE.source.records(&FIXTURE.ctx, RECORDS);
                let mut sum = 0;
                while let Some(Ok(record)) = records.next().await {
                    sum += record;
                }
                sum
            }),
        ],
        // At least 0.8 times the records a second is at most 1.25 times the time.
        claims: vec![Claim::new(OURS, Bound::AtMostTimes(1.25), FLOOR)],
    }
}
