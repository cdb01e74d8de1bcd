use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::orchestration::run::Round;

/// The state of a run that cannot go on in this process.
pub(super) const STUCK: &str = "stuck";

/// How a run is to be started.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Its id; one is made up unless given. A run of that id that exists already is not started again.
    pub id: Option<String>,
    /// Its input.
    pub input: Value,
    /// Whether it survives a crash.
    pub durable: bool,
    /// Runs of one workflow that have the same key are under way one at a time, in about the order in which they were
    /// started: the customer, say, or the file that they work on.
    pub key: Option<String>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            id: None,
            input: Value::Object(serde_json::Map::new()),
            durable: true,
            key: None,
        }
    }
}

/// A run, as anyone may see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Its id.
    pub run: String,
    /// The workflow: `namespace/name/version`.
    pub workflow: String,
    /// On whose behalf it calls.
    pub principal: String,
    /// `queued`, `running`, `paused`, `compensating`, `completed`, `faulted`, `cancelled`, `parked` or `stuck`.
    pub state: String,
    /// What it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Why it failed, was cancelled, or is stuck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// When it was started, in milliseconds since 1970.
    pub started_ms: u64,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<u64>,
    /// What it waits for, by keys; the first [`STATUS_WAITING`](crate::limit::STATUS_WAITING) of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<String>,
    /// How many things it waits for.
    #[serde(default)]
    pub waiting_count: usize,
    /// The loops that it is in, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Round>,
    /// Tasks that are done.
    pub tasks_done: u64,
    /// How far the task that spoke last is, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// What it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether it survives a crash.
    pub durable: bool,
}

impl Status {
    /// Whether nothing more happens to it in this process: it has ended, or it is stuck.
    pub(crate) fn goes_nowhere(&self) -> bool {
        self.is_over() || self.state == STUCK
    }

    /// Whether nothing more happens to it.
    pub fn is_over(&self) -> bool {
        self.ended_ms.is_some()
    }
}
