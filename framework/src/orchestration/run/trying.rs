use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::TaskError;
use super::event::{Action, Key};
use super::list::{ListNode, Progress};
use super::note::What;
use super::scope::{Here, Outcome, Walk};
use super::state::Round;
use super::work::Place;
use crate::limit;
use crate::orchestration::definition::{Backoff, Retry, Try};

/// Tasks whose errors are handled.
#[derive(Clone)]
pub(super) struct TryNode {
    /// The tries so far, the current one included.
    tries: u32,
    began_ms: u64,
    attempt_timeout: Option<Key>,
    phase: Phase,
}

#[derive(Clone)]
enum Phase {
    Trying(ListNode),
    /// Until the next try.
    Pausing(Key),
    Handling(Arc<Value>, ListNode),
}

impl TryNode {
    pub(super) fn start(
        work: &Try,
        place: Place<'_>,
        walk: &mut Walk<'_>,
    ) -> Result<Self, TaskError> {
        let (_, input, _) = place;
        let mut node = Self {
            tries: 0,
            began_ms: walk.now_ms,
            attempt_timeout: None,
            phase: Phase::Trying(ListNode::new(work.tasks.clone(), input.clone())),
        };
        node.attempt(work, place, walk)?;
        Ok(node)
    }

    pub(super) fn rounds(&self, rounds: &mut Vec<Round>) {
        match &self.phase {
            Phase::Trying(list) | Phase::Handling(_, list) => list.rounds(rounds),
            Phase::Pausing(_) => {}
        }
    }

    fn attempt(
        &mut self,
        work: &Try,
        place: Place<'_>,
        walk: &mut Walk<'_>,
    ) -> Result<(), TaskError> {
        let (task, input, here) = place;
        self.tries += 1;
        self.phase = Phase::Trying(ListNode::new(work.tasks.clone(), input.clone()));
        let bound = work
            .retry
            .as_ref()
            .and_then(|retry| retry.attempt_duration.as_ref());
        self.attempt_timeout = match bound {
            Some(span) => {
                let span = walk.span(span, input, here)?;
                let key = walk.key(&task.pointer, &format!("try{}", self.tries));
                walk.begin(&key, Action::Wait(span, span));
                Some(key)
            }
            None => None,
        };
        Ok(())
    }

    pub(super) fn advance(
        &mut self,
        work: &Try,
        place: Place<'_>,
        walk: &mut Walk<'_>,
    ) -> Progress {
        loop {
            let progress = match &mut self.phase {
                Phase::Trying(list) => {
                    let late = match &self.attempt_timeout {
                        Some(key) => walk.outcome(key).is_some(),
                        None => false,
                    };
                    if late {
                        Progress::Failed(TaskError::standard(
                            "timeout",
                            408,
                            "the try took too long",
                        ))
                    } else {
                        walk.tries.push(self.tries);
                        let progress = list.advance(walk);
                        walk.tries.pop();
                        progress
                    }
                }
                Phase::Pausing(key) => match walk.outcome(key) {
                    None => return Progress::Pending,
                    Some(Outcome::Failed(error)) => return Progress::Failed(error),
                    Some(_) => match self.attempt(work, place, walk) {
                        Ok(()) => continue,
                        Err(error) => return Progress::Failed(error),
                    },
                },
                Phase::Handling(error, list) => {
                    let depth = walk.names.len();
                    walk.names.push((work.name.clone(), error.clone()));
                    let progress = list.advance(walk);
                    walk.names.truncate(depth);
                    return progress;
                }
            };
            let Progress::Failed(error) = progress else {
                return progress;
            };
            match self.handle(work, place, &error, walk) {
                Ok(Some(output)) => return Progress::Done(output),
                Ok(None) => {}
                Err(error) => return Progress::Failed(error),
            }
        }
    }

