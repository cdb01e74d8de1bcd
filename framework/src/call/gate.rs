//! The gate: the one path that every call takes, typed or JSON.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use super::Contract;
use super::admission::{admit, permit};
use super::enlist::{in_turn, joined};
use super::generation::Generation;
use super::guard::{First, Guarded, GuardedStream, Isolated, outcome};
use super::instance::MethodGate;
use super::{BoxFuture, Ctx, Service, Stream};
use crate::contract::ServiceError;
use crate::error::CallError;
use crate::metrics::{Began, Outcome, Plain};

/// Calls a sync method. For the macros; the client's methods are the way in.
///
/// # Errors
///
/// What the method returns, or what the gate refuses, as the method's own error.
#[inline]
pub fn call_sync<const METHOD: usize, S, T, E>(
    service: &Service<S>,
    ctx: &Ctx,
    call: impl FnOnce(&S::Twin, &Ctx) -> Result<T, E>,
) -> Result<T, E>
where
    S: Contract + ?Sized,
    E: ServiceError,
{
    pass_sync(
        service,
        METHOD,
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
pub fn call_async<'a, const METHOD: usize, S, T, E>(
    service: &'a Service<S>,
    ctx: &'a Ctx,
    call: impl for<'x> FnOnce(&'x S::Twin, &'x Ctx) -> BoxFuture<'x, Result<T, E>> + Send + 'static,
) -> impl Future<Output = Result<T, E>> + Send
where
    S: Contract + ?Sized,
    T: Send + 'static,
    E: ServiceError,
{
    Calling::<METHOD, _, _, _, _, _>::new(
        service,
        ctx,
        || Ok(()),
        move |twin, ctx, ()| call(twin, ctx),
    )
}

/// Calls a streaming method. For the macros; the client's methods are the way in.
pub fn call_stream<const METHOD: usize, S, T, E>(
    service: &Service<S>,
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
        METHOD,
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
    let generation = &service.bound;
    let gate = &generation.gates[method];
    let Some(plain) = plain(gate) else {
        return aside(move || {
            let generation = service.newest();
            let gate = &generation.gates[method];
            let ticket = gate.lanes.start();
            let result = enter(service, (generation, gate), method, ctx, arguments, call);
            ticket.finish(&gate.lanes, outcome(&result));
            result
        });
    };
    let result = enter(service, (generation, gate), method, ctx, arguments, call);
    plain.finish();
    if let Err(error) = &result {
        gate.lanes.failed(error.code());
    }
    result
}

/// Counts a call like most: nothing to look up, nothing to time, counters of its own thread.
#[inline]
fn plain(gate: &MethodGate) -> Option<Plain<'_>> {
    if gate.aside.load(Relaxed) {
        return None;
    }
    gate.lanes.start_plain()
}

/// Keeps what happens to few calls out of the way of the others.
#[cold]
#[inline(never)]
fn aside<T>(rarely: impl FnOnce() -> T) -> T {
    rarely()
}

/// Goes in, if the call may: the arguments, then the provider, whose panic becomes an error.
///
/// Left to itself, the compiler shares one copy between a plain call and one aside, and the plain
/// one, which is most, pays for a second call.
#[inline(always)]
fn enter<'g, S, A, T, E>(
    service: &Service<S>,
    (generation, gate): (&'g Generation<S::Twin>, &'g MethodGate),
    method: usize,
    ctx: &'g Ctx,
    arguments: impl FnOnce() -> Result<A, CallError>,
    call: impl FnOnce(&'g S::Twin, &'g Ctx, A) -> Result<T, E>,
) -> Result<T, E>
where
    S: Contract + ?Sized,
    E: ServiceError,
{
    admit(service, generation, gate, method, ctx)?;
    let arguments = arguments()?;
    match catch_unwind(AssertUnwindSafe(|| {
        call(&generation.provider, ctx, arguments)
    })) {
        Ok(result) => result,
        Err(payload) => Err(generation.instance.panicked(gate, payload.as_ref()).into()),
    }
}

/// An async call. Nothing happens before its first poll; one that never waits ends in it.
///
/// The index of the method is a constant of the type: kept in the future, it would be read again.
pub(super) struct Calling<'a, const METHOD: usize, S: Contract + ?Sized, T, E, D, F> {
    service: &'a Service<S>,
    ctx: &'a Ctx,
    state: Progress<'a, T, E, D, F>,
}

enum Progress<'a, T, E, D, F> {
    /// What gives the arguments, and what calls the method with them.
    New(D, F),
    /// Boxed, so that a call that never waits does not carry the room for it; without its type, so
    /// that such a call does not carry the code to drop it either.
    Waiting(BoxFuture<'a, Result<T, E>>),
    Over,
}

// The closures are moved out, never pinned.
impl<const METHOD: usize, S: Contract + ?Sized, T, E, D, F> Unpin
    for Calling<'_, METHOD, S, T, E, D, F>
{
}

impl<'a, const METHOD: usize, S, A, T, E, D, F> Future for Calling<'a, METHOD, S, T, E, D, F>
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
        if let Progress::Waiting(waiting) = &mut this.state {
            return waiting.as_mut().poll(cx);
        }
        match std::mem::replace(&mut this.state, Progress::Over) {
            Progress::New(arguments, call) => this.begin(cx, arguments, call),
            Progress::Waiting(_) | Progress::Over => Poll::Pending,
        }
    }
}

