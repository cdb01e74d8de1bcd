//! An async call: nothing happens before its first poll, and one that never waits ends in it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Contract;
use super::admission::permit;
use super::enlist::{in_turn, joined};
use super::gate::{enter, plain};
use super::generation::Generation;
use super::guard::{Begun, First, Guarded, Isolated, outcome};
use super::instance::{Instance, MethodGate};
use super::{BoxFuture, Ctx, Service, trace};
use crate::contract::ServiceError;
use crate::error::CallError;

/// A typed async call.
///
/// The index of the method is a constant of the type: kept in the future, it would be read again.
pub(super) struct Calling<'a, const METHOD: usize, S: Contract + ?Sized, T, E, F> {
    service: &'a Service<S>,
    ctx: &'a Ctx,
    /// What calls the method, until the first poll.
    call: Option<F>,
    waiting: Waiting<'a, T, E>,
}

/// Where a call is kept that goes on after its first poll.
///
/// Boxed, so that a call that never waits does not carry the room for it; without its type, so that
/// such a call does not carry the code to drop it either.
pub(super) type Waiting<'a, T, E> = Option<BoxFuture<'a, Result<T, E>>>;

// The closure is moved out, never pinned.
impl<const METHOD: usize, S: Contract + ?Sized, T, E, F> Unpin for Calling<'_, METHOD, S, T, E, F> {}

impl<'a, const METHOD: usize, S: Contract + ?Sized, T, E, F> Calling<'a, METHOD, S, T, E, F> {
    #[inline]
    pub(super) fn new(service: &'a Service<S>, ctx: &'a Ctx, call: F) -> Self {
        Self {
            service,
            ctx,
            call: Some(call),
            waiting: None,
        }
    }
}

impl<const METHOD: usize, S, T, E, F> Future for Calling<'_, METHOD, S, T, E, F>
where
    S: Contract + ?Sized,
    T: Send + 'static,
    E: ServiceError,
    F: for<'x> FnOnce(&'x S::Twin, &'x Ctx) -> BoxFuture<'x, Result<T, E>> + Send + 'static,
{
    type Output = Result<T, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let Some(call) = this.call.take() else {
            return match &mut this.waiting {
                Some(waiting) => waiting.as_mut().poll(cx),
                None => Poll::Pending,
            };
        };
        begin::<METHOD, S, (), T, E>(
            (this.service, this.ctx),
            cx,
            || Ok(()),
            move |twin, ctx, ()| call(twin, ctx),
            &mut this.waiting,
        )
    }
}

/// The first poll of a call; one that goes on is put into `waiting`, and wakes whoever polled.
#[inline]
pub(super) fn begin<'a, const METHOD: usize, S, A, T, E>(
    (service, ctx): (&'a Service<S>, &'a Ctx),
    cx: &mut Context<'_>,
    arguments: impl FnOnce() -> Result<A, CallError>,
    call: impl for<'x> FnOnce(&'x S::Twin, &'x Ctx, A) -> BoxFuture<'x, Result<T, E>> + Send + 'static,
    waiting: &mut Waiting<'a, T, E>,
) -> Poll<Result<T, E>>
where
    S: Contract + ?Sized,
    A: Send + 'static,
    T: Send + 'static,
    E: ServiceError,
{
    let generation = &service.bound;
    let gate = &generation.gates[METHOD];
    let Some(plain) = plain(gate) else {
        return begin_aside((service, ctx), METHOD, cx, arguments, call, waiting);
    };
    let heard = trace::hear(&generation.instance);
    let first = enter(
        service,
        (generation, gate),
        METHOD,
        ctx,
        arguments,
        |twin, ctx, a| {
            // A constant of the method: what takes part in no transaction does not even look.
            if const { S::DESCRIPTOR.methods[METHOD].transactional } && joined(gate, ctx).is_some()
            {
                let future = special(generation, gate, ctx, a, call);
                return First::poll(future, cx);
            }
            First::poll(call(twin, ctx, a), cx)
        },
    );
    let result = match first {
        Ok(First::Ready(value)) => Ok(value),
        Ok(First::Pending(future)) => {
            return wait(
                (gate, &generation.instance),
                ctx,
                (future, (None, heard)),
                cx,
                waiting,
            );
        }
        Err(error) => {
            gate.lanes.failed(error.code());
            Err(error)
        }
    };
    plain.finish();
    let called = (gate, &*generation.instance);
    trace::ended(heard, called, ctx, || outcome(&result));
    Poll::Ready(result)
}

/// The same for a call that is not like most, or whose contract was made at start.
#[cold]
#[inline(never)]
pub(super) fn begin_aside<'a, S, A, T, E>(
    (service, ctx): (&'a Service<S>, &'a Ctx),
    method: usize,
    cx: &mut Context<'_>,
    arguments: impl FnOnce() -> Result<A, CallError>,
    call: impl for<'x> FnOnce(&'x S::Twin, &'x Ctx, A) -> BoxFuture<'x, Result<T, E>> + Send + 'static,
    waiting: &mut Waiting<'a, T, E>,
) -> Poll<Result<T, E>>
where
    S: Contract + ?Sized,
    A: Send + 'static,
    T: Send + 'static,
    E: ServiceError,
{
    let generation = service.newest();
    let gate = &generation.gates[method];
    let ticket = gate.lanes.start();
    let heard = trace::hear(&generation.instance);
    let first = enter(
        service,
        (generation, gate),
        method,
        ctx,
        arguments,
        |twin, ctx, a| {
            if !gate.special && joined(gate, ctx).is_none() {
                return First::poll(call(twin, ctx, a), cx);
            }
            let future = special(generation, gate, ctx, a, call);
            if gate.special {
                return Ok(First::pending(future));
            }
            First::poll(future, cx)
        },
    );
    let result = match first {
        Ok(First::Ready(value)) => Ok(value),
        Ok(First::Pending(future)) => {
            return wait(
                (gate, &generation.instance),
                ctx,
                (future, (ticket.began, heard)),
                cx,
                waiting,
            );
        }
        Err(error) => Err(error),
    };
    ticket.finish(&gate.lanes, outcome(&result));
    let called = (gate, &*generation.instance);
    trace::ended(heard, called, ctx, || outcome(&result));
    Poll::Ready(result)
}

/// Keeps a call that goes on after its first poll.
#[cold]
fn wait<'a, T: Send + 'static, E: ServiceError>(
    (gate, instance): (&'a MethodGate, &'a Instance),
    ctx: &'a Ctx,
    (future, begun): (BoxFuture<'a, Result<T, E>>, Begun),
    cx: &mut Context<'_>,
    waiting: &mut Waiting<'a, T, E>,
) -> Poll<Result<T, E>> {
    let mut guarded = Box::pin(Guarded::new(future, ctx, gate, instance, begun));
    let poll = if gate.special {
        guarded.as_mut().poll(cx)
    } else {
        guarded.wait(cx)
    };
    if poll.is_pending() {
        *waiting = Some(guarded);
    }
    poll
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
                trace::carried(call(&apart.provider, &ctx, arguments), &ctx).await
            }))
        })
        .await
    })
}
