//! What a return to a savepoint undoes, and what it leaves.

use super::stage::{Stage, get, put, scan};
use crate::transaction::{Isolation, Vote};

#[test]
fn a_return_undoes_what_came_after_the_savepoint_and_keeps_it() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    stage.write(&rows, "b", Some("0"));
    let local = stage.begin(Isolation::RepeatableRead);
    let write = |name, value| put(&rows, &local, name, value).end().unwrap();
    let all = || {
        let pairs = scan(&rows, Some(&local), ("", None), 10).end().unwrap();
        let pairs = pairs.into_iter().map(|(key, value)| key + &value);
        pairs.collect::<Vec<_>>().join(" ")
    };
    write("a", Some("1"));
    local.savepoint();
    write("a", Some("2"));
    write("b", None);
    local.savepoint();
    write("b", Some("3"));
    write("c", Some("3"));
    assert_eq!(all(), "a2 b3 c3");
    local.rollback_to(1);
    assert_eq!(all(), "a2");
    write("c", Some("4"));
    local.rollback_to(1);
    assert_eq!(all(), "a2", "a savepoint may be returned to more than once");
    local.rollback_to(0);
    assert_eq!(all(), "a1 b0");
    write("c", Some("5"));
    local.release(0);
    local.rollback_to(0);
    assert_eq!(all(), "a1 b0 c5", "what is released is not there any more");
    stage.commit(&local).unwrap();
    assert_eq!(get(&rows, None, "c").as_deref(), Some("5"));
}

#[test]
fn an_inner_savepoint_that_is_released_is_undone_with_the_outer_one() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    let local = stage.begin(Isolation::ReadCommitted);
    local.savepoint();
    local.savepoint();
    put(&rows, &local, "a", Some("1")).end().unwrap();
    local.release(1);
    local.rollback_to(0);
    assert_eq!(get(&rows, Some(&local), "a"), None);
}

#[test]
fn what_was_undone_is_not_written_and_stays_locked_to_the_end() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    let (local, other) = (
        stage.begin(Isolation::ReadCommitted),
        stage.begin(Isolation::ReadCommitted),
    );
    local.savepoint();
    put(&rows, &local, "a", Some("1")).end().unwrap();
    local.rollback_to(0);
    let mut waits = put(&rows, &other, "a", Some("2"));
    assert!(waits.poll().is_none());
    assert_eq!(stage.store.prepare(&local).unwrap(), Vote::ReadOnly);
    waits.end().unwrap();
}
