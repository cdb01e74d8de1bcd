//! Connections: at most so many, waited for with a bound, given back.

use serde_json::json;
use weldkit::Code;
use weldkit_storage::{KeyRange, Storage, StorageError};

use super::fixture::{Database, c, get, key, put, until};

/// Which connections are the plugin's: those with the name that the test gave them, and those that have had a transaction
/// and since then bear the name of the host and the schema.
const OURS: &str = "application_name = $1 OR (application_name LIKE 'weldkit:%'
    AND application_name LIKE '%.' || (SELECT oid FROM pg_namespace WHERE nspname = $1))";

/// The connections of the plugin that the server sees.
async fn connections(database: &Database) -> i64 {
    let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE {OURS}");
    let row = database
        .admin
        .query_one(&sql, &[&database.schema])
        .await
        .unwrap();
    row.get(0)
}

#[tokio::test]
async fn an_open_transaction_holds_one_connection_and_the_next_one_waits_with_a_bound() {
    let Some(database) = Database::new("bound").await else {
        return;
    };
    let settings = database.settings_with(json!({"connections": 2, "wait_ms": 50}));
    let host = database.try_host(settings).await.unwrap();
    let client = host.service::<dyn Storage>().unwrap();
    let (one, two) = (
        host.transaction().begin().unwrap(),
        host.transaction().begin().unwrap(),
    );
    put(&client, &one.ctx(), "a", 1).await.unwrap();
    put(&client, &two.ctx(), "b", 1).await.unwrap();
    // As many calls inside as one likes, on the connections that are held.
    for _ in 0..5 {
        assert_eq!(get(&client, &one.ctx(), "a").await, Some(json!(1)));
    }
    let limit = |error: &weldkit::CallError| *error.code() == Code::Limit && error.is_retryable();
    let outside = client
        .count(&host.ctx(), c(), KeyRange::all())
        .await
        .unwrap_err();
    assert!(
        matches!(&outside, StorageError::Call(error) if limit(error)),
        "{outside:?}"
    );
    assert!(
        outside
            .to_string()
            .contains("all 2 connections were in use for 50 ms"),
        "{outside}"
    );
    let three = host.transaction().begin().unwrap();
    let refused = put(&client, &three.ctx(), "c", 1).await.unwrap_err();
    assert!(
        matches!(&refused, StorageError::Call(error) if limit(error)),
        "{refused:?}"
    );
    // What could not begin is ended without asking anybody, and those that are open go on.
    three.abort().await.unwrap();
    one.commit().await.unwrap();
    two.abort().await.unwrap();
    assert_eq!(
        client
            .count(&host.ctx(), c(), KeyRange::all())
            .await
            .unwrap(),
        1
    );
    host.stop().await.unwrap();
    database.clear().await;
}

#[tokio::test]
async fn many_callers_share_few_connections() {
    let Some(database) = Database::new("few").await else {
        return;
    };
    let url = format!("{}?application_name={}", database.url, database.schema);
    let settings = database.settings_with(json!({"url": url, "connections": 3}));
    let host = database.try_host(settings).await.unwrap();
    let (ctx, client) = (host.ctx(), host.service::<dyn Storage>().unwrap());
    let mut most = 0;
    for round in 0..5 {
        let calls = (0..40).map(|number| {
            let (ctx, client) = (ctx.clone(), client.clone());
            let at = key(&number.to_string());
            tokio::spawn(async move { client.put(&ctx, c(), at, json!(round)).await })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap().unwrap();
        }
        most = most.max(connections(&database).await);
    }
    // And one more for outcomes.
    assert!((1..=4).contains(&most), "{most}");
    assert_eq!(client.count(&ctx, c(), KeyRange::all()).await.unwrap(), 40);
    host.stop().await.unwrap();
    until(async || connections(&database).await == 0).await;
    database.clear().await;
}

/// The server ends idle connections; the next users do not notice.
#[tokio::test]
async fn idle_connections_that_the_server_has_ended_are_replaced() {
    let Some(database) = Database::new("idle").await else {
        return;
    };
    let url = format!("{}?application_name={}", database.url, database.schema);
    let host = database
        .try_host(database.settings_with(json!({"url": url})))
        .await
        .unwrap();
    let client = host.service::<dyn Storage>().unwrap();
    for round in 0..3 {
        put(&client, &host.ctx(), "k", round).await.unwrap();
        assert!(connections(&database).await > 0);
        let sql = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}");
        database
            .admin
            .execute(&sql, &[&database.schema])
            .await
            .unwrap();
        until(async || connections(&database).await == 0).await;
        // The end of a connection reaches us a moment after the server has forgotten it.
        let transaction = host.transaction().begin().unwrap();
        put(&client, &transaction.ctx(), "t", round).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(get(&client, &host.ctx(), "t").await, Some(json!(round)));
    }
    host.stop().await.unwrap();
    database.clear().await;
}
