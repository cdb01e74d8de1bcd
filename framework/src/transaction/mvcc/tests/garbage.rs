//! What is kept for whom, and when it goes.

use super::stage::{Stage, TestBase, get};
use crate::transaction::Isolation;

#[test]
fn without_a_snapshot_one_version_of_a_key_is_kept() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    for n in 0..1_000 {
        stage.write(&rows, "a", Some(&format!("{n:04}")));
    }
    let one = rows.bytes();
    stage.write(&rows, "a", Some("last"));
    assert_eq!(rows.bytes(), one);
    stage.write(&rows, "a", None);
    assert_eq!((rows.bytes(), rows.order().len()), (0, 0));
}

#[test]
fn a_long_snapshot_keeps_what_it_sees_and_not_all_that_came_after() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    stage.write(&rows, "a", Some("before"));
    let one = rows.bytes();
    let snapshots: Vec<_> = (0..3)
        .map(|n| {
            let old = stage.begin(Isolation::RepeatableRead);
            assert!(get(&rows, Some(&old), "a").is_some());
            for m in 0..1_000 {
                stage.write(&rows, "a", Some(&format!("{n}-{m:04}")));
            }
            old
        })
        .collect();
    assert!(rows.bytes() < 40 * one, "{} bytes", rows.bytes());
    for (old, expected) in snapshots.iter().zip(["before", "0-0999", "1-0999"]) {
        assert_eq!(get(&rows, Some(old), "a").as_deref(), Some(expected));
    }
    assert_eq!(get(&rows, None, "a").as_deref(), Some("2-0999"));
}

#[test]
fn what_was_held_up_goes_as_others_write_in_any_container() {
    let stage = Stage::new();
    let (rows, other) = (stage.volatile("t/rows"), stage.volatile("t/other"));
    for n in 0..100 {
        stage.write(&rows, &n.to_string(), Some("1"));
    }
    let full = rows.bytes();
    let old = stage.begin(Isolation::RepeatableRead);
    assert!(get(&rows, Some(&old), "0").is_some());
    for n in 0..100 {
        let value = (n % 2 == 0).then_some("2");
        stage.write(&rows, &n.to_string(), value);
    }
    assert!(rows.bytes() > full);
    assert_eq!(get(&rows, Some(&old), "99").as_deref(), Some("1"));
    drop(old);
    for _ in 0..50 {
        stage.write(&other, "a", Some("1"));
    }
    assert_eq!(rows.bytes(), full / 2);
    assert_eq!(rows.order().len(), 50);
}

#[test]
fn a_row_over_a_base_goes_once_the_base_has_it() {
    let stage = Stage::new();
    let base = TestBase::default();
    let rows = stage.durable("t/rows", &base);
    stage.write(&rows, "a", Some("1"));
    stage.write(&rows, "b", Some("1"));
    stage.checkpoint(&base);
    assert_eq!(rows.bytes(), 0);
    stage.write(&rows, "a", None);
    assert!(rows.bytes() > 0, "the base does not know yet that it went");
    assert_eq!(get(&rows, None, "a"), None);
    stage.checkpoint(&base);
    assert_eq!((rows.bytes(), rows.order().len()), (0, 0));
    assert_eq!(get(&rows, None, "a"), None);
    assert_eq!(get(&rows, None, "b").as_deref(), Some("1"));
}
