//! Who waits, who is refused, and what both are told.

use std::time::Duration;

use super::stage::{DEADLINE, Stage, get, key, now, put, text};
use crate::error::{CallError, Code};
use crate::transaction::Isolation::{self, ReadCommitted, RepeatableRead, Serializable};

fn is_conflict(refused: &CallError, told: &str) {
    assert_eq!(refused.code(), &Code::Conflict);
    assert!(refused.is_retryable());
    assert!(refused.message().contains(told), "{}", refused.message());
}

#[test]
fn the_first_updater_wins_and_the_second_is_told_or_goes_on() {
    let check = |level: Isolation, commits: bool, goes_on: bool| {
        let stage = Stage::new();
        let rows = stage.volatile("t/rows");
        stage.write(&rows, "a", Some("0"));
        let (first, second) = (stage.begin(level), stage.begin(level));
        put(&rows, &first, "a", Some("1")).end().unwrap();
        let mut waits = put(&rows, &second, "a", Some("2"));
        assert!(waits.poll().is_none(), "{level}: it waits");
        assert_eq!(
            get(&rows, Some(&second), "a").as_deref(),
            Some("0"),
            "a read does not"
        );
        match commits {
            true => stage.commit(&first).unwrap(),
            false => stage.store.abort(&first),
        }
        let ended = waits.end();
        assert_eq!(ended.is_ok(), goes_on, "{level} {commits}");
        if let Err(refused) = ended {
            is_conflict(
                &refused,
                "`a` in `t/rows` was changed by another transaction",
            );
        }
        stage.commit(&second).unwrap();
        let expected = if goes_on { "2" } else { "1" };
        assert_eq!(get(&rows, None, "a").as_deref(), Some(expected));
    };
    for level in Isolation::ALL {
        check(level, false, true);
        check(level, true, level == ReadCommitted);
    }
}

#[test]
fn what_was_changed_since_the_snapshot_is_refused_without_a_wait() {
    for level in [RepeatableRead, Serializable] {
        let stage = Stage::new();
        let rows = stage.volatile("t/rows");
        let late = stage.begin(level);
        assert_eq!(
            get(&rows, Some(&late), "other"),
            None,
            "its snapshot begins"
        );
        stage.write(&rows, "a", Some("1"));
        is_conflict(
            &put(&rows, &late, "a", None).end().unwrap_err(),
            "`a` in `t/rows`",
        );
    }
}

#[test]
fn an_update_of_read_committed_works_on_what_the_first_one_left() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    let add = |to: &Option<std::sync::Arc<[u8]>>| {
        let number: u64 = text(to).map_or(0, |text| text.parse().unwrap());
        let next: std::sync::Arc<[u8]> = (number + 1).to_string().into_bytes().into();
        Ok((Some(next), ()))
    };
    let update = |local: &std::sync::Arc<super::super::Local>| {
        let (rows, local) = (rows.clone(), local.clone());
        super::stage::Step::new(async move { rows.update(&local, key("a"), add).await })
    };
    let (first, second) = (stage.begin(ReadCommitted), stage.begin(ReadCommitted));
    update(&first).end().unwrap();
    let mut waits = update(&second);
    assert!(waits.poll().is_none());
    stage.commit(&first).unwrap();
    waits.end().unwrap();
    stage.commit(&second).unwrap();
    assert_eq!(get(&rows, None, "a").as_deref(), Some("2"));
}

#[test]
fn the_wait_that_would_close_a_circle_is_refused_and_names_every_row() {
    let stage = Stage::new();
    let rows = [stage.volatile("t/rows"), stage.volatile("t/more")];
    let all = [0, 1, 2].map(|_| stage.begin(ReadCommitted));
    let names = ["a", "b", "c"];
    let at = |n: usize| (&rows[n % 2], names[n]);
    for (n, local) in all.iter().enumerate() {
        put(at(n).0, local, at(n).1, Some("1")).end().unwrap();
    }
    let mut waits: Vec<_> = [0, 1]
        .map(|n| put(at(n + 1).0, &all[n], at(n + 1).1, Some("2")))
        .into();
    assert!(waits.iter_mut().all(|wait| wait.poll().is_none()));
    let refused = put(at(0).0, &all[2], at(0).1, Some("2")).end().unwrap_err();
    is_conflict(
        &refused,
        "deadlock: this transaction waits for `a` in `t/rows`, whose holder waits for `b` in `t/more`, whose holder waits for `c` in `t/rows`, which this transaction holds",
    );
    stage.store.abort(&all[2]);
    waits.pop().unwrap().end().unwrap();
    assert!(waits[0].poll().is_none(), "its own row is still locked");
    stage.commit(&all[1]).unwrap();
    waits.pop().unwrap().end().unwrap();
}

