//! How a host is: what is wrong with its instances, transactions and runs; and what it remembers of its metrics.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::instance::Running;
use super::{Host, Inner, State};
use crate::call::BoxFuture;
use crate::clock;
use crate::limit;
use crate::metrics::Snapshot;
use crate::monitoring::{AlertStatus, Examine, HealthFinding, HealthReport, Severity};
use crate::registry::Health;
#[cfg(feature = "transaction")]
use crate::transaction::Trouble;

/// A host that its monitoring does not keep alive.
pub(super) struct Examiner(pub(super) Weak<Inner>);

impl Host {
    /// Whether the host lives and is ready, and what is not as it should be. Asks every plugin for its health.
    pub async fn health_report(&self) -> HealthReport {
        self.0.monitoring.health().await
    }

    /// Looks at all metrics again and again from now on: what each pause has brought is in [`history`](Self::history),
    /// and alerts are raised and cleared. A second call changes the pause.
    pub fn start_monitoring(&self, every: Duration) {
        let _here = self.0.runtime.enter();
        self.0.monitoring.start(every);
    }

    /// Looks no more; what was seen stays.
    pub fn stop_monitoring(&self) {
        self.0.monitoring.stop();
    }

    /// What each pause has brought, the oldest first, at most [`limit::MONITOR_HISTORY`]. What stood still is left out.
    pub fn history(&self) -> Vec<Snapshot> {
        self.0.monitoring.history()
    }

    /// Every alert of the configuration.
    pub fn alerts(&self) -> Vec<AlertStatus> {
        self.0.monitoring.alerts()
    }

    /// Begins to look, where the configuration wants it.
    pub(super) fn open_monitoring(&self) {
        let (monitoring, setup) = (&self.0.monitoring, &self.0.setup);
        monitoring.open(Box::new(Examiner(Arc::downgrade(&self.0))));
        let every = setup
            .monitor
            .or_else(|| (!setup.alerts.is_empty()).then_some(limit::MONITOR_EVERY));
        if let Some(every) = every {
            monitoring.start(every);
        }
    }

    async fn findings(&self) -> Vec<HealthFinding> {
        let mut findings = Vec::new();
        if self.0.stopping.is_cancelled() {
            findings.push(HealthFinding::new(Severity::Failed, "host", "it stops"));
        }
        let states = self.0.states.borrow().clone();
        for running in self.running() {
            if running.planned.entry.is_builtin() {
                continue;
            }
            let state = states
                .get(&running.planned.name)
                .copied()
                .unwrap_or(State::Waiting);
            findings.extend(self.instance(running, state).await);
        }
        #[cfg(feature = "transaction")]
        findings.extend(self.transactions_finding().await);
        #[cfg(feature = "orchestration")]
        findings.extend(self.workflows_findings());
        findings
    }

    /// A disk that has room again is found out here: who is not ready gets no calls that would show it.
    #[cfg(feature = "transaction")]
    async fn transactions_finding(&self) -> Option<HealthFinding> {
        let transactions = &self.0.transactions;
        // A disk that does not answer leaves what was known before.
        clock::until(clock::now() + limit::HEALTH, transactions.retry()).await;
        let (trouble, why) = transactions.health()?;
        let level = match trouble {
            Trouble::Ended => Severity::Dead,
            Trouble::Refusing => Severity::Failed,
            Trouble::Waiting => Severity::Degraded,
        };
        Some(HealthFinding::new(level, "transactions", why))
    }

    /// Workflows that cannot be started, and runs that cannot go on.
    #[cfg(feature = "orchestration")]
    fn workflows_findings(&self) -> Vec<HealthFinding> {
        let finding = |subject, message| HealthFinding::new(Severity::Degraded, subject, message);
        let broken = self.0.workflows.broken().into_iter();
        let mut findings: Vec<HealthFinding> = broken
            .map(|(id, why)| finding(format!("workflow {id}"), format!("it {why}")))
            .collect();
        for (run, state) in self.0.workflows.parked() {
            let message =
                format!("it is {state} and waits for an operator: `app workflow show {run}`");
            findings.push(finding(format!("run {run}"), message));
        }
        findings
    }

    /// Asks one instance, which runs its own code.
    async fn instance(&self, running: Arc<Running>, state: State) -> Option<HealthFinding> {
        let subject = format!("instance {}", running.planned.name);
        if state != State::Running {
            return Some(HealthFinding::new(
                Severity::Failed,
                subject,
                format!("it is {}", state.as_str()),
            ));
        }
        let asking = self.0.runtime.spawn_blocking(move || running.health());
        let (level, message) = match clock::until(clock::now() + limit::HEALTH, asking).await {
            Some(Ok(Health::Ready)) => return None,
            Some(Ok(Health::Degraded(why))) => (Severity::Degraded, why),
            Some(Ok(Health::Failed(why))) => (Severity::Failed, why),
            Some(Err(_)) => (Severity::Failed, "its health check ended early".to_owned()),
            None => (
                Severity::Failed,
                format!("its health check took longer than {:?}", limit::HEALTH),
            ),
        };
        Some(HealthFinding::new(level, subject, message))
    }
}

impl Examine for Examiner {
    fn findings(&self) -> BoxFuture<'_, Vec<HealthFinding>> {
        Box::pin(async move {
            match self.0.upgrade().map(Host) {
                Some(host) => host.findings().await,
                None => vec![HealthFinding::new(Severity::Dead, "host", "it is gone")],
            }
        })
    }
}
