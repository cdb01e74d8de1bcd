//! A snapshot of 10,000 series, and its text.

use std::sync::LazyLock;

use tokio::runtime::Builder;
use weldkit::metrics::TextFormat;
use weldkit::{Host, Meter};

use crate::{Case, Claim, Subject};

/// A plugin that counts ten things, each by a thousand values.
struct Many;

#[weldkit::plugin(id = "many", provides())]
impl Many {
    fn start(meter: Meter) -> weldkit::Result<Self> {
        for name in 0..10 {
            let counters = meter.counters(&format!("things_{name}"), ["user"]);
            for user in 0..weldkit::limit::SERIES {
                counters.with([&user.to_string()]).add(1);
            }
        }
        Ok(Self)
    }
}

static HOST: LazyLock<Host> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime of one thread needs no more than memory");
    let host = runtime.block_on(Host::builder().plugin::<Many>().start());
    host.expect("a plugin that asks for a meter starts")
});

const SNAPSHOT: &str = "Host::metrics, 10,000 series";
const TEXT: &str = "Snapshot::text of it, Prometheus";
const JSON: &str = "the same as JSON";

pub(super) fn subject() -> Subject {
    let snapshot = HOST.metrics();
    let again = snapshot.clone();
    Subject {
        title: "reading metrics",
        cases: vec![
            Case::new(SNAPSHOT, || HOST.metrics()),
            Case::new(TEXT, move || snapshot.text(TextFormat::Prometheus)),
            Case::new(JSON, move || serde_json::to_vec(&again).ok()),
        ],
        claims: vec![
            Claim::alone(SNAPSHOT, 2_000_000.0),
            Claim::alone(TEXT, 10_000_000.0),
        ],
    }
}
