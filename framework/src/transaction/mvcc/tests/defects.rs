//! Each of these was a way to lose something; each opens with how.

use std::sync::Arc;

use super::super::{KeyRange, LogFailure};
use super::stage::{Stage, Step, TestBase, get, key, now, put, scan};
use crate::error::Code;
use crate::transaction::{Isolation, Vote};

/// A transaction was aborted while a call of it waited for a row. The call then got the row, for a transaction that had
/// given its rows back already: nobody ever gave this one back.
#[test]
fn a_row_that_an_aborted_transaction_waited_for_is_not_locked_for_ever() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    let (holder, waiter) = (
        stage.begin(Isolation::ReadCommitted),
        stage.begin(Isolation::ReadCommitted),
    );
    put(&rows, &holder, "a", Some("1")).end().unwrap();
    let mut waits = put(&rows, &waiter, "a", Some("2"));
    assert!(waits.poll().is_none());
    stage.store.abort(&waiter);
    stage.commit(&holder).unwrap();
    let refused = waits.end().unwrap_err();
    assert_eq!(refused.code(), &Code::InvalidState, "{refused}");
    let next = stage.begin(Isolation::ReadCommitted);
    assert!(
        put(&rows, &next, "a", Some("3")).poll().is_some(),
        "the row is locked by nobody"
    );
}

/// A scan read the base first and the rows second. What a checkpoint moved in between was in neither.
#[test]
fn a_scan_misses_nothing_that_a_checkpoint_moves() {
    let stage = Stage::new();
    let base = TestBase::default();
    let rows = stage.durable("t/rows", &base);
    stage.write(&rows, "a", Some("1"));
    let mut scans = scan(&rows, None, ("", None), 10);
    assert!(scans.poll().is_none(), "it waits for the base");
    stage.checkpoint(&base);
    assert_eq!(scans.end().unwrap(), [("a".to_owned(), "1".to_owned())]);
}

/// The first has prepared a write of what the second has read, and is not committed yet: the second found nothing newer
/// and prepared as well. It came second by its timestamp and first by what it had read, and one who only reads saw it.
#[test]
fn who_has_read_what_a_prepared_transaction_writes_is_refused() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    for range in [false, true] {
        stage.write(&rows, "x", Some("0"));
        stage.write(&rows, "y", Some("0"));
        let (first, second) = (
            stage.begin(Isolation::Serializable),
            stage.begin(Isolation::Serializable),
        );
        match range {
            true => drop(
                scan(&rows, Some(&second), ("w", Some("y")), 10)
                    .end()
                    .unwrap(),
            ),
            false => drop(get(&rows, Some(&second), "x")),
        }
        put(&rows, &second, "y", Some("2")).end().unwrap();
        put(&rows, &first, "x", Some("1")).end().unwrap();
        assert_eq!(stage.store.prepare(&first).unwrap(), Vote::Prepared);
        let refused = stage.store.prepare(&second).unwrap_err();
        assert!(
            refused.code() == &Code::Conflict && refused.is_retryable(),
            "{refused}"
        );
        stage.store.abort(&second);
        assert_eq!(stage.publish(&first).end(), Ok(()));
    }
}

/// A journal that has failed says so at once, inside of `append`. The store waited for its own lock then, and with it
/// every transaction of the host.
#[test]
fn a_journal_may_refuse_at_once() {
    let stage = Stage::new();
    let rows = stage.durable("t/rows", &TestBase::default());
    let local = stage.begin(Isolation::ReadCommitted);
    put(&rows, &local, "a", Some("1")).end().unwrap();
    assert_eq!(stage.store.prepare(&local).unwrap(), Vote::Prepared);
    stage.log.refuse();
    assert!(matches!(
        stage.publish(&local).end(),
        Err(LogFailure::Failed(_))
    ));
    assert_eq!(get(&rows, None, "a"), None);
}

/// A key was removed while a snapshot still saw it, and nobody wrote it again: its row stayed for ever.
#[test]
fn what_a_snapshot_held_up_goes_when_it_has_ended() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    let old = stage.begin(Isolation::RepeatableRead);
    get(&rows, Some(&old), "none");
    for n in 0..100 {
        stage.write(&rows, &format!("{n}"), Some("1"));
        stage.write(&rows, &format!("{n}"), None);
    }
    stage.store.abort(&old);
    for _ in 0..100 {
        stage.write(&rows, "z", Some("1"));
    }
    assert_eq!(rows.order().len(), 1, "only the row that holds something");
}

/// A write that came after the check at the commit was in the memory and not in the journal.
#[test]
fn nothing_is_read_or_written_after_prepare() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    let local = stage.begin(Isolation::ReadCommitted);
    put(&rows, &local, "a", Some("1")).end().unwrap();
    assert_eq!(stage.store.prepare(&local).unwrap(), Vote::Prepared);
    let refused = put(&rows, &local, "b", Some("1")).end().unwrap_err();
    assert_eq!(refused.code(), &Code::InvalidState, "{refused}");
}

/// A scan that was given up had shown pairs and remembered none of them: nobody checked that they were still there.
#[test]
fn what_an_unfinished_scan_has_shown_is_checked() {
    let stage = Stage::new();
    let base = TestBase::default();
    let rows = stage.durable("t/rows", &base);
    for n in 0..300 {
        stage.write(&rows, &format!("{n:03}"), Some("1"));
    }
    let local = stage.begin(Isolation::Serializable);
    let seen = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut scans = {
        let (rows, local, seen) = (rows.clone(), local.clone(), seen.clone());
        Step::new(async move {
            let range = KeyRange {
                from: key(""),
                until: None,
            };
            let mut visit = |_, _| {
                seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                true
            };
            rows.visit(Some(&local), &range, &mut visit).await
        })
    };
    while seen.load(std::sync::atomic::Ordering::Relaxed) == 0 {
        assert!(scans.poll().is_none());
    }
    drop(scans);
    stage.write(&rows, "000", Some("2"));
    put(&rows, &local, "other", Some("1")).end().unwrap();
    assert!(stage.store.prepare(&local).is_err());
}

/// A wait that was over before it began left its place behind.
#[test]
fn nothing_is_left_of_a_wait() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    let holder = stage.begin(Isolation::ReadCommitted);
    put(&rows, &holder, "a", Some("1")).end().unwrap();
    stage.commit(&holder).unwrap();
    let (store, late) = (stage.store.clone(), stage.begin(Isolation::ReadCommitted));
    let owner = holder.owner;
    let claim = now(async move {
        let try_again = || super::super::row::Claim::Owned;
        store
            .wait_for(&late, owner, || "a".to_owned(), try_again)
            .await
    });
    assert!(claim.is_ok());
    assert!(super::super::lock(&stage.store.waited).is_empty());
}

#[test]
fn an_empty_range_and_an_empty_page_hold_nothing() {
    let stage = Stage::new();
    let base = TestBase::default();
    let rows = stage.durable("t/rows", &base);
    stage.write(&rows, "b", Some("1"));
    stage.checkpoint(&base);
    for (range, limit) in [
        (("", None), 0),
        (("c", Some("a")), 10),
        (("b", Some("b")), 10),
    ] {
        assert_eq!(
            scan(&rows, None, range, limit).end().unwrap(),
            [],
            "{range:?}"
        );
    }
}
