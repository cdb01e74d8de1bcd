//! What one provider of storage exports another imports.

use serde_json::{Value, json};
use tempfile::TempDir;
use weldkit::testing::TestHost;
use weldkit::{Host, HostBuilder};
use weldkit_storage::{Collection, Document, Existing, Exported, Key, Storage, StorageError};
use weldkit_storage_memory::MemoryStorage;
use weldkit_storage_postgres::PostgresStorage;
use weldkit_storage_redb::RedbStorage;

async fn exported(host: &Host) -> Vec<Exported> {
    let storage = host.service::<dyn Storage>().unwrap();
    let all = storage.export(&host.ctx(), None).collect();
    all.await.unwrap()
}

/// A few collections, with what is hard to carry: numbers to their last bit, every kind of text, what is large.
async fn fill(host: &Host) {
    let bodies = [
        json!(null),
        json!({"a": [1, 2.5, "é\u{0}\"\n", null, true], "": {}}),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(0.1),
        json!(5e-324),
        json!("x".repeat(300_000)),
    ];
    let (storage, ctx) = (host.service::<dyn Storage>().unwrap(), host.ctx());
    for name in ["a", "a-1", "b"] {
        let documents = bodies
            .iter()
            .zip(["k", "ключ", "a/b c\n\0", "0", "1", "2", "3"]);
        let documents =
            documents.map(|(body, key)| Document::new(Key::new(key).unwrap(), body.clone()));
        let collection = Collection::new(name).unwrap();
        let documents = documents.collect();
        let put = storage.put_batch(&ctx, collection, documents).await;
        put.unwrap();
    }
}

/// Imports it, and again, and in a transaction that is aborted.
async fn takes(source: &[Exported], with: impl Fn(HostBuilder) -> HostBuilder) {
    let host = TestHost::new(with).await.unwrap();
    let storage = host.service::<dyn Storage>().unwrap();
    let import =
        async |ctx: &weldkit::Ctx, existing| storage.import(ctx, source.to_vec(), existing).await;
    let aborted = host.transaction().begin().unwrap();
    let count = import(&aborted.ctx(), Existing::Refuse).await;
    assert_eq!(count.unwrap(), source.len() as u64);
    aborted.abort().await.unwrap();
    assert_eq!(exported(&host).await, []);

    let count = import(&host.ctx(), Existing::Refuse).await;
    assert_eq!(count.unwrap(), source.len() as u64);
    assert_eq!(exported(&host).await, source);

    // A refused one leaves its transaction as it was, and that goes on.
    let transaction = host.transaction().begin().unwrap();
    let ctx = transaction.ctx();
    let new = Exported {
        key: Key::new("new").unwrap(),
        ..source[0].clone()
    };
    let both = vec![new.clone(), source[3].clone()];
    let refused = storage.import(&ctx, both, Existing::Refuse).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(&refused, StorageError::NotImported { number: 2, .. }),
        "{refused}"
    );
    let found = storage.get(&ctx, new.collection.clone(), new.key.clone());
    assert_eq!(found.await.unwrap(), None);
    let last = vec![Exported {
        body: json!("replaced"),
        ..source[0].clone()
    }];
    let replaced = storage.import(&ctx, last.clone(), Existing::Replace).await;
    assert_eq!(replaced.unwrap(), 1);
    transaction.commit().await.unwrap();
    assert_eq!(exported(&host).await, [&last, &source[1..]].concat());
    host.stop().await.unwrap();
}

#[tokio::test]
async fn an_export_of_one_provider_is_an_import_of_every_other() {
    let state = TempDir::new().unwrap();
    let host = Host::builder().plugin::<RedbStorage>().state(state.path());
    let host = host.start().await.unwrap();
    fill(&host).await;
    let source = exported(&host).await;
    assert_eq!(source.len(), 21);
    host.stop().await.unwrap();
    takes(&source, |host| host.plugin::<MemoryStorage>()).await;
    takes(&source, |host| host.plugin::<RedbStorage>()).await;
    let Some(url) = weldkit_xtask::postgres::server() else {
        return;
    };
    let schema = format!("portable_{}_", std::process::id());
    let settings: Value = json!({"url": url, "schema": schema});
    takes(&source, |host| {
        let host = host.plugin::<PostgresStorage>();
        host.settings("storage-postgres", settings.clone())
    })
    .await;
    weldkit_xtask::postgres::drop_schemas(&url, &schema).unwrap();
}
