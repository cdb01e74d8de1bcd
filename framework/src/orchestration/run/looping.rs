use std::sync::Arc;

use serde_json::Value;

use super::TaskError;
use super::list::{ListNode, Progress};
use super::scope::Walk;
use super::state::Round;
use super::work::Place;
use crate::contract::kind;
use crate::orchestration::definition::{For, Task};

/// Tasks that are done for each element.
#[derive(Clone)]
pub(super) struct ForNode {
    elements: Arc<Value>,
    index: usize,
    /// What the next iteration gets.
    value: Arc<Value>,
    body: Option<(Arc<Value>, ListNode)>,
}

impl ForNode {
    pub(super) fn start(
        work: &For,
        (_, input, here): Place<'_>,
        walk: &Walk<'_>,
    ) -> Result<Self, TaskError> {
        let elements = walk.evaluate(work.within, input, here)?;
        match &*elements {
            Value::Array(_) | Value::Null => Ok(Self {
                elements,
                index: 0,
                value: input.clone(),
                body: None,
            }),
            other => Err(TaskError::expression(format!(
                "`for.in` must give an array, and gave {}",
                kind(other)
            ))),
        }
    }

    pub(super) fn advance(
        &mut self,
        work: &For,
        place: Place<'_>,
        walk: &mut Walk<'_>,
    ) -> Progress {
        loop {
            let element = match &self.body {
                Some((element, _)) => element.clone(),
                None => match self.elements.get(self.index) {
                    Some(element) => Arc::new(element.clone()),
                    None => return Progress::Done(self.value.clone()),
                },
            };
            let (names, depth) = (walk.names.len(), walk.iterations.len());
            walk.names.push((work.each.clone(), element.clone()));
            walk.names
                .push((work.at.clone(), Arc::new(self.index.into())));
            walk.iterations.push(self.index);
            let progress = self.iterate(work, element, place, walk);
            walk.names.truncate(names);
            walk.iterations.truncate(depth);
            match progress {
                Ok(Some(Progress::Done(value))) => {
                    self.value = value;
                    self.body = None;
                    self.index += 1;
                }
                Ok(Some(progress)) => return progress,
                Ok(None) => return Progress::Done(self.value.clone()),
                Err(error) => return Progress::Failed(error),
            }
        }
    }

    pub(super) fn rounds(&self, task: &Task, rounds: &mut Vec<Round>) {
        rounds.push(Round {
            task: task.name.clone(),
            done: self.index,
            of: self.elements.as_array().map_or(0, Vec::len),
        });
        if let Some((_, body)) = &self.body {
            body.rounds(rounds);
        }
    }

    /// Goes on with the current iteration; nothing when it is not to begin.
    fn iterate(
        &mut self,
        work: &For,
        element: Arc<Value>,
        (_, _, here): Place<'_>,
        walk: &mut Walk<'_>,
    ) -> Result<Option<Progress>, TaskError> {
        if let Some((_, body)) = &mut self.body {
            return Ok(Some(body.advance(walk)));
        }
        if let Some(condition) = work.condition
            && !walk.is_true(condition, &self.value, here)?
        {
            return Ok(None);
        }
        let list = ListNode::new(work.tasks.clone(), self.value.clone());
        let (_, body) = self.body.insert((element, list));
        Ok(Some(body.advance(walk)))
    }
}
