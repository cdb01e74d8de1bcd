use std::sync::Arc;

use serde_json::Value;

use super::TaskError;
use super::event::{Action, Key};
use super::fork::ForkNode;
use super::list::{ListNode, Progress};
use super::listen::ListenNode;
use super::looping::ForNode;
use super::scope::{Here, Outcome, Walk};
use super::state::Round;
use super::trying::TryNode;
use crate::orchestration::definition::{
    Call, Case, DefinitionId, ErrorTemplate, SubRun, Task, Then, Work,
};

/// What a task has begun to do.
#[derive(Clone)]
pub(super) enum WorkNode {
    /// Nothing is waited for.
    Over(Arc<Value>),
    /// Goes on elsewhere; what it gives is its input.
    Branch(Then),
    /// One thing is waited for; what it gives is the output, or the input again.
    Waiting {
        key: Key,
        keep_input: bool,
    },
    List(ListNode),
    For(Box<ForNode>),
    Fork(ForkNode),
    Try(Box<TryNode>),
    Listen(Box<ListenNode>),
}

/// A task, what it sees, and where expressions of it stand.
pub(super) type Place<'a> = (&'a Task, &'a Arc<Value>, Here<'a>);

impl WorkNode {
    pub(super) fn start(
        task: &Task,
        input: &Arc<Value>,
        here: Here<'_>,
        walk: &mut Walk<'_>,
    ) -> Result<Self, TaskError> {
        let place = (task, input, here);
        Ok(match &task.work {
            Work::Set(template) => Self::Over(walk.render(template, input, here)?),
            Work::Do(tasks) => Self::List(ListNode::new(tasks.clone(), input.clone())),
            Work::Function(with, tasks) => {
                let with = walk.render(with, input, here)?;
                Self::List(ListNode::new(tasks.clone(), with))
            }
            Work::Call(call) => call_method(call, place, walk)?,
            Work::Switch(cases) => Self::Branch(choose(cases, place, walk)?),
            Work::Raise(error) => return Err(raised(error, place, walk)?),
            Work::Wait(span) => {
                let span = walk.span(span, input, here)?;
                begin(task, Action::Wait(span, span), true, walk)
            }
            Work::Emit(properties) => {
                let properties = walk.render(properties, input, here)?;
                begin(task, Action::Emit(properties), false, walk)
            }
            Work::Run(run) => run_another(run, place, walk)?,
            Work::For(work) => Self::For(Box::new(ForNode::start(work, place, walk)?)),
            Work::Fork(work) => Self::Fork(ForkNode::start(work, input)),
            Work::Try(work) => Self::Try(Box::new(TryNode::start(work, place, walk)?)),
            Work::Listen(work) => Self::Listen(Box::new(ListenNode::start(work, place, walk))),
        })
    }

    /// The loops that it is in. Branches go round apart, so there is no saying for a fork.
    pub(super) fn rounds(&self, task: &Task, rounds: &mut Vec<Round>) {
        match self {
            Self::List(list) => list.rounds(rounds),
            Self::For(node) => node.rounds(task, rounds),
            Self::Try(node) => node.rounds(rounds),
            Self::Over(_)
            | Self::Branch(_)
            | Self::Waiting { .. }
            | Self::Fork(_)
            | Self::Listen(_) => {}
        }
    }

    pub(super) fn advance(
        &mut self,
        place: Place<'_>,
        then: &mut Then,
        walk: &mut Walk<'_>,
    ) -> Progress {
        let (task, input, _) = place;
        match (self, &task.work) {
            (Self::Over(output), _) => Progress::Done(output.clone()),
            (Self::Branch(target), _) => {
                *then = *target;
                Progress::Done(input.clone())
            }
            (Self::Waiting { key, keep_input }, _) => match walk.outcome(key) {
                None => Progress::Pending,
                Some(Outcome::Failed(error)) => Progress::Failed(error),
                Some(Outcome::Done(..) | Outcome::Received(_)) if *keep_input => {
                    Progress::Done(input.clone())
                }
                Some(Outcome::Done(output, _) | Outcome::Received(output)) => {
                    Progress::Done(output)
                }
            },
            (Self::List(list), _) => list.advance(walk),
            (Self::For(node), Work::For(work)) => node.advance(work, place, walk),
            (Self::Fork(node), Work::Fork(work)) => node.advance(work, walk),
            (Self::Try(node), Work::Try(work)) => node.advance(work, place, walk),
            (Self::Listen(node), Work::Listen(work)) => node.advance(work, place, walk),
            (Self::For(_) | Self::Fork(_) | Self::Try(_) | Self::Listen(_), _) => Progress::Failed(
                TaskError::standard("runtime", 500, "a task goes on as one of another kind"),
            ),
        }
    }
}

fn begin(task: &Task, action: Action, keep_input: bool, walk: &mut Walk<'_>) -> WorkNode {
    let key = walk.key(&task.pointer, "");
    walk.begin(&key, action);
    WorkNode::Waiting { key, keep_input }
}

fn call_method(
    call: &Call,
    (task, input, here): Place<'_>,
    walk: &mut Walk<'_>,
) -> Result<WorkNode, TaskError> {
    let with = walk.parameters(&call.with, input, here)?;
    let action = Action::Call {
        method: call.method.clone(),
        with,
        idempotency: walk.idempotency(&task.pointer),
        is_compensation: false,
    };
    Ok(begin(task, action, false, walk))
}

fn run_another(
    run: &SubRun,
    (task, input, here): Place<'_>,
    walk: &mut Walk<'_>,
) -> Result<WorkNode, TaskError> {
    let given = walk.render(&run.input, input, here)?;
    let action = Action::Start {
        definition: DefinitionId {
            namespace: run.namespace.to_string(),
            name: run.name.to_string(),
            version: run.version.as_deref().unwrap_or("latest").to_owned(),
        },
        input: given,
        wait: run.wait,
    };
    Ok(begin(task, action, !run.wait, walk))
}

fn choose(
    cases: &[Case],
    (task, input, here): Place<'_>,
    walk: &mut Walk<'_>,
) -> Result<Then, TaskError> {
    for case in cases {
        let holds = match case.condition {
            Some(condition) => walk.is_true(condition, input, here)?,
            None => true,
        };
        if holds {
            return Ok(case.then);
        }
    }
    Ok(task.then)
}

/// What a `raise` raises.
fn raised(
    error: &ErrorTemplate,
    (_, input, here): Place<'_>,
    walk: &Walk<'_>,
) -> Result<TaskError, TaskError> {
    let text = |template| match walk.render(template, input, here) {
        Ok(value) => Ok(match &*value {
            Value::String(text) => text.as_str().into(),
            other => other.to_string().into(),
        }),
        Err(error) => Err(error),
    };
    Ok(TaskError {
        kind: text(&error.kind)?,
        status: error.status,
        title: error.title.as_ref().map(text).transpose()?,
        detail: error.detail.as_ref().map(text).transpose()?,
        instance: error.instance.as_ref().map(text).transpose()?,
        code: None,
        is_unknown: false,
    })
}
