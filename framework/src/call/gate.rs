//! The gate: the one path that every call takes, typed or JSON.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;

use super::Contract;
use super::admission::admit;
use super::calling::Calling;
use super::generation::Generation;
use super::guard::{GuardedStream, outcome};
use super::instance::MethodGate;
use super::{BoxFuture, Ctx, Service, Stream, trace};
use crate::contract::ServiceError;
use crate::error::CallError;
use crate::metrics::{Outcome, Plain};

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
    Calling::<METHOD, S, T, E, _>::new(service, ctx, call)
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
            let heard = trace::hear(&generation.instance);
            let result = enter(service, (generation, gate), method, ctx, arguments, call);
            ticket.finish(&gate.lanes, outcome(&result));
            let called = (gate, &*generation.instance);
            trace::ended(heard, called, ctx, || outcome(&result));
            result
        });
    };
    let heard = trace::hear(&generation.instance);
    let result = enter(service, (generation, gate), method, ctx, arguments, call);
    plain.finish();
    if let Err(error) = &result {
        gate.lanes.failed(error.code());
    }
    let called = (gate, &*generation.instance);
    trace::ended(heard, called, ctx, || outcome(&result));
    result
}

/// Counts a call like most: nothing to look up, nothing to time, counters of its own thread.
#[inline]
pub(super) fn plain(gate: &MethodGate) -> Option<Plain<'_>> {
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
pub(super) fn enter<'g, S, A, T, E>(
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
    let _inside = trace::enter(gate, &generation.instance, ctx);
    let arguments = arguments()?;
    match catch_unwind(AssertUnwindSafe(|| {
        call(&generation.provider, ctx, arguments)
    })) {
        Ok(result) => result,
        Err(payload) => Err(generation.instance.panicked(gate, payload.as_ref()).into()),
    }
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
    let heard = trace::hear(&generation.instance);
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
            (ticket.began, heard),
        ))),
        Err(refused) => {
            let outcome = || Outcome::Failed(refused.code().as_str());
            ticket.finish(&gate.lanes, outcome());
            trace::ended(heard, (gate, &generation.instance), ctx, outcome);
            Err(refused)
        }
    }
}
