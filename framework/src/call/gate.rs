//! The gate: the one path that every call takes, typed or JSON.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::guard::{Guarded, GuardedStream, Isolated};
use super::slot::Generation;
use super::{BoxFuture, Ctx, Service, Stream};
use crate::clock::Clock;
use crate::contract::{Contract, MethodDescriptor, ServiceError};
use crate::error::{CallError, Code, Effect};
use crate::limit;
use crate::metrics::{Lanes, Outcome, Ticket};

/// What the gate keeps for one method of one running instance.
#[derive(Debug)]
pub(crate) struct MethodGate {
    pub(crate) method: &'static MethodDescriptor,
    pub(crate) service: &'static str,
    pub(crate) lanes: Lanes,
    /// The roles that may call; none while the instance is quarantined or stopped.
    pub(crate) allowed: AtomicU64,
    /// Those roles while a test's fault keeps them out.
    pub(crate) closed_to: AtomicU64,
    pub(crate) timeout: Duration,
    /// Permits, where the configuration limits concurrency.
    pub(crate) permits: Option<Semaphore>,
}

impl MethodGate {
    /// The permission that the principal must hold.
    pub(crate) fn permission(&self) -> &'static str {
        self.method.permission.unwrap_or(self.service)
    }
}

/// A running instance, as the gate sees it.
pub(crate) struct Instance {
    name: Arc<str>,
    pub(crate) clock: Clock,
    panics: AtomicU64,
    quarantined: AtomicBool,
    closed: AtomicBool,
    gates: OnceLock<Vec<Arc<[MethodGate]>>>,
    /// What a test makes the next calls fail with. Looked at only where no role is allowed in.
    faults: Mutex<BTreeMap<&'static str, (CallError, usize)>>,
    /// Called once, when the instance is quarantined.
    on_quarantine: Box<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance({})", self.name)
    }
}

impl Instance {
    pub(crate) fn new(
        name: &str,
        clock: Clock,
        on_quarantine: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            clock,
            panics: AtomicU64::new(0),
            quarantined: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            gates: OnceLock::new(),
            faults: Mutex::default(),
            on_quarantine: Box::new(on_quarantine),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Tells the instance its gates, once, when its services are known.
    pub(crate) fn guard(&self, gates: Vec<Arc<[MethodGate]>>) {
        let first = self.gates.set(gates);
        debug_assert!(first.is_ok(), "an instance learns its gates once");
    }

    fn gates(&self) -> impl Iterator<Item = &MethodGate> {
        self.gates
            .get()
            .into_iter()
            .flatten()
            .flat_map(|gates| gates.iter())
    }

    /// Calls that have begun and not ended.
    pub(crate) fn in_flight(&self) -> u64 {
        self.gates().map(|gate| gate.lanes.in_flight()).sum()
    }

    /// Lets no further call in.
    pub(crate) fn close(&self) {
        self.closed.store(true, Relaxed);
        self.gates().for_each(|gate| gate.allowed.store(0, Relaxed));
    }

    /// Makes the next `times` calls of a method fail.
    #[cfg(feature = "testing")]
    pub(crate) fn fail(&self, gate: &MethodGate, error: CallError, times: usize) {
        self.faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(gate.method.name, (error, times));
        gate.closed_to.store(gate.allowed.swap(0, Relaxed), Relaxed);
    }

    /// The fault of a test, if there is one left; the last opens the gate again.
    fn fault(&self, gate: &MethodGate) -> Option<CallError> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let (error, left) = faults.get_mut(gate.method.name)?;
        let fault = CallError::new(error.code().clone(), error.message())
            .retryable(error.is_retryable())
            .effect(error.has_effect());
        *left -= 1;
        if *left == 0 {
            faults.remove(gate.method.name);
            gate.allowed.store(gate.closed_to.swap(0, Relaxed), Relaxed);
        }
        Some(fault)
    }

    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Relaxed)
    }

    /// Counts a panic, and lets no further call in after [`limit::PANICS`].
    #[cold]
    pub(crate) fn panicked(&self, gate: &MethodGate, payload: &(dyn Any + Send)) -> CallError {
        let count = self.panics.fetch_add(1, Relaxed) + 1;
        if count >= limit::PANICS && !self.quarantined.swap(true, Relaxed) {
            self.gates().for_each(|gate| gate.allowed.store(0, Relaxed));
            (self.on_quarantine)();
        }
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        let said = text.map_or_else(String::new, |text| format!(": {text}"));
        CallError::new(
            Code::Panicked,
            format!(
                "`{}.{}` of `{}` panicked{said}",
                gate.service, gate.method.name, self.name
            ),
        )
        .effect(Effect::Possible)
    }
}

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
pub async fn call_async<S, T, E>(
    service: &Service<S>,
    method: usize,
    ctx: &Ctx,
    call: impl for<'x> FnOnce(&'x S::Twin, &'x Ctx) -> BoxFuture<'x, Result<T, E>> + Send + 'static,
) -> Result<T, E>
where
    S: Contract + ?Sized,
    T: Send + 'static,
    E: ServiceError,
{
    match begin_async(
        service,
        method,
        ctx,
        || Ok(()),
        move |twin, ctx, ()| call(twin, ctx),
    ) {
        Ok(running) => running.await,
        Err(refused) => Err(E::from(refused)),
    }
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
    let arguments = match admit(service, generation, method, ctx).and_then(|()| arguments()) {
        Ok(arguments) => arguments,
        Err(refused) => return Err(refuse(ticket, refused)),
    };
    let result = match catch_unwind(AssertUnwindSafe(|| {
        call(&generation.provider, ctx, arguments)
    })) {
        Ok(result) => result,
        Err(payload) => Err(E::from(
            generation.instance.panicked(gate, payload.as_ref()),
        )),
    };
    ticket.finish(outcome(&result));
    result
}

