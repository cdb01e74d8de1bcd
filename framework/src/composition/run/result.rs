//! What the steps of a call have given makes its result.

use serde_json::{Map, Value};

use super::State;
use super::flow::Flow;
use super::stream::gathered;
use crate::call::Answer;
use crate::composition::definition::{Merge, OnFailure};
use crate::composition::payload::lay;
use crate::composition::plan::Source;
use crate::contract::encode;
use crate::error::CallError;

impl Flow<'_> {
    pub(super) async fn result(mut self) -> Result<Answer, CallError> {
        let result = &self.graph.result;
        if result.merge == Merge::Only
            && result.map.is_none()
            && let Some((_, source, pointer)) = result.ports.first()
            && pointer.is_empty()
        {
            match source {
                Source::Input => return Ok(Answer::Value(self.input.bytes().to_vec())),
                Source::Node(step) => match &mut self.states[*step] {
                    State::Done(payload) => return Ok(Answer::Value(payload.bytes().to_vec())),
                    State::Open(items) => {
                        return items
                            .take()
                            .map(Answer::Stream)
                            .ok_or_else(|| CallError::internal("a stream was read twice"));
                    }
                    State::Waiting | State::Running | State::Failed | State::Left => {}
                },
            }
        }
        let merged = self.merged().await?;
        let mapped = match result.map {
            Some(map) => self.inner.evaluate(map, &merged)?,
            None => merged,
        };
        encode(&mapped).map(Answer::Value)
    }

    async fn merged(&mut self) -> Result<Value, CallError> {
        let result = &self.graph.result;
        let mut parts: Vec<(&str, Value)> = Vec::new();
        for (name, source, pointer) in &result.ports {
            let part = self.part(*source, pointer).await?;
            if result.merge == Merge::First && part.is_some() {
                return Ok(part.unwrap_or_default());
            }
            match part {
                Some(value) => parts.push((name, value)),
                None if matches!(result.merge, Merge::Only | Merge::List) => {
                    parts.push((name, Value::Null))
                }
                None => {}
            }
        }
        Ok(match result.merge {
            Merge::Only => parts.pop().map(|(_, value)| value).unwrap_or_default(),
            Merge::Named => parts
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            Merge::List => parts.into_iter().map(|(_, value)| value).collect(),
            Merge::Combine => {
                let mut all = Map::new();
                for (_, value) in parts {
                    lay(&mut all, "", value)?;
                }
                Value::Object(all)
            }
            Merge::First => {
                return Err(self
                    .last
                    .take()
                    .unwrap_or_else(|| CallError::internal("no step has answered")));
            }
        })
    }

    /// One port of the result; nothing where it is left out.
    async fn part(&mut self, source: Source, pointer: &str) -> Result<Option<Value>, CallError> {
        let step = match source {
            Source::Input => return self.inner.taken(&self.input, pointer, None),
            Source::Node(step) => step,
        };
        if let State::Open(items) = &mut self.states[step] {
            let Some(items) = items.take() else {
                return Err(CallError::internal("a stream was read twice"));
            };
            let all = gathered(items, pointer).await?;
            return all.value().cloned().map(Some);
        }
        match &self.states[step] {
            State::Done(payload) => self.inner.taken(payload, pointer, None),
            _ => Ok(match &self.graph.nodes[step].on_failure {
                OnFailure::Default(value) => Some(value.clone()),
                OnFailure::Skip | OnFailure::Fail => None,
            }),
        }
    }
}
