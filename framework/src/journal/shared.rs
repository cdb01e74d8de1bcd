use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::handoff::Handoff;
use super::writer::Item;
use super::{Failure, Stats};
use crate::limit;

/// How a journal is.
#[derive(Debug, Clone)]
pub enum State {
    /// Everything that was asked for is durable or on its way.
    Running,
    /// The last append was refused and nothing is lost; the next one may succeed: [`Failure::Full`], [`Failure::NoRoom`].
    Refusing(Failure),
    /// It takes nothing more until it is opened again.
    Failed(Failure),
    /// It was closed.
    Closed,
}

/// What appenders and the writer share.
pub(super) struct Shared {
    pub(super) handoff: Handoff<Item>,
    /// Bytes that may still be queued. Closed when nothing is taken any more.
    pub(super) room: Semaphore,
    pub(super) stats: Arc<Stats>,
    state: Mutex<State>,
}

impl Shared {
    pub(super) fn new(stats: Arc<Stats>) -> Self {
        Self {
            handoff: Handoff::new(),
            room: Semaphore::new(limit::JOURNAL_QUEUE_BYTES),
            stats,
            state: Mutex::new(State::Running),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state. A failure stays, and so does the end.
    pub(super) fn show(&self, state: State) {
        let mut shown = self.state();
        let stays = match (&*shown, &state) {
            (State::Closed, _) => true,
            (State::Failed(_), state) => !matches!(state, State::Closed),
            (State::Running | State::Refusing(_), _) => false,
        };
        if !stays {
            if matches!(state, State::Failed(_) | State::Closed) {
                self.room.close();
            }
            *shown = state;
        }
    }

    /// Why nothing is taken.
    pub(super) fn refusal(&self) -> Failure {
        match &*self.state() {
            State::Failed(failure) => Failure::Failed {
                cause: failure.to_string(),
            },
            State::Running | State::Refusing(_) | State::Closed => Failure::Closed,
        }
    }
}
