use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::clock::{self, Clock};
use crate::error::CallError;
use crate::limit;
use crate::security::{Principal, Roles};

use super::Enlist;

/// What travels with a call: on whose behalf, until when, under which trace, in which transaction.
///
/// Cheap to clone. Only a host makes a root `Ctx`; a provider passes the one it was given on to
/// what it calls, or a narrower one from [`with_timeout`](Ctx::with_timeout).
#[derive(Clone)]
pub struct Ctx {
    pub(crate) roles: Roles,
    /// The same roles, or none where the gate has more to look at than the permission: a deadline,
    /// a cancel, a transaction. One test on the call path stands for both.
    pub(crate) open: Roles,
    deadline: Option<Instant>,
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    principal: Principal,
    clock: Clock,
    cancel: Option<Cancel>,
    trace: TraceId,
    baggage: Vec<(String, String)>,
    idempotency_key: Option<String>,
    progress: Option<Progress>,
    transaction: Option<Arc<dyn Enlist>>,
}

/// A W3C trace id: 32 hexadecimal digits.
type TraceId = u128;

/// Receives what a handler reports of its progress: a fraction from 0 to 1, and a message.
pub type Progress = Arc<dyn Fn(f64, &str) + Send + Sync>;

/// What a host puts into a root `Ctx`.
pub(crate) struct Root {
    pub(crate) principal: Principal,
    pub(crate) roles: Roles,
    pub(crate) clock: Clock,
    pub(crate) cancel: Option<Cancel>,
}

impl Ctx {
    pub(crate) fn root(root: Root) -> Self {
        let trace = (u128::from(clock::random()) << 64) | u128::from(clock::random());
        let open = if root.cancel.is_some() {
            Roles::NONE
        } else {
            root.roles
        };
        let shared = Shared {
            principal: root.principal,
            clock: root.clock,
            cancel: root.cancel,
            trace,
            baggage: Vec::new(),
            idempotency_key: None,
            progress: None,
            transaction: None,
        };
        Self {
            roles: root.roles,
            open,
            deadline: None,
            shared: Arc::new(shared),
        }
    }

    /// On whose behalf the call is made.
    pub fn principal(&self) -> &Principal {
        &self.shared.principal
    }

