//! The plugin behind a host: the contract, what survives a restart, and what a second user of the file is told.

use std::path::Path;

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;
use weldkit::testing::TestHost;
use weldkit_storage::{Collection, Key, Storage, conformance};
use weldkit_storage_redb::RedbStorage;

async fn host(file: &Path) -> weldkit::Result<TestHost> {
    let settings = json!({"path": file});
    TestHost::new(|host| {
        host.plugin::<RedbStorage>()
            .settings("storage-redb", settings)
    })
    .await
}

#[tokio::test]
async fn the_contract_is_kept() {
    let host = TestHost::new(|host| host.plugin::<RedbStorage>())
        .await
        .expect("the host starts");
    let storage = host.service::<dyn Storage>().expect("storage is provided");
    conformance::check(&storage, &host.ctx()).await;
    assert!(
        host.state().join("storage.redb").is_file(),
        "the file lies in the state folder"
    );
    host.stop().await.expect("the host stops");
}

proptest! {
    // Every case makes a file and forces it to disk.
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn it_is_a_map_of_maps(script in conformance::scripts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let folder = TempDir::new().expect("a folder");
            let host = host(&folder.path().join("s.redb")).await.expect("the host starts");
            let storage = host.service::<dyn Storage>().expect("storage is provided");
            conformance::replay(&storage, &host.ctx(), script).await;
            host.stop().await.expect("the host stops");
        });
    }
}

#[tokio::test]
async fn documents_outlive_the_host() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("s.redb");
    let (collection, key) = (
        Collection::new("c").expect("a name"),
        Key::new("k").expect("a key"),
    );
    for round in 0..3 {
        let host = host(&file).await.expect("the host starts");
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
        host.stop().await.expect("the host stops");
    }
}

#[tokio::test]
async fn one_file_has_one_user() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("s.redb");
    let first = host(&file).await.expect("the first host starts");
    let error = host(&file)
        .await
        .expect_err("the second one does not")
        .to_string();
    assert!(
        error.contains("is in use by another process or instance"),
        "{error}"
    );
    // What is left of a stopped host must not hold the file.
    let client = first.service::<dyn Storage>().expect("storage is provided");
    first.stop().await.expect("the first host stops");
    let second = host(&file).await.expect("the second host starts now");
    second.stop().await.expect("the second host stops");
    drop(client);
}

#[tokio::test]
async fn an_instance_is_replaced_on_the_same_file() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("s.redb");
    let host = host(&file).await.expect("the host starts");
    let (ctx, storage) = (
        host.ctx(),
        host.service::<dyn Storage>().expect("storage is provided"),
    );
    let (collection, key) = (
        Collection::new("c").expect("a name"),
        Key::new("k").expect("a key"),
    );
    storage
        .put(&ctx, collection.clone(), key.clone(), json!(1))
        .await
        .expect("put");
    let reload = async |settings: serde_json::Value| {
        host.reload(&[("storage-redb".to_owned(), settings)].into())
            .await
            .expect("reload")
    };
    let done = reload(json!({"path": file, "cache_bytes": 1_000_000})).await;
    assert_eq!(
        (done.replaced, done.kept.len()),
        (vec!["storage-redb".to_owned()], 0)
    );
    let found = storage
        .get(&ctx, collection.clone(), key.clone())
        .await
        .expect("get");
    assert_eq!(found.map(|document| document.body), Some(json!(1)));
    // What does not start leaves the old one in place, on its file.
    let done = reload(json!({"path": folder.path()})).await;
    assert!(
        done.kept
            .iter()
            .any(|(_, reason)| reason.contains("name a file in `path`")),
        "{done:?}"
    );
    storage
        .put(&ctx, collection, key, json!(2))
        .await
        .expect("put");
    host.stop().await.expect("the host stops");
}

#[tokio::test]
async fn a_bad_setting_is_named() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(
        folder.path().join("text"),
        "no storage file at all, but long enough for a header ".repeat(200),
    )
    .expect("a file");
    let error = host(&folder.path().join("text"))
        .await
        .expect_err("not a storage file")
        .to_string();
    assert!(
        error.contains("it is no storage file; choose another `path`"),
        "{error}"
    );
    let settings = json!({"paht": "x"});
    let build = |host: weldkit::HostBuilder| {
        host.plugin::<RedbStorage>()
            .settings("storage-redb", settings)
    };
    let error = TestHost::new(build)
        .await
        .expect_err("no such setting")
        .to_string();
    assert!(error.contains("paht"), "{error}");
}
