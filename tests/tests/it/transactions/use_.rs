//! How transactions are used: calls and turns, savepoints, nesting, retries, ownership, the JSON door.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use serde_json::json;
use weldkit::transaction::{Isolation, State};
use weldkit::{CallError, Code, HostBuilder};

use super::ledger::{Circle, Ledger, Mover, add_to_both, plain, told, two, two_books};
use crate::fixture::{Librarian, Notes, Shelf};
use weldkit::testing::TestHost;

#[tokio::test]
async fn run_commits_what_it_did_and_aborts_an_error() {
    let test = two(plain(), plain()).await;
    let host = test.clone();
    let sum = test
        .transaction()
        .run(|ctx| {
            let host = host.clone();
            async move {
                add_to_both(&host, &ctx).await?;
                Ok::<_, CallError>(7)
            }
        })
        .await
        .unwrap();
    assert_eq!(sum, 7);
    let failed: Result<(), CallError> = test
        .transaction()
        .run(|ctx| {
            let host = host.clone();
            async move {
                add_to_both(&host, &ctx).await?;
                Err(CallError::invalid_parameter("changed my mind"))
            }
        })
        .await;
    assert_eq!(failed.unwrap_err().message(), "changed my mind");
    assert_eq!(
        told(&test).await,
        [
            vec!["prepare", "commit Two", "abort"],
            vec!["prepare", "commit Two", "abort"]
        ]
    );
}

#[tokio::test]
async fn a_conflict_is_tried_again_and_nothing_else_is() {
    let test = TestHost::new(|host| two_books(host, plain(), json!({"vote": "conflict"})))
        .await
        .unwrap();
    let (host, tries) = (test.clone(), AtomicU32::new(0));
    let clock = test.clock().clone();
    let running = test
        .transaction()
        .deadline(Duration::from_secs(60))
        .run(|ctx| {
            tries.fetch_add(1, Relaxed);
            clock.advance(Duration::from_millis(600));
            let host = host.clone();
            async move { add_to_both(&host, &ctx).await }
        });
    tokio::pin!(running);
    let error = loop {
        tokio::select! {
            biased;
            result = &mut running => break result.unwrap_err(),
            () = tokio::task::yield_now() => test.clock().advance(Duration::from_millis(500)),
        }
    };
    assert_eq!(error.code(), &Code::Conflict);
    assert!(
        tries.load(Relaxed) > 1 && tries.load(Relaxed) <= 17,
        "{tries:?}"
    );
}

#[tokio::test]
async fn a_call_given_up_half_way_leaves_nothing_but_an_abort() {
    for how in ["panic", "internal", "wait"] {
        let test = two(plain(), plain()).await;
        let transaction = test.transaction().begin().unwrap();
        let ledger = test.service::<dyn Ledger>().unwrap();
        let ctx = transaction.ctx();
        let call = ledger.act(&ctx, how.to_owned());
        tokio::pin!(call);
        let error = loop {
            tokio::select! {
                biased;
                result = &mut call => break result.unwrap_err(),
                () = tokio::task::yield_now() => test.clock().advance(Duration::from_secs(1)),
            }
        };
        assert_eq!(transaction.state(), State::RollbackOnly, "{how}: {error}");
        let late = ledger.add(&ctx, "x".into(), 1).await.unwrap_err();
        assert!(
            late.message().contains("did not end as it should"),
            "{late}"
        );
        assert_eq!(
            transaction.commit().await.unwrap_err().code(),
            &Code::InvalidState
        );
        assert_eq!(told(&test).await[0], ["abort"]);
    }
}