/// Passes an async call through the gate up to its first poll.
#[inline]
pub(super) fn begin_async<'a, S, A, T, E>(
    service: &'a Service<S>,
    method: usize,
    ctx: &'a Ctx,
    arguments: impl FnOnce() -> Result<A, CallError>,
    call: impl for<'x> FnOnce(&'x S::Twin, &'x Ctx, A) -> BoxFuture<'x, Result<T, E>> + Send + 'static,
) -> Result<Guarded<'a, T, E>, CallError>
where
    S: Contract + ?Sized,
    A: Send + 'static,
    T: Send + 'static,
    E: ServiceError,
{
    let generation = service.first.newest();
    let gate = &generation.gates[method];
    let ticket = gate.lanes.start();
    let arguments = match admit(service, generation, method, ctx).and_then(|()| arguments()) {
        Ok(arguments) => arguments,
        Err(refused) => return Err(refuse(ticket, refused)),
    };
    let future = if gate.method.isolated || gate.permits.is_some() {
        special(generation, gate, ctx, arguments, call)
    } else {
        // The handler's first line runs here, so a panic in it is caught here.
        match catch_unwind(AssertUnwindSafe(|| {
            call(&generation.provider, ctx, arguments)
        })) {
            Ok(future) => future,
            Err(payload) => {
                return Err(refuse(
                    ticket,
                    generation.instance.panicked(gate, payload.as_ref()),
                ));
            }
        }
    };
    Ok(Guarded::new(
        future,
        ctx,
        gate,
        &generation.instance,
        ticket,
    ))
}

/// The ways that cost more: a task of its own, a permit.
fn special<'a, T: ?Sized, A, R, E>(
    generation: &'a Arc<Generation<T>>,
    gate: &'a MethodGate,
    ctx: &'a Ctx,
    arguments: A,
    call: impl for<'x> FnOnce(&'x T, &'x Ctx, A) -> BoxFuture<'x, Result<R, E>> + Send + 'static,
) -> BoxFuture<'a, Result<R, E>>
where
    T: Send + Sync + 'static,
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
    let arguments = match admit(service, generation, method, ctx).and_then(|()| arguments()) {
        Ok(arguments) => arguments,
        Err(refused) => return Err(refuse(ticket, refused)),
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
            ticket.detach(),
        ))),
        Err(payload) => Err(refuse(
            ticket,
            generation.instance.panicked(gate, payload.as_ref()),
        )),
    }
}

#[inline]
pub(super) fn outcome<T, E: ServiceError>(result: &Result<T, E>) -> Outcome<'_> {
    match result {
        Ok(_) => Outcome::Ok,
        Err(error) => Outcome::Failed(error.code()),
    }
}

#[cold]
fn refuse<E: From<CallError>>(ticket: Ticket<'_>, refused: CallError) -> E {
    ticket.finish(Outcome::Failed(refused.code().as_str()));
    E::from(refused)
}

/// Whether the call may go in: permission, declaration, deadline, cancel, transaction.
#[inline]
fn admit<S: Contract + ?Sized>(
    service: &Service<S>,
    generation: &Generation<S::Twin>,
    method: usize,
    ctx: &Ctx,
) -> Result<(), CallError> {
    let gate = &generation.gates[method];
    let held = gate.allowed.load(Relaxed) & ctx.roles.0 != 0;
    let declared = service.declared >> method & 1 == 1;
    if held && declared && !ctx.watched {
        return Ok(());
    }
    if held && declared {
        watch(gate, &generation.instance, ctx)
    } else {
        Err(denied(
            &service.consumer,
            gate,
            &generation.instance,
            ctx,
            declared,
        ))
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
            transaction.enlist(&instance.name, gate.method.name)
        }
        _ => Ok(()),
    }
}

#[cold]
fn denied(
    consumer: &str,
    gate: &MethodGate,
    instance: &Instance,
    ctx: &Ctx,
    declared: bool,
) -> CallError {
    let (name, call, permission) = (
        &instance.name,
        format!("{}.{}", gate.service, gate.method.name),
        gate.permission(),
    );
    if let Some(fault) = instance.fault(gate) {
        return fault;
    }
    if instance.quarantined.load(Relaxed) {
        return CallError::unavailable(format!(
            "`{name}` is quarantined after {} panics; `app reload` replaces it",
            instance.panics()
        ))
        .details(serde_json::json!({ "instance": &**name }));
    }
    if instance.closed.load(Relaxed) {
        return CallError::unavailable(format!("`{name}` has stopped"));
    }
    if !declared {
        return CallError::new(
            Code::PermissionDenied,
            format!(
                "plugin `{consumer}` does not declare `{permission}`, which `{call}` needs; add `permissions(\"{permission}\")` to its #[weldkit::plugin]"
            ),
        );
    }
    let principal = ctx.principal();
    CallError::new(Code::PermissionDenied, format!("`{principal}` does not hold `{permission}`, which `{call}` needs; to grant it, add to the configuration:\n[permissions]\n\"{principal}\" = [\"{permission}\"]"))
        .details(serde_json::json!({ "principal": principal.as_str(), "permission": permission, "call": call }))
}
