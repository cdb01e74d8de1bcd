//! What is lost on the way, and what comes back: connections, answers, servers, hosts.

use serde_json::json;
use weldkit::Code;
use weldkit::transaction::{Fault, Participant, Phase, Vote};
use weldkit_storage::{Storage, StorageError};

use super::fixture::{Barrier, Database, OwnServer, c, get, key, put, until};
use super::probe;
use super::proxy::Proxy;

#[tokio::test]
async fn a_killed_connection_takes_its_open_transaction_with_it() {
    let Some(database) = Database::new("killed").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let unavailable = |error: &StorageError| matches!(error, StorageError::Call(error) if *error.code() == Code::Unavailable && error.is_retryable());
    // The next call says so, and so does the vote, and so does a commit in one phase.
    for step in 0..3 {
        let transaction = host.transaction().begin().unwrap();
        put(&client, &transaction.ctx(), "k", 1).await.unwrap();
        let branch = window.branch();
        database.kill_the_one().await;
        match step {
            0 => {
                let error = client
                    .get(&transaction.ctx(), c(), key("k"))
                    .await
                    .unwrap_err();
                assert!(unavailable(&error), "{error:?}");
                let again = client
                    .get(&transaction.ctx(), c(), key("k"))
                    .await
                    .unwrap_err();
                assert!(
                    again.to_string().contains("the server has rolled it back"),
                    "{again}"
                );
            }
            1 => {
                let error = window.storage.prepare(&branch).await.unwrap_err();
                assert_eq!(
                    (error.code(), error.is_retryable()),
                    (&Code::Unavailable, true),
                    "{error}"
                );
            }
            _ => {
                let told = window
                    .storage
                    .commit(&branch, Phase::One)
                    .await
                    .unwrap_err();
                assert!(
                    matches!(&told, Fault::Retry(error) if *error.code() == Code::Unavailable),
                    "{told}"
                );
            }
        }
        window.storage.abort(&branch).await.unwrap();
        transaction.abort().await.unwrap();
        assert_eq!(database.seen("k").await, None);
    }
    // The storage itself goes on.
    put(&client, &host.ctx(), "k", 2).await.unwrap();
    host.stop().await.unwrap();
    database.clear().await;
}

/// The connection is lost while the server commits: the server rolls back, and that is found out.
#[tokio::test]
async fn a_commit_that_is_cut_off_is_looked_up() {
    let Some(database) = Database::new("cut_off").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let barrier = Barrier::new(&database).await;
    for is_killed in [true, false] {
        let transaction = host.transaction().begin().unwrap().kept();
        put(&client, &transaction.ctx(), "k", 1).await.unwrap();
        let branch = window.branch();
        barrier.close().await;
        let commit = window.storage.commit(&branch, Phase::One);
        let told = match is_killed {
            true => {
                let meanwhile = async {
                    barrier.reached().await;
                    database.kill_the_one().await;
                };
                tokio::join!(commit, meanwhile).0
            }
            // Nobody waits any more. Told again, it finds out: what was given up was cancelled.
            false => {
                tokio::select! {
                    told = commit => panic!("it is held: {told:?}"),
                    () = barrier.reached() => {}
                }
                window.storage.commit(&branch, Phase::One).await
            }
        };
        assert!(
            matches!(&told, Err(Fault::Retry(error)) if error.is_retryable()),
            "{told:?}"
        );
        barrier.open().await;
        assert_eq!(database.seen("k").await, None);
        window.storage.abort(&branch).await.unwrap();
        drop(transaction.abort().await);
    }
    host.stop().await.unwrap();
    database.clear().await;
}

/// The same with the first phase: it is a no, and the abort that follows makes sure that nothing stays prepared.
#[tokio::test]
async fn a_prepare_that_is_cut_off_leaves_nothing() {
    let Some(database) = Database::new("no_vote").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let barrier = Barrier::new(&database).await;
    for is_killed in [true, false] {
        let transaction = host.transaction().begin().unwrap().kept();
        put(&client, &transaction.ctx(), "k", 1).await.unwrap();
        let branch = window.branch();
        barrier.close().await;
        let prepare = window.storage.prepare(&branch);
        if is_killed {
            let meanwhile = async {
                barrier.reached().await;
                database.kill_the_one().await;
            };
            let no = tokio::join!(prepare, meanwhile).0.unwrap_err();
            assert!(no.is_retryable(), "{no}");
        } else {
            tokio::select! {
                vote = prepare => panic!("it is held: {vote:?}"),
                () = barrier.reached() => {}
            }
        }
        window.storage.abort(&branch).await.unwrap();
        barrier.open().await;
        assert!(database.working().await.is_empty() && database.prepared().await.is_empty());
        assert_eq!(database.seen("k").await, None);
        drop(transaction.abort().await);
    }
    host.stop().await.unwrap();
    database.clear().await;
}

