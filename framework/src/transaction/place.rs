//! The journal as the store of containers sees it: room for the record of a commit, and a note of where it went.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use super::durable::{Durable, kind, lock, log_failure};
use super::mvcc::{Done, Log, LogFailure, LogRoom};
use crate::call::BoxFuture;
use crate::journal::{Failure, Position, Room};
use crate::limit;

impl Log for Durable {
    fn reserve(
        &self,
        bytes: usize,
    ) -> BoxFuture<'_, std::result::Result<Box<dyn LogRoom>, LogFailure>> {
        Box::pin(async move {
            let room = self.journal.reserve(bytes).await;
            let room = room.map_err(|failure| log_failure(&failure))?;
            let since = self.journal.stats().bytes() - self.emptied.load(Relaxed);
            if since > limit::CHECKPOINT_BYTES {
                self.grown.notify_one();
            }
            let placed: Box<dyn LogRoom> = Box::new(Place {
                room,
                placed: self.placed.clone(),
            });
            Ok(placed)
        })
    }
}

/// Room for the record of a commit, which notes its place.
struct Place {
    room: Room,
    placed: Arc<Mutex<VecDeque<(u64, Position)>>>,
}

impl LogRoom for Place {
    fn append(self: Box<Self>, commit: u64, record: Vec<u8>, done: Done) {
        let placed = self.placed;
        let told = move |result: std::result::Result<Position, Failure>,
                         wakers: &mut Vec<Waker>| {
            match result {
                Ok(position) => {
                    // Before it becomes visible: a checkpoint that holds it knows where it was.
                    lock(&placed).push_back((commit, position));
                    done(Ok(()), wakers);
                }
                Err(failure) => done(Err(log_failure(&failure)), wakers),
            }
        };
        self.room.append_then(kind::COMMIT, record, Box::new(told));
    }
}
