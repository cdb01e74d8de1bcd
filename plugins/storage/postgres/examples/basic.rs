//! Documents that outlive the process, two of them changed together: run it twice and the sum stays.
//!
//! `cargo xtask postgres start`, then `WELDKIT_POSTGRES_URL=… cargo run -p weldkit-storage-postgres --example
//! storage-postgres-basic` with the URL that it prints.

use serde_json::json;
use weldkit::{Ctx, Host, Service};
use weldkit_storage::{Collection, Key, Storage, StorageError};
use weldkit_storage_postgres::PostgresStorage;

/// What stands in an account.
async fn balance(
    storage: &Service<dyn Storage>,
    ctx: &Ctx,
    name: &str,
) -> Result<i64, StorageError> {
    let found = storage
        .get(ctx, Collection::new("accounts")?, Key::new(name)?)
        .await?;
    Ok(found
        .and_then(|document| document.body.as_i64())
        .unwrap_or(100))
}

#[tokio::main]
async fn main() -> weldkit::Result<()> {
    let settings = json!({"url": {"env": "WELDKIT_POSTGRES_URL"}, "schema": "weldkit_example"});
    let host = Host::builder()
        .plugin::<PostgresStorage>()
        .settings("storage-postgres", settings)
        .start()
        .await?;
    let storage = host.service::<dyn Storage>()?;

    // Both accounts change, or neither does. After a conflict with somebody else the whole is run again.
    let moved = host.transaction().run(|ctx| {
        let storage = storage.clone();
        async move {
            for (name, amount) in [("ada", -7), ("bob", 7)] {
                let sum = balance(&storage, &ctx, name).await? + amount;
                let (accounts, key) = (Collection::new("accounts")?, Key::new(name)?);
                storage.put(&ctx, accounts, key, json!(sum)).await?;
            }
            Ok::<(), StorageError>(())
        }
    });
    moved.await?;
    let ctx = host.ctx();
    let ada = balance(&storage, &ctx, "ada").await?;
    let bob = balance(&storage, &ctx, "bob").await?;
    eprintln!("ada has {ada}, bob has {bob}, together {}", ada + bob);
    host.stop().await
}
