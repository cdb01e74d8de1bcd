//! Spans of calls, for whoever listens through `tracing`. A call that nobody listens to pays one load.

use tracing::{Instrument, Level, Span, debug_span, enabled};

use super::{BoxFuture, Ctx, MethodGate};

/// The span of a call: who calls what, under which trace. No argument and no result is in it.
pub(super) fn call(gate: &MethodGate, instance: &str, ctx: &Ctx) -> Span {
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
    if enabled!(target: "weldkit::call", Level::DEBUG) {
        return Box::pin(future.in_current_span());
    }
    future
}
