//! The steps of one call: which are ready, what they are given, what their failure means.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Bound, Ended, Given, Inner, State, stream};
use crate::call::{BoxFuture, Ctx, Stream};
use crate::composition::definition::OnFailure;
use crate::composition::payload::Payload;
use crate::composition::plan::{Graph, Node, Source};
use crate::contract::MethodKind;
use crate::error::{CallError, Effect};

/// One call of a method, under way.
pub(super) struct Flow<'a> {
    pub(super) inner: &'a Arc<Inner>,
    pub(super) graph: &'a Graph,
    pub(super) ctx: &'a Ctx,
    pub(super) input: Payload,
    pub(super) states: Vec<State>,
    /// A step that may have changed something has begun.
    pub(super) touched: bool,
    /// The error of the last step that failed.
    pub(super) last: Option<CallError>,
}

impl<'a> Flow<'a> {
    /// Begins every step whose sources are settled. Steps that give items are open at once.
    pub(super) async fn begin(&mut self) -> Result<Vec<BoxFuture<'a, Ended>>, CallError> {
        let mut calls = Vec::new();
        loop {
            let ready: Vec<usize> = (0..self.states.len())
                .filter(|index| self.is_ready(*index))
                .collect();
            if ready.is_empty() {
                return Ok(calls);
            }
            for index in ready {
                calls.extend(self.start(index).await?);
            }
        }
    }

    fn is_ready(&self, index: usize) -> bool {
        let settled = |step: usize| !matches!(self.states[step], State::Waiting | State::Running);
        let node = &self.graph.nodes[index];
        let fed = node.inputs.iter().all(|edge| match edge.from {
            Source::Input => true,
            Source::Node(step) => settled(step),
        });
        matches!(self.states[index], State::Waiting)
            && fed
            && node.after.iter().all(|step| settled(*step))
    }

    async fn start(&mut self, index: usize) -> Result<Option<BoxFuture<'a, Ended>>, CallError> {
        let node = &self.graph.nodes[index];
        let given = self
            .given(node)
            .await
            .map_err(|error| self.failed(index, error))?;
        let Some(given) = given else {
            return Ok(self.left(index));
        };
        let plan = &self.inner.plan;
        let method = &plan.slots[node.call.0].service.methods[node.call.1];
        if let Some(each) = given.each {
            let (place, values) = (self.place(index), given.values);
            if node.is_auxiliary {
                self.inner.observe(self.ctx, |inner, ctx| {
                    drained(stream::each(inner, place, ctx, values, each))
                });
                return Ok(self.left(index));
            }
            self.touched |= !method.read_only;
            let (inner, ctx) = (self.inner.clone(), self.ctx.clone());
            let items = stream::each(inner, place, ctx, values, each);
            return Ok(self.opened(index, items));
        }
        let input = given
            .parameters(self.inner, node)
            .map_err(|error| self.failed(index, error))?;
        if node.is_auxiliary {
            let call = node.call;
            self.inner.observe(self.ctx, |inner, ctx| async move {
                inner.called(call, &ctx, &input).await.map(drop)
            });
            return Ok(self.left(index));
        }
        self.touched |= !method.read_only;
        let (inner, ctx) = (self.inner, self.ctx);
        if method.kind == MethodKind::Stream {
            let opened = inner
                .open(node.call, ctx, &input)
                .await
                .map_err(|error| self.failed(index, error))?;
            let items = match node.emits.is_empty() {
                true => opened,
                false => stream::published(inner.clone(), self.place(index), ctx.clone(), opened),
            };
            return Ok(self.opened(index, items));
        }
        self.states[index] = State::Running;
        Ok(Some(Box::pin(async move {
            let result = inner.called_or_instead(node, ctx, &input).await;
            let payload = match result {
                Ok(answer) => Payload::new(answer),
                Err(error) => return (index, Err(error)),
            };
            let published = inner.publish(ctx, &node.emits, &payload).await;
            (index, published.map(|()| payload))
        })))
    }

    /// Nobody looks at the step again.
    fn left(&mut self, index: usize) -> Option<BoxFuture<'a, Ended>> {
        self.states[index] = State::Left;
        None
    }

    /// Keeps a stream for who reads it; one that nobody reads is run to its end.
    fn opened(
        &mut self,
        index: usize,
        items: Stream<Vec<u8>, CallError>,
    ) -> Option<BoxFuture<'a, Ended>> {
        if self.graph.nodes[index].is_read {
            self.states[index] = State::Open(Some(items));
            return None;
        }
        self.states[index] = State::Running;
        Some(Box::pin(async move {
            let ended = drained(items).await;
            (index, ended.map(|()| Payload::new(b"null".to_vec())))
        }))
    }

    fn place(&self, node: usize) -> stream::Place {
        let graphs = &self.inner.plan.graphs;
        let own = |graph: &Graph| std::ptr::eq(graph, self.graph);
        let graph = graphs.iter().position(own).unwrap_or_default();
        stream::Place { graph, node }
    }

    /// What the step's bindings bring; nothing for an observer of what has failed.
    async fn given(&mut self, node: &Node) -> Result<Option<Given>, CallError> {
        let mut given = Given {
            values: Vec::new(),
            each: None,
        };
        for edge in &node.inputs {
            let value = match edge.from {
                Source::Input => Bound::Value(self.input.clone()),
                Source::Node(step) => match &mut self.states[step] {
                    State::Done(payload) => Bound::Value(payload.clone()),
                    State::Open(items) => {
                        let Some(items) = items.take() else {
                            return Err(CallError::internal("a stream was read twice"));
                        };
                        if edge.each {
                            given.each = Some(items);
                            Bound::Item
                        } else {
                            Bound::Gathered(stream::gathered(items, &edge.pointer).await?)
                        }
                    }
                    State::Waiting | State::Running | State::Failed | State::Left => {
                        match &edge.on_failure {
                            OnFailure::Default(value) => Bound::Constant(value.clone()),
                            OnFailure::Skip => Bound::Nothing,
                            OnFailure::Fail => return Ok(None),
                        }
                    }
                },
            };
            given.values.push(value);
        }
        Ok(Some(given))
    }

    /// Takes in what a step gave; an error ends the whole, unless nobody minds.
    pub(super) async fn settle(
        &mut self,
        index: usize,
        result: Result<Payload, CallError>,
    ) -> Result<(), CallError> {
        match result {
            Ok(payload) => {
                self.states[index] = State::Done(payload);
                Ok(())
            }
            Err(error) => {
                self.states[index] = State::Failed;
                let error = self.failed(index, error);
                if self.graph.nodes[index].must {
                    return Err(error);
                }
                self.last = Some(error);
                Ok(())
            }
        }
    }

    pub(super) fn has_first(&self, node: usize) -> bool {
        let is_port = self
            .graph
            .result
            .ports
            .iter()
            .any(|(_, source, _)| *source == Source::Node(node));
        is_port && matches!(self.states[node], State::Done(_))
    }

    /// The error of a step in the words of the composite.
    fn failed(&self, index: usize, error: CallError) -> CallError {
        let (node, plan) = (&self.graph.nodes[index], &self.inner.plan);
        let slot = &plan.slots[node.call.0];
        let call = format!(
            "{}.{}",
            slot.service.name, slot.service.methods[node.call.1].name
        );
        let mut details = Map::from_iter([
            ("step".to_owned(), Value::from(node.name.as_str())),
            ("call".to_owned(), call.as_str().into()),
        ]);
        if let Some(pointer) = error.at() {
            details.insert("pointer".to_owned(), pointer.into());
        }
        if let Some(inner) = error.detail() {
            details.insert("details".to_owned(), inner.clone());
        }
        let effect = if self.touched {
            Effect::Possible
        } else {
            error.has_effect()
        };
        let message = format!(
            "step `{}` of `{}.{}`: {}",
            node.name,
            plan.service.name,
            self.graph.name,
            error.message()
        );
        CallError::new(error.code().clone(), message)
            .retryable(error.is_retryable())
            .effect(effect)
            .details(details.into())
    }
}

async fn drained(mut items: Stream<Vec<u8>, CallError>) -> Result<(), CallError> {
    while let Some(item) = items.next().await {
        item?;
    }
    Ok(())
}