#[tokio::test]
async fn an_error_that_did_nothing_leaves_the_transaction_as_it_is() {
    let test = two(plain(), plain()).await;
    let transaction = test.transaction().begin().unwrap();
    let ledger = test.service::<dyn Ledger>().unwrap();
    ledger
        .act(&transaction.ctx(), "fail".into())
        .await
        .unwrap_err();
    assert_eq!(transaction.state(), State::Active);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_call_back_to_the_same_instance_does_not_wait_for_itself() {
    let test = TestHost::new(|host| {
        two_books(host, plain(), plain())
            .plugin::<Circle>()
            .provider("circle.ledger", "book")
    })
    .await
    .unwrap();
    let circle = test.service::<dyn Mover>().unwrap();
    drop(super::ledger::CIRCLE.set(circle.clone()));
    let transaction = test.transaction().begin().unwrap();
    assert_eq!(circle.shift(&transaction.ctx(), 5, 3).await.unwrap(), 5);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn calls_at_one_participant_come_one_at_a_time_and_a_commit_waits_for_none() {
    let test = two(plain(), plain()).await;
    let transaction = test.transaction().begin().unwrap();
    let (ledger, ctx) = (test.service::<dyn Ledger>().unwrap(), transaction.ctx());
    let first = ledger.act(&ctx, "wait".into());
    tokio::pin!(first);
    let is_waiting = |result: Option<Result<(), CallError>>| result.is_none();
    let polled = futures_poll(first.as_mut()).await;
    assert!(is_waiting(polled));
    let second = ledger.add(&ctx, "x".into(), 1);
    tokio::pin!(second);
    assert!(
        futures_poll(second.as_mut()).await.is_none(),
        "the first has the turn"
    );
    let early = transaction.commit().await.unwrap_err();
    assert_eq!(early.code(), &Code::InvalidState, "{early}");
    assert_eq!(
        transaction.state(),
        State::Active,
        "a refused commit changes nothing"
    );
}

async fn futures_poll<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut future).poll(cx) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn savepoints_are_a_stack_at_every_participant() {
    let test = two(plain(), plain()).await;
    let transaction = test.transaction().begin().unwrap();
    let ledger = test.service::<dyn Ledger>().unwrap();
    ledger.add(&transaction.ctx(), "x".into(), 1).await.unwrap();
    for name in ["a", "b", "c"] {
        transaction.savepoint(name).await.unwrap();
    }
    // The second ledger comes late and catches up.
    add_to_both(&test, &transaction.ctx()).await.unwrap();
    transaction.rollback_to("b").await.unwrap();
    assert_eq!(transaction.status().savepoints, ["a", "b"]);
    let gone = transaction.rollback_to("c").await.unwrap_err();
    assert_eq!(gone.code(), &Code::NotFound, "{gone}");
    transaction.release("a").await.unwrap();
    assert_eq!(transaction.status().savepoints, [""; 0]);
    transaction.commit().await.unwrap();
    let marks = [
        "savepoint 0",
        "savepoint 1",
        "savepoint 2",
        "rollback 1",
        "release 0",
        "prepare",
        "commit Two",
    ];
    assert_eq!(told(&test).await, [marks.to_vec(), marks.to_vec()]);
}

#[tokio::test]
async fn a_nested_transaction_undoes_itself_alone() {
    let test = two(plain(), plain()).await;
    let transaction = test.transaction().begin().unwrap();
    let ledger = test.service::<dyn Ledger>().unwrap();
    ledger.add(&transaction.ctx(), "x".into(), 1).await.unwrap();
    let host = test.clone();
    let inner: Result<(), CallError> = host
        .transactions()
        .transaction(&transaction.ctx())
        .run(|ctx| {
            let ledger = ledger.clone();
            async move {
                ledger.add(&ctx, "x".into(), 1).await?;
                Err(CallError::invalid_parameter("not this part"))
            }
        })
        .await;
    assert!(inner.is_err());
    let kept: Result<i64, CallError> = transaction
        .nested(|ctx| async move { ledger.add(&ctx, "y".into(), 2).await })
        .await;
    assert_eq!(kept.unwrap(), 2);
    transaction.commit().await.unwrap();
    let expected = [
        "savepoint 0",
        "rollback 0",
        "release 0",
        "savepoint 0",
        "release 0",
        "commit One",
    ];
    assert_eq!(told(&test).await[0], expected);
}

#[tokio::test]
async fn what_a_participant_cannot_give_is_refused_at_that_call_by_name() {
    let only = json!({"only": "read_committed"});
    let test = two(plain(), only).await;
    let transaction = test
        .transaction()
        .isolation(Isolation::RepeatableRead)
        .begin()
        .unwrap();
    let refused = add_to_both(&test, &transaction.ctx()).await.unwrap_err();
    assert_eq!(
        refused.message(),
        "`other` cannot give the isolation `repeatable_read`; it has `read_committed`"
    );
    let test = two(plain(), json!({"savepoints": false})).await;
    let transaction = test.transaction().begin().unwrap();
    transaction.savepoint("a").await.unwrap();
    let refused = add_to_both(&test, &transaction.ctx()).await.unwrap_err();
    assert!(
        refused.message().contains("`other` has no savepoints"),
        "{refused}"
    );
    let test = two(plain(), plain()).await;
    let transaction = test
        .transaction()
        .isolation(Isolation::Serializable)
        .begin()
        .unwrap();
    let refused = add_to_both(&test, &transaction.ctx()).await.unwrap_err();
    assert!(
        refused.message().contains("holds within one participant"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_provider_that_takes_no_part_is_an_error_and_not_passed_over() {
    let host = |host: HostBuilder| host.plugin::<Shelf>().plugin::<Librarian>();
    let test = TestHost::new(host).await.unwrap();
    let transaction = test.transaction().begin().unwrap();
    let notes = test.service::<dyn Notes>().unwrap();
    let note = crate::fixture::Note {
        text: "x".into(),
        stars: 1,
    };
    let refused = notes.put(&transaction.ctx(), note, 0).await.unwrap_err();
    let text = refused.to_string();
    assert!(
        text.contains("`shelf` takes no part in transactions"),
        "{text}"
    );
    assert_eq!(transaction.state(), State::Active);
}

#[tokio::test]
async fn a_transaction_that_nobody_ends_is_aborted() {
    let test = two(plain(), plain()).await;
    {
        let dropped = test.transaction().begin().unwrap();
        add_to_both(&test, &dropped.ctx()).await.unwrap();
    }
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        told(&test).await,
        [vec!["abort"], vec!["abort"]],
        "given up"
    );
    let kept = test
        .transaction()
        .deadline(Duration::from_secs(5))
        .begin()
        .unwrap()
        .kept();
    add_to_both(&test, &kept.ctx()).await.unwrap();
    test.clock().advance(Duration::from_secs(6));
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(kept.state(), State::RolledBack);
    assert_eq!(
        told(&test).await,
        [vec!["abort", "abort"], vec!["abort", "abort"]],
        "late"
    );
}

/// Who watches the deadlines sleeps until the nearest one that it knows, and is woken only by one that is nearer.
#[tokio::test]
async fn a_nearer_deadline_wakes_who_waits_for_a_later_one() {
    let test = two(plain(), plain()).await;
    let begin = |seconds: u64| {
        let terms = test.transaction().deadline(Duration::from_secs(seconds));
        terms.begin().unwrap()
    };
    let settle = async || {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    };
    let far = begin(60);
    settle().await;
    let (near, between) = (begin(1), begin(30));
    settle().await;
    assert_eq!(near.state(), State::Active);
    test.clock().advance(Duration::from_secs(1));
    settle().await;
    assert_eq!(near.state(), State::RolledBack);
    assert_eq!(
        (between.state(), far.state()),
        (State::Active, State::Active)
    );
    // One that ends by itself leaves the watch as it is: the next is not forgotten.
    between.abort().await.unwrap();
    test.clock().advance(Duration::from_secs(59));
    settle().await;
    assert_eq!(far.state(), State::RolledBack);
    // With nothing open it sleeps until it is woken.
    let last = begin(1);
    settle().await;
    test.clock().advance(Duration::from_secs(1));
    settle().await;
    assert_eq!(last.state(), State::RolledBack);
}

#[tokio::test]
async fn by_json_a_transaction_belongs_to_who_began_it() {
    let grants = ["weldkit.transactions"];
    let test = TestHost::new(|host| {
        two_books(host, plain(), plain())
            .grant("ann", &grants)
            .grant("bob", &grants)
    })
    .await
    .unwrap();
    let begun = test
        .call_as(
            "ann",
            "weldkit.transactions.begin",
            r#"{"isolation":"read_committed","deadline_ms":5000}"#,
        )
        .await
        .unwrap();
    assert_eq!(begun["state"], "active");
    assert_eq!(begun["remaining_ms"], 5000);
    let id = json!({ "transaction": begun["transaction"] }).to_string();
    for method in ["commit", "abort", "state"] {
        let call = format!("weldkit.transactions.{method}");
        let refused = test.call_as("bob", &call, &id).await.unwrap_err();
        assert_eq!(
            refused.code(),
            &Code::PermissionDenied,
            "{method}: {refused}"
        );
    }
    let listed = test
        .call_as("ann", "weldkit.transactions.list", "{}")
        .await
        .unwrap_err();
    assert_eq!(
        listed.code(),
        &Code::PermissionDenied,
        "listing is for operators"
    );
    let committed = test
        .call_as("ann", "weldkit.transactions.commit", &id)
        .await
        .unwrap();
    assert_eq!(committed["state"], "committed");
    let again = test
        .call_as("ann", "weldkit.transactions.commit", &id)
        .await
        .unwrap();
    assert_eq!(again["state"], "committed");
    let abort = test
        .call_as("ann", "weldkit.transactions.abort", &id)
        .await
        .unwrap_err();
    assert_eq!(abort.code(), &Code::InvalidState, "{abort}");
    let unknown = test
        .call_as(
            "ann",
            "weldkit.transactions.state",
            r#"{"transaction":"0000002a-7"}"#,
        )
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), &Code::NotFound);
    let wrong = test
        .call_as(
            "ann",
            "weldkit.transactions.state",
            r#"{"transaction":"tx_1"}"#,
        )
        .await
        .unwrap_err();
    assert_eq!(wrong.code(), &Code::InvalidParameter, "{wrong}");
    let hint = test
        .call(
            "ledger.add",
            r#"{"account":"x","amount":1,"transaction_id":"0000002a-7"}"#,
        )
        .await
        .unwrap_err();
    assert!(hint.message().contains("envelope"), "{hint}");
}

#[tokio::test]
async fn every_change_of_a_state_is_told() {
    let test = two(plain(), plain()).await;
    let mut changes = test.transactions().watch();
    let transaction = test.transaction().begin().unwrap();
    add_to_both(&test, &transaction.ctx()).await.unwrap();
    transaction.commit().await.unwrap();
    let mut seen = Vec::new();
    while let Ok(change) = changes.try_recv() {
        assert_eq!(change.transaction, transaction.id());
        seen.push(change.state.as_str());
    }
    assert_eq!(
        seen,
        ["active", "preparing", "deciding", "committing", "committed"]
    );
}
