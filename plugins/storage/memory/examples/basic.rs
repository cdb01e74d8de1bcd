//! Documents in memory, typed and as JSON.
//!
//! `cargo run -p weldkit-storage-memory --example storage-memory-basic`

use serde_json::json;
use weldkit::Host;
use weldkit_storage::{Collection, Document, Key, KeyRange, Limit, Storage};
use weldkit_storage_memory::MemoryStorage;

#[tokio::main]
async fn main() -> weldkit::Result<()> {
    let host = Host::builder().plugin::<MemoryStorage>().start().await?;
    let (ctx, storage) = (host.ctx(), host.service::<dyn Storage>()?);

    let airports = Collection::new("airports")?;
    let documents = [
        ("BOS", "Logan"),
        ("DEN", "Denver"),
        ("DFW", "Dallas-Fort Worth"),
    ];
    let documents =
        documents.map(|(code, name)| Ok(Document::new(Key::new(code)?, json!({ "name": name }))));
    let documents = documents
        .into_iter()
        .collect::<Result<_, weldkit_storage::Invalid>>()?;
    storage.put_batch(&ctx, airports.clone(), documents).await?;

    let page = storage
        .scan(
            &ctx,
            airports,
            KeyRange::prefix("D"),
            None,
            Limit::default(),
        )
        .await?;
    for Document { key, body } in page.documents {
        eprintln!("{key}: {body}");
    }

    // The same method for whoever has no Rust type: through the same gate.
    let answer = host
        .call_json(&ctx, "storage.count", br#"{"collection": "airports"}"#)
        .await?;
    eprintln!("airports: {}", String::from_utf8_lossy(&answer));
    host.stop().await
}
