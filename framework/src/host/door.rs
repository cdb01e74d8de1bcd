//! Calls by name: the way of the command line, the control socket, workflows and every other door.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::{Host, Inner};
pub(crate) use crate::call::collect;
use crate::call::{AbortOnDrop, Answer, AnyService, BoxFuture, Ctx, JsonCall, Stream};
use crate::clock;
use crate::contract::{MethodDescriptor, MethodKind, ServiceDescriptor};
use crate::error::{CallError, Code, Effect};
use crate::{limit, name};

impl Host {
    /// Calls `service.method` with a JSON object of its parameters. A stream is collected into an array.
    ///
    /// Runs inline, like a typed call; what must end at its deadline whatever the handler does goes
    /// through [`call_apart`](Host::call_apart).
    ///
    /// # Errors
    ///
    /// `service_not_found` and `method_not_found` with the nearest name, or what the call gives.
    #[inline]
    pub fn call_json<'a>(
        &'a self,
        ctx: &'a Ctx,
        call: &'a str,
        input: &'a [u8],
    ) -> impl Future<Output = Result<Vec<u8>, CallError>> + Send {
        // By hand: the state of an `async fn` would be written and read again by calls that never wait.
        let mut under_way: Option<BoxFuture<'a, Result<Vec<u8>, CallError>>> = None;
        poll_fn(move |cx| {
            if let Some(future) = &mut under_way {
                return future.as_mut().poll(cx);
            }
            let Some((client, method)) = self.0.routes.methods.get(call) else {
                return Poll::Ready(Err(self.not_found(call)));
            };
            match client.call_json(*method, ctx, input, cx) {
                JsonCall::Ready(result) => Poll::Ready(result),
                begun => wait(&mut under_way, begun, cx),
            }
        })
    }

    /// The same for a streaming method, item by item; any other method gives one item.
    ///
    /// # Errors
    ///
    /// `service_not_found` and `method_not_found` with the nearest name.
    pub async fn stream_json(
        &self,
        ctx: &Ctx,
        call: &str,
        input: &[u8],
    ) -> Result<Stream<Vec<u8>, CallError>, CallError> {
        let Some((client, method)) = self.0.routes.methods.get(call) else {
            return Err(self.not_found(call));
        };
        match client.answer(*method, ctx, input).await {
            Ok(Answer::Value(value)) => Ok(Stream::from_iter([Ok(value)])),
            Ok(Answer::Stream(stream)) => Ok(stream),
            Err(refused) => Ok(Stream::from_iter([Err(refused)])),
        }
    }

    /// Calls on a task of its own: when the deadline comes the wait ends, whatever the handler does.
    ///
    /// May be awaited on another runtime than that of the plugins: the wait then ends at its time even
    /// when handlers hold every worker.
    ///
    /// The deadline is that of `ctx`, or the method's timeout. A handler that had a worker in its
    /// hands at that time is counted as blocking.
    ///
    /// # Errors
    ///
    /// As [`call_json`](Host::call_json), and `timeout`.
    pub async fn call_apart(
        &self,
        ctx: &Ctx,
        call: &str,
        input: Vec<u8>,
    ) -> Result<Answer, CallError> {
        let Some((client, method)) = self.0.routes.methods.get(call) else {
            return Err(self.not_found(call));
        };
        let (client, method) = (client.clone(), *method);
        let descriptor = &client.descriptor().methods[method];
        let configured = self
            .0
            .setup
            .limits
            .get(call)
            .and_then(|limit| limit.timeout);
        let timeout = configured.or(descriptor.timeout).unwrap_or(limit::TIMEOUT);
        // In real time: a handler that blocks does so whatever the clock of the host says.
        let deadline = clock::now() + ctx.remaining().unwrap_or(timeout);
        match descriptor.kind {
            MethodKind::Stream => {
                let items = self.0.apart_stream(client, method, ctx.clone(), input);
                Ok(Answer::Stream(self.attended(
                    items,
                    call.to_owned(),
                    ctx,
                    timeout,
                )))
            }
            MethodKind::Sync | MethodKind::Async => self
                .apart(client, method, ctx.clone(), input, deadline)
                .await
                .map(Answer::Value),
        }
    }

    async fn apart(
        &self,
        client: Arc<dyn AnyService>,
        method: usize,
        ctx: Ctx,
        input: Vec<u8>,
        deadline: Instant,
    ) -> Result<Vec<u8>, CallError> {
        let descriptor = client.descriptor();
        let kind = descriptor.methods[method].kind;
        let task = match kind {
            MethodKind::Sync => self.0.runtime.spawn_blocking(move || {
                // A sync method wakes nobody.
                let mut cx = Context::from_waker(Waker::noop());
                match client.call_json(method, &ctx, &input, &mut cx) {
                    JsonCall::Ready(result) => result,
                    JsonCall::Future(_) | JsonCall::Stream(_) => {
                        Err(CallError::internal("a sync method was not ready"))
                    }
                }
            }),
            MethodKind::Async | MethodKind::Stream => self.0.runtime.spawn(async move {
                match client.answer(method, &ctx, &input).await? {
                    Answer::Value(value) => Ok(value),
                    Answer::Stream(stream) => collect(stream).await,
                }
            }),
        };
        let mut task = AbortOnDrop(task);
        // The guard inside answers at the deadline, unless the handler blocks: it gets a moment more.
        match clock::until(deadline + limit::BLOCKED, &mut task.0).await {
            Some(Ok(result)) => result,
            Some(Err(ended)) => Err(CallError::internal(format!(
                "the call's task ended early: {ended}"
            ))),
            None => Err(self.blocked(descriptor, &descriptor.methods[method])),
        }
    }

    /// Ends the wait for an item at its time, whatever the handler does.
    fn attended(
        &self,
        mut items: Stream<Vec<u8>, CallError>,
        call: String,
        ctx: &Ctx,
        timeout: Duration,
    ) -> Stream<Vec<u8>, CallError> {
        let host = self.clone();
        let deadline = ctx.remaining().map(|left| clock::now() + left);
        Stream::channel(1, move |sender| async move {
            loop {
                let own = clock::now() + timeout;
                let until = deadline.map_or(own, |deadline| deadline.min(own)) + limit::BLOCKED;
                let item = match clock::until(until, items.next()).await {
                    Some(Some(item)) => item,
                    Some(None) => return,
                    None => Err(host.blocked_by_name(&call)),
                };
                let is_last = item.is_err();
                if !sender.send(item).await || is_last {
                    return;
                }
            }
        })
    }

    fn blocked_by_name(&self, call: &str) -> CallError {
        match self.0.routes.methods.get(call) {
            Some((client, method)) => {
                let service = client.descriptor();
                self.blocked(service, &service.methods[*method])
            }
            None => self.not_found(call),
        }
    }

    /// Counts and names a handler that did not give its worker back by the deadline.
    fn blocked(
        &self,
        service: &'static ServiceDescriptor,
        method: &'static MethodDescriptor,
    ) -> CallError {
        let gates = self
            .0
            .routes
            .slots
            .iter()
            .filter(|slot| slot.service().name == service.name)
            .flat_map(|slot| slot.gates());
        for gates in gates {
            gates
                .iter()
                .filter(|gate| gate.method.name == method.name && gate.lanes.in_flight() > 0)
                .for_each(|gate| gate.lanes.blocked());
        }
        let effect = if method.read_only {
            Effect::None
        } else {
            Effect::Possible
        };
        CallError::new(
            Code::Timeout,
            format!(
                "`{}.{}` holds its worker past the deadline; the wait was given up",
                service.name, method.name
            ),
        )
        .effect(effect)
    }

    /// Every service that a call by name reaches.
    pub fn services(&self) -> Vec<&'static ServiceDescriptor> {
        self.0
            .routes
            .services
            .values()
            .map(|client| client.descriptor())
            .collect()
    }

    /// A client of a service by its name.
    pub fn client(&self, service: &str) -> Option<&Arc<dyn AnyService>> {
        self.0.routes.services.get(service)
    }

    #[cold]
    fn not_found(&self, call: &str) -> CallError {
        not_found(call, &self.services())
    }
}

