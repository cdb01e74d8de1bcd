//! What the transactions of a host have come to.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::{State, Transactions};
use crate::journal::Stats;
use crate::metrics::{Family, Histogram, Kind, Labels, Snapshot, Source};

/// How many ended in which way, and how long they took.
#[derive(Debug, Default)]
pub(super) struct Counts {
    ends: [AtomicU64; State::ALL.len()],
    duration: Histogram,
}

impl Counts {
    /// A transaction has come to a state that is an end; `took` unless an earlier run of the host began it.
    pub(super) fn ended(&self, state: State, took: Option<Duration>) {
        if let Some(at) = State::ALL.iter().position(|known| *known == state) {
            self.ends[at].fetch_add(1, Relaxed);
        }
        if let Some(took) = took {
            self.duration.record_duration(took);
        }
    }
}

const OPEN: &str = "Transactions that have not ended";
const WAITING: &str =
    "Transactions that are decided and wait for a participant, or for an operator";
const DURATION: &str = "From the beginning of a transaction to its end";
const CONFLICTS: &str = "Calls and commits that were refused for the work of another transaction";

impl Source for Transactions {
    fn tell(&self, into: &mut Snapshot) {
        let (counts, all) = (&self.engine.counts, self.engine.all());
        into.counter(
            "weldkit_transactions_begun",
            "Transactions that began",
            self.engine.begun(),
        );
        let mut ended = Family::new(
            Kind::Counter,
            "weldkit_transactions_ended",
            "",
            "Transactions that ended, by outcome",
        );
        let ends = State::ALL.iter().zip(&counts.ends);
        for (state, count) in ends.filter(|(state, _)| state.is_ended()) {
            ended.add(
                Labels::new([("outcome", state.as_str())]),
                count.load(Relaxed),
            );
        }
        into.families.push(ended);
        let family = Family::new(
            Kind::Summary,
            "weldkit_transaction_duration_seconds",
            "seconds",
            DURATION,
        );
        into.families
            .push(family.and(Labels::default(), counts.duration.read()));
        into.counter(
            "weldkit_transaction_conflicts",
            CONFLICTS,
            self.store().conflicts(),
        );
        let open = all.iter().filter(|live| !live.state().is_ended());
        into.gauge("weldkit_transactions_open", OPEN, open.count() as f64);
        into.gauge(
            "weldkit_transactions_in_doubt",
            WAITING,
            self.undone() as f64,
        );
        if let Some(stats) = self.journal() {
            journal(stats, into);
        }
    }
}

fn journal(stats: &Stats, into: &mut Snapshot) {
    into.counter(
        "weldkit_journal_records",
        "Records that were forced",
        stats.records(),
    );
    into.counter(
        "weldkit_journal_forced_writes",
        "Times that a batch of records was forced",
        stats.forced(),
    );
    let written = Family::new(
        Kind::Counter,
        "weldkit_journal_written_bytes",
        "bytes",
        "Bytes that were written for records",
    );
    let held = Family::new(
        Kind::Gauge,
        "weldkit_journal_size_bytes",
        "bytes",
        "Bytes of the files of the journal",
    );
    let batches = Family::new(
        Kind::Summary,
        "weldkit_journal_batch_records",
        "records",
        "Records that were forced at once",
    );
    let none = Labels::default;
    into.families.extend([
        written.and(none(), stats.bytes()),
        held.and(none(), stats.held() as f64),
        batches.and(none(), stats.batches()),
    ]);
}
