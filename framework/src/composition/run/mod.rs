//! The calls of one method: what is ready runs, independent steps at the same time.

mod stream;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use super::definition::{Merge, OnFailure};
use super::guards::Guards;
use super::payload::{Payload, lay};
use super::plan::{Edge, Emission, Graph, Node, Plan, Source};
use crate::call::{Answer, AnyService, BoxFuture, Consumer, Ctx, DynamicSlot, Stream, collect};
use crate::contract::{MethodKind, encode};
use crate::error::{CallError, Effect};
use crate::event::{Data, Event, Events};
use crate::limit;
use crate::metrics::Meter;
use crate::registry::Background;

/// A started composite, without what makes it a plugin.
pub(super) struct Inner {
    pub(super) plan: Arc<Plan>,
    pub(super) clients: Vec<Arc<dyn AnyService>>,
    pub(super) outer: Outer,
    /// What each slot remembers: answers, failures.
    pub(super) guards: Vec<Guards>,
    observers: Arc<Semaphore>,
    /// Where it stands itself, for calls of its own.
    pub(super) seat: Mutex<Weak<DynamicSlot>>,
}

/// What a composite has of its host.
pub(super) struct Outer {
    pub(super) events: Events,
    pub(super) background: Background,
    pub(super) meter: Meter,
    pub(super) consumer: Consumer,
}

/// How far a step is.
enum State {
    Waiting,
    Running,
    Done(Payload),
    /// It gives items; the one who reads them takes it.
    Open(Option<Stream<Vec<u8>, CallError>>),
    Failed,
    /// It only observes: nobody looks at it again.
    Left,
}

/// What a step gave.
type Ended = (usize, Result<Payload, CallError>);

impl Inner {
    pub(super) fn new(plan: Arc<Plan>, clients: Vec<Arc<dyn AnyService>>, outer: Outer) -> Self {
        Self {
            guards: plan
                .slots
                .iter()
                .map(|slot| Guards::new(&slot.slot))
                .collect(),
            plan,
            clients,
            outer,
            observers: Arc::new(Semaphore::new(limit::AUXILIARY_CALLS)),
            seat: Mutex::new(Weak::new()),
        }
    }

    /// Calls a method that gives one value.
    pub(super) async fn run(
        self: Arc<Self>,
        method: usize,
        ctx: &Ctx,
        input: Vec<u8>,
    ) -> Result<Vec<u8>, CallError> {
        match self.flow(method, ctx, input).await? {
            Answer::Value(value) => Ok(value),
            Answer::Stream(items) => collect(items).await,
        }
    }

    async fn flow(
        self: &Arc<Self>,
        method: usize,
        ctx: &Ctx,
        input: Vec<u8>,
    ) -> Result<Answer, CallError> {
        let graph = &self.plan.graphs[method];
        let mut flow = Flow {
            inner: self,
            graph,
            ctx,
            input: Payload::new(input),
            states: graph.nodes.iter().map(|_| State::Waiting).collect(),
            touched: false,
            last: None,
        };
        let mut running: FuturesUnordered<BoxFuture<'_, Ended>> = FuturesUnordered::new();
        loop {
            let mut ready = flow.begin().await?;
            let ended = match (ready.len(), running.is_empty()) {
                // Most graphs are chains: one call needs no set of calls.
                (1, true) => match ready.pop() {
                    Some(call) => Some(call.await),
                    None => None,
                },
                _ => {
                    running.extend(ready);
                    running.next().await
                }
            };
            let Some((node, result)) = ended else {
                break;
            };
            flow.settle(node, result).await?;
            if graph.result.merge == Merge::First && flow.has_first(node) {
                break;
            }
        }
        drop(running);
        flow.result().await
    }

