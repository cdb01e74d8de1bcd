//! A single write outside of any transaction, all at once: where it may be, and where it gives its value back.

use std::sync::Arc;

use super::super::Container;
use super::stage::{Stage, TestBase, get, key, put, scan};
use crate::transaction::{Isolation, Vote};

/// Whether it was written.
fn put_now(stage: &Stage, rows: &Arc<Container>, name: &str, value: &str) -> bool {
    let given: Arc<[u8]> = value.as_bytes().into();
    match stage.store.put_now(rows, &key(name), given.clone()) {
        Ok(()) => true,
        Err(back) => {
            assert_eq!(back, given, "it comes back as it was");
            false
        }
    }
}

#[test]
fn a_write_at_once_is_visible_at_once_and_keeps_one_version() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    assert!(put_now(&stage, &rows, "a", "0000"));
    assert_eq!(get(&rows, None, "a").as_deref(), Some("0000"));
    let one = rows.bytes();
    for n in 0..1_000 {
        assert!(put_now(&stage, &rows, "a", &format!("{n:04}")));
    }
    assert_eq!((rows.bytes(), rows.order().len()), (one, 1));
    // A longer one, a shorter one: what is counted is what is held.
    assert!(put_now(&stage, &rows, "a", "longer than before"));
    assert!(put_now(&stage, &rows, "a", "0000"));
    assert_eq!(rows.bytes(), one);
    // What commits after it comes after it.
    stage.write(&rows, "a", Some("committed"));
    assert_eq!(get(&rows, None, "a").as_deref(), Some("committed"));
    assert!(put_now(&stage, &rows, "b", "1"));
    let all = scan(&rows, None, ("", None), 9).end().unwrap();
    let all: Vec<_> = all.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(all, ["a", "b"]);
}

#[test]
fn a_snapshot_does_not_see_a_write_at_once_that_came_after_it() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    assert!(put_now(&stage, &rows, "a", "before"));
    let old = stage.begin(Isolation::RepeatableRead);
    assert_eq!(get(&rows, Some(&old), "a").as_deref(), Some("before"));
    assert!(put_now(&stage, &rows, "a", "after"));
    assert!(put_now(&stage, &rows, "b", "new"));
    assert_eq!(get(&rows, Some(&old), "a").as_deref(), Some("before"));
    assert_eq!(get(&rows, Some(&old), "b"), None);
    assert_eq!(get(&rows, None, "a").as_deref(), Some("after"));
    // It was faster: the snapshot may not write over what it has not seen.
    let late = put(&rows, &old, "a", Some("mine")).end().unwrap_err();
    assert!(late.is_retryable(), "{late}");
}

#[test]
fn a_serializable_reader_of_what_was_written_at_once_is_told_of_the_conflict() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    for found in ["a", "range"] {
        let reader = stage.begin(Isolation::Serializable);
        match found {
            "a" => drop(get(&rows, Some(&reader), "a")),
            _ => drop(scan(&rows, Some(&reader), ("", None), 9).end().unwrap()),
        }
        put(&rows, &reader, "other", Some("1")).end().unwrap();
        assert!(put_now(&stage, &rows, "a", found));
        let refused = stage.commit(&reader).unwrap_err();
        assert!(refused.is_retryable(), "{refused}");
    }
}

#[test]
fn a_write_at_once_goes_the_long_way_where_somebody_is_in_its_way() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    let holder = stage.begin(Isolation::ReadCommitted);
    put(&rows, &holder, "a", Some("1")).end().unwrap();
    assert!(!put_now(&stage, &rows, "a", "2"), "its row is locked");
    assert!(put_now(&stage, &rows, "b", "2"), "another row is not");
    assert_eq!(stage.store.prepare(&holder).unwrap(), Vote::Prepared);
    assert!(!put_now(&stage, &rows, "b", "3"), "somebody has prepared");
    stage.store.abort(&holder);
    assert!(put_now(&stage, &rows, "a", "2"));

    // A commit that waits for the journal comes first.
    let kept = stage.durable("t/kept", &TestBase::default());
    let local = stage.begin(Isolation::ReadCommitted);
    put(&kept, &local, "a", Some("1")).end().unwrap();
    assert_eq!(stage.store.prepare(&local).unwrap(), Vote::Prepared);
    let published = stage.publish(&local);
    assert!(!put_now(&stage, &rows, "c", "1"), "a commit is under way");
    stage.log.force();
    assert_eq!(published.end(), Ok(()));
    assert!(put_now(&stage, &rows, "c", "1"));
    assert!(!put_now(&stage, &kept, "a", "2"), "it has to be durable");
    assert_eq!(get(&kept, None, "a").as_deref(), Some("1"));
}
