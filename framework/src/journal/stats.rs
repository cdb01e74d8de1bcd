use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Position;
use crate::metrics::{Distribution, Histogram};

/// What a journal has done since it was opened, and what it holds. Reading takes no lock.
#[derive(Debug, Default)]
pub struct Stats {
    records: AtomicU64,
    bytes: AtomicU64,
    batches: Histogram,
    forced: AtomicU64,
    held: AtomicU64,
    oldest: AtomicU64,
    next: AtomicU64,
}

impl Stats {
    /// Records that were forced.
    pub fn records(&self) -> u64 {
        self.records.load(Relaxed)
    }

    /// Bytes that were written for them.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// How often it forced a batch.
    pub fn forced(&self) -> u64 {
        self.forced.load(Relaxed)
    }

    /// Records that were forced at once.
    pub fn batches(&self) -> Distribution {
        self.batches.read()
    }

    /// Bytes of its files.
    pub fn held(&self) -> u64 {
        self.held.load(Relaxed)
    }

    /// The oldest record that its files hold, or else the next one.
    pub fn oldest(&self) -> Position {
        Position(self.oldest.load(Relaxed))
    }

    /// The record after the last one that is durable.
    pub fn next(&self) -> Position {
        Position(self.next.load(Relaxed))
    }

    pub(super) fn count(&self, records: u32, bytes: u64) {
        self.records.fetch_add(records.into(), Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        self.forced.fetch_add(1, Relaxed);
        self.batches.record(records.into());
    }

    pub(super) fn show(&self, held: u64, oldest: Position, next: Position) {
        self.held.store(held, Relaxed);
        self.oldest.store(oldest.0, Relaxed);
        self.next.store(next.0, Relaxed);
    }
}