/// Why `service.method` cannot be called, with the nearest name.
pub(crate) fn not_found(call: &str, services: &[&'static ServiceDescriptor]) -> CallError {
    let names = || services.iter().map(|service| service.name);
    let Some((service, method)) = call.rsplit_once('.') else {
        let all: Vec<String> = services
            .iter()
            .flat_map(|service| {
                service
                    .methods
                    .iter()
                    .map(move |method| format!("{}.{}", service.name, method.name))
            })
            .collect();
        let help = name::suggest(call, all.iter().map(String::as_str)).unwrap_or_default();
        return CallError::new(
            Code::MethodNotFound,
            format!("`{call}` is not a call: write `service.method`; {help}"),
        );
    };
    match services.iter().find(|known| known.name == service) {
        None => {
            let help = name::suggest(service, names())
                .unwrap_or_else(|| "`app list` shows what is linked".into());
            CallError::new(
                Code::ServiceNotFound,
                format!("no linked plugin provides the service `{service}`: {help}"),
            )
        }
        Some(known) => {
            let help = name::suggest(method, known.methods.iter().map(|method| method.name))
                .unwrap_or_default();
            CallError::new(
                Code::MethodNotFound,
                format!("the service `{service}` has no method `{method}`: {help}"),
            )
        }
    }
}

/// A call that is not over at once.
#[cold]
fn wait<'a>(
    under_way: &mut Option<BoxFuture<'a, Result<Vec<u8>, CallError>>>,
    begun: JsonCall<'a>,
    cx: &mut Context<'_>,
) -> Poll<Result<Vec<u8>, CallError>> {
    match begun {
        JsonCall::Ready(result) => Poll::Ready(result),
        JsonCall::Future(future) => {
            *under_way = Some(future);
            Poll::Pending
        }
        JsonCall::Stream(stream) => under_way
            .insert(Box::pin(collect(stream)))
            .as_mut()
            .poll(cx),
    }
}