/// The server has done what it was told, and its answer does not come.
#[tokio::test]
async fn an_answer_that_is_lost_changes_no_outcome() {
    let Some(database) = Database::new("answers").await else {
        return;
    };
    let proxy = Proxy::start(&database.url).await;
    let (host, window) = probe::open(database.settings_with(json!({"url": proxy.url}))).await;
    let (storage, client) = (&window.storage, host.service::<dyn Storage>().unwrap());
    let begin = async |at: &str| {
        let transaction = host.transaction().begin().unwrap().kept();
        put(&client, &transaction.ctx(), at, 1).await.unwrap();
        (transaction, window.branch())
    };

    let (one, branch) = begin("one").await;
    proxy.lose_answer_to("COMMIT\0");
    storage.commit(&branch, Phase::One).await.unwrap();
    assert_eq!(database.seen("one").await, Some(json!(1)));

    let (two, branch) = begin("two").await;
    proxy.lose_answer_to("PREPARE TRANSACTION");
    let no = storage.prepare(&branch).await.unwrap_err();
    assert_eq!(
        (no.code(), no.is_retryable()),
        (&Code::Unavailable, true),
        "{no}"
    );
    assert_eq!(database.prepared().await.len(), 1);
    storage.abort(&branch).await.unwrap();
    assert!(database.prepared().await.is_empty());
    assert_eq!(database.seen("two").await, None);

    let (three, branch) = begin("three").await;
    storage.prepare(&branch).await.unwrap();
    proxy.lose_answer_to("COMMIT PREPARED");
    storage.commit(&branch, Phase::Two).await.unwrap();
    assert_eq!(database.seen("three").await, Some(json!(1)));

    let (four, branch) = begin("four").await;
    storage.prepare(&branch).await.unwrap();
    proxy.lose_answer_to("ROLLBACK PREPARED");
    storage.abort(&branch).await.unwrap();
    assert_eq!(database.seen("four").await, None);

    // A call: inside it is undone with all the rest, outside nobody knows.
    let (five, branch) = begin("five").await;
    proxy.lose_answer_to("five-again");
    let lost = put(&client, &five.ctx(), "five-again", 1)
        .await
        .unwrap_err();
    assert!(
        matches!(&lost, StorageError::Call(error) if *error.code() == Code::Unavailable),
        "{lost:?}"
    );
    storage.abort(&branch).await.unwrap();
    proxy.lose_answer_to("six");
    let lost = put(&client, &host.ctx(), "six", 1).await.unwrap_err();
    assert!(matches!(&lost, StorageError::Failed { .. }), "{lost:?}");
    // On a new connection the server may have other things to say first.
    until(async || database.seen("six").await == Some(json!(1))).await;
    assert_eq!(database.seen("five-again").await, None);

    assert!(proxy.is_done(), "every answer was lost that should be");
    for transaction in [one, two, three, four, five] {
        drop(transaction.abort().await);
    }
    host.stop().await.unwrap();
    database.clear().await;
}

/// A call that is given up half-way may have done a part of its work: the transaction cannot commit, and what the call
/// waits for at the server is let go.
#[tokio::test]
async fn a_call_that_was_given_up_is_cancelled_at_the_server() {
    let Some(database) = Database::new("given_up").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    put(&client, &host.ctx(), "k", 0).await.unwrap();
    let row = format!(
        "BEGIN; SELECT FROM {}.documents FOR UPDATE",
        database.schema
    );
    // In a transaction the statistics stand still, so it is another client that looks.
    let locker = super::fixture::client(&database.url).await;
    locker.batch_execute(&row).await.unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'";
    let waiting = async || {
        database
            .admin
            .query_one(waiting, &[&database.schema])
            .await
            .unwrap()
            .get::<_, i64>(0)
    };

    let transaction = host.transaction().begin().unwrap().kept();
    let ctx = transaction.ctx();
    for inside in [true, false] {
        let caller = if inside { ctx.clone() } else { host.ctx() };
        let call = put(&client, &caller, "k", 1);
        tokio::select! {
            told = call => panic!("the row is locked: {told:?}"),
            () = until(async || waiting().await == 1) => {}
        }
        if inside {
            let branch = window.branch();
            let no = window.storage.prepare(&branch).await.unwrap_err();
            assert!(no.message().contains("given up"), "{no}");
        }
        until(async || waiting().await == 0).await;
    }
    locker.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(get(&client, &host.ctx(), "k").await, Some(json!(0)));
    transaction.abort().await.unwrap();
    host.stop().await.unwrap();
    database.clear().await;
}

