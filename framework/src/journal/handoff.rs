//! The queue between those who append and the one thread that writes.
//!
//! One consumer takes everything at once. What is not urgent waits for something that is: it wakes
//! nobody. The tests compile this file a second time, against primitives that try every interleaving.

use std::mem;
use std::sync::PoisonError;

use super::primitives::{Condvar, Mutex, MutexGuard};

/// A queue with many producers and one consumer. Who bounds it is the producers' reservation.
pub(super) struct Handoff<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
}

struct State<T> {
    queue: Vec<T>,
    urgent: bool,
    /// The consumer sleeps: only then waking it is worth a system call.
    idle: bool,
    closed: bool,
}

impl<T> Handoff<T> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                queue: Vec::new(),
                urgent: false,
                idle: false,
                closed: false,
            }),
            filled: Condvar::new(),
        }
    }

    /// Queues an item, in the order of these calls. Gives it back when the queue is closed.
    pub(super) fn push(&self, item: T, urgent: bool) -> Result<(), T> {
        let mut state = self.lock();
        if state.closed {
            return Err(item);
        }
        state.queue.push(item);
        if urgent {
            self.wake(state);
        }
        Ok(())
    }

    /// Takes nothing more after `last`. What is queued is still taken. A second time it does nothing.
    pub(super) fn close(&self, last: Option<T>) {
        let mut state = self.lock();
        if !state.closed {
            state.queue.extend(last);
            state.closed = true;
            self.wake(state);
        }
    }

    /// Swaps everything queued for the empty `taken`, and waits until there is something urgent.
    /// False: it is closed and all was taken.
    pub(super) fn take(&self, taken: &mut Vec<T>) -> bool {
        let mut state = self.lock();
        while !state.urgent && !state.closed {
            state.idle = true;
            let woken = self.filled.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        state.idle = false;
        state.urgent = false;
        mem::swap(&mut state.queue, taken);
        !(taken.is_empty() && state.closed)
    }

    /// Adds what is queued, urgent or not, without waiting. Whether there was anything.
    pub(super) fn take_more(&self, taken: &mut Vec<T>) -> bool {
        let mut state = self.lock();
        state.urgent = false;
        let more = !state.queue.is_empty();
        taken.append(&mut state.queue);
        more
    }

    /// How many items are queued.
    pub(super) fn len(&self) -> usize {
        self.lock().queue.len()
    }

    fn wake(&self, mut state: MutexGuard<'_, State<T>>) {
        state.urgent = true;
        let idle = mem::take(&mut state.idle);
        drop(state);
        if idle {
            self.filled.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
