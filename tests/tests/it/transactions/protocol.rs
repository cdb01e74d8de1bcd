//! Two-phase commit over real participants behind the gate: every rule by what participants are told.

use std::time::Duration;

use serde_json::{Value, json};
use weldkit::Code;
use weldkit::transaction::State;

use super::ledger::{Ledger, add_to_both, plain, told, two};

/// What becomes of a commit over two ledgers of these natures: the error's code, and what each was told.
async fn check(book: Value, other: Value, code: Option<Code>, expected: [&[&str]; 2]) {
    let shown = format!("{book} {other}");
    let test = two(book, other).await;
    let transaction = test.transaction().begin().unwrap();
    add_to_both(&test, &transaction.ctx()).await.unwrap();
    let result = transaction.commit().await;
    assert_eq!(
        result.as_ref().err().map(|e| e.code().clone()),
        code,
        "{shown}: {result:?}"
    );
    assert_eq!(
        told(&test).await,
        expected.map(|told| told.to_vec()),
        "{shown}"
    );
    // Asking again gives the same answer and tells nobody anything.
    let again = transaction.commit().await;
    assert_eq!(again.err().map(|e| e.code().clone()), code, "{shown}");
    test.stop().await.unwrap();
}

#[tokio::test]
async fn everybody_is_told_what_the_votes_ask_for() {
    check(
        plain(),
        plain(),
        None,
        [&["prepare", "commit Two"], &["prepare", "commit Two"]],
    )
    .await;
    check(
        json!({"vote": "read_only"}),
        plain(),
        None,
        [&["prepare"], &["prepare", "commit Two"]],
    )
    .await;
    check(
        json!({"vote": "read_only"}),
        json!({"vote": "read_only"}),
        None,
        [&["prepare"], &["prepare"]],
    )
    .await;
    for (vote, code) in [
        ("no", Code::InvalidState),
        ("conflict", Code::Conflict),
        ("panic", Code::Panicked),
    ] {
        let both: [&[&str]; 2] = [&["prepare", "abort"], &["prepare", "abort"]];
        check(plain(), json!({"vote": vote}), Some(code.clone()), both).await;
        check(json!({"vote": vote}), plain(), Some(code), both).await;
    }
}

#[tokio::test]
async fn one_participant_commits_in_one_phase() {
    let test = two(plain(), plain()).await;
    let transaction = test.transaction().begin().unwrap();
    let ledger = test.service::<dyn Ledger>().unwrap();
    ledger.add(&transaction.ctx(), "x".into(), 1).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(told(&test).await, [vec!["commit One"], vec![]]);
}

#[tokio::test]
async fn the_last_resource_decides_after_everybody_has_prepared() {
    check(
        json!({"prepares": false}),
        plain(),
        None,
        [&["commit One"], &["prepare", "commit Two"]],
    )
    .await;
    let last = json!({"prepares": false, "commit": ["retry"]});
    check(
        last,
        plain(),
        Some(Code::Unavailable),
        [&["commit One", "abort"], &["prepare", "abort"]],
    )
    .await;
    let test = two(json!({"prepares": false}), json!({"prepares": false})).await;
    let transaction = test.transaction().begin().unwrap();
    let refused = add_to_both(&test, &transaction.ctx()).await.unwrap_err();
    assert_eq!(refused.code(), &Code::IncompatibleInterface);
    assert!(refused.message().contains("cannot prepare"), "{refused}");
    assert_eq!(
        transaction.state(),
        State::Active,
        "refused at that call, and nothing else"
    );
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn the_second_phase_is_repeated_until_it_succeeds() {
    let test = two(json!({"commit": ["retry", "panic", "ok"]}), plain()).await;
    let transaction = test.transaction().begin().unwrap();
    add_to_both(&test, &transaction.ctx()).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(transaction.state(), State::Committing);
    assert!(transaction.status().participants[0].is_waiting);
    for _ in 0..200 {
        test.clock().advance(Duration::from_secs(30));
        tokio::task::yield_now().await;
        if transaction.state() == State::Committed {
            break;
        }
    }
    assert_eq!(transaction.state(), State::Committed);
    assert_eq!(
        told(&test).await,
        [
            vec!["prepare", "commit Two", "commit Two", "commit Two"],
            vec!["prepare", "commit Two"]
        ]
    );
}

#[tokio::test]
async fn what_a_participant_does_by_itself_is_kept_until_it_is_forgotten() {
    let nature = json!({"commit": ["rolled_back"], "forget": ["retry", "panic", "ok"]});
    let test = two(nature, plain()).await;
    let transaction = test.transaction().begin().unwrap();
    add_to_both(&test, &transaction.ctx()).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.code(), &Code::Internal);
    assert_eq!(transaction.state(), State::HeuristicMixed, "{error}");
    let listed = test.call("weldkit.transactions.list", "{}").await.unwrap();
    assert_eq!(listed[0]["state"], "heuristic_mixed");
    assert_eq!(listed[0]["participants"][0]["heuristic"], "rolledback");
    let id = json!({ "transaction": transaction.id() }).to_string();
    for _ in 0..2 {
        let kept = test.call("weldkit.transactions.forget", &id).await;
        assert_eq!(kept.unwrap_err().code(), &Code::Unavailable);
        let listed = test.call("weldkit.transactions.list", "{}").await.unwrap();
        assert_eq!(listed[0]["state"], "heuristic_mixed");
    }
    test.call("weldkit.transactions.forget", &id).await.unwrap();
    assert_eq!(
        told(&test).await,
        [
            vec!["prepare", "commit Two", "forget", "forget", "forget"],
            vec!["prepare", "commit Two"]
        ],
        "whoever decided by itself, and nobody else"
    );
    assert_eq!(
        test.call("weldkit.transactions.list", "{}").await.unwrap(),
        json!([])
    );
    let state = test.call("weldkit.transactions.state", &id).await.unwrap();
    assert_eq!(
        state["state"], "heuristic_mixed",
        "it can still be asked for"
    );
}

