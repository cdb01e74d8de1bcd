//! The one thread that writes: takes what is queued, forces it at once, tells everyone.
//!
//! Those who are told mostly append again at once. Before the next force it lets them run for a moment,
//! so that all of them share it.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::thread;

use tokio::sync::oneshot;

use super::batch::{Batch, RECORD_HEADER};
use super::completion::{self, Completion, Outcome};
use super::log::Log;
use super::shared::{Shared, State};
use super::{Failure, Kind, Position};
use crate::{clock, limit};

/// What is handed to the writer.
pub(super) enum Item {
    Append(Entry),
    Release(Position, oneshot::Sender<Result<(), Failure>>),
    Prepare(oneshot::Sender<()>),
    Close(oneshot::Sender<Result<(), Failure>>),
}

/// A record to write.
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) payload: Vec<u8>,
    /// May use the reserve of the quota.
    pub(super) forward: bool,
    /// What it holds of the queue's bound.
    pub(super) held: u32,
    pub(super) completion: Completion,
}

/// Owns the log; ends when the hand-off is closed and empty.
pub(super) struct Writer {
    shared: Arc<Shared>,
    log: Log,
    batch: Batch,
    /// The records of the next batch, and their bytes.
    entries: Vec<Entry>,
    bytes: usize,
    /// Who goes on when the whole batch has been told.
    wakers: Vec<Waker>,
    /// As many as may be about to append: who was told of the last batch, and who was queued by then.
    expected: usize,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, log: Log) -> Self {
        Self {
            shared,
            log,
            batch: Batch::default(),
            entries: Vec::new(),
            bytes: 0,
            wakers: Vec::new(),
            expected: 0,
        }
    }

    /// The body of the thread.
    pub(super) fn run(mut self) {
        let ended = Ended(Arc::clone(&self.shared));
        let mut items = Vec::new();
        let mut closing = None;
        while self.shared.handoff.take(&mut items) {
            self.gather(&mut items);
            for item in items.drain(..) {
                match item {
                    Item::Append(entry) => self.add(entry),
                    Item::Release(before, done) => {
                        self.flush();
                        let released = self.log.release(before);
                        self.show(released.as_ref().err());
                        drop(done.send(released));
                    }
                    Item::Prepare(done) => {
                        self.flush();
                        let prepared = self.log.prepare();
                        self.show(prepared.as_ref().err());
                        // Nobody may wait for it any more.
                        done.send(()).ok();
                    }
                    Item::Close(done) => closing = Some(done),
                }
            }
            self.flush();
        }
        if let Some(done) = closing {
            let closed = self.log.close();
            // Its files are closed before anyone hears of it.
            drop(self);
            drop(ended);
            drop(done.send(closed));
        }
    }

    /// Lets those run who are expected to append, for as long as they keep coming.
    fn gather(&self, items: &mut Vec<Item>) {
        if items.len() >= self.expected {
            return;
        }
        let mut until = clock::now() + limit::JOURNAL_GATHER;
        while items.len() < self.expected && clock::now() < until {
            thread::yield_now();
            if self.shared.handoff.take_more(items) {
                until = clock::now() + limit::JOURNAL_GATHER;
            }
        }
    }

    fn add(&mut self, entry: Entry) {
        let bytes = RECORD_HEADER + entry.payload.len();
        if self.bytes + bytes > limit::JOURNAL_BATCH_BYTES {
            self.flush();
        }
        self.bytes += bytes;
        self.entries.push(entry);
    }

    /// Writes and forces the next batch, and tells everyone in it, in order.
    fn flush(&mut self) {
        if self.entries.is_empty() {
            return;
        }
        let mut written = self.write(false);
        if let Err(failure @ Failure::Full { .. }) = &written
            && self.entries.iter().any(|entry| entry.forward)
        {
            let entries = mem::take(&mut self.entries);
            let (forward, others) = entries.into_iter().partition(|entry| entry.forward);
            self.tell(others, Err(failure.clone()));
            self.entries = forward;
            written = self.write(true);
        }
        self.show(written.as_ref().err());
        // One client alone is here again when the next batch is taken: nothing is waited for.
        self.expected = self.entries.len() + self.shared.handoff.len();
        let entries = mem::take(&mut self.entries);
        self.entries = self.tell(entries, written);
        self.bytes = 0;
    }

    fn write(&mut self, forward: bool) -> Outcome {
        self.batch.clear(limit::JOURNAL_BATCH_BYTES);
        for entry in &self.entries {
            self.batch.push(entry.kind, &entry.payload);
        }
        self.log.write(&mut self.batch, forward)
    }

    /// Tells everyone in the batch; gives back the list, empty.
    fn tell(&mut self, mut entries: Vec<Entry>, first: Outcome) -> Vec<Entry> {
        let held: usize = entries.iter().map(|entry| entry.held as usize).sum();
        self.shared.room.add_permits(held);
        let mut outcome = first;
        for entry in entries.drain(..) {
            let tell = || entry.completion.tell(outcome.clone(), &mut self.wakers);
            if catch_unwind(AssertUnwindSafe(tell)).is_err() {
                // What follows may not become visible when this did not.
                let cause = "what waited for a durable record has panicked".to_owned();
                self.log.fail(cause.clone());
                outcome = outcome.and(Err(Failure::Unknown { cause }));
                self.show(outcome.as_ref().err());
            }
            outcome = outcome.map(|position| Position(position.0 + 1));
        }
        self.wakers.drain(..).for_each(Waker::wake);
        entries
    }

    /// Makes the state visible.
    fn show(&self, failure: Option<&Failure>) {
        let state = match failure {
            None => State::Running,
            Some(failure) if failure.is_lasting() => State::Failed(failure.clone()),
            Some(failure) => State::Refusing(failure.clone()),
        };
        self.shared.show(state);
    }
}

/// Closes the door behind the writer, however it ends.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.show(if thread::panicking() {
            State::Failed(completion::abandoned())
        } else {
            State::Closed
        });
        self.0.handoff.close(None);
        // Whatever is left is told when it is dropped.
        self.0.handoff.take(&mut Vec::new());
    }
}