/// The host dies between the phases; the next one finds its branches, and nobody else's.
#[tokio::test]
async fn a_new_host_finds_the_branches_that_the_old_one_left() {
    let Some(database) = Database::new("recovery").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let mut branches = Vec::new();
    for number in 0..3 {
        let transaction = host.transaction().begin().unwrap().kept();
        put(&client, &transaction.ctx(), &format!("k{number}"), number)
            .await
            .unwrap();
        let branch = window.branch();
        assert_eq!(
            window.storage.prepare(&branch).await.unwrap(),
            Vote::Prepared
        );
        branches.push(branch);
    }
    // Of another host, of another schema, of nobody.
    let own = database.prepared().await;
    let mark = own[0].rsplit(':').next().unwrap().to_owned();
    let foreign = [
        format!("weldkit:00000000000000ff:0000002a-7:{mark}"),
        format!("weldkit:{}:0000002a-7:{mark}0", branches[0].host),
        format!("weldkit:{}:nonsense:{mark}", branches[0].host),
        format!("other-{}", database.schema),
    ];
    for (number, gid) in foreign.iter().enumerate() {
        let sql = format!(
            "BEGIN; INSERT INTO {}.documents VALUES ('c', 'f{number}', '1'); PREPARE TRANSACTION '{gid}'",
            database.schema
        );
        database.admin.batch_execute(&sql).await.unwrap();
    }
    // The old host is gone: its instance is stopped, and what is prepared is not its any more.
    window.storage.stop().await.unwrap();

    let (again, new) = probe::open(database.settings()).await;
    let mut found = new.storage.recover(branches[0].host).await.unwrap();
    found.sort();
    let mut expected: Vec<_> = branches.iter().map(|branch| branch.transaction).collect();
    expected.sort();
    assert_eq!(found, expected);
    for _ in 0..2 {
        new.storage.commit(&branches[0], Phase::Two).await.unwrap();
        new.storage.commit(&branches[1], Phase::Two).await.unwrap();
        new.storage.abort(&branches[2]).await.unwrap();
    }
    assert!(
        new.storage
            .recover(branches[0].host)
            .await
            .unwrap()
            .is_empty()
    );
    let seen = [
        database.seen("k0").await,
        database.seen("k1").await,
        database.seen("k2").await,
    ];
    assert_eq!(seen, [Some(json!(0)), Some(json!(1)), None]);
    // What is not ours is where it was; an operator hears of it.
    let orphans = new.storage.orphans().await.unwrap();
    for gid in &foreign[..2] {
        assert!(
            orphans.iter().any(|orphan| orphan.gid == *gid),
            "{gid}: {orphans:?}"
        );
    }
    for gid in &foreign {
        database
            .admin
            .batch_execute(&format!("ROLLBACK PREPARED '{gid}'"))
            .await
            .unwrap();
    }
    again.stop().await.unwrap();
    drop(host);
    database.clear().await;
}

/// The host dies while the server works on its PREPARE: the next one waits for it, and finds the branch.
#[tokio::test]
async fn a_branch_that_is_being_prepared_when_its_host_dies_is_found() {
    let Some(database) = Database::new("in_flight").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let barrier = Barrier::new(&database).await;
    // The connection that it happens on has seen a transaction before, which was rolled back.
    let first = host.transaction().begin().unwrap();
    put(&client, &first.ctx(), "k", 0).await.unwrap();
    first.abort().await.unwrap();
    let transaction = host.transaction().begin().unwrap().kept();
    put(&client, &transaction.ctx(), "k", 1).await.unwrap();
    let branch = window.branch();
    barrier.close().await;
    let recovery = async {
        barrier.reached().await;
        let (again, new) = probe::open(database.settings()).await;
        let (found, ()) = tokio::join!(new.storage.recover(branch.host), barrier.open());
        again.stop().await.unwrap();
        found.unwrap()
    };
    let (vote, found) = tokio::join!(window.storage.prepare(&branch), recovery);
    assert_eq!(vote.unwrap(), Vote::Prepared);
    assert_eq!(found, [branch.transaction]);
    window.storage.commit(&branch, Phase::Two).await.unwrap();
    drop(transaction.abort().await);
    host.stop().await.unwrap();
    database.clear().await;
}