impl<'a, const METHOD: usize, S, T, E, D, F> Calling<'a, METHOD, S, T, E, D, F>
where
    S: Contract + ?Sized,
    T: Send + 'static,
    E: ServiceError,
{
    #[inline]
    pub(super) fn new<A>(service: &'a Service<S>, ctx: &'a Ctx, arguments: D, call: F) -> Self
    where
        D: FnOnce() -> Result<A, CallError>,
        F: for<'x> FnOnce(&'x S::Twin, &'x Ctx, A) -> BoxFuture<'x, Result<T, E>>,
    {
        Self {
            service,
            ctx,
            state: Progress::New(arguments, call),
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
        let (service, ctx) = (self.service, self.ctx);
        let generation = &service.bound;
        let gate = &generation.gates[METHOD];
        let Some(plain) = plain(gate) else {
            return self.begin_aside(cx, arguments, call);
        };
        let first = enter(
            service,
            (generation, gate),
            METHOD,
            ctx,
            arguments,
            |twin, ctx, a| {
                // A constant of the method: what takes part in no transaction does not even look.
                if const { S::DESCRIPTOR.methods[METHOD].transactional }
                    && joined(gate, ctx).is_some()
                {
                    let future = special(generation, gate, ctx, a, call);
                    return First::poll(future, cx);
                }
                First::poll(call(twin, ctx, a), cx)
            },
        );
        let result = match first {
            Ok(First::Pending(future)) => return self.wait(generation, future, None, cx),
            Ok(First::Ready(value)) => Ok(value),
            Err(error) => {
                gate.lanes.failed(error.code());
                Err(error)
            }
        };
        plain.finish();
        Poll::Ready(result)
    }

    /// The same for a call that is not like most.
    #[cold]
    #[inline(never)]
    fn begin_aside<A: Send + 'static>(
        &mut self,
        cx: &mut Context<'_>,
        arguments: D,
        call: F,
    ) -> Poll<Result<T, E>>
    where
        D: FnOnce() -> Result<A, CallError>,
        F: for<'x> FnOnce(&'x S::Twin, &'x Ctx, A) -> BoxFuture<'x, Result<T, E>> + Send + 'static,
    {
        let generation = self.service.newest();
        let gate = &generation.gates[METHOD];
        let ticket = gate.lanes.start();
        let first = enter(
            self.service,
            (generation, gate),
            METHOD,
            self.ctx,
            arguments,
            |twin, ctx, a| {
                if !gate.special && joined(gate, ctx).is_none() {
                    return First::poll(call(twin, ctx, a), cx);
                }
                let future = special(generation, gate, ctx, a, call);
                if gate.special {
                    return Ok(First::Pending(future));
                }
                First::poll(future, cx)
            },
        );
        let result = match first {
            Ok(First::Pending(future)) => {
                return self.wait(generation, future, ticket.began, cx);
            }
            Ok(First::Ready(value)) => Ok(value),
            Err(error) => Err(error),
        };
        ticket.finish(&gate.lanes, outcome(&result));
        Poll::Ready(result)
    }

    /// Keeps a call that goes on after its first poll.
    #[cold]
    fn wait(
        &mut self,
        generation: &'a Generation<S::Twin>,
        future: BoxFuture<'a, Result<T, E>>,
        began: Began,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, E>> {
        let gate = &generation.gates[METHOD];
        let mut waiting = Box::pin(Guarded::new(
            future,
            self.ctx,
            gate,
            &generation.instance,
            began,
        ));
        let poll = if gate.special {
            waiting.as_mut().poll(cx)
        } else {
            waiting.wait(cx)
        };
        if poll.is_pending() {
            self.state = Progress::Waiting(waiting);
        }
        poll
    }
}

/// The ways that cost more: a task of its own, a permit, a turn in a transaction.
fn special<'a, T, A, R, E>(
    generation: &'a Generation<T>,
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
        let called = (&*generation.provider, &*generation.instance);
        if !isolated {
            return in_turn(called, gate, ctx, |twin, ctx| call(twin, ctx, arguments)).await;
        }
        let apart = generation.clone();
        in_turn(called, gate, ctx, |_, ctx| {
            let ctx = ctx.clone();
            Box::pin(Isolated::spawn(async move {
                call(&apart.provider, &ctx, arguments).await
            }))
        })
        .await
    })
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
    let generation = service.newest();
    let gate = &generation.gates[method];
    let ticket = gate.lanes.start();
    let stream: Result<_, CallError> = enter(
        service,
        (generation, gate),
        method,
        ctx,
        arguments,
        |twin, ctx, a| Ok(call(twin, ctx, a)),
    );
    match stream {
        Ok(stream) => Ok(Stream::new(GuardedStream::new(
            stream,
            ctx.clone(),
            generation.gates.clone(),
            method,
            generation.instance.clone(),
            ticket.began,
        ))),
        Err(refused) => {
            ticket.finish(&gate.lanes, Outcome::Failed(refused.code().as_str()));
            Err(refused)
        }
    }
}
