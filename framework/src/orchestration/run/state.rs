use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::{Action, Key};
use super::note::Note;
use super::{Secrets, TaskError};

/// A loop that a run is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Round {
    /// The `for` task.
    pub task: Arc<str>,
    /// Elements that are done.
    pub done: usize,
    /// All elements.
    pub of: usize,
}

impl Round {
    /// How far loops in each other are, outermost first: 0 to 1.
    pub fn fraction(rounds: &[Self]) -> f64 {
        rounds.iter().rev().fold(0.0, |inner, round| {
            (round.done as f64 + inner) / round.of.max(1) as f64
        })
    }
}

/// What becomes of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It goes on.
    Running,
    /// It begins nothing more until it is resumed.
    Paused,
    /// It has failed or was cancelled, and what it did is being undone.
    Compensating,
    /// It is over; what it gave.
    Completed {
        /// Its output.
        output: Arc<Value>,
    },
    /// It has failed.
    Faulted {
        /// Why.
        error: TaskError,
    },
    /// It was ended early.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// It has failed, and what it did could not be undone, or nobody knows whether it was done: somebody has to look.
    Parked {
        /// Why it ended.
        error: TaskError,
        /// What could not be undone.
        undone: TaskError,
    },
}

impl State {
    /// Whether nothing more happens to it.
    pub fn is_over(&self) -> bool {
        !matches!(self, Self::Running | Self::Paused | Self::Compensating)
    }
}

/// What is to be done after an event.
#[derive(Debug, Default)]
pub struct Step {
    /// What is to begin.
    pub begin: Vec<(Key, Action)>,
    /// What is not waited for any more.
    pub cancel: Vec<Key>,
    /// Which tasks have begun and ended; the first [`LIFECYCLE_EVENTS`](crate::limit::LIFECYCLE_EVENTS) of it.
    pub notes: Vec<Note>,
    /// How many tasks are done.
    pub done: u64,
}

/// What a run was started with.
#[derive(Debug, Clone)]
pub struct Start {
    /// Its id.
    pub id: Arc<str>,
    /// Its input.
    pub input: Arc<Value>,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What `$secrets` is; kept nowhere.
    pub secrets: Secrets,
}
