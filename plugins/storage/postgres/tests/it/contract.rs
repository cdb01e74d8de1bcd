//! The contract behind a host, outside of transactions.

use proptest::prelude::*;
use serde_json::json;
use weldkit_storage::{Document, KeyRange, Limit, Storage, conformance};

use super::fixture::{Database, c, get, key, put};

#[tokio::test]
async fn the_contract_is_kept() {
    let Some(database) = Database::new("contract").await else {
        return;
    };
    let host = database.host().await;
    let storage = host.service::<dyn Storage>().unwrap();
    conformance::check(&storage, &host.ctx()).await;
    host.stop().await.unwrap();
    database.clear().await;
}

#[test]
fn it_is_a_map_of_maps() {
    // Asked once, and not for every case.
    let Some(url) = weldkit_xtask::postgres::server() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // Every case makes a schema and forces its writes to disk.
    proptest!(ProptestConfig::with_cases(24), |(script in conformance::scripts())| {
        runtime.block_on(async {
            let database = Database::at(&url, "map").await;
            let host = database.host().await;
            let storage = host.service::<dyn Storage>().unwrap();
            conformance::replay(&storage, &host.ctx(), script).await;
            host.stop().await.unwrap();
            database.clear().await;
        });
    });
}

#[tokio::test]
async fn a_page_ends_at_its_bytes_and_the_next_one_goes_on() {
    let Some(database) = Database::new("pages").await else {
        return;
    };
    let host = database.host().await;
    let (ctx, storage) = (host.ctx(), host.service::<dyn Storage>().unwrap());
    let large = json!("x".repeat(6 * 1024 * 1024));
    for number in 0..7 {
        storage
            .put(&ctx, c(), key(&number.to_string()), large.clone())
            .await
            .unwrap();
    }
    let mut lengths = Vec::new();
    let mut cursor = None;
    loop {
        let page = storage
            .scan(&ctx, c(), KeyRange::all(), cursor, Limit::MAX)
            .await
            .unwrap();
        assert!(page.documents.iter().all(|document| document.body == large));
        lengths.push(page.documents.len());
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    // Each ends with the document that reaches 16 MiB.
    assert_eq!(lengths, [3, 3, 1]);
    host.stop().await.unwrap();
    database.clear().await;
}

#[tokio::test]
async fn instances_with_one_schema_share_and_with_another_do_not() {
    let Some(database) = Database::new("share").await else {
        return;
    };
    let (one, two) = (database.host().await, database.host().await);
    let settings = database.settings_with(json!({"schema": format!("{}_x", database.schema)}));
    let other = database.try_host(settings).await.unwrap();
    let storages = [&one, &two, &other].map(|host| host.service::<dyn Storage>().unwrap());
    put(&storages[0], &one.ctx(), "k", 1).await.unwrap();
    assert_eq!(get(&storages[1], &two.ctx(), "k").await, Some(json!(1)));
    assert_eq!(get(&storages[2], &other.ctx(), "k").await, None);
    for host in [one, two, other] {
        host.stop().await.unwrap();
    }
    let sql = format!("DROP SCHEMA {}_x CASCADE", database.schema);
    database.admin.batch_execute(&sql).await.unwrap();
    database.clear().await;
}

#[tokio::test]
async fn batches_that_meet_do_not_lock_each_other_out() {
    let Some(database) = Database::new("batches").await else {
        return;
    };
    let host = database.host().await;
    let storage = host.service::<dyn Storage>().unwrap();
    let batch = |up: bool| -> Vec<Document> {
        let mut documents: Vec<Document> = (0..200)
            .map(|number| Document::new(key(&format!("{number:03}")), json!(up)))
            .collect();
        if !up {
            documents.reverse();
        }
        documents
    };
    let ctx = host.ctx();
    let put = async |up: bool| {
        for _ in 0..20 {
            storage.put_batch(&ctx, c(), batch(up)).await.unwrap();
        }
    };
    tokio::join!(put(true), put(false), put(true), put(false));
    assert_eq!(
        storage
            .count(&host.ctx(), c(), KeyRange::all())
            .await
            .unwrap(),
        200
    );
    host.stop().await.unwrap();
    database.clear().await;
}
