//! What is refused at the start, and what is told of a server that is not as it should be.

use serde_json::json;
use weldkit::testing::TestHost;
use weldkit::transaction::{Durability, Participant};
use weldkit::{Health, Settings};
use weldkit_storage::Storage;
use weldkit_storage_postgres::{PostgresSettings, PostgresStorage};

use super::fixture::{Database, OwnServer, get, put, until};

async fn started(database: &Database) -> PostgresStorage {
    let settings: PostgresSettings = serde_json::from_value(database.settings()).unwrap();
    PostgresStorage::start(Settings::new(settings))
        .await
        .unwrap()
}

#[tokio::test]
async fn what_cannot_work_is_refused_by_name() {
    let Some(database) = Database::new("refused").await else {
        return;
    };
    let refused = async |more: serde_json::Value| {
        let settings = database.settings_with(more);
        database
            .try_host(settings)
            .await
            .expect_err("a refusal")
            .to_string()
    };
    for (more, expected) in [
        (
            json!({"url": "postgres://a@127.0.0.1:1/b"}),
            "PostgreSQL at 127.0.0.1:1, database `b`, role `a` cannot be reached",
        ),
        (
            json!({"database": "no_such_database"}),
            "database \"no_such_database\" does not exist (3D000)",
        ),
        (
            json!({"user": "no_such_role"}),
            "role \"no_such_role\" does not exist (28000)",
        ),
        (json!({"schema": "No"}), "schema"),
        (json!({"conections": 1}), "connections"),
        (json!({"connections": 0}), "connections"),
    ] {
        let error = refused(more).await;
        assert!(error.contains(expected), "{error}");
    }
    let latin = format!("{}_latin", database.schema);
    let sql = format!("CREATE DATABASE {latin} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    database.admin.batch_execute(&sql).await.unwrap();
    let error = refused(json!({"database": latin})).await;
    assert!(error.contains("has the encoding LATIN1"), "{error}");
    database
        .admin
        .batch_execute(&format!("DROP DATABASE {latin}"))
        .await
        .unwrap();
    database.clear().await;
}

#[tokio::test]
async fn tables_of_a_later_version_or_of_others_are_refused() {
    let Some(database) = Database::new("format").await else {
        return;
    };
    let refused = async || {
        database
            .try_host(database.settings())
            .await
            .expect_err("a refusal")
            .to_string()
    };
    let run = async |sql: &str| {
        database
            .admin
            .batch_execute(&sql.replace("{}", &database.schema))
            .await
            .unwrap()
    };
    database.host().await.stop().await.unwrap();
    run("UPDATE {}.weldkit_storage SET value = 2").await;
    let error = refused().await;
    assert!(
        error.contains("has storage format 2 and this version of storage-postgres reads up to 1"),
        "{error}"
    );
    run("UPDATE {}.weldkit_storage SET value = 0").await;
    assert!(refused().await.contains("which no version has written"));
    run("DELETE FROM {}.weldkit_storage").await;
    assert!(refused().await.contains("does not name its storage format"));
    // A table of the same name that somebody else has made.
    run("DROP TABLE {}.weldkit_storage; DROP TABLE {}.documents; CREATE TABLE {}.documents (id int)").await;
    let error = refused().await;
    assert!(error.contains("the table `documents` in schema"), "{error}");
    database.clear().await;
}

#[tokio::test]
async fn hosts_that_start_at_once_make_the_tables_once() {
    let Some(database) = Database::new("at_once").await else {
        return;
    };
    let (a, b, c, d) = tokio::join!(
        database.host(),
        database.host(),
        database.host(),
        database.host()
    );
    for host in [a, b, c, d] {
        host.stop().await.unwrap();
    }
    database.clear().await;
}

/// A role that may use the tables needs no right to make them.
#[tokio::test]
async fn a_role_without_rights_to_create_uses_what_is_there() {
    let Some(database) = Database::new("rights").await else {
        return;
    };
    database.host().await.stop().await.unwrap();
    let role = format!("r{}", database.schema);
    let sql = format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {0} TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {0} TO {role}",
        database.schema
    );
    database.admin.batch_execute(&sql).await.unwrap();
    let host = database
        .try_host(database.settings_with(json!({"user": role})))
        .await
        .unwrap();
    let client = host.service::<dyn Storage>().unwrap();
    put(&client, &host.ctx(), "k", 1).await.unwrap();
    assert_eq!(get(&client, &host.ctx(), "k").await, Some(json!(1)));
    host.stop().await.unwrap();
    // In a schema that is not there it would need one, and says so.
    let settings =
        database.settings_with(json!({"user": role, "schema": format!("{}_x", database.schema)}));
    let error = database
        .try_host(settings)
        .await
        .expect_err("no rights")
        .to_string();
    assert!(error.contains("permission denied for database"), "{error}");
    let drop = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    database.admin.batch_execute(&drop).await.unwrap();
    database.clear().await;
}

