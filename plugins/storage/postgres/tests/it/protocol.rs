//! Two-phase commit, step by step and through the coordinator.

use serde_json::json;
use weldkit::testing::TestHost;
use weldkit::transaction::{Fault, Heuristic, Isolation, Participant, Phase, Vote};
use weldkit::{CallError, Code, Ctx, Service};
use weldkit_storage::{KeyRange, Storage, StorageError};
use weldkit_storage_postgres::PostgresStorage;

use super::fixture::{Database, c, get, key, put, until};
use super::probe;

/// The outcomes that end a branch, each told as often as it likes.
#[tokio::test]
async fn an_outcome_may_be_told_again_and_again() {
    let Some(database) = Database::new("outcomes").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    for (round, commits) in [true, false].into_iter().enumerate() {
        let transaction = host.transaction().begin().unwrap().kept();
        put(&client, &transaction.ctx(), "k", round as i64)
            .await
            .unwrap();
        let (storage, branch) = (&window.storage, window.branch());
        assert_eq!(storage.prepare(&branch).await.unwrap(), Vote::Prepared);
        assert_eq!(storage.prepare(&branch).await.unwrap(), Vote::Prepared);
        let gid = database.prepared().await;
        assert!(
            gid.len() == 1 && gid[0].starts_with(&format!("{}:", branch.gid())),
            "{gid:?}"
        );
        assert_eq!(
            storage.recover(branch.host).await.unwrap(),
            [branch.transaction]
        );
        assert_eq!(
            get(&client, &host.ctx(), "k").await,
            (round > 0).then(|| json!(0))
        );
        for _ in 0..3 {
            match commits {
                true => storage.commit(&branch, Phase::Two).await.unwrap(),
                false => storage.abort(&branch).await.unwrap(),
            }
        }
        assert!(database.prepared().await.is_empty());
        assert_eq!(get(&client, &host.ctx(), "k").await, Some(json!(0)));
        // The coordinator ends it as well, and finds nothing to do.
        transaction.abort().await.unwrap();
    }
    host.stop().await.unwrap();
    database.clear().await;
}

#[tokio::test]
async fn a_branch_that_changed_nothing_votes_read_only_and_is_gone() {
    let Some(database) = Database::new("read_only").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    put(&client, &host.ctx(), "k", 1).await.unwrap();
    for isolation in Isolation::ALL {
        let transaction = host.transaction().isolation(isolation).begin().unwrap();
        let ctx = transaction.ctx();
        assert_eq!(get(&client, &ctx, "k").await, Some(json!(1)));
        // Nothing is there to be removed, so nothing is changed.
        assert!(!client.delete(&ctx, c(), key("none")).await.unwrap());
        assert_eq!(database.working().await.len(), 1);
        assert_eq!(
            window.storage.prepare(&window.branch()).await.unwrap(),
            Vote::ReadOnly
        );
        assert!(
            database.working().await.is_empty(),
            "it holds nothing any more"
        );
        let late = client.get(&ctx, c(), key("k")).await.unwrap_err();
        assert!(
            matches!(&late, StorageError::Call(error) if *error.code() == Code::InvalidState),
            "{late}"
        );
    }
    host.stop().await.unwrap();
    database.clear().await;
}

/// A level of PostgreSQL is what its documentation says; here only that it is the one that was asked for.
#[tokio::test]
async fn each_level_is_the_one_that_was_asked_for() {
    let Some(database) = Database::new("levels").await else {
        return;
    };
    let host = database.host().await;
    let client = host.service::<dyn Storage>().unwrap();
    // Whether a transaction sees what another one commits between its two reads, and whether it may then write to it.
    for (isolation, sees, writes) in [
        (Isolation::ReadCommitted, true, true),
        (Isolation::RepeatableRead, false, false),
        (Isolation::Serializable, false, false),
    ] {
        put(&client, &host.ctx(), "k", 0).await.unwrap();
        let transaction = host.transaction().isolation(isolation).begin().unwrap();
        let ctx = transaction.ctx();
        assert_eq!(get(&client, &ctx, "k").await, Some(json!(0)), "{isolation}");
        put(&client, &host.ctx(), "k", 1).await.unwrap();
        assert_eq!(
            get(&client, &ctx, "k").await,
            Some(json!(i64::from(sees))),
            "{isolation}"
        );
        let written = put(&client, &ctx, "k", 2).await;
        match writes {
            true => written.unwrap(),
            false => assert!(
                matches!(&written, Err(StorageError::Call(error)) if *error.code() == Code::Conflict && error.is_retryable()),
                "{isolation}: {written:?}"
            ),
        }
        assert_eq!(transaction.commit().await.is_ok(), writes, "{isolation}");
    }
    host.stop().await.unwrap();
    database.clear().await;
}