#[test]
fn a_wait_ends_at_the_deadline() {
    for level in Isolation::ALL {
        let stage = Stage::new();
        let rows = stage.volatile("t/rows");
        let (holder, waiter) = (stage.begin(level), stage.begin(level));
        put(&rows, &holder, "a", Some("1")).end().unwrap();
        let mut waits = put(&rows, &waiter, "a", Some("2"));
        assert!(waits.poll().is_none());
        stage.clock.advance(DEADLINE - Duration::from_millis(1));
        assert!(waits.poll().is_none(), "not before its time");
        stage.clock.advance(Duration::from_millis(1));
        is_conflict(
            &waits.end().unwrap_err(),
            "another transaction holds `a` in `t/rows`",
        );
        stage.commit(&holder).unwrap();
        assert!(put(&rows, &waiter, "a", Some("2")).end().is_ok() == (level == ReadCommitted));
    }
}

#[test]
fn a_wait_that_is_given_up_is_in_nobodys_way() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    let (one, other) = (stage.begin(ReadCommitted), stage.begin(ReadCommitted));
    put(&rows, &one, "a", Some("1")).end().unwrap();
    put(&rows, &other, "b", Some("1")).end().unwrap();
    let mut given_up = put(&rows, &one, "b", Some("2"));
    assert!(given_up.poll().is_none());
    drop(given_up);
    let mut waits = put(&rows, &other, "a", Some("2"));
    assert!(waits.poll().is_none(), "no circle any more: it waits");
    stage.store.abort(&one);
    waits.end().unwrap();
}

#[test]
fn an_abort_may_be_repeated_and_a_drop_is_one() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    let local = stage.begin(RepeatableRead);
    put(&rows, &local, "a", Some("1")).end().unwrap();
    stage.store.abort(&local);
    stage.store.abort(&local);
    let dropped = stage.begin(RepeatableRead);
    put(&rows, &dropped, "a", Some("1")).end().unwrap();
    drop(dropped);
    let next = stage.begin(RepeatableRead);
    put(&rows, &next, "a", Some("1")).end().unwrap();
    stage.store.abort(&next);
    assert_eq!(get(&rows, None, "a"), None);
    assert_eq!(
        rows.order().len(),
        0,
        "no row is left of what was never there"
    );
}

/// A lock of the store that was held here would hang the test.
#[test]
fn nothing_is_locked_while_a_change_is_worked_out_or_a_pair_is_shown() {
    let stage = Stage::new();
    let rows = stage.volatile("t/rows");
    for n in 0..10 {
        stage.write(&rows, &n.to_string(), Some("1"));
    }
    let local = stage.begin(Serializable);
    let use_all = |stage: &Stage| {
        for n in 1..10 {
            stage.write(&rows, &n.to_string(), Some("2"));
        }
        stage.write(&rows, "new", Some("1"));
        stage.write(&rows, "new", None);
        assert_eq!(
            get(&rows, None, "0").as_deref(),
            Some("1"),
            "the row itself, too"
        );
    };
    std::thread::scope(|scope| {
        let (rows, local, use_all, stage) = (&rows, &local, &use_all, &stage);
        let works = scope.spawn(move || {
            let change = |before: &Option<std::sync::Arc<[u8]>>| {
                use_all(stage);
                Ok((before.clone(), ()))
            };
            let work = std::pin::pin!(rows.update(local, key("0"), change));
            poll(work).unwrap();
            let range = super::super::KeyRange {
                from: key(""),
                until: None,
            };
            let mut visit = |_, _| {
                use_all(stage);
                true
            };
            poll(std::pin::pin!(rows.visit(None, &range, &mut visit))).unwrap();
        });
        works.join().unwrap();
    });
    now(std::future::ready(()));
}

fn poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> T {
    match future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => panic!("nobody is in its way"),
    }
}
