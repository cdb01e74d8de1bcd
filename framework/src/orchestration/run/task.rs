use std::sync::Arc;

use serde_json::Value;

use super::TaskError;
use super::event::{Action, Group, Key};
use super::list::Progress;
use super::note::What;
use super::scope::{Here, Outcome, Undo, Walk};
use super::state::Round;
use super::work::WorkNode;
use crate::orchestration::definition::{Task, Then};

/// A task that has begun.
#[derive(Clone)]
pub(super) struct TaskNode {
    raw: Arc<Value>,
    input: Arc<Value>,
    started_ms: u64,
    /// Without tries: what its compensation is known by.
    key: Key,
    timeout: Option<Key>,
    work: Doing,
}

#[derive(Clone)]
enum Doing {
    Work(WorkNode),
    /// The whole task is done apart, in a transaction.
    Group(Key),
}

/// What became of entering a task.
pub(super) enum Entered {
    /// Its condition does not hold.
    Passed,
    Begun(Box<TaskNode>),
}

impl TaskNode {
    pub(super) fn enter(
        task: &Task,
        raw: &Arc<Value>,
        walk: &mut Walk<'_>,
    ) -> Result<Entered, TaskError> {
        walk.spend()?;
        let failed = |error: TaskError| error.at(&task.pointer);
        let here = Here {
            task: Some(task),
            raw: Some(raw),
            input: Some(raw),
            output: None,
            started_ms: walk.now_ms,
        };
        if let Some(condition) = task.condition
            && !walk.is_true(condition, raw, here).map_err(failed)?
        {
            return Ok(Entered::Passed);
        }
        walk.note(task, What::Started);
        let entered = Self::begin(task, raw, here, walk);
        if let Err(error) = &entered {
            walk.note(task, What::Faulted(error.clone()));
        }
        entered.map_err(failed)
    }

    pub(super) fn rounds(&self, task: &Task, rounds: &mut Vec<Round>) {
        if let Doing::Work(work) = &self.work {
            work.rounds(task, rounds);
        }
    }

    fn begin(
        task: &Task,
        raw: &Arc<Value>,
        here: Here<'_>,
        walk: &mut Walk<'_>,
    ) -> Result<Entered, TaskError> {
        let input = walk.filter_in(&task.input, raw, here)?;
        let here = Here {
            input: Some(&input),
            ..here
        };
        let timeout = match &task.timeout {
            Some(span) => {
                let span = walk.span(span, &input, here)?;
                let key = walk.key(&task.pointer, "timeout");
                walk.begin(&key, Action::Wait(span, span));
                Some(key)
            }
            None => None,
        };
        let work = match task.extra.transaction {
            Some(isolation) if !walk.globals.workflow.is_group => {
                let key = walk.key(&task.pointer, "");
                let group = Group {
                    pointer: task.pointer.clone(),
                    input: input.clone(),
                    context: walk.context.clone(),
                    names: walk.names.clone(),
                    isolation: isolation.unwrap_or_default(),
                };
                walk.begin(&key, Action::Group(Box::new(group)));
                Doing::Group(key)
            }
            _ => Doing::Work(WorkNode::start(task, &input, here, walk)?),
        };
        Ok(Entered::Begun(Box::new(Self {
            raw: raw.clone(),
            started_ms: walk.now_ms,
            key: walk.idempotency(&task.pointer),
            input,
            timeout,
            work,
        })))
    }

    /// Goes on with it: what it gives and where to go on, or how far it is.
    pub(super) fn advance(
        &mut self,
        task: &Task,
        walk: &mut Walk<'_>,
    ) -> Result<(Arc<Value>, Then), Progress> {
        let fail = |error: TaskError, walk: &mut Walk<'_>| {
            walk.note(task, What::Faulted(error.clone()));
            Progress::Failed(error.at(&task.pointer))
        };
        if let Some(key) = &self.timeout
            && walk.outcome(key).is_some()
        {
            let error =
                TaskError::standard("timeout", 408, format!("`{}` took too long", task.name));
            return Err(fail(error, walk));
        }
        let mut then = task.then;
        let here = Here {
            task: Some(task),
            raw: Some(&self.raw),
            input: Some(&self.input),
            output: None,
            started_ms: self.started_ms,
        };
        let progress = match &mut self.work {
            Doing::Work(work) => work.advance((task, &self.input, here), &mut then, walk),
            Doing::Group(key) => match walk.outcome(key) {
                None => Progress::Pending,
                Some(Outcome::Done(output, context)) => {
                    if let Some(context) = context {
                        *walk.context = context;
                    }
                    Progress::Done(output)
                }
                Some(Outcome::Failed(error)) => Progress::Failed(error),
                Some(Outcome::Received(event)) => Progress::Done(event),
            },
        };
        match progress {
            Progress::Done(output) => match self.finish(task, &output, walk) {
                Ok(output) => {
                    walk.note(task, What::Completed);
                    Ok((output, then))
                }
                Err(error) => Err(fail(error, walk)),
            },
            Progress::Failed(error) => Err(fail(error, walk)),
            Progress::Pending => {
                if walk.is_last {
                    walk.note(task, What::Cancelled);
                }
                Err(Progress::Pending)
            }
            Progress::End(output) => {
                walk.note(task, What::Completed);
                Err(Progress::End(output))
            }
        }
    }

    /// Filters the output, exports it, and keeps what would undo the task.
    fn finish(
        &self,
        task: &Task,
        output: &Arc<Value>,
        walk: &mut Walk<'_>,
    ) -> Result<Arc<Value>, TaskError> {
        let here = Here {
            task: Some(task),
            raw: Some(&self.raw),
            input: Some(&self.input),
            output: Some(output),
            started_ms: self.started_ms,
        };
        if let Some(compensate) = &task.extra.compensate {
            let with = walk.parameters(&compensate.with, output, here)?;
            walk.undo.push(Undo {
                key: format!("{}!compensate", self.key).into(),
                method: compensate.method.clone(),
                with,
            });
        }
        if task.extra.is_pivot {
            walk.undo.clear();
        }
        let output = walk.filter_out(&task.output, output, here)?;
        if task.export.map.is_some() || task.export.schema.is_some() {
            let here = Here {
                output: Some(&output),
                ..here
            };
            *walk.context = walk.filter_out(&task.export, &output, here)?;
        }
        Ok(output)
    }
}
