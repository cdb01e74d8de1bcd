//! Whether a call may go in: permission, declaration, deadline, cancel, transaction, permits.

use std::sync::atomic::Ordering::Relaxed;

use super::enlist::joined;
use super::generation::Generation;
use super::instance::{Instance, MethodGate};
use super::{Contract, Ctx, Service};
use crate::contract::MethodKind;
use crate::error::{CallError, Code};
use crate::limit;

/// Whether the call may go in: permission, declaration, deadline, cancel, transaction.
#[inline]
pub(super) fn admit<S: Contract + ?Sized>(
    service: &Service<S>,
    generation: &Generation<S::Twin>,
    gate: &MethodGate,
    method: usize,
    ctx: &Ctx,
) -> Result<(), CallError> {
    let allowed = gate.allowed.load(Relaxed);
    let declared = service.declared >> method & 1 == 1;
    if allowed & ctx.open.0 != 0 && declared {
        return Ok(());
    }
    if allowed & ctx.roles.0 != 0 && declared {
        watch(gate, &generation.instance, ctx)
    } else {
        Err(generation
            .instance
            .denied(gate, ctx, &service.consumer, declared))
    }
}

/// The rest of the guards, for a `Ctx` that has something to watch.
#[inline(never)]
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
    if gate.method.kind != MethodKind::Async && joined(gate, ctx).is_some() {
        return Err(CallError::new(
            Code::IncompatibleInterface,
            format!(
                "`{}.{}` cannot wait for its turn in a transaction, since it is not async",
                gate.service, gate.method.name
            ),
        ));
    }
    Ok(())
}

/// A permit, where the configuration limits concurrency.
pub(super) async fn permit(
    gate: &MethodGate,
) -> Result<Option<tokio::sync::SemaphorePermit<'_>>, CallError> {
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