    /// What follows an error: another try, the handler, an output at once, or the error itself.
    fn handle(
        &mut self,
        work: &Try,
        place: Place<'_>,
        error: &TaskError,
        walk: &mut Walk<'_>,
    ) -> Result<Option<Arc<Value>>, TaskError> {
        let (task, input, here) = place;
        let value = Arc::new(error.to_value());
        let depth = walk.names.len();
        walk.names.push((work.name.clone(), value.clone()));
        let decided = decide(work, error, &value, input, here, walk);
        let pause = match (&decided, &work.retry) {
            (Ok(true), Some(retry)) => self.pause(retry, input, here, walk),
            _ => Ok(None),
        };
        walk.names.truncate(depth);
        if !decided? {
            return Err(error.clone());
        }
        if let Some((least, most)) = pause? {
            let key = walk.key(&task.pointer, &format!("retry{}", self.tries));
            walk.begin(&key, Action::Wait(least, most));
            walk.note(task, What::Retried);
            self.phase = Phase::Pausing(key);
            return Ok(None);
        }
        match &work.handler {
            Some(tasks) => {
                self.attempt_timeout = None;
                self.phase = Phase::Handling(value, ListNode::new(tasks.clone(), input.clone()));
                Ok(None)
            }
            None if work.retry.is_some() => Err(error.clone()),
            None => Ok(Some(input.clone())),
        }
    }

    /// How long to wait before the next try, if there is one.
    fn pause(
        &self,
        retry: &Retry,
        input: &Arc<Value>,
        here: Here<'_>,
        walk: &Walk<'_>,
    ) -> Result<Option<(Duration, Duration)>, TaskError> {
        let allowed = match (retry.condition, retry.except) {
            (Some(condition), _) if !walk.is_true(condition, input, here)? => false,
            (_, Some(except)) if walk.is_true(except, input, here)? => false,
            _ => true,
        };
        let most = retry
            .attempts
            .unwrap_or(limit::TASK_TRIES)
            .min(limit::TASK_TRIES);
        if !allowed || self.tries > most {
            return Ok(None);
        }
        let delay = match &retry.delay {
            Some(span) => walk.span(span, input, here)?,
            None => Duration::ZERO,
        };
        let delay = match retry.backoff {
            Backoff::Constant => delay,
            Backoff::Linear => delay.saturating_mul(self.tries),
            Backoff::Exponential => delay.saturating_mul(1 << (self.tries - 1).min(30)),
        }
        .min(limit::RUN_WAIT);
        let (from, to) = match &retry.jitter {
            Some((from, to)) => (walk.span(from, input, here)?, walk.span(to, input, here)?),
            None => (Duration::ZERO, Duration::ZERO),
        };
        if let Some(span) = &retry.duration {
            let span = walk.span(span, input, here)?;
            let spent = Duration::from_millis(walk.now_ms.saturating_sub(self.began_ms));
            if spent + delay + from > span {
                return Ok(None);
            }
        }
        Ok(Some((delay + from, delay + to.max(from))))
    }
}

/// Whether an error is handled at all.
fn decide(
    work: &Try,
    error: &TaskError,
    value: &Value,
    input: &Arc<Value>,
    here: Here<'_>,
    walk: &Walk<'_>,
) -> Result<bool, TaskError> {
    if let Some(filter) = &work.errors
        && !matches(filter, error, value)
    {
        return Ok(false);
    }
    if let Some(condition) = work.condition
        && !walk.is_true(condition, input, here)?
    {
        return Ok(false);
    }
    match work.except {
        Some(except) => Ok(!walk.is_true(except, input, here)?),
        None => Ok(true),
    }
}

/// Whether the error has all properties of the filter. The schema of the DSL calls `detail` `details` there.
fn matches(filter: &Map<String, Value>, error: &TaskError, value: &Value) -> bool {
    filter.iter().all(|(name, wanted)| {
        let name = if name == "details" { "detail" } else { name };
        match (name, wanted) {
            ("status", wanted) => wanted.as_u64() == Some(u64::from(error.status)),
            (name, wanted) => value.get(name) == Some(wanted),
        }
    })
}
