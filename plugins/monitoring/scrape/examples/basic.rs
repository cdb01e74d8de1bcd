//! A host whose metrics are read over HTTP, for ten seconds.
//!
//! `cargo run -p weldkit-scrape --example scrape-basic`, then `curl http://127.0.0.1:9464/metrics`

use std::time::Duration;

use weldkit::Host;
use weldkit_scrape::{Scrape, ScrapeService};

#[tokio::main]
async fn main() -> weldkit::Result<()> {
    let host = Host::builder()
        .plugin::<Scrape>()
        // Nobody reads what the configuration does not grant.
        .grant("plugin:scrape", &["weldkit.monitoring"])
        .start()
        .await?;
    let scrape = host.service::<dyn ScrapeService>()?;
    if let Ok(address) = scrape.address(&host.ctx()) {
        eprintln!("for ten seconds: curl http://{address}/metrics");
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    host.stop().await
}
