//! The gate: the one path that every call takes, typed or JSON.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use super::Contract;
use super::generation::Generation;
use super::guard::{Guarded, GuardedStream, Isolated, code};
use super::instance::{Instance, MethodGate};
use super::{BoxFuture, Ctx, Service, Stream};
use crate::contract::ServiceError;
use crate::error::{CallError, Code};
use crate::limit;
use crate::metrics::Ticket;

/// Calls a sync method. For the macros; the client's methods are the way in.
///
/// # Errors
///
/// What the method returns, or what the gate refuses, as the method's own error.
#[inline]
pub fn call_sync<S, T, E>(
    service: &Service<S>,
    method: usize,
    ctx: &Ctx,
    call: impl FnOnce(&S::Twin, &Ctx) -> Result<T, E>,
) -> Result<T, E>
where
    S: Contract + ?Sized,
    E: ServiceError,
{
    pass_sync(
        service,
        method,
        ctx,
        || Ok(()),
        |twin, ctx, ()| call(twin, ctx),
    )
}

/// Calls an async method. For the macros; the client's methods are the way in.
///
/// # Errors
///
/// What the method returns, or what the gate refuses, as the method's own error.
#[inline]
pub fn call_async<'a, S, T, E>(
    service: &'a Service<S>,
    method: usize,
    ctx: &'a Ctx,
    call: impl for<'x> FnOnce(&'x S::Twin, &'x Ctx) -> BoxFuture<'x, Result<T, E>> + Send + 'static,
) -> impl Future<Output = Result<T, E>> + Send
where
    S: Contract + ?Sized,
    T: Send + 'static,
    E: ServiceError,
{
    Calling::new(
        service,
        method,
        ctx,
        || Ok(()),
        move |twin, ctx, ()| call(twin, ctx),
    )
}

/// Calls a streaming method. For the macros; the client's methods are the way in.
pub fn call_stream<S, T, E>(
    service: &Service<S>,
    method: usize,
    ctx: &Ctx,
    call: impl FnOnce(&S::Twin, &Ctx) -> Stream<T, E>,
) -> Stream<T, E>
where
    S: Contract + ?Sized,
    T: Send + 'static,
    E: ServiceError,
{
    pass_stream(
        service,
        method,
        ctx,
        || Ok(()),
        |twin, ctx, ()| call(twin, ctx),
    )
    .unwrap_or_else(|refused| Stream::from_iter([Err(E::from(refused))]))
}

#[inline]
pub(super) fn pass_sync<S, A, T, E>(
    service: &Service<S>,
    method: usize,
    ctx: &Ctx,
    arguments: impl FnOnce() -> Result<A, CallError>,
    call: impl FnOnce(&S::Twin, &Ctx, A) -> Result<T, E>,
) -> Result<T, E>
where
    S: Contract + ?Sized,
    E: ServiceError,
{
    let generation = service.first.newest();
    let gate = &generation.gates[method];
    let ticket = gate.lanes.start();
    let arguments =
        match admit(service, gate, &generation.instance, method, ctx).and_then(|()| arguments()) {
            Ok(arguments) => arguments,
            Err(refused) => return Err(refuse(ticket, gate, refused)),
        };
    let result = match catch_unwind(AssertUnwindSafe(|| {
        call(&generation.provider, ctx, arguments)
    })) {
        Ok(result) => result,
        Err(payload) => Err(E::from(
            generation.instance.panicked(gate, payload.as_ref()),
        )),
    };
    ticket.finish(&gate.lanes, || code(&result));
    result
}

/// An async call. Nothing happens before its first poll; one that never waits ends in it.
pub(super) struct Calling<'a, S: Contract + ?Sized, T, E, D, F> {
    service: &'a Service<S>,
    method: usize,
    ctx: &'a Ctx,
    /// What gives the arguments, and what calls the method with them.
    start: Option<(D, F)>,
    /// Boxed, so that a call that never waits does not carry the room for it.
    running: Option<Box<Guarded<'a, T, E>>>,
}

// The closures are moved out, never pinned.
impl<S: Contract + ?Sized, T, E, D, F> Unpin for Calling<'_, S, T, E, D, F> {}

