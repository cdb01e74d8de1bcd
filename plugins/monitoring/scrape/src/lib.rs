//! Metrics and health over HTTP/1.1, for Prometheus and for probes.
//!
//! ```text
//! listener -> connection (bounded: header, time, how many) -> desk -> weldkit.monitoring, through the gate
//! ```
//!
//! `GET /metrics` is Prometheus text 0.0.4 or OpenMetrics 1.0, whichever the reader prefers; `/healthz` says whether the host lives,
//! `/readyz` whether calls may be sent to it. It only reads, knows no users and speaks no TLS.

mod desk;
mod server;
mod settings;

use std::net::SocketAddr;

use tokio::net::TcpListener;
use weldkit::monitoring::MonitoringService;
use weldkit::{Background, CallError, Ctx, Error, ErrorKind, Service, Settings};

pub use crate::settings::ScrapeSettings;

use crate::desk::Desk;
use crate::server::Server;

/// Where metrics are read over HTTP.
#[weldkit::service(name = "scrape", version = "1.0")]
pub trait ScrapeService {
    /// The address that is listened on, as `IP:PORT`.
    #[method(read_only, idempotent)]
    fn address(&self, ctx: &Ctx) -> Result<String, CallError>;
}

/// An HTTP server that answers with what the host counts and how it is.
#[derive(Debug)]
pub struct Scrape {
    address: SocketAddr,
    server: Server,
}

/// Metrics and health over HTTP, for Prometheus and for probes.
#[weldkit::plugin(
    id = "scrape",
    provides(ScrapeService),
    categories("Monitoring"),
    tags("prometheus", "openmetrics", "http"),
    access(net),
    exclusive
)]
impl Scrape {
    /// Listens, once it is known that the host lets it read.
    pub async fn start(
        settings: Settings<ScrapeSettings>,
        monitoring: Service<dyn MonitoringService>,
        background: Background,
    ) -> weldkit::Result<Self> {
        let refused = |why: String| Error::new(ErrorKind::Start, why);
        let ctx = background.ctx();
        // Better no start than an endpoint that answers every reader with a refusal.
        let may_read = monitoring.alerts(&ctx).await;
        may_read.map_err(|fault| refused(fault.message().to_owned()))?;
        let cannot_listen = |fault: std::io::Error| {
            refused(format!(
                "cannot listen on `{}`: {fault}; set another `address`",
                settings.address
            ))
        };
        let bound = TcpListener::bind(&settings.address).await;
        let listener = bound.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let server = Server::new(Desk::new(monitoring, ctx), settings.connections);
        background.spawn(server.clone().accept(listener));
        Ok(Self { address, server })
    }

    /// Lets what is being answered end.
    pub async fn stop(&self) -> weldkit::Result<()> {
        self.server.close().await;
        Ok(())
    }
}

impl ScrapeService for Scrape {
    fn address(&self, _: &Ctx) -> Result<String, CallError> {
        Ok(self.address.to_string())
    }
}