    /// Answers an event with a call of the composite's own, through its gate.
    pub(super) async fn answer(&self, listen: usize, event: &Event) -> Result<(), CallError> {
        let planned = &self.plan.listens[listen];
        let whole =
            serde_json::to_value(event).map_err(|fault| CallError::internal(fault.to_string()))?;
        let input = match planned.map {
            Some(map) => self.evaluate(map, &whole)?,
            None => whole
                .get("data")
                .cloned()
                .unwrap_or_else(|| Value::Object(Map::new())),
        };
        let seat = self
            .seat
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade();
        let Some(slot) = seat else {
            return Err(CallError::unavailable("the composite has stopped"));
        };
        let client = crate::call::AnySlot::client(&*slot, &self.outer.consumer);
        let ctx = self.outer.background.ctx();
        match client
            .answer(planned.method, &ctx, &encode(&input)?)
            .await?
        {
            Answer::Value(_) => Ok(()),
            Answer::Stream(mut items) => {
                while let Some(item) = items.next().await {
                    item?;
                }
                Ok(())
            }
        }
    }

    pub(super) fn evaluate(
        &self,
        map: crate::orchestration::definition::Expr,
        value: &Value,
    ) -> Result<Value, CallError> {
        self.plan
            .program
            .evaluate(map, value, &())
            .map_err(|fault| {
                CallError::invalid_parameter(format!("{fault} (at `{}`)", fault.pointer))
            })
    }

    /// The value of a pointer, through an expression if there is one.
    fn taken(
        &self,
        payload: &Payload,
        pointer: &str,
        map: Option<crate::orchestration::definition::Expr>,
    ) -> Result<Option<Value>, CallError> {
        let found = payload.at(pointer)?;
        match map {
            Some(map) => self.evaluate(map, found.unwrap_or(&Value::Null)).map(Some),
            None => Ok(found.cloned()),
        }
    }

    /// Publishes what a step gave, where it is bound to events.
    async fn publish(
        &self,
        ctx: &Ctx,
        emits: &[Emission],
        payload: &Payload,
    ) -> Result<(), CallError> {
        for emission in emits {
            let data = self.taken(payload, &emission.pointer, emission.map)?;
            let event = self
                .outer
                .events
                .event(&emission.kind, None, data.map(Data::Json))?;
            self.outer.events.emit(ctx, event).await?;
        }
        Ok(())
    }

    /// Makes a call that nobody waits for.
    fn observe(self: &Arc<Self>, node: &Node, ctx: &Ctx, input: Vec<u8>) {
        let Ok(permit) = self.observers.clone().try_acquire_owned() else {
            self.outer.meter.counter("auxiliary_dropped").add(1);
            return;
        };
        let (inner, call, ctx) = (
            self.clone(),
            node.call,
            ctx.detached().with_timeout(limit::AUXILIARY),
        );
        self.outer.background.spawn(async move {
            let _permit = permit;
            if inner.called(call, &ctx, &input).await.is_err() {
                inner.outer.meter.counter("auxiliary_failed").add(1);
            }
        });
    }

    /// A step's call: what may answer instead first.
    async fn called_or_instead(
        &self,
        node: &Node,
        ctx: &Ctx,
        input: &[u8],
    ) -> Result<Vec<u8>, CallError> {
        if let Some(instead) = node.instead {
            let answer = self.called(instead, ctx, input).await?;
            if answer != b"null" {
                return Ok(answer);
            }
        }
        self.called(node.call, ctx, input).await
    }
}

/// One call of a method, under way.
struct Flow<'a> {
    inner: &'a Arc<Inner>,
    graph: &'a Graph,
    ctx: &'a Ctx,
    input: Payload,
    states: Vec<State>,
    /// A step that may have changed something has begun.
    touched: bool,
    /// The error of the last step that failed.
    last: Option<CallError>,
}

