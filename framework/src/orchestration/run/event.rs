use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TaskError;
use crate::orchestration::definition::DefinitionId;
use crate::transaction::Isolation;

/// One thing that a run waits for, unique in the run: the task's pointer, the iterations of the loops around it (`@`),
/// the tries (`#`), and which thing of the task (`!`).
pub type Key = Arc<str>;

/// What happens to a run. The events of a run are all that is kept of it: the same events give the same state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Event {
    /// What was waited for is there.
    Done {
        /// What was waited for.
        key: Key,
        /// What it gave.
        output: Arc<Value>,
        /// What `$context` has become, for a group of tasks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<Arc<Value>>,
    },
    /// It will not come.
    Failed {
        /// What was waited for.
        key: Key,
        /// Why.
        error: TaskError,
    },
    /// When a wait ends, in milliseconds since 1970. Changes nothing by itself.
    Due {
        /// The wait.
        key: Key,
        /// When it ends.
        at: u64,
    },
    /// An event has come that tasks listen for.
    Received {
        /// The tasks.
        keys: Vec<Key>,
        /// The event: a CloudEvent.
        event: Arc<Value>,
    },
    /// It is not to begin anything more for now.
    Paused,
    /// It goes on.
    Resumed,
    /// It is to end early.
    Cancelled {
        /// Why.
        reason: String,
    },
}

impl Event {
    /// What it is the outcome of.
    pub(crate) fn outcome_of(&self) -> Option<&Key> {
        match self {
            Self::Done { key, .. } | Self::Failed { key, .. } => Some(key),
            _ => None,
        }
    }
}

/// What a run wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Call a method.
    Call {
        /// `service.method`.
        method: Arc<str>,
        /// Its parameters.
        with: Arc<Value>,
        /// The same for every try of the same step.
        idempotency: Key,
        /// Whether it undoes another step.
        is_compensation: bool,
    },
    /// Wait, a time between the two.
    Wait(Duration, Duration),
    /// Publish an event with these properties.
    Emit(Arc<Value>),
    /// Offer events to [`Run::wants`](super::Run::wants).
    Listen,
    /// Run another workflow.
    Start {
        /// Which; the latest version if it names none.
        definition: DefinitionId,
        /// With what.
        input: Arc<Value>,
        /// Whether its output is waited for.
        wait: bool,
    },
    /// Do a task in a transaction, and make its end one commit with what it did.
    Group(Box<Group>),
}

/// A task that is one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Where the task stands.
    pub(super) pointer: Arc<str>,
    /// What it sees.
    pub(super) input: Arc<Value>,
    /// `$context` as it is.
    pub(super) context: Arc<Value>,
    /// What loops around it have named.
    pub(super) names: Vec<(Arc<str>, Arc<Value>)>,
    /// What the transaction may see of others.
    pub isolation: Isolation,
}
