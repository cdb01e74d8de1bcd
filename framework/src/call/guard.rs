//! Futures and streams under guard: cancel, deadline, panics and counting cover every poll.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::task::JoinHandle;

use super::instance::{Instance, MethodGate};
use super::{BoxFuture, Ctx, Stream, trace};
use crate::contract::ServiceError;
use crate::error::{CallError, Code, Effect};
use crate::metrics::{Began, Outcome};
use crate::security::Roles;

/// What is noted when a call begins: when, where it is timed, and where somebody listens.
pub(super) type Begun = (Began, trace::Heard);

/// What the first poll gave.
pub(super) enum First<'a, T, E> {
    Ready(T),
    Pending(BoxFuture<'a, Result<T, E>>),
}

impl<'a, T: 'a, E: 'a> First<'a, T, E> {
    #[inline]
    pub(super) fn poll(
        mut future: BoxFuture<'a, Result<T, E>>,
        cx: &mut Context<'_>,
    ) -> Result<Self, E> {
        match future.as_mut().poll(cx) {
            Poll::Ready(result) => {
                drop(future);
                result.map(First::Ready)
            }
            Poll::Pending => Ok(First::pending(future)),
        }
    }
}

impl<'a, T: 'a, E: 'a> First<'a, T, E> {
    /// A call that goes on; in its span, where somebody listens.
    pub(super) fn pending(future: BoxFuture<'a, Result<T, E>>) -> Self {
        First::Pending(trace::going_on(future))
    }
}

/// An async call that waits. Dropping it gives the call up.
pub(crate) struct Guarded<'a, T, E> {
    future: BoxFuture<'a, Result<T, E>>,
    ctx: &'a Ctx,
    gate: &'a MethodGate,
    instance: &'a Instance,
    begun: Begun,
    open: bool,
    /// Armed at the first `Pending`: a call that never waits pays for no timer.
    watch: Option<Watch>,
}

impl<'a, T: 'a, E: ServiceError> Guarded<'a, T, E> {
    pub(super) fn new(
        future: BoxFuture<'a, Result<T, E>>,
        ctx: &'a Ctx,
        gate: &'a MethodGate,
        instance: &'a Instance,
        begun: Begun,
    ) -> Self {
        Self {
            future,
            ctx,
            gate,
            instance,
            begun,
            open: true,
            watch: None,
        }
    }

    /// After the handler said `Pending`: looks at the deadline and the cancel.
    pub(super) fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        let watch = self
            .watch
            .get_or_insert_with(|| Watch::new(self.ctx, self.gate, self.instance));
        match watch.poll(cx, self.ctx, self.gate) {
            Some(given_up) => {
                // What it holds, such as its turn in a transaction, ends with the call and not when the caller
                // gets round to dropping it.
                self.future = Box::pin(std::future::pending());
                self.end(Err(E::from(given_up)))
            }
            None => Poll::Pending,
        }
    }

    fn end(&mut self, result: Result<T, E>) -> Poll<Result<T, E>> {
        self.note(|| outcome(&result));
        Poll::Ready(result)
    }
}

impl<T, E> Guarded<'_, T, E> {
    /// Counts and tells its end.
    fn note<'o>(&mut self, outcome: impl Fn() -> Outcome<'o>) {
        let (began, heard) = self.begun;
        self.open = false;
        self.gate.lanes.finish(began, outcome());
        trace::ended(heard, (self.gate, self.instance), self.ctx, outcome);
    }
}

impl<'a, T: 'a, E: ServiceError> Future for Guarded<'a, T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let _inside = trace::again(this.ctx);
        match catch_unwind(AssertUnwindSafe(|| this.future.as_mut().poll(cx))) {
            Ok(Poll::Ready(result)) => this.end(result),
            Ok(Poll::Pending) => this.wait(cx),
            Err(payload) => this.end(Err(E::from(
                this.instance.panicked(this.gate, payload.as_ref()),
            ))),
        }
    }
}

impl<T, E> Drop for Guarded<'_, T, E> {
    fn drop(&mut self) {
        if self.open {
            self.note(|| Outcome::Failed("cancelled"));
        }
    }
}

/// What a waiting call waits for beside its handler: the deadline and the cancel.
struct Watch {
    deadline: Instant,
    timer: BoxFuture<'static, ()>,
    cancelled: Option<BoxFuture<'static, ()>>,
}

impl Watch {
    #[cold]
    fn new(ctx: &Ctx, gate: &MethodGate, instance: &Instance) -> Self {
        let own = instance.clock.now() + gate.timeout;
        let deadline = ctx.deadline().map_or(own, |deadline| deadline.min(own));
        let cancelled = ctx
            .cancel()
            .cloned()
            .map(|cancel| -> BoxFuture<'static, ()> {
                Box::pin(async move { cancel.cancelled().await })
            });
        Self {
            deadline,
            timer: instance.clock.sleep_until(deadline),
            cancelled,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, ctx: &Ctx, gate: &MethodGate) -> Option<CallError> {
        if self.timer.as_mut().poll(cx).is_ready() {
            let (service, method) = (gate.service, gate.method.name);
            let whose = if ctx.deadline() == Some(self.deadline) {
                "the caller's deadline"
            } else {
                "its timeout"
            };
            return Some(
                CallError::new(
                    Code::Timeout,
                    format!("`{service}.{method}` did not end before {whose}"),
                )
                .effect(effect(gate)),
            );
        }
        if self
            .cancelled
            .as_mut()
            .is_some_and(|cancelled| cancelled.as_mut().poll(cx).is_ready())
        {
            return Some(
                CallError::new(Code::Cancelled, "the caller gave up").effect(effect(gate)),
            );
        }
        None
    }
}