    /// The instant after which nobody waits for the result.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time left, if there is a deadline.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(self.shared.clock.now()))
    }

    /// The same with a deadline `timeout` from now, or the nearer one that there is already.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        self.with_deadline(self.shared.clock.now() + timeout)
    }

    /// The same with a deadline, or the nearer one that there is already.
    #[must_use]
    pub(crate) fn with_deadline(&self, wanted: Instant) -> Self {
        let deadline = self
            .deadline
            .map_or(wanted, |deadline| deadline.min(wanted));
        Self {
            deadline: Some(deadline),
            open: Roles::NONE,
            ..self.clone()
        }
    }

    /// The same without a deadline: for what outlives the call.
    #[cfg(feature = "transaction")]
    pub(crate) fn without_deadline(&self) -> Self {
        Self {
            deadline: None,
            ..self.clone()
        }
    }

    /// The same without deadline, cancel, progress and transaction: for what nobody waits for.
    #[cfg(feature = "composition")]
    pub(crate) fn detached(&self) -> Self {
        let changed = self.changed(|shared| {
            (shared.cancel, shared.progress, shared.transaction) = (None, None, None);
        });
        Self {
            deadline: None,
            open: self.roles,
            ..changed
        }
    }

    /// Where its time comes from.
    #[cfg(feature = "composition")]
    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The same, cancelled when `cancel` is or when this one is.
    #[must_use]
    pub fn with_cancel(&self, cancel: &Cancel) -> Self {
        let cancel = match &self.shared.cancel {
            Some(outer) => cancel.under(outer),
            None => cancel.clone(),
        };
        Self {
            open: Roles::NONE,
            ..self.changed(|shared| shared.cancel = Some(cancel))
        }
    }

    /// The same, with progress sent to `progress`.
    #[must_use]
    pub fn with_progress(&self, progress: Progress) -> Self {
        self.changed(|shared| shared.progress = Some(progress))
    }

    /// The same for what a run does: given up with `cancel` as well, and watched.
    #[cfg(feature = "orchestration")]
    pub(crate) fn of_step(mut self, cancel: &Cancel, progress: Progress) -> Self {
        // Nobody else has it yet, so nothing is copied.
        let shared = Arc::make_mut(&mut self.shared);
        shared.cancel = Some(match &shared.cancel {
            Some(outer) => cancel.under(outer),
            None => cancel.clone(),
        });
        shared.progress = Some(progress);
        self.open = Roles::NONE;
        self
    }

    /// The same, inside of a transaction.
    #[must_use]
    pub fn with_transaction(&self, transaction: Arc<dyn Enlist>) -> Self {
        Self {
            open: Roles::NONE,
            ..self.changed(|shared| shared.transaction = Some(transaction))
        }
    }

    /// The same, with a key that makes a repeated call recognisable.
    #[must_use]
    pub fn with_idempotency_key(&self, key: impl Into<String>) -> Self {
        self.changed(|shared| shared.idempotency_key = Some(key.into()))
    }

    /// The same, with one more baggage entry.
    ///
    /// # Errors
    ///
    /// `limit` when there are [`limit::BAGGAGE`] entries already, or one is larger than
    /// [`limit::BAGGAGE_BYTES`].
    pub fn with_baggage(&self, key: &str, value: &str) -> Result<Self, CallError> {
        if self.shared.baggage.len() >= limit::BAGGAGE
            || key.len().max(value.len()) > limit::BAGGAGE_BYTES
        {
            return Err(CallError::limit(format!(
                "baggage has at most {} entries of {} bytes",
                limit::BAGGAGE,
                limit::BAGGAGE_BYTES
            )));
        }
        Ok(self.changed(|shared| shared.baggage.push((key.to_owned(), value.to_owned()))))
    }

    /// The same under the trace of a W3C `traceparent`, or the error that says what is wrong with it.
    pub fn with_traceparent(&self, traceparent: &str) -> Result<Self, CallError> {
        // https://www.w3.org/TR/trace-context/#traceparent-header: version-trace-parent-flags
        let trace = traceparent
            .split('-')
            .nth(1)
            .filter(|text| text.len() == 32)
            .and_then(|text| u128::from_str_radix(text, 16).ok())
            .filter(|trace| *trace != 0);
        let Some(trace) = trace else {
            return Err(CallError::invalid_parameter(format!(
                "`{traceparent}` is not a W3C traceparent: write `00-<32 hex digits>-<16 hex digits>-01`"
            )));
        };
        Ok(self.changed(|shared| shared.trace = trace))
    }

    /// The value of a baggage entry.
    pub fn baggage(&self, key: &str) -> Option<&str> {
        self.shared
            .baggage
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// The trace id: 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.shared.trace)
    }

    #[cfg(feature = "tracing")]
    pub(super) fn trace(&self) -> u128 {
        self.shared.trace
    }

    /// A W3C `traceparent` of this trace for a call to another process: each has a parent of its own.
    pub fn traceparent(&self) -> String {
        let parent = clock::random() | 1;
        format!("00-{:032x}-{parent:016x}-01", self.shared.trace)
    }

    /// The key that makes a repeated call recognisable.
    pub fn idempotency_key(&self) -> Option<&str> {
        self.shared.idempotency_key.as_deref()
    }

    /// Whether the caller has given up or the deadline has passed.
    pub fn is_cancelled(&self) -> bool {
        self.shared
            .cancel
            .as_ref()
            .is_some_and(Cancel::is_cancelled)
            || self
                .deadline
                .is_some_and(|deadline| deadline <= self.shared.clock.now())
    }

    /// Completes when the caller gives up or the deadline passes.
    pub async fn cancelled(&self) {
        let deadline = async {
            match self.deadline {
                Some(deadline) => self.shared.clock.sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let cancel = async {
            match &self.shared.cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = deadline => {}
            () = cancel => {}
        }
    }

    /// Tells whoever watches how far the call is: a fraction from 0 to 1, and a message.
    pub fn progress(&self, fraction: f64, message: &str) {
        if let Some(progress) = &self.shared.progress {
            progress(fraction.clamp(0.0, 1.0), message);
        }
    }

    /// The transaction that the call is part of.
    pub fn transaction(&self) -> Option<&Arc<dyn Enlist>> {
        self.shared.transaction.as_ref()
    }

    pub(crate) fn cancel(&self) -> Option<&Cancel> {
        self.shared.cancel.as_ref()
    }

    fn changed(&self, change: impl FnOnce(&mut Shared)) -> Self {
        let mut shared = Shared::clone(&self.shared);
        change(&mut shared);
        Self {
            shared: Arc::new(shared),
            ..self.clone()
        }
    }
}

impl fmt::Debug for Ctx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx")
            .field("principal", &self.shared.principal)
            .field("deadline", &self.deadline)
            .field("trace", &self.trace_id())
            .finish_non_exhaustive()
    }
}

/// A switch that gives up every call whose `Ctx` carries it.
#[derive(Clone, Default)]
pub struct Cancel {
    own: Arc<Switch>,
    /// The switch of the caller's own `Ctx`, when there is one.
    outer: Option<Arc<Cancel>>,
}

#[derive(Default)]
struct Switch {
    thrown: AtomicBool,
    woken: Notify,
}

impl Cancel {
    /// A switch that nobody has thrown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives up every call that carries this switch.
    pub fn cancel(&self) {
        self.own.thrown.store(true, Ordering::Release);
        self.own.woken.notify_waiters();
    }

    /// Whether it has been thrown.
    pub fn is_cancelled(&self) -> bool {
        self.own.thrown.load(Ordering::Acquire)
            || self
                .outer
                .as_ref()
                .is_some_and(|outer| outer.is_cancelled())
    }

    /// Completes when it is thrown.
    pub fn cancelled(&self) -> super::BoxFuture<'_, ()> {
        Box::pin(async move {
            let woken = self.own.woken.notified();
            tokio::pin!(woken);
            // Register first, look second: a throw in between is not missed.
            woken.as_mut().enable();
            if self.is_cancelled() {
                return;
            }
            match &self.outer {
                Some(outer) => tokio::select! {
                    () = woken => {}
                    () = outer.cancelled() => {}
                },
                None => woken.await,
            }
        })
    }

    /// The same switch, thrown as well when `outer` is.
    fn under(&self, outer: &Cancel) -> Self {
        let outer = match &self.outer {
            Some(own) => own.under(outer),
            None => outer.clone(),
        };
        Self {
            own: self.own.clone(),
            outer: Some(Arc::new(outer)),
        }
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cancel({})", self.is_cancelled())
    }
}
