use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::completion::{Completion, Ticket};
use super::shared::Shared;
use super::writer::{Entry, Item};
use super::{Failure, Kind, Position};
use crate::limit;

/// What an entry takes in memory beside its payload, roughly.
const ENTRY_BYTES: usize = 64;

/// Room for one record in the queue of a [`Journal`](super::Journal). Appending takes no time and never waits; rooms
/// that are dropped go back.
pub struct Room {
    shared: Arc<Shared>,
    bytes: usize,
    held: u32,
    forward: bool,
}

impl Room {
    /// Waits until there is room for a record of that length.
    pub(super) async fn reserve(
        shared: &Arc<Shared>,
        bytes: usize,
        forward: bool,
    ) -> Result<Self, Failure> {
        if bytes > limit::JOURNAL_RECORD_BYTES {
            return Err(Failure::TooLong {
                bytes: bytes as u64,
                most: limit::JOURNAL_RECORD_BYTES as u64,
            });
        }
        let held = u32::try_from(bytes + ENTRY_BYTES).expect("a record is shorter than the queue");
        match shared.room.acquire_many(held).await {
            Ok(permit) => permit.forget(),
            Err(_) => return Err(shared.refusal()),
        }
        Ok(Self {
            shared: Arc::clone(shared),
            bytes,
            held,
            forward,
        })
    }

    /// Queues a record.
    ///
    /// # Panics
    ///
    /// When the payload is longer than the room, as with all appends.
    pub fn append(self, kind: Kind, payload: Vec<u8>) -> Ticket {
        let (completion, ticket) = Completion::ticket();
        self.push(kind, payload, completion, true);
        ticket
    }

    /// Queues a record that needs no force of its own: it waits for the next that does, or for the
    /// end. A crash before that loses it.
    pub fn append_lazy(self, kind: Kind, payload: Vec<u8>) -> Ticket {
        let (completion, ticket) = Completion::ticket();
        self.push(kind, payload, completion, false);
        ticket
    }

    /// Queues a record, and calls `then` on the journal's thread when it is durable or has failed:
    /// in the order of the records, before any later one is told. It must be short, and a panic in it
    /// fails the journal. Whom it adds to the list is woken when all records that were forced together have been told.
    pub fn append_then(
        self,
        kind: Kind,
        payload: Vec<u8>,
        then: Box<dyn FnOnce(Result<Position, Failure>, &mut Vec<Waker>) + Send>,
    ) {
        self.push(kind, payload, Completion::then(then), true);
    }

    fn push(mut self, kind: Kind, payload: Vec<u8>, completion: Completion, force: bool) {
        assert!(
            payload.len() <= self.bytes,
            "a room of {} bytes does not take a record of {}",
            self.bytes,
            payload.len()
        );
        let entry = Entry {
            kind,
            payload,
            forward: self.forward,
            held: mem::take(&mut self.held),
            completion,
        };
        // Lazy records fill half of the queue at most: the other half is for those who wait for room.
        let crowded = self.shared.room.available_permits() < limit::JOURNAL_QUEUE_BYTES / 2;
        let pushed = self
            .shared
            .handoff
            .push(Item::Append(entry), force || crowded);
        if let Err(Item::Append(entry)) = pushed {
            self.shared.room.add_permits(entry.held as usize);
            let mut wakers = Vec::new();
            entry
                .completion
                .tell(Err(self.shared.refusal()), &mut wakers);
            wakers.into_iter().for_each(Waker::wake);
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shared.room.add_permits(self.held as usize);
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Room");
        shown.field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