/// Write skew: each reads what the other writes. The one that ends second is refused when it votes.
#[tokio::test]
async fn a_serialization_failure_at_prepare_is_a_vote_of_no() {
    let Some(database) = Database::new("skew").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    put(&client, &host.ctx(), "a", 1).await.unwrap();
    put(&client, &host.ctx(), "b", 1).await.unwrap();
    let serializable = || {
        host.transaction()
            .isolation(Isolation::Serializable)
            .begin()
            .unwrap()
    };
    let (one, two) = (serializable(), serializable());
    assert_eq!(
        client
            .count(&one.ctx(), c(), KeyRange::all())
            .await
            .unwrap(),
        2
    );
    let first = window.branch();
    assert_eq!(
        client
            .count(&two.ctx(), c(), KeyRange::all())
            .await
            .unwrap(),
        2
    );
    let second = window.branch();
    put(&client, &one.ctx(), "a", 0).await.unwrap();
    put(&client, &two.ctx(), "b", 0).await.unwrap();
    assert_eq!(
        window.storage.prepare(&first).await.unwrap(),
        Vote::Prepared
    );
    let no = window.storage.prepare(&second).await.unwrap_err();
    assert_eq!(
        (no.code(), no.is_retryable()),
        (&Code::Conflict, true),
        "{no}"
    );
    // The participant has ended the branch: nothing is held, and an abort finds nothing.
    window.storage.abort(&second).await.unwrap();
    window.storage.commit(&first, Phase::Two).await.unwrap();
    assert!(database.working().await.is_empty());
    assert_eq!(
        (
            get(&client, &host.ctx(), "a").await,
            get(&client, &host.ctx(), "b").await
        ),
        (Some(json!(0)), Some(json!(1)))
    );
    host.stop().await.unwrap();
    database.clear().await;
}

#[tokio::test]
async fn a_deadlock_has_one_victim_which_may_try_again() {
    let Some(database) = Database::new("deadlock").await else {
        return;
    };
    let host = database.host().await;
    let client = host.service::<dyn Storage>().unwrap();
    let (one, two) = (
        host.transaction().begin().unwrap(),
        host.transaction().begin().unwrap(),
    );
    put(&client, &one.ctx(), "a", 1).await.unwrap();
    put(&client, &two.ctx(), "b", 2).await.unwrap();
    let (ctx_one, ctx_two) = (one.ctx(), two.ctx());
    let (first, second) = tokio::join!(
        async { (put(&client, &ctx_one, "b", 1).await, one.commit().await) },
        async { (put(&client, &ctx_two, "a", 2).await, two.commit().await) },
    );
    let both = [first, second];
    let victims: Vec<_> = both
        .iter()
        .filter_map(|(written, _)| written.as_ref().err())
        .collect();
    assert_eq!(victims.len(), 1, "{both:?}");
    assert!(
        matches!(victims[0], StorageError::Call(error) if *error.code() == Code::Conflict),
        "{both:?}"
    );
    assert_eq!(
        both.iter().filter(|(_, ended)| ended.is_ok()).count(),
        1,
        "{both:?}"
    );
    host.stop().await.unwrap();
    database.clear().await;
}

