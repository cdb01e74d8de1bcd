//! What a call tells whoever listens through `tracing`: a span while it runs, the trace that the thread is in, and one event at its
//! end. A call that nobody listens to pays one load.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::time::Instant;

use tracing::level_filters::LevelFilter;
use tracing::span::EnteredSpan;
use tracing::{Instrument, Level, Span, debug, debug_span, event_enabled, span_enabled};

use super::instance::Instance;
use super::{BoxFuture, Ctx, MethodGate};
use crate::metrics::Outcome;

thread_local! {
    /// The trace of the call that this thread is in; zero is none.
    static TRACE: Cell<u128> = const { Cell::new(0) };
}

/// The trace id of the call that this thread is in, as [`Ctx::trace_id`] writes it; nothing outside of a call. What a plugin runs on
/// a task or a thread of its own is outside.
#[cfg(feature = "cli")]
pub(crate) fn current() -> Option<String> {
    let trace = TRACE.get();
    (trace != 0).then(|| format!("{trace:032x}"))
}

/// Being in a call, until it is dropped.
pub(super) struct Inside {
    /// The trace before it, where somebody listens.
    former: Option<u128>,
    _span: Option<EnteredSpan>,
}

impl Drop for Inside {
    fn drop(&mut self) {
        if let Some(former) = self.former {
            TRACE.set(former);
        }
    }
}

/// Goes into a call: its span, and its trace for every line that is written inside.
#[inline]
pub(super) fn enter(gate: &MethodGate, instance: &Instance, ctx: &Ctx) -> Inside {
    let mut inside = again(ctx);
    if is_debugged() {
        inside._span = Some(span(gate, instance.name(), ctx).entered());
    }
    inside
}

/// The same for a later poll, whose future carries the span.
#[inline]
pub(super) fn again(ctx: &Ctx) -> Inside {
    let former = is_heard().then(|| TRACE.replace(ctx.trace()));
    Inside {
        former,
        _span: None,
    }
}

/// Whether anybody listens to anything.
#[inline]
fn is_heard() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}

/// Whether anybody listens to calls: with a log of what matters only, as most have, nobody does.
#[inline]
fn is_debugged() -> bool {
    LevelFilter::current() >= LevelFilter::DEBUG
}

/// Who calls what, under which trace. No argument and no result is in it.
fn span(gate: &MethodGate, instance: &str, ctx: &Ctx) -> Span {
    debug_span!(
        target: "weldkit::call",
        "call",
        service = gate.service,
        method = gate.method.name,
        instance,
        principal = ctx.principal().as_str(),
        trace_id = ctx.trace_id(),
    )
}

/// A future that goes on in the span in which it was polled first.
pub(super) fn going_on<'a, T: 'a>(future: BoxFuture<'a, T>) -> BoxFuture<'a, T> {
    if span_enabled!(target: "weldkit::call", Level::DEBUG) {
        return Box::pin(future.in_current_span());
    }
    future
}

/// A future that is in its call on whatever task it is polled.
pub(super) fn carried<'a, T>(
    mut future: BoxFuture<'a, T>,
    ctx: &'a Ctx,
) -> impl Future<Output = T> + Send + 'a
where
    T: 'a,
{
    poll_fn(move |cx| {
        let _inside = again(ctx);
        future.as_mut().poll(cx)
    })
}

/// When a call began, where somebody listens to ends of calls.
pub(super) type Heard = Option<Instant>;

/// Notes when a call begins.
#[inline]
pub(super) fn hear(instance: &Instance) -> Heard {
    if is_debugged() { began(instance) } else { None }
}

#[cold]
fn began(instance: &Instance) -> Heard {
    let is_heard = event_enabled!(target: "weldkit::call", Level::DEBUG);
    is_heard.then(|| instance.clock.now())
}

/// Tells how a call has ended, after how long.
#[inline]
pub(super) fn ended<'o>(
    heard: Heard,
    called: (&MethodGate, &Instance),
    ctx: &Ctx,
    outcome: impl FnOnce() -> Outcome<'o>,
) {
    if let Some(began) = heard {
        tell(began, called, ctx, outcome());
    }
}

#[cold]
fn tell(
    began: Instant,
    (gate, instance): (&MethodGate, &Instance),
    ctx: &Ctx,
    outcome: Outcome<'_>,
) {
    let took = instance.clock.now().saturating_duration_since(began);
    let outcome = match outcome {
        Outcome::Ok => "ok",
        Outcome::Failed(code) => code,
    };
    debug!(
        target: "weldkit::call",
        service = gate.service,
        method = gate.method.name,
        instance = &**instance.name(),
        duration_ms = took.as_secs_f64() * 1e3,
        outcome,
        trace_id = ctx.trace_id(),
        "call ended",
    );
}
