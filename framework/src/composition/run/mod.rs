//! The calls of one method: what is ready runs, independent steps at the same time.

mod flow;
mod result;
mod stream;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use self::flow::Flow;
use super::definition::Merge;
use super::guards::Guards;
use super::payload::{Payload, lay};
use super::plan::{Emission, Node, Plan};
use crate::call::{Answer, AnyService, BoxFuture, Consumer, Ctx, DynamicSlot, Stream, collect};
use crate::contract::encode;
use crate::error::CallError;
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

    /// Does what nobody waits for.
    fn observe<F>(self: &Arc<Self>, ctx: &Ctx, work: impl FnOnce(Arc<Self>, Ctx) -> F)
    where
        F: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let Ok(permit) = self.observers.clone().try_acquire_owned() else {
            self.outer.meter.counter("auxiliary_dropped").add(1);
            return;
        };
        let failed = self.outer.meter.counter("auxiliary_failed");
        let work = work(self.clone(), ctx.detached().with_timeout(limit::AUXILIARY));
        self.outer.background.spawn(async move {
            let _permit = permit;
            if work.await.is_err() {
                failed.add(1);
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

/// What a binding brings to a call.
pub(super) enum Bound {
    Value(Payload),
    /// A stream that was collected: the pointer has led into its items already.
    Gathered(Payload),
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
        Bound::Value(payload) | Bound::Gathered(payload) => Some(payload.clone()),
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
            (Bound::Gathered(payload), _) => inner.taken(payload, "", edge.map)?,
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