impl Inner {
    /// Reads a stream on a task of its own.
    fn apart_stream(
        &self,
        client: Arc<dyn AnyService>,
        method: usize,
        ctx: Ctx,
        input: Vec<u8>,
    ) -> Stream<Vec<u8>, CallError> {
        Stream::channel(1, |sender| {
            let reading: BoxFuture<'static, ()> = Box::pin(async move {
                let mut stream = match client.answer(method, &ctx, &input).await {
                    Ok(Answer::Stream(stream)) => stream,
                    Ok(Answer::Value(value)) => Stream::from_iter([Ok(value)]),
                    Err(refused) => Stream::from_iter([Err(refused)]),
                };
                while let Some(item) = stream.next().await {
                    if !sender.send(item).await {
                        return;
                    }
                }
            });
            let task = AbortOnDrop(self.runtime.spawn(reading));
            async move {
                let mut task = task;
                // A panic of the task is the end of the stream; the gate has counted it.
                drop((&mut task.0).await);
            }
        })
    }
}

#[cfg(feature = "testing")]
impl Host {
    /// Makes the next calls of `service.method` fail; `false` when there is no such method.
    pub(crate) fn fail(&self, call: &str, error: CallError, times: usize) -> bool {
        let Some((client, index)) = self.0.routes.methods.get(call) else {
            return false;
        };
        let Some(running) = self
            .running()
            .into_iter()
            .find(|running| running.planned.name == client.provider())
        else {
            return false;
        };
        let gates = running
            .slots
            .iter()
            .find(|slot| slot.service().name == client.descriptor().name)
            .and_then(|slot| slot.gates().pop());
        if let Some(gates) = &gates {
            running.gate.fail(&gates[*index], error, times);
        }
        gates.is_some()
    }
}