#[tokio::test]
async fn savepoints_undo_what_came_after_them_a_failed_statement_included() {
    let Some(database) = Database::new("savepoints").await else {
        return;
    };
    let host = database.host().await;
    let client = host.service::<dyn Storage>().unwrap();
    let transaction = host
        .transaction()
        .isolation(Isolation::ReadCommitted)
        .begin()
        .unwrap();
    let ctx = transaction.ctx();
    put(&client, &ctx, "a", 1).await.unwrap();
    transaction.savepoint("one").await.unwrap();
    put(&client, &ctx, "a", 2).await.unwrap();
    transaction.savepoint("two").await.unwrap();
    client.delete(&ctx, c(), key("a")).await.unwrap();
    transaction.rollback_to("two").await.unwrap();
    assert_eq!(get(&client, &ctx, "a").await, Some(json!(2)));
    transaction.rollback_to("one").await.unwrap();
    assert_eq!(get(&client, &ctx, "a").await, Some(json!(1)));
    // A statement that the server refuses; then nothing goes but the way back.
    let sql = format!(
        "ALTER TABLE {0}.documents ADD CHECK (key <> 'bad')",
        database.schema
    );
    transaction.savepoint("three").await.unwrap();
    transaction.commit().await.unwrap();
    database.admin.batch_execute(&sql).await.unwrap();
    let transaction = host.transaction().begin().unwrap();
    let ctx = transaction.ctx();
    put(&client, &ctx, "b", 1).await.unwrap();
    transaction.savepoint("one").await.unwrap();
    let refused = put(&client, &ctx, "bad", 1).await.unwrap_err().to_string();
    assert!(refused.contains("violates check constraint"), "{refused}");
    let after = client
        .get(&ctx, c(), key("b"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        after.contains("an earlier statement of the transaction failed"),
        "{after}"
    );
    transaction.rollback_to("one").await.unwrap();
    transaction.release("one").await.unwrap();
    assert_eq!(get(&client, &ctx, "b").await, Some(json!(1)));
    transaction.commit().await.unwrap();
    assert_eq!(database.seen("b").await, Some(json!(1)));
    host.stop().await.unwrap();
    database.clear().await;
}

#[tokio::test]
async fn after_a_failed_statement_nothing_commits() {
    let Some(database) = Database::new("failed").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let sql = format!(
        "ALTER TABLE {}.documents ADD CHECK (key <> 'bad')",
        database.schema
    );
    database.admin.batch_execute(&sql).await.unwrap();
    // PostgreSQL answers a COMMIT or PREPARE of a failed transaction with ROLLBACK, and not with an error.
    for phase_one in [true, false] {
        let transaction = host.transaction().begin().unwrap();
        put(&client, &transaction.ctx(), "k", 1).await.unwrap();
        put(&client, &transaction.ctx(), "bad", 1)
            .await
            .unwrap_err();
        let branch = window.branch();
        let told = match phase_one {
            true => match window
                .storage
                .commit(&branch, Phase::One)
                .await
                .unwrap_err()
            {
                Fault::Retry(error) => error,
                other => panic!("{other}"),
            },
            false => window.storage.prepare(&branch).await.unwrap_err(),
        };
        assert!(
            told.message().contains("violates check constraint"),
            "{told}"
        );
        window.storage.abort(&branch).await.unwrap();
        assert!(database.working().await.is_empty());
        assert_eq!(database.seen("k").await, None);
    }
    host.stop().await.unwrap();
    database.clear().await;
}

/// Temporary tables, of a trigger that somebody has put on the table: the server's own words are passed on.
#[tokio::test]
async fn what_prepare_forbids_is_told_by_name() {
    let Some(database) = Database::new("forbidden").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let sql = format!(
        "CREATE FUNCTION {0}.note() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN CREATE TEMPORARY TABLE notes_{0} (n int) ON COMMIT DROP; RETURN new; END $$;
        CREATE TRIGGER note BEFORE INSERT ON {0}.documents FOR EACH ROW EXECUTE FUNCTION {0}.note()",
        database.schema
    );
    database.admin.batch_execute(&sql).await.unwrap();
    let transaction = host.transaction().begin().unwrap();
    put(&client, &transaction.ctx(), "k", 1).await.unwrap();
    let no = window.storage.prepare(&window.branch()).await.unwrap_err();
    assert!(
        no.message()
            .contains("cannot PREPARE a transaction that has operated on temporary objects"),
        "{no}"
    );
    transaction.abort().await.unwrap();
    assert_eq!(database.seen("k").await, None);
    host.stop().await.unwrap();
    database.clear().await;
}

#[tokio::test]
async fn an_operator_who_decides_by_hand_is_found_out() {
    let Some(database) = Database::new("heuristic").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    for (by_hand, commits, expected) in [
        ("ROLLBACK", true, Some(Heuristic::RolledBack)),
        ("COMMIT", false, Some(Heuristic::Committed)),
        ("COMMIT", true, None),
        ("ROLLBACK", false, None),
    ] {
        let transaction = host.transaction().begin().unwrap().kept();
        put(&client, &transaction.ctx(), "k", 1).await.unwrap();
        let branch = window.branch();
        window.storage.prepare(&branch).await.unwrap();
        let gid = database.prepared().await.remove(0);
        let sql = format!("{by_hand} PREPARED '{gid}'");
        database.admin.batch_execute(&sql).await.unwrap();
        let told = match commits {
            true => window.storage.commit(&branch, Phase::Two).await,
            false => window.storage.abort(&branch).await,
        };
        match (told, expected) {
            (Ok(()), None) => {}
            (Err(Fault::Heuristic(what)), Some(expected)) => assert_eq!(what, expected),
            (told, _) => panic!("{by_hand} {commits}: {told:?}"),
        }
    }
    database.clear().await;
}

/// Passes on to a second storage.
#[weldkit::service(name = "second", version = "1.0")]
trait Second {
    /// Writes there.
    #[method(transactional)]
    async fn put(&self, ctx: &Ctx, key: String, number: i64) -> Result<(), CallError>;
}

struct Witness(Service<dyn Storage>);

#[weldkit::plugin(id = "witness", provides(Second), permissions("storage.write"))]
impl Witness {
    fn start(storage: Service<dyn Storage>) -> weldkit::Result<Self> {
        Ok(Self(storage))
    }
}

impl Second for Witness {
    async fn put(&self, ctx: &Ctx, at: String, number: i64) -> Result<(), CallError> {
        let written = self.0.put(ctx, c(), key(&at), json!(number)).await;
        written.map_err(|error| CallError::conflict(error.to_string()))
    }
}

/// Two schemas of one server in one transaction: both have the same transaction, and each a branch of its own.
#[tokio::test]
async fn two_schemas_of_one_server_commit_together() {
    let Some(database) = Database::new("two").await else {
        return;
    };
    let other = Database::new("two_b").await.unwrap();
    let host = TestHost::new(|host| {
        host.plugin::<PostgresStorage>()
            .settings("storage-postgres", database.settings())
            .instance("other", "storage-postgres")
            .settings("other", other.settings())
            .provider("storage", "storage-postgres")
            .plugin::<Witness>()
            .provider("witness.storage", "other")
    })
    .await
    .unwrap();
    let (one, two) = (
        host.service::<dyn Storage>().unwrap(),
        host.service::<dyn Second>().unwrap(),
    );
    for commits in [false, true] {
        let transaction = host.transaction().begin().unwrap();
        put(&one, &transaction.ctx(), "k", 1).await.unwrap();
        two.put(&transaction.ctx(), "k".into(), 2).await.unwrap();
        match commits {
            true => transaction.commit().await.unwrap(),
            false => transaction.abort().await.unwrap(),
        }
        let expected = |number: i64| commits.then(|| json!(number));
        assert_eq!(
            (database.seen("k").await, other.seen("k").await),
            (expected(1), expected(2))
        );
    }
    // A no of one is the outcome of both.
    let sql = format!(
        "CREATE FUNCTION {0}.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE serialization_failure; END $$;
        CREATE CONSTRAINT TRIGGER no AFTER INSERT OR UPDATE ON {0}.documents DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION {0}.no()",
        other.schema
    );
    other.admin.batch_execute(&sql).await.unwrap();
    let transaction = host.transaction().begin().unwrap();
    put(&one, &transaction.ctx(), "k", 3).await.unwrap();
    two.put(&transaction.ctx(), "k".into(), 3).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(*error.code(), Code::Conflict, "{error}");
    assert_eq!(
        (database.seen("k").await, other.seen("k").await),
        (Some(json!(1)), Some(json!(2)))
    );
    until(async || database.prepared().await.is_empty() && other.prepared().await.is_empty()).await;
    host.stop().await.unwrap();
    database.clear().await;
    other.clear().await;
}
