use std::sync::Arc;

use super::TaskError;

/// What has become of a task, for whoever watches.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The task's name.
    pub task: Arc<str>,
    /// Where it stands.
    pub pointer: Arc<str>,
    /// What has become of it.
    pub what: What,
}

/// What can become of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// It has begun.
    Started,
    /// It is done.
    Completed,
    /// It has failed.
    Faulted(TaskError),
    /// It has failed, and is tried again.
    Retried,
    /// It was given up with its run.
    Cancelled,
}
