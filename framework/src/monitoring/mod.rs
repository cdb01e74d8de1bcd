//! Reading what a host counts: for plugins, for programs and for people.
//!
//! ```text
//! Sources (metrics) ──> Monitoring ──> weldkit.monitoring ──> the JSON door, `app metrics`, a plugin that exports
//!                           └── at an interval: history, alerts ──> events
//! ```
//!
//! Nothing runs until an interval is set or an alert is configured: an idle host does not wake up.

mod alert;
mod health;
mod service;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

pub use alert::{AlertStatus, Bound, Rule};
pub use health::{HealthFinding, HealthReport, Severity};
pub use service::MonitoringService;

use crate::call::{BoxFuture, Cancel};
use crate::event::Events;
use crate::limit;
use crate::metrics::{HOST, Snapshot, Sources};
use alert::Alert;

/// The type of the event that an alert publishes when it is raised; its data is an [`AlertStatus`].
pub const ALERT_RAISED: &str = "weldkit.alert_raised";

/// The same when it is cleared.
pub const ALERT_CLEARED: &str = "weldkit.alert_cleared";

/// What monitoring needs of its host.
pub(crate) trait Examine: Send + Sync {
    /// Everything that is not as it should be. Asks plugins, which may take their time.
    fn findings(&self) -> BoxFuture<'_, Vec<HealthFinding>>;
}

/// What there is to see of a host. The host hands it to its own service; others call that. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Monitoring(Arc<Inner>);

struct Inner {
    sources: Sources,
    events: Events,
    host: OnceLock<Box<dyn Examine>>,
    watch: Mutex<Watch>,
}

/// What is remembered between two looks.
#[derive(Default)]
struct Watch {
    last: Snapshot,
    history: VecDeque<Snapshot>,
    alerts: Vec<Alert>,
    /// Ends the task that looks.
    running: Option<Cancel>,
}

impl Monitoring {
    pub(crate) fn new(sources: Sources, events: Events, rules: Vec<Rule>) -> Self {
        let watch = Watch {
            alerts: rules.into_iter().map(Alert::new).collect(),
            ..Watch::default()
        };
        Self(Arc::new(Inner {
            sources,
            events,
            host: OnceLock::new(),
            watch: Mutex::new(watch),
        }))
    }

    /// The host has started.
    pub(crate) fn open(&self, host: Box<dyn Examine>) {
        let first = self.0.host.set(host);
        debug_assert!(first.is_ok(), "a host starts once");
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.0.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at everything again and again, from now on with this pause.
    pub(crate) fn start(&self, every: Duration) {
        let every = every.max(limit::MONITOR_EVERY_MIN);
        let ends = Cancel::new();
        let last = self.0.sources.snapshot();
        let former = {
            let mut watch = self.watch();
            watch.last = last;
            watch.running.replace(ends.clone())
        };
        if let Some(former) = former {
            former.cancel();
        }
        let (inner, clock) = (Arc::downgrade(&self.0), self.0.sources.clock().clone());
        let mut next = clock.now() + every;
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    () = ends.cancelled() => return,
                    () = clock.sleep_until(next) => {}
                }
                let Some(inner) = inner.upgrade() else { return };
                Self(inner).look();
                next = (next + every).max(clock.now());
            }
        });
    }

    /// Looks no more; what was seen stays.
    pub(crate) fn stop(&self) {
        let running = self.watch().running.take();
        if let Some(running) = running {
            running.cancel();
        }
    }

    /// Keeps what has happened since the last look, and raises and clears alerts.
    fn look(&self) {
        let now = self.0.sources.snapshot();
        let mut changes = Vec::new();
        {
            let mut watch = self.watch();
            let delta = now.since(&watch.last);
            watch.last = now;
            if !watch.alerts.is_empty() {
                let families = delta.all_families();
                for alert in &mut watch.alerts {
                    if let Some(is_raised) = alert.take(&delta, &families) {
                        changes.push((is_raised, alert.status()));
                    }
                }
            }
            if watch.history.len() >= limit::MONITOR_HISTORY {
                watch.history.pop_front();
            }
            watch.history.push_back(delta.without_silence());
        }
        for (is_raised, status) in changes {
            let kind = if is_raised {
                ALERT_RAISED
            } else {
                ALERT_CLEARED
            };
            self.0.events.announce(kind, serde_json::json!(status));
        }
    }

    /// What each pause has brought, the oldest first, without what stood still.
    pub(crate) fn history(&self) -> Vec<Snapshot> {
        self.watch().history.iter().cloned().collect()
    }

    pub(crate) fn alerts(&self) -> Vec<AlertStatus> {
        self.watch().alerts.iter().map(Alert::status).collect()
    }

    pub(crate) async fn health(&self) -> HealthReport {
        let mut findings = match self.0.host.get() {
            Some(host) => host.findings().await,
            None => vec![HealthFinding::new(
                Severity::Failed,
                "host",
                "it has not started yet",
            )],
        };
        findings.extend(self.blind());
        HealthReport::new(findings, &self.alerts())
    }

    /// Alerts on names that nobody tells. Told here and not at the start, since a plugin may count something new at any time.
    fn blind(&self) -> Vec<HealthFinding> {
        if self.watch().alerts.is_empty() {
            return Vec::new();
        }
        let families = self.snapshot_now().all_families();
        let told = families.iter().map(|family| family.name.as_ref());
        let known: Vec<&str> = HOST.iter().copied().chain(told).collect();
        let watch = self.watch();
        watch
            .alerts
            .iter()
            .flat_map(|alert| alert.blind(&known))
            .collect()
    }

    pub(crate) fn snapshot_now(&self) -> Snapshot {
        self.0.sources.snapshot()
    }
}

impl std::fmt::Debug for Monitoring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Monitoring")
    }
}
