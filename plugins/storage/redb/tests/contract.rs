//! The plugin behind a host: the contract, what survives a restart, and what a second user of the folder is told.

use std::path::Path;

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;
use weldkit::testing::TestHost;
use weldkit::{CallError, Host};
use weldkit_storage::{Collection, Key, Storage, conformance};
use weldkit_storage_redb::RedbStorage;

/// A host over a folder that outlives it.
async fn host(state: &Path) -> weldkit::Result<Host> {
    Host::builder()
        .plugin::<RedbStorage>()
        .state(state)
        .start()
        .await
}

fn place() -> (Collection, Key) {
    (
        Collection::new("c").expect("a name"),
        Key::new("k").expect("a key"),
    )
}

#[tokio::test]
async fn the_contract_is_kept() {
    let host = TestHost::new(|host| host.plugin::<RedbStorage>())
        .await
        .expect("the host starts");
    let storage = host.service::<dyn Storage>().expect("storage is provided");
    conformance::check(&storage, &host.ctx()).await;
    host.stop().await.expect("the host stops");
}

proptest! {
    // Every case makes files and forces them to disk.
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn it_is_a_map_of_maps(script in conformance::scripts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let host = TestHost::new(|host| host.plugin::<RedbStorage>()).await.expect("the host starts");
            let storage = host.service::<dyn Storage>().expect("storage is provided");
            conformance::replay(&storage, &host.ctx(), script).await;
            host.stop().await.expect("the host stops");
        });
    }
}

#[tokio::test]
async fn documents_outlive_the_host_stopped_or_not() {
    let folder = TempDir::new().expect("a folder");
    let (collection, key) = place();
    for round in 0..6 {
        let host = host(folder.path()).await.expect("the host starts");
        let storage = host.service::<dyn Storage>().expect("storage is provided");
        let found = storage
            .get(&host.ctx(), collection.clone(), key.clone())
            .await
            .expect("get");
        assert_eq!(
            found.map(|document| document.body),
            (round > 0).then(|| json!(round - 1))
        );
        storage
            .put(&host.ctx(), collection.clone(), key.clone(), json!(round))
            .await
            .expect("put");
        let page = storage
            .count(&host.ctx(), collection.clone(), Default::default())
            .await
            .expect("count");
        assert_eq!(page, 1);
        // A stopped host has a checkpoint, one that is dropped has only its journal.
        if round % 2 == 0 {
            host.stop().await.expect("the host stops");
        }
    }
}

#[tokio::test]
async fn a_transaction_is_there_as_a_whole_after_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let put = async |host: &Host, at: u64, commit: bool| {
        let storage = host.service::<dyn Storage>().expect("storage is provided");
        let transaction = host.transaction().begin().expect("begin");
        for name in ["a", "b"] {
            let (collection, key) = (Collection::new(name).expect("a name"), place().1);
            storage
                .put(&transaction.ctx(), collection, key, json!(at))
                .await
                .expect("put");
        }
        if commit {
            transaction.commit().await.expect("commit");
        }
        Ok::<_, CallError>(transaction)
    };
    for at in 1..5 {
        let host = host(folder.path()).await.expect("the host starts");
        drop(put(&host, at, true).await.expect("put"));
        let open = put(&host, 99, false).await.expect("put");
        if at % 2 == 0 {
            host.stop().await.expect("the host stops");
        }
        drop(open);
        // It is aborted in the background, and holds the host so long.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        drop(host);
        let host = self::host(folder.path()).await.expect("the host starts");
        let storage = host.service::<dyn Storage>().expect("storage is provided");
        for name in ["a", "b"] {
            let (collection, key) = (Collection::new(name).expect("a name"), place().1);
            let found = storage
                .get(&host.ctx(), collection, key)
                .await
                .expect("get");
            assert_eq!(
                found.map(|document| document.body),
                Some(json!(at)),
                "{name} {at}"
            );
        }
    }
}

#[tokio::test]
async fn one_folder_has_one_user() {
    let folder = TempDir::new().expect("a folder");
    let first = host(folder.path()).await.expect("the first host starts");
    let error = host(folder.path())
        .await
        .expect_err("the second one does not")
        .to_string();
    assert!(
        error.contains("another process uses the state folder"),
        "{error}"
    );
    // What is left of a stopped host must not hold the folder.
    let client = first.service::<dyn Storage>().expect("storage is provided");
    first.stop().await.expect("the first host stops");
    drop(first);
    let second = host(folder.path())
        .await
        .expect("the second host starts now");
    second.stop().await.expect("the second host stops");
    drop(client);
}

#[tokio::test]
async fn instances_keep_their_documents_apart() {
    let folder = TempDir::new().expect("a folder");
    let build = || {
        Host::builder()
            .plugin::<RedbStorage>()
            .instance("archive", "storage-redb")
            .state(folder.path())
    };
    let (collection, key) = place();
    let first = build()
        .provider("storage", "archive")
        .start()
        .await
        .expect("start");
    let storage = first.service::<dyn Storage>().expect("storage is provided");
    storage
        .put(&first.ctx(), collection.clone(), key.clone(), json!(1))
        .await
        .expect("put");
    first.stop().await.expect("the host stops");
    drop((first, storage));
    let second = build()
        .provider("storage", "storage-redb")
        .start()
        .await
        .expect("start");
    let storage = second
        .service::<dyn Storage>()
        .expect("storage is provided");
    let found = storage
        .get(&second.ctx(), collection, key)
        .await
        .expect("get");
    assert_eq!(found, None);
    second.stop().await.expect("the host stops");
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named() {
    let folder = TempDir::new().expect("a folder");
    let text = "no storage file at all, but long enough for a header ".repeat(200);
    std::fs::write(folder.path().join("containers.redb"), text).expect("a file");
    let error = host(folder.path()).await.expect_err("not ours").to_string();
    assert!(error.contains("containers.redb"), "{error}");
}