impl<'a, S, A, T, E, D, F> Future for Calling<'a, S, T, E, D, F>
where
    S: Contract + ?Sized,
    A: Send + 'static,
    T: Send + 'static,
    E: ServiceError,
    D: FnOnce() -> Result<A, CallError>,
    F: for<'x> FnOnce(&'x S::Twin, &'x Ctx, A) -> BoxFuture<'x, Result<T, E>> + Send + 'static,
{
    type Output = Result<T, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        match this.start.take() {
            Some((arguments, call)) => this.begin(cx, arguments, call),
            None => match &mut this.running {
                Some(running) => Pin::new(running).poll(cx),
                None => Poll::Pending,
            },
        }
    }
}

impl<'a, S, T, E, D, F> Calling<'a, S, T, E, D, F>
where
    S: Contract + ?Sized,
    T: Send + 'static,
    E: ServiceError,
{
    #[inline]
    pub(super) fn new<A>(
        service: &'a Service<S>,
        method: usize,
        ctx: &'a Ctx,
        arguments: D,
        call: F,
    ) -> Self
    where
        D: FnOnce() -> Result<A, CallError>,
        F: for<'x> FnOnce(&'x S::Twin, &'x Ctx, A) -> BoxFuture<'x, Result<T, E>>,
    {
        Self {
            service,
            method,
            ctx,
            start: Some((arguments, call)),
            running: None,
        }
    }

    /// The first poll. The thread stays the same, so the ticket does.
    #[inline]
    fn begin<A: Send + 'static>(
        &mut self,
        cx: &mut Context<'_>,
        arguments: D,
        call: F,
    ) -> Poll<Result<T, E>>
    where
        D: FnOnce() -> Result<A, CallError>,
        F: for<'x> FnOnce(&'x S::Twin, &'x Ctx, A) -> BoxFuture<'x, Result<T, E>> + Send + 'static,
    {
        let generation = self.service.first.newest();
        let (ctx, gate, instance) = (
            self.ctx,
            &generation.gates[self.method],
            &*generation.instance,
        );
        let ticket = gate.lanes.start();
        let arguments = match admit(self.service, gate, &generation.instance, self.method, ctx)
            .and_then(|()| arguments())
        {
            Ok(arguments) => arguments,
            Err(refused) => return Poll::Ready(Err(refuse(ticket, gate, refused))),
        };
        if gate.method.isolated || gate.permits.is_some() {
            let future = special(generation, gate, ctx, arguments, call);
            let running = Guarded::new(future, ctx, gate, instance, ticket.timed());
            return Pin::new(self.running.insert(Box::new(running))).poll(cx);
        }
        let first = catch_unwind(AssertUnwindSafe(|| {
            let mut future = call(&generation.provider, ctx, arguments);
            match future.as_mut().poll(cx) {
                Poll::Ready(result) => Ok(result),
                Poll::Pending => Err(future),
            }
        }));
        let result = match first {
            Ok(Ok(result)) => result,
            Ok(Err(future)) => {
                let running = Guarded::new(future, ctx, gate, instance, ticket.timed());
                return self.running.insert(Box::new(running)).wait(cx);
            }
            Err(payload) => Err(E::from(instance.panicked(gate, payload.as_ref()))),
        };
        ticket.finish(&gate.lanes, || code(&result));
        Poll::Ready(result)
    }
}

/// The ways that cost more: a task of its own, a permit.
fn special<'a, T, A, R, E>(
    generation: &'a Arc<Generation<T>>,
    gate: &'a MethodGate,
    ctx: &'a Ctx,
    arguments: A,
    call: impl for<'x> FnOnce(&'x T, &'x Ctx, A) -> BoxFuture<'x, Result<R, E>> + Send + 'static,
) -> BoxFuture<'a, Result<R, E>>
where
    T: ?Sized + Send + Sync + 'static,
    A: Send + 'static,
    R: Send + 'static,
    E: ServiceError,
{
    let isolated = gate.method.isolated;
    Box::pin(async move {
        let _permit = permit(gate).await?;
        if !isolated {
            return call(&generation.provider, ctx, arguments).await;
        }
        let (generation, ctx) = (generation.clone(), ctx.clone());
        Isolated::spawn(async move { call(&generation.provider, &ctx, arguments).await }).await
    })
}