impl<'a> Flow<'a> {
    /// Begins every step whose sources are settled. Steps that give items are open at once.
    async fn begin(&mut self) -> Result<Vec<BoxFuture<'a, Ended>>, CallError> {
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
        let settled = |edge: &Edge| match edge.from {
            Source::Input => true,
            Source::Node(step) => !matches!(self.states[step], State::Waiting | State::Running),
        };
        matches!(self.states[index], State::Waiting)
            && self.graph.nodes[index].inputs.iter().all(settled)
    }

    async fn start(&mut self, index: usize) -> Result<Option<BoxFuture<'a, Ended>>, CallError> {
        let node = &self.graph.nodes[index];
        let given = self
            .given(node)
            .await
            .map_err(|error| self.failed(index, error))?;
        let Some(given) = given else {
            self.states[index] = State::Left;
            return Ok(None);
        };
        let plan = &self.inner.plan;
        let method = &plan.slots[node.call.0].service.methods[node.call.1];
        if let Some(each) = given.each {
            self.touched |= !method.read_only;
            let items = stream::each(
                self.inner.clone(),
                stream::Place {
                    graph: self.graph_index(),
                    node: index,
                },
                self.ctx.clone(),
                given.values,
                each,
            );
            self.states[index] = State::Open(Some(items));
            return Ok(None);
        }
        let input = given
            .parameters(self.inner, node)
            .map_err(|error| self.failed(index, error))?;
        if node.is_auxiliary {
            self.inner.observe(node, self.ctx, input);
            self.states[index] = State::Left;
            return Ok(None);
        }
        self.touched |= !method.read_only;
        let (inner, ctx) = (self.inner, self.ctx);
        if method.kind == MethodKind::Stream {
            let opened = inner
                .open(node.call, ctx, &input)
                .await
                .map_err(|error| self.failed(index, error))?;
            self.states[index] = State::Open(Some(opened));
            return Ok(None);
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

    fn graph_index(&self) -> usize {
        let graphs = &self.inner.plan.graphs;
        graphs
            .iter()
            .position(|graph| std::ptr::eq(graph, self.graph))
            .unwrap_or_default()
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
                            Bound::Value(Payload::new(collect(items).await?))
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
    async fn settle(
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

    fn has_first(&self, node: usize) -> bool {
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

    async fn result(mut self) -> Result<Answer, CallError> {
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
            return Payload::new(collect(items).await?)
                .value()
                .cloned()
                .map(Some);
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

/// What a binding brings to a call.
pub(super) enum Bound {
    Value(Payload),
    Constant(Value),
    /// The item that is there at the time.
    Item,
    Nothing,
}

/// What the bindings of a step bring.
struct Given {
    /// One a binding.
    values: Vec<Bound>,
    /// The stream for whose items it is called.
    each: Option<Stream<Vec<u8>, CallError>>,
}

impl Given {
    fn parameters(&self, inner: &Inner, node: &Node) -> Result<Vec<u8>, CallError> {
        parameters(inner, node, &self.values, None)
    }
}

/// The parameters of a call: those that are always the same, and what is bound laid over them in the order of the
/// bindings.
pub(super) fn parameters(
    inner: &Inner,
    node: &Node,
    values: &[Bound],
    item: Option<&Payload>,
) -> Result<Vec<u8>, CallError> {
    let payload = |bound: &Bound| match bound {
        Bound::Value(payload) => Some(payload.clone()),
        Bound::Item => item.cloned(),
        Bound::Constant(_) | Bound::Nothing => None,
    };
    if let ([edge], [bound]) = (node.inputs.as_slice(), values)
        && node.with.is_empty()
        && edge.map.is_none()
        && edge.pointer.is_empty()
        && edge.to.is_empty()
        && let Some(payload) = payload(bound)
    {
        return Ok(payload.bytes().to_vec());
    }
    let mut object = node.with.clone();
    for (edge, bound) in node.inputs.iter().zip(values) {
        let value = match (bound, payload(bound)) {
            (_, Some(payload)) => inner.taken(&payload, &edge.pointer, edge.map)?,
            (Bound::Constant(value), None) => Some(value.clone()),
            (_, None) => None,
        };
        if let Some(value) = value {
            lay(&mut object, &edge.to, value)?;
        }
    }
    encode(&Value::Object(object))
}
