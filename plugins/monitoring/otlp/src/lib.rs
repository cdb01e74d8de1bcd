//! Sends what a host counts to a collector of OpenTelemetry, as OTLP over HTTP.
//!
//! ```text
//! weldkit.monitoring, through the gate, at an interval -> requests (queue, bounded) -> POST /v1/metrics, again where it may
//! ```
//!
//! A call never waits for it: calls count, and this plugin reads. It sends metrics and no spans: those are for whoever
//! listens through `tracing`. It speaks no TLS and no gRPC.

mod encode;
mod exporter;
mod limit;
mod post;
mod settings;

use std::time::Duration;

use weldkit::monitoring::MonitoringService;
use weldkit::{Background, CallError, Ctx, Error, ErrorKind, Health, Service, Settings};

pub use crate::settings::OtlpSettings;

use crate::encode::Encoder;
use crate::exporter::{Counts, Exporter, random};

/// Where metrics are sent, and how that goes.
#[weldkit::service(name = "otlp", version = "1.0")]
pub trait OtlpService {
    /// How sending goes.
    #[method(read_only, idempotent)]
    fn status(&self, ctx: &Ctx) -> Result<OtlpStatus, CallError>;

    /// Sends everything that is counted now, and returns when the receiver has taken it. Fails with `unavailable` when it does
    /// not.
    #[method(idempotent)]
    async fn flush(&self, ctx: &Ctx) -> Result<OtlpStatus, CallError>;
}

/// How sending goes, since the instance was started.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpStatus {
    /// Where metrics are sent.
    pub endpoint: String,
    /// Requests that the receiver took.
    pub sent: u64,
    /// Requests that were given up: refused, or tried too often.
    pub failed: u64,
    /// Requests that had to make room for later ones.
    pub dropped: u64,
    /// Times that a request was sent again.
    pub retried: u64,
    /// Data points that the receiver did not want.
    pub rejected_points: u64,
    /// Requests that are not sent yet.
    pub waiting: u64,
    /// Milliseconds until the next try, where one failed.
    #[serde(default)]
    pub pause_ms: Option<u64>,
    /// When what was taken last was counted, in milliseconds since 1970.
    #[serde(default)]
    pub sent_ms: Option<u64>,
    /// What the last try failed with; nothing where it did not.
    #[serde(default)]
    pub trouble: Option<String>,
}

/// Reads what the host counts, and sends it.
#[derive(Debug)]
pub struct Otlp {
    exporter: Exporter,
}

/// Sends metrics to a collector of OpenTelemetry.
#[weldkit::plugin(
    id = "otlp",
    provides(OtlpService),
    categories("Monitoring"),
    tags("opentelemetry", "otlp", "http"),
    access(net)
)]
impl Otlp {
    /// Begins to read and to send, once it is known that the host lets it. Whether the receiver is there is not asked: a host
    /// starts without it.
    async fn start(
        settings: Settings<OtlpSettings>,
        monitoring: Service<dyn MonitoringService>,
        background: Background,
        counts: Counts,
    ) -> weldkit::Result<Self> {
        let target = settings.target()?;
        let encoder = Encoder::new(settings.resource(&made_up())?);
        let ctx = background.ctx();
        // Better no start than an exporter that is refused at every interval.
        let may_read = monitoring.alerts(&ctx).await;
        may_read.map_err(|fault| Error::new(ErrorKind::Start, fault.message().to_owned()))?;
        let exporter = Exporter::new(
            (monitoring, ctx),
            (target, encoder),
            Duration::from_millis(settings.interval_ms),
            counts,
        );
        background.spawn(exporter.clone().read());
        background.spawn(exporter.clone().send());
        Ok(Self { exporter })
    }

    /// Sends once what has not been sent, for a moment.
    pub async fn stop(&self) -> weldkit::Result<()> {
        self.exporter.drain().await;
        Ok(())
    }

    /// Degraded while the receiver does not take what it is sent: the host does its work all the same.
    pub fn health(&self) -> Health {
        match self.exporter.status().trouble {
            Some(why) => Health::Degraded(format!("metrics are not sent: {why}")),
            None => Health::Ready,
        }
    }
}

impl OtlpService for Otlp {
    fn status(&self, _: &Ctx) -> Result<OtlpStatus, CallError> {
        Ok(self.exporter.status())
    }

    async fn flush(&self, _: &Ctx) -> Result<OtlpStatus, CallError> {
        self.exporter.flush().await
    }
}

/// The id of a host that has been given none: a random UUID, as OpenTelemetry wants it.
fn made_up() -> String {
    // RFC 9562: 4 is the version, and the variant is `10` in two bits.
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}