#[tokio::test]
async fn an_unknown_outcome_of_the_only_participant_is_a_hazard_and_not_a_success() {
    let test = two(json!({"commit": ["unknown"]}), plain()).await;
    let transaction = test.transaction().begin().unwrap();
    let ledger = test.service::<dyn Ledger>().unwrap();
    ledger.add(&transaction.ctx(), "x".into(), 1).await.unwrap();
    assert_eq!(
        transaction.commit().await.unwrap_err().code(),
        &Code::Internal
    );
    assert_eq!(transaction.state(), State::HeuristicHazard);
}

#[tokio::test]
async fn a_vote_that_does_not_come_is_a_no_at_the_deadline() {
    let test = two(plain(), json!({"vote": "hang"})).await;
    let transaction = test
        .transaction()
        .deadline(Duration::from_secs(3))
        .begin()
        .unwrap();
    add_to_both(&test, &transaction.ctx()).await.unwrap();
    let commit = transaction.commit();
    tokio::pin!(commit);
    let early = tokio::select! {
        biased;
        result = &mut commit => Some(result),
        () = tokio::task::yield_now() => None,
    };
    assert!(early.is_none());
    test.clock().advance(Duration::from_secs(4));
    let error = commit.await.unwrap_err();
    assert_eq!(error.code(), &Code::Timeout, "{error}");
    assert_eq!(
        told(&test).await,
        [vec!["prepare", "abort"], vec!["prepare", "abort"]]
    );
}

#[tokio::test]
async fn a_commit_after_the_deadline_is_refused() {
    let test = two(plain(), plain()).await;
    let transaction = test
        .transaction()
        .deadline(Duration::from_secs(3))
        .begin()
        .unwrap();
    add_to_both(&test, &transaction.ctx()).await.unwrap();
    test.clock().advance(Duration::from_secs(3));
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.code(), &Code::Timeout, "{error}");
    assert_eq!(told(&test).await, [vec!["abort"], vec!["abort"]]);
    assert_eq!(transaction.state(), State::RolledBack);
}

#[tokio::test]
async fn an_abort_reaches_everybody_and_is_idempotent() {
    let test = two(plain(), json!({"abort": ["retry", "ok"]})).await;
    let transaction = test.transaction().begin().unwrap();
    add_to_both(&test, &transaction.ctx()).await.unwrap();
    transaction.abort().await.unwrap();
    transaction.abort().await.unwrap();
    let late = add_to_both(&test, &transaction.ctx()).await.unwrap_err();
    assert_eq!(
        late.code(),
        &Code::InvalidState,
        "a call after the end: {late}"
    );
    assert_eq!(
        transaction.commit().await.unwrap_err().code(),
        &Code::InvalidState
    );
    for _ in 0..200 {
        test.clock().advance(Duration::from_secs(30));
        tokio::task::yield_now().await;
    }
    assert_eq!(told(&test).await, [vec!["abort"], vec!["abort", "abort"]]);
}

#[tokio::test]
async fn the_overview_says_what_each_instance_gives_to_a_transaction() {
    let limited = json!({"only": "read_committed", "savepoints": false});
    let test = two(limited, plain()).await;
    let offers: Vec<Value> = test
        .overview()
        .iter()
        .map(|instance| json!([instance.instance, instance.transactions]))
        .collect();
    let all = ["read_committed", "repeatable_read", "serializable"];
    let offer = |isolation: &[&str], savepoints: bool, durability: &[&str], participant: bool| {
        json!({
            "isolation": isolation,
            "savepoints": savepoints,
            "durability": durability,
            "participant": participant,
        })
    };
    assert_eq!(
        offers,
        [
            json!(["book", offer(&all[..1], false, &["volatile"], true)]),
            json!(["other", offer(&all, true, &["volatile"], true)]),
            json!(["witness", offer(&all, true, &[], false)]),
        ]
    );
}