#[tokio::test]
async fn a_server_that_prepares_nothing_is_told_of_and_works_alone() {
    let Some((server, url)) =
        OwnServer::start(&[("max_prepared_transactions", "0"), ("fsync", "off")])
    else {
        return;
    };
    let database = Database::at(&url, "no_prepare").await;
    let storage = started(&database).await;
    let capabilities = storage.capabilities();
    assert!(!capabilities.prepare);
    assert_eq!(capabilities.durability, Durability::Durable);
    let Health::Degraded(why) = storage.health() else {
        panic!("{:?}", storage.health());
    };
    assert!(
        why.contains("set max_prepared_transactions") && why.contains("fsync is off"),
        "{why}"
    );
    storage.stop().await.unwrap();

    // Alone in its transaction it commits in one phase.
    let host = TestHost::new(|host| {
        host.plugin::<PostgresStorage>()
            .settings("storage-postgres", database.settings())
    })
    .await
    .unwrap();
    let client = host.service::<dyn Storage>().unwrap();
    let transaction = host.transaction().begin().unwrap();
    put(&client, &transaction.ctx(), "k", 1).await.unwrap();
    assert_eq!(database.seen("k").await, None);
    transaction.commit().await.unwrap();
    assert_eq!(database.seen("k").await, Some(json!(1)));
    host.stop().await.unwrap();
    drop(server);
}

/// The server can hold no more prepared transactions: a no that may be repeated.
#[tokio::test]
async fn more_branches_than_the_server_can_hold_are_refused_and_may_try_again() {
    let Some((server, url)) = OwnServer::start(&[("max_prepared_transactions", "1")]) else {
        return;
    };
    let database = Database::at(&url, "full").await;
    let (host, window) = super::probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let mut branches = Vec::new();
    for at in ["a", "b"] {
        let transaction = host.transaction().begin().unwrap().kept();
        put(&client, &transaction.ctx(), at, 1).await.unwrap();
        branches.push(window.branch());
    }
    window.storage.prepare(&branches[0]).await.unwrap();
    let no = window.storage.prepare(&branches[1]).await.unwrap_err();
    assert!(
        no.is_retryable() && no.message().contains("max_prepared_transactions"),
        "{no:?}"
    );
    drop(server);
}

#[tokio::test]
async fn an_old_orphan_makes_the_instance_degraded() {
    let Some((server, url)) = OwnServer::start(&[]) else {
        return;
    };
    let database = Database::at(&url, "orphan").await;
    let storage = started(&database).await;
    assert_eq!(storage.health(), Health::Ready);
    let sql = format!(
        "BEGIN; INSERT INTO {}.documents VALUES ('c', 'k', '1');
        PREPARE TRANSACTION 'weldkit:00000000000000ff:0000002a-7:1.1'",
        database.schema
    );
    database.admin.batch_execute(&sql).await.unwrap();
    let orphans = storage.orphans().await.unwrap();
    assert_eq!(orphans.len(), 1);
    assert_eq!(
        (orphans[0].database.as_str(), orphans[0].owner.as_str()),
        ("postgres", "weldkit")
    );
    // A moment old, it may be one whose host is about to commit it.
    assert_eq!(storage.health(), Health::Ready);
    // The next look, which health has begun, comes to its end.
    until(async || matches!(storage.health(), Health::Ready)).await;
    storage.stop().await.unwrap();
    drop(server);
}
