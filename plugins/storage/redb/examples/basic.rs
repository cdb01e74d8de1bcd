//! Documents that outlive the process: run it twice and the count goes up.
//!
//! `cargo run -p weldkit-storage-redb --example storage-redb-basic`

use serde_json::json;
use weldkit::Host;
use weldkit_storage::{Collection, Key, Storage};
use weldkit_storage_redb::RedbStorage;

#[tokio::main]
async fn main() -> weldkit::Result<()> {
    let state = std::env::temp_dir().join("weldkit-storage-redb-example");
    let host = Host::builder()
        .plugin::<RedbStorage>()
        .state(&state)
        .start()
        .await?;
    let (ctx, storage) = (host.ctx(), host.service::<dyn Storage>()?);

    let (collection, key) = (Collection::new("runs")?, Key::new("count")?);
    let found = storage.get(&ctx, collection.clone(), key.clone()).await?;
    let runs = found
        .and_then(|document| document.body.as_u64())
        .unwrap_or_default()
        + 1;
    // On disk when the call returns.
    storage.put(&ctx, collection, key, json!(runs)).await?;
    eprintln!("run {runs}; the documents are in {}", state.display());
    host.stop().await
}