async fn permit(gate: &MethodGate) -> Result<Option<tokio::sync::SemaphorePermit<'_>>, CallError> {
    let Some(permits) = &gate.permits else {
        return Ok(None);
    };
    if let Ok(permit) = permits.try_acquire() {
        return Ok(Some(permit));
    }
    let in_flight = usize::try_from(gate.lanes.in_flight()).unwrap_or(usize::MAX);
    if in_flight > limit::WAITERS {
        return Err(CallError::limit(format!(
            "{} calls wait for `{}.{}` already; see [limits]",
            limit::WAITERS,
            gate.service,
            gate.method.name
        ))
        .retryable(true));
    }
    permits
        .acquire()
        .await
        .map(Some)
        .map_err(|_| CallError::unavailable("the instance is stopping"))
}

pub(super) fn pass_stream<S, A, T, E>(
    service: &Service<S>,
    method: usize,
    ctx: &Ctx,
    arguments: impl FnOnce() -> Result<A, CallError>,
    call: impl FnOnce(&S::Twin, &Ctx, A) -> Stream<T, E>,
) -> Result<Stream<T, E>, CallError>
where
    S: Contract + ?Sized,
    T: Send + 'static,
    E: ServiceError,
{
    let generation = service.first.newest();
    let gate = &generation.gates[method];
    let ticket = gate.lanes.start();
    let arguments =
        match admit(service, gate, &generation.instance, method, ctx).and_then(|()| arguments()) {
            Ok(arguments) => arguments,
            Err(refused) => return Err(refuse(ticket, gate, refused)),
        };
    match catch_unwind(AssertUnwindSafe(|| {
        call(&generation.provider, ctx, arguments)
    })) {
        Ok(stream) => Ok(Stream::new(GuardedStream::new(
            stream,
            ctx.clone(),
            generation.gates.clone(),
            method,
            generation.instance.clone(),
            ticket.timed(),
        ))),
        Err(payload) => Err(refuse(
            ticket,
            gate,
            generation.instance.panicked(gate, payload.as_ref()),
        )),
    }
}

#[cold]
fn refuse<E: From<CallError>>(ticket: Ticket<'_>, gate: &MethodGate, refused: CallError) -> E {
    ticket.finish(&gate.lanes, || Some(refused.code().as_str()));
    E::from(refused)
}

/// Whether the call may go in: permission, declaration, deadline, cancel, transaction.
#[inline]
fn admit<S: Contract + ?Sized>(
    service: &Service<S>,
    gate: &MethodGate,
    instance: &Instance,
    method: usize,
    ctx: &Ctx,
) -> Result<(), CallError> {
    let held = gate.allowed.load(Relaxed) & ctx.roles.0 != 0;
    let declared = service.declared >> method & 1 == 1;
    match held && declared {
        true if !ctx.watched => Ok(()),
        true => watch(gate, instance, ctx),
        false => Err(instance.denied(gate, ctx, &service.consumer, declared)),
    }
}

/// The rest of the guards, for a `Ctx` that has something to watch.
fn watch(gate: &MethodGate, instance: &Instance, ctx: &Ctx) -> Result<(), CallError> {
    if ctx
        .deadline()
        .is_some_and(|deadline| deadline <= instance.clock.now())
    {
        return Err(CallError::new(
            Code::Timeout,
            format!(
                "the deadline had passed before `{}.{}` was called",
                gate.service, gate.method.name
            ),
        ));
    }
    if ctx.cancel().is_some_and(super::Cancel::is_cancelled) {
        return Err(CallError::new(
            Code::Cancelled,
            "the caller had given up before the call began",
        ));
    }
    match ctx.transaction() {
        Some(transaction) if gate.method.transactional => {
            transaction.enlist(instance.name(), gate.method.name)
        }
        _ => Ok(()),
    }
}
