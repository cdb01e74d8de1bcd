//! A host that sends its metrics to a collector on this machine, once.
//!
//! `cargo run -p weldkit-otlp --example otlp-basic`; without a collector it says what is missing.

use weldkit::Host;
use weldkit_otlp::{Otlp, OtlpService};

#[tokio::main]
async fn main() -> weldkit::Result<()> {
    let host = Host::builder()
        .plugin::<Otlp>()
        // Nobody reads what the configuration does not grant.
        .grant("plugin:otlp", &["weldkit.monitoring"])
        .start()
        .await?;
    let otlp = host.service::<dyn OtlpService>()?;
    // So short a life is over before the first try has failed for good.
    let ctx = host.ctx().with_timeout(std::time::Duration::from_secs(2));
    match otlp.flush(&ctx).await {
        Ok(status) => eprintln!("{} took {} request(s)", status.endpoint, status.sent),
        Err(fault) => eprintln!("{fault}"),
    }
    if let Ok(status) = otlp.status(&host.ctx()) {
        eprintln!("{status:#?}");
    }
    host.stop().await
}