/// Another role's branches look the same and are not ours to end.
#[tokio::test]
async fn recovery_keeps_to_its_own_role() {
    let Some(database) = Database::new("role").await else {
        return;
    };
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let transaction = host.transaction().begin().unwrap().kept();
    put(&client, &transaction.ctx(), "k", 1).await.unwrap();
    let branch = window.branch();
    window.storage.prepare(&branch).await.unwrap();
    let role = format!("r{}", database.schema);
    let sql = format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {0} TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {0} TO {role}",
        database.schema
    );
    database.admin.batch_execute(&sql).await.unwrap();
    let (other, theirs) = probe::open(database.settings_with(json!({"user": role}))).await;
    assert!(
        theirs
            .storage
            .recover(branch.host)
            .await
            .unwrap()
            .is_empty()
    );
    let told = theirs.storage.commit(&branch, Phase::Two).await;
    assert!(
        matches!(&told, Err(Fault::Retry(error)) if error.message().contains("permission denied")),
        "{told:?}"
    );
    assert_eq!(database.prepared().await.len(), 1);
    other.stop().await.unwrap();
    window.storage.commit(&branch, Phase::Two).await.unwrap();
    drop(transaction.abort().await);
    host.stop().await.unwrap();
    let drop = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    database.admin.batch_execute(&drop).await.unwrap();
    database.clear().await;
}

/// The server crashes between the phases and comes back.
#[tokio::test]
async fn what_is_prepared_outlives_the_server() {
    let Some((server, url)) = OwnServer::start(&[]) else {
        return;
    };
    let database = Database::at(&url, "restart").await;
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let mut branches = Vec::new();
    for number in 0..2 {
        let transaction = host.transaction().begin().unwrap().kept();
        put(&client, &transaction.ctx(), &format!("k{number}"), number)
            .await
            .unwrap();
        let branch = window.branch();
        window.storage.prepare(&branch).await.unwrap();
        branches.push((transaction, branch));
    }
    let open = host.transaction().begin().unwrap().kept();
    put(&client, &open.ctx(), "open", 1).await.unwrap();
    let open_branch = window.branch();

    server.crash();
    let told = window.storage.commit(&branches[0].1, Phase::Two).await;
    assert!(
        matches!(&told, Err(Fault::Retry(error)) if *error.code() == Code::Unavailable),
        "{told:?}"
    );
    let told = window.storage.abort(&branches[1].1).await;
    assert!(matches!(&told, Err(Fault::Retry(_))), "{told:?}");
    // What was open has gone with the server, and nobody needs to be asked.
    window.storage.abort(&open_branch).await.unwrap();
    let refused = client.get(&host.ctx(), c(), key("k0")).await.unwrap_err();
    assert!(
        matches!(refused, StorageError::Unavailable { .. }),
        "{refused:?}"
    );
    assert!(matches!(
        window.storage.health(),
        weldkit::Health::Failed(_)
    ));

    server.start_again();
    window
        .storage
        .commit(&branches[0].1, Phase::Two)
        .await
        .unwrap();
    window.storage.abort(&branches[1].1).await.unwrap();
    assert_eq!(get(&client, &host.ctx(), "k0").await, Some(json!(0)));
    assert_eq!(get(&client, &host.ctx(), "k1").await, None);
    assert_eq!(get(&client, &host.ctx(), "open").await, None);
    assert!(
        window
            .storage
            .recover(open_branch.host)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(window.storage.health(), weldkit::Health::Ready);
}

/// The server crashes while it commits: not committed, and found out once it is back.
#[tokio::test]
async fn a_commit_that_a_crash_cut_off_is_never_called_done() {
    let Some((server, url)) = OwnServer::start(&[]) else {
        return;
    };
    let database = Database::at(&url, "crash").await;
    let (host, window) = probe::open(database.settings()).await;
    let client = host.service::<dyn Storage>().unwrap();
    let barrier = Barrier::new(&database).await;
    let transaction = host.transaction().begin().unwrap().kept();
    put(&client, &transaction.ctx(), "k", 1).await.unwrap();
    let branch = window.branch();
    barrier.close().await;
    let crash = async {
        barrier.reached().await;
        server.crash();
    };
    let (told, ()) = tokio::join!(window.storage.commit(&branch, Phase::One), crash);
    assert!(
        matches!(&told, Err(Fault::Unknown(_))),
        "nobody is there to be asked: {told:?}"
    );
    server.start_again();
    let told = window.storage.commit(&branch, Phase::One).await;
    assert!(matches!(&told, Err(Fault::Retry(_))), "{told:?}");
    assert_eq!(get(&client, &host.ctx(), "k").await, None);
    drop(transaction.abort().await);
}
