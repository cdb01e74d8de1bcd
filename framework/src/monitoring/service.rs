//! Metrics and health for everyone who does not call from Rust: the contract of the built-in service.

use super::{AlertStatus, HealthReport, Monitoring};
use crate::call::Ctx;
use crate::error::CallError;
use crate::metrics::{Operations, Snapshot, TextFormat};

/// See what a host counts and how it is.
///
/// A plugin that exports metrics asks for `Service<dyn MonitoringService>`; `app metrics` is this service on the command
/// line.
#[weldkit::service(name = "weldkit.monitoring", version = "1.0")]
pub trait MonitoringService {
    /// Everything that is counted, at this moment.
    #[method(read_only, idempotent)]
    async fn snapshot(&self, ctx: &Ctx) -> Result<Snapshot, CallError>;

    /// The same as a text that monitoring systems read.
    #[method(read_only, idempotent)]
    async fn text(
        &self,
        ctx: &Ctx,
        /// Which text.
        #[serde(default)]
        format: TextFormat,
    ) -> Result<String, CallError>;

    /// What each pause has brought since monitoring was started, the oldest first. What stood still is left out.
    #[method(read_only, idempotent)]
    async fn history(&self, ctx: &Ctx) -> Result<Vec<Snapshot>, CallError>;

    /// All calls of an instance in five figures.
    #[method(read_only, idempotent)]
    async fn operations(
        &self,
        ctx: &Ctx,
        /// The instance.
        instance: String,
    ) -> Result<Operations, CallError>;

    /// Every alert of the configuration.
    #[method(read_only, idempotent)]
    async fn alerts(&self, ctx: &Ctx) -> Result<Vec<AlertStatus>, CallError>;

    /// Whether the host lives and is ready, and what is not as it should be. Asks every plugin.
    #[method(read_only, idempotent)]
    async fn health(&self, ctx: &Ctx) -> Result<HealthReport, CallError>;
}

impl MonitoringService for Monitoring {
    async fn snapshot(&self, _: &Ctx) -> Result<Snapshot, CallError> {
        Ok(self.snapshot_now())
    }

    async fn text(&self, _: &Ctx, format: TextFormat) -> Result<String, CallError> {
        Ok(self.snapshot_now().text(format))
    }

    async fn history(&self, _: &Ctx) -> Result<Vec<Snapshot>, CallError> {
        Ok(Monitoring::history(self))
    }

    async fn operations(&self, _: &Ctx, instance: String) -> Result<Operations, CallError> {
        let snapshot = self.snapshot_now();
        snapshot.operations(&instance).ok_or_else(|| {
            let known = snapshot
                .plugins
                .iter()
                .map(|plugin| plugin.instance.as_str());
            let help = crate::name::suggest(&instance, known).unwrap_or_default();
            CallError::not_found(format!("there is no instance `{instance}`: {help}"))
        })
    }

    async fn alerts(&self, _: &Ctx) -> Result<Vec<AlertStatus>, CallError> {
        Ok(Monitoring::alerts(self))
    }

    async fn health(&self, _: &Ctx) -> Result<HealthReport, CallError> {
        Ok(Monitoring::health(self).await)
    }
}
