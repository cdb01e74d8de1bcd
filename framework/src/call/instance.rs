//! A running instance as the gate sees it: who may call, what is counted, when to close.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Ctx;
use crate::clock::Clock;
use crate::contract::MethodDescriptor;
use crate::error::{CallError, Code, Effect};
use crate::limit;
use crate::metrics::Lanes;

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
    /// Whether a call takes more than the call: a permit, a task of its own.
    pub(crate) special: bool,
    /// Whether a call has to look further than at this gate: it is special, or the provider has
    /// been replaced. One test on the call path stands for both.
    pub(crate) aside: AtomicBool,
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

    pub(crate) fn name(&self) -> &Arc<str> {
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

    /// Why a call may not go in.
    #[cold]
    pub(super) fn denied(
        &self,
        gate: &MethodGate,
        ctx: &Ctx,
        consumer: &str,
        declared: bool,
    ) -> CallError {
        let (name, call, permission) = (
            &self.name,
            format!("{}.{}", gate.service, gate.method.name),
            gate.permission(),
        );
        if let Some(fault) = self.fault(gate) {
            return fault;
        }
        if self.quarantined.load(Relaxed) {
            return CallError::unavailable(format!(
                "`{name}` is quarantined after {} panics; `app reload` replaces it",
                self.panics()
            ))
            .details(serde_json::json!({ "instance": &**name }));
        }
        if self.closed.load(Relaxed) {
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