/// How a call ended, with its code.
pub(super) fn outcome<T, E: ServiceError>(result: &Result<T, E>) -> Outcome<'_> {
    match result {
        Ok(_) => Outcome::Ok,
        Err(error) => Outcome::Failed(error.code()),
    }
}

/// What a call that was given up half-way may have done.
fn effect(gate: &MethodGate) -> Effect {
    if gate.method.read_only {
        Effect::None
    } else {
        Effect::Possible
    }
}

/// A stream under guard. The timeout of the method is the longest wait for one item; the deadline
/// of the `Ctx` bounds the whole.
pub(super) struct GuardedStream<T, E> {
    /// Gone once it has ended: what a provider would send after an error is never seen.
    stream: Option<Stream<T, E>>,
    ctx: Ctx,
    gates: Arc<[MethodGate]>,
    method: usize,
    instance: Arc<Instance>,
    begun: Begun,
    watch: Option<Watch>,
}

impl<T, E> GuardedStream<T, E> {
    pub(super) fn new(
        stream: Stream<T, E>,
        ctx: Ctx,
        gates: Arc<[MethodGate]>,
        method: usize,
        instance: Arc<Instance>,
        begun: Begun,
    ) -> Self {
        Self {
            stream: Some(stream),
            ctx,
            gates,
            method,
            instance,
            begun,
            watch: None,
        }
    }

    fn close(&mut self, outcome: Outcome<'_>) {
        if self.stream.take().is_some() {
            let (gate, (began, heard)) = (&self.gates[self.method], self.begun);
            gate.lanes.finish(began, outcome);
            trace::ended(heard, (gate, &self.instance), &self.ctx, || outcome);
        }
    }
}

impl<T, E: ServiceError> futures_core::Stream for GuardedStream<T, E> {
    type Item = Result<T, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some(stream) = &mut this.stream else {
            return Poll::Ready(None);
        };
        let _inside = trace::again(&this.ctx);
        let gate = &this.gates[this.method];
        let error = match catch_unwind(AssertUnwindSafe(|| {
            futures_core::Stream::poll_next(Pin::new(stream), cx)
        })) {
            Ok(Poll::Ready(Some(Ok(item)))) if !over(&this.ctx, &this.instance) => {
                this.watch = None;
                return Poll::Ready(Some(Ok(item)));
            }
            Ok(Poll::Ready(Some(Ok(_)))) => E::from(
                CallError::new(
                    Code::Timeout,
                    format!(
                        "`{}.{}` streamed past the deadline",
                        gate.service, gate.method.name
                    ),
                )
                .effect(effect(gate)),
            ),
            Ok(Poll::Ready(Some(Err(error)))) => error,
            Ok(Poll::Ready(None)) => {
                this.close(Outcome::Ok);
                return Poll::Ready(None);
            }
            Ok(Poll::Pending) => {
                let watch = this
                    .watch
                    .get_or_insert_with(|| Watch::new(&this.ctx, gate, &this.instance));
                match watch.poll(cx, &this.ctx, gate) {
                    Some(given_up) => E::from(given_up),
                    None => return Poll::Pending,
                }
            }
            Err(payload) => E::from(this.instance.panicked(gate, payload.as_ref())),
        };
        this.close(Outcome::Failed(error.code()));
        Poll::Ready(Some(Err(error)))
    }
}

/// Whether a stream that always has an item ready must end all the same.
fn over(ctx: &Ctx, instance: &Instance) -> bool {
    ctx.open == Roles::NONE
        && (ctx
            .deadline()
            .is_some_and(|deadline| deadline <= instance.clock.now())
            || ctx.cancel().is_some_and(super::Cancel::is_cancelled))
}

impl<T, E> Drop for GuardedStream<T, E> {
    fn drop(&mut self) {
        self.close(Outcome::Failed("cancelled"));
    }
}

/// A call on a task of its own, ended when nobody waits any more.
pub(super) struct Isolated<T>(JoinHandle<T>);

impl<T: Send + 'static> Isolated<T> {
    pub(super) fn spawn(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl<T> Future for Isolated<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match Pin::new(&mut self.0).poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(value)) => Poll::Ready(value),
            Poll::Ready(Err(ended)) => match ended.try_into_panic() {
                // Whoever polls contains it, as if the handler had run inline.
                Ok(payload) => resume_unwind(payload),
                // The runtime is going down; nobody will ask again.
                Err(_) => Poll::Pending,
            },
        }
    }
}

impl<T> Drop for Isolated<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
