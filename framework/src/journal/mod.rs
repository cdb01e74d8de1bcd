//! The append-only durable log of a host.
//!
//! ```text
//! reserve -> append (queued in the order of calls) -> one thread: write the batch, force it once -> tickets, in order
//! ```
//!
//! - A record is durable when its [`Ticket`] completes; records that arrive while the disk is busy
//!   are forced together.
//! - [`Journal::open`] hands out every record again, oldest first. What was told to be durable is
//!   among them; what was not may be. Of two records the later is never there without the earlier.
//! - [`Journal::release`] frees whole files, so records before the released position may come
//!   again. Owners know by themselves which records they have taken.
//! - A record that must live long pins all that follows it. Its owner copies it forward: appends it
//!   again in a [`Journal::reserve_forward`], then releases. When the quota is reached only that is
//!   still possible.
//! - Damage to what was durable is refused with its file and byte. A batch at the very end that a
//!   crash has cut cannot be told from one that was damaged there; after [`Journal::close`] it can.
//!
//! It does not know what records mean, and does not lock its folder.

mod batch;
mod completion;
mod copy;
mod disk;
mod failure;
mod handoff;
mod header;
mod log;
mod options;
mod reader;
mod recovery;
mod room;
mod segments;
mod shared;
#[cfg(any(test, feature = "testing"))]
mod sim;
mod stats;
mod system;
#[cfg(test)]
mod tests;
mod writer;

/// What the hand-off is made of; its test puts others in their place.
mod primitives {
    pub(super) use std::sync::{Condvar, Mutex, MutexGuard};
}

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::{clock, error};
use log::Log;
use shared::Shared;
use writer::{Item, Writer};

pub use completion::Ticket;
pub(crate) use copy::copy;
pub use disk::{Disk, File};
pub use failure::Failure;
pub use options::Options;
pub use room::Room;
pub use shared::State;
#[cfg(any(test, feature = "testing"))]
pub use sim::{Loss, Operation, SimDisk};
pub use stats::Stats;
pub use system::SystemDisk;

/// The place of a record in the order of all: counted from one, without gaps, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// That of the first record of a journal.
    pub const FIRST: Self = Self(1);
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whose record it is, and what it means to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub u8);

/// A record as it is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its place in the order of all.
    pub position: Position,
    /// Whose it is.
    pub kind: Kind,
    /// What was appended.
    pub payload: &'a [u8],
}

/// The append-only durable log of a host. Dropped without [`close`](Self::close) it ends as in a crash.
pub struct Journal {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Opens the journal in a folder, and hands every record that it holds to `replay`, oldest first.
    /// Blocks while it reads. An empty folder stays empty until the first append.
    ///
    /// # Errors
    ///
    /// When a file is damaged, missing or of a later version; nothing was replayed then. When the
    /// folder cannot be read and written, or `replay` refuses a record.
    pub fn open(
        disk: Arc<dyn Disk>,
        options: Options,
        replay: &mut dyn FnMut(Record<'_>) -> error::Result<()>,
    ) -> Result<Self, Failure> {
        let log = Log::open(Arc::clone(&disk), options, clock::random, replay)?;
        let shared = Arc::new(Shared::new(Arc::clone(log.stats())));
        let writer = Writer::new(Arc::clone(&shared), log);
        let thread = clock::thread("weldkit-journal", || writer.run());
        let thread = thread.map_err(|fault| recovery::unusable(&*disk, "", fault))?;
        Ok(Self {
            shared,
            writer: Mutex::new(Some(thread)),
        })
    }

    /// Appends a record and waits until it is durable.
    ///
    /// # Errors
    ///
    /// As [`Ticket`] and [`reserve`](Self::reserve).
    pub async fn append(&self, kind: Kind, payload: Vec<u8>) -> Result<Position, Failure> {
        let room = self.reserve(payload.len()).await?;
        room.append(kind, payload).await
    }

    /// Waits until a record of at most `bytes` has room in the queue. The records of two rooms are
    /// ordered by their appends, not by their reservations.
    ///
    /// # Errors
    ///
    /// When a record of that length is never taken, or the journal has failed or is closed.
    pub async fn reserve(&self, bytes: usize) -> Result<Room, Failure> {
        Room::reserve(&self.shared, bytes, false).await
    }

    /// As [`reserve`](Self::reserve), for a record that is copied forward so that its old place can
    /// be released: it may use the last segment of the quota.
    ///
    /// # Errors
    ///
    /// As [`reserve`](Self::reserve).
    pub async fn reserve_forward(&self, bytes: usize) -> Result<Room, Failure> {
        Room::reserve(&self.shared, bytes, true).await
    }

    /// Says that nobody needs the records before `before` any more, and frees the files that hold no others.
    ///
    /// # Errors
    ///
    /// When a file cannot be freed; it is tried again at the next release.
    pub async fn release(&self, before: Position) -> Result<(), Failure> {
        let (done, outcome) = oneshot::channel();
        let item = Item::Release(before, done);
        if self.shared.handoff.push(item, true).is_err() {
            return Err(self.shared.refusal());
        }
        outcome.await.unwrap_or_else(|_| Err(self.shared.refusal()))
    }

    /// Where the last append was refused, makes room for the next file if there is some by now, so that
    /// [`state`](Self::state) tells how it is: whoever asks before sending anything must not wait for an append.
    pub async fn retry(&self) {
        if !matches!(*self.shared.state(), State::Refusing(_)) {
            return;
        }
        let (done, tried) = oneshot::channel();
        if self.shared.handoff.push(Item::Prepare(done), true).is_ok() {
            // If the writer ends before its turn, the state says so.
            drop(tried.await);
        }
    }

    /// Writes what is queued and notes the clean end. Nothing is taken any more.
    ///
    /// # Errors
    ///
    /// When that fails, or the journal has failed or was closed before.
    pub async fn close(&self) -> Result<(), Failure> {
        let (done, outcome) = oneshot::channel();
        self.shared.handoff.close(Some(Item::Close(done)));
        outcome.await.unwrap_or_else(|_| Err(self.shared.refusal()))
    }

    /// How it is, for health and `doctor`.
    pub fn state(&self) -> State {
        self.shared.state().clone()
    }

    /// What it has done and what it holds.
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.handoff.close(None);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // The last owner may be what the writer itself just told.
        let own = |thread: &JoinHandle<()>| thread.thread().id() == std::thread::current().id();
        if let Some(thread) = writer.take().filter(|thread| !own(thread)) {
            // Whoever was queued has been told, even after a panic.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Journal");
        shown.field("state", &*self.shared.state());
        shown.field("stats", &self.shared.stats).finish()
    }
}
