use std::sync::Arc;

use serde_json::Value;

use super::TaskError;
use super::list::{ListNode, Progress};
use super::scope::Walk;
use super::work::Place;
use crate::orchestration::definition::For;

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
        let (_, _, here) = place;
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
            let progress = match &mut self.body {
                Some((_, body)) => body.advance(walk),
                none => match work.condition {
                    Some(condition) => match walk.is_true(condition, &self.value, here) {
                        Ok(true) => none
                            .insert((
                                element,
                                ListNode::new(work.tasks.clone(), self.value.clone()),
                            ))
                            .1
                            .advance(walk),
                        Ok(false) => {
                            self.index = usize::MAX;
                            Progress::Done(self.value.clone())
                        }
                        Err(error) => Progress::Failed(error),
                    },
                    None => none
                        .insert((
                            element,
                            ListNode::new(work.tasks.clone(), self.value.clone()),
                        ))
                        .1
                        .advance(walk),
                },
            };
            walk.names.truncate(names);
            walk.iterations.truncate(depth);
            match progress {
                Progress::Done(value) if self.index == usize::MAX => return Progress::Done(value),
                Progress::Done(value) => {
                    self.value = value;
                    self.body = None;
                    self.index += 1;
                }
                progress => return progress,
            }
        }
    }
}

/// What kind of value it is, for people.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
