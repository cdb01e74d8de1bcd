//! The journal and the base: what is visible when, what a failure leaves, what a replay finds.

use std::sync::Arc;

use super::super::{Base, LogFailure, Store, decode};
use super::stage::{Stage, TestBase, get, put, scan};
use crate::clock::{Clock, ManualClock};
use crate::error::Code;
use crate::transaction::{Durability, Isolation, Vote};

#[test]
fn nothing_is_visible_before_it_is_durable() {
    let stage = Stage::new();
    let (kept, lost) = (
        stage.durable("t/kept", &TestBase::default()),
        stage.volatile("t/lost"),
    );
    let local = stage.begin(Isolation::ReadCommitted);
    put(&kept, &local, "a", Some("1")).end().unwrap();
    put(&lost, &local, "a", Some("1")).end().unwrap();
    assert_eq!(stage.store.prepare(&local).unwrap(), Vote::Prepared);
    let mut published = stage.publish(&local);
    assert!(published.poll().is_none());
    assert_eq!((get(&kept, None, "a"), get(&lost, None, "a")), (None, None));
    let other = stage.begin(Isolation::ReadCommitted);
    let mut waits = put(&lost, &other, "a", Some("2"));
    assert!(waits.poll().is_none(), "its rows are locked until then");
    stage.log.force();
    assert_eq!(published.end(), Ok(()));
    waits.end().unwrap();
    assert_eq!(get(&kept, None, "a"), get(&lost, None, "a"));
    assert_eq!(stage.log.records().len(), 1, "one record for all");
}

/// One clock for all: otherwise a reader could see the second commit without the first.
#[test]
fn commits_appear_in_the_order_of_their_timestamps() {
    let stage = Stage::new();
    let (kept, lost) = (
        stage.durable("t/kept", &TestBase::default()),
        stage.volatile("t/lost"),
    );
    let (first, second) = (
        stage.begin(Isolation::ReadCommitted),
        stage.begin(Isolation::ReadCommitted),
    );
    put(&kept, &first, "a", Some("1")).end().unwrap();
    put(&lost, &second, "b", Some("1")).end().unwrap();
    for local in [&first, &second] {
        assert_eq!(stage.store.prepare(local).unwrap(), Vote::Prepared);
    }
    let (first, mut second) = (stage.publish(&first), stage.publish(&second));
    assert!(
        second.poll().is_none(),
        "it comes after one that is not durable yet"
    );
    assert_eq!(get(&lost, None, "b"), None);
    stage.log.force();
    assert_eq!((first.end(), second.end()), (Ok(()), Ok(())));
    assert_eq!(get(&lost, None, "b").as_deref(), Some("1"));
}

#[test]
fn what_only_memory_keeps_is_not_in_the_journal() {
    let stage = Stage::new();
    let lost = stage.volatile("t/lost");
    stage.write(&lost, "a", Some("1"));
    assert!(stage.log.records().is_empty());
}

#[test]
fn a_commit_that_the_journal_loses_leaves_nothing() {
    let failures = [
        LogFailure::Failed("full".to_owned()),
        LogFailure::Unknown("sync".to_owned()),
    ];
    for failure in failures {
        let stage = Stage::new();
        let (kept, lost) = (
            stage.durable("t/kept", &TestBase::default()),
            stage.volatile("t/lost"),
        );
        stage.write(&kept, "a", Some("1"));
        let before = kept.bytes();
        let local = stage.begin(Isolation::RepeatableRead);
        for (rows, name) in [(&kept, "a"), (&kept, "b"), (&lost, "a")] {
            put(rows, &local, name, Some("2")).end().unwrap();
        }
        assert_eq!(stage.store.prepare(&local).unwrap(), Vote::Prepared);
        let published = stage.publish(&local);
        let waiter = stage.begin(Isolation::RepeatableRead);
        let mut waits = put(&kept, &waiter, "a", Some("3"));
        assert!(waits.poll().is_none());
        assert!(stage.log.end_first(Err(failure.clone())));
        assert_eq!(published.end(), Err(failure));
        assert_eq!(get(&kept, None, "a").as_deref(), Some("1"));
        assert_eq!((get(&kept, None, "b"), get(&lost, None, "a")), (None, None));
        assert!(waits.end().is_ok(), "nothing has changed for who waited");
        stage.store.abort(&waiter);
        assert_eq!((kept.bytes(), lost.bytes()), (before, 0));
    }
}

#[test]
fn a_failure_takes_only_its_own_commit() {
    let stage = Stage::new();
    let kept = stage.durable("t/kept", &TestBase::default());
    let all = ["a", "b", "c"].map(|name| {
        let local = stage.begin(Isolation::ReadCommitted);
        put(&kept, &local, name, Some("1")).end().unwrap();
        assert_eq!(stage.store.prepare(&local).unwrap(), Vote::Prepared);
        stage.publish(&local)
    });
    let failed = LogFailure::Failed("full".to_owned());
    for result in [Ok(()), Err(failed.clone()), Ok(())] {
        assert!(stage.log.end_first(result));
    }
    assert_eq!(
        all.map(super::stage::Step::end),
        [Ok(()), Err(failed), Ok(())]
    );
    let found = ["a", "b", "c"].map(|name| get(&kept, None, name).is_some());
    assert_eq!(found, [true, false, true]);
}

#[test]
fn a_small_write_takes_few_bytes_and_a_replay_finds_it_and_the_decision() {
    let stage = Stage::new();
    let kept = stage.durable("storage-redb/documents", &TestBase::default());
    let local = stage.begin(Isolation::RepeatableRead);
    put(&kept, &local, "airports/LHR", Some(&"x".repeat(128)))
        .end()
        .unwrap();
    put(&kept, &local, "gone", None).end().unwrap();
    assert_eq!(stage.store.prepare(&local).unwrap(), Vote::Prepared);
    let (store, committed) = (stage.store.clone(), local.clone());
    let mut commits =
        super::stage::Step::new(async move { store.commit(&committed, Some(b"decided")).await });
    assert!(commits.poll().is_none());
    stage.log.force();
    assert_eq!(commits.end(), Ok(()));
    let record = stage.log.records().remove(0);
    assert!(record.len() <= 256, "{} bytes", record.len());
    let commit = decode(&record).unwrap();
    assert_eq!(commit.decision.as_deref(), Some(&b"decided"[..]));
    let mut later = record.clone();
    later[0] += 1;
    assert!(decode(&later).unwrap_err().message().contains("format 2"));
    for short in 0..record.len() {
        assert!(
            decode(&record[..short]).is_err(),
            "{short} bytes of {}",
            record.len()
        );
    }
    assert!(decode(&[record, vec![0]].concat()).is_err());
}

/// Replays a journal over a base that holds everything up to `from`.
fn replayed(
    records: &[Vec<u8>],
    base: &TestBase,
    from: u64,
) -> (Arc<Store>, Arc<super::super::Container>) {
    let store = Store::new(Clock::Manual(ManualClock::default()));
    store.start_at(from);
    for record in records {
        let base = base.clone();
        store.replay(decode(record).unwrap(), move |_| Arc::new(base.clone()));
    }
    let base: Arc<dyn super::super::Base> = Arc::new(base.clone());
    let rows = store.container("t/kept", Durability::Durable, || Some(base));
    (store, rows)
}

#[test]
fn a_replay_over_any_checkpoint_gives_the_same_state() {
    let stage = Stage::new();
    let base = TestBase::default();
    let kept = stage.durable("t/kept", &base);
    let mut checkpoints = vec![(base.copy(), 0)];
    for n in 0..40_u32 {
        let name = (n * 7 % 5).to_string();
        let value = n.to_string();
        stage.write(&kept, &name, (n % 3 != 0).then_some(value.as_str()));
        if n % 9 == 8 {
            let at = stage.checkpoint(&base);
            checkpoints.push((base.copy(), at));
        }
    }
    let expected = scan(&kept, None, ("", None), 100).end().unwrap();
    assert!(!expected.is_empty());
    for (base, at) in checkpoints {
        let (_store, rows) = replayed(&stage.log.records(), &base, at);
        assert_eq!(
            scan(&rows, None, ("", None), 100).end().unwrap(),
            expected,
            "from {at}"
        );
    }
}

#[test]
fn a_checkpoint_takes_only_what_every_snapshot_sees() {
    let stage = Stage::new();
    let base = TestBase::default();
    let kept = stage.durable("t/kept", &base);
    stage.write(&kept, "a", Some("1"));
    let old = stage.begin(Isolation::RepeatableRead);
    assert_eq!(get(&kept, Some(&old), "a").as_deref(), Some("1"));
    stage.write(&kept, "a", Some("2"));
    stage.write(&kept, "b", Some("2"));
    stage.checkpoint(&base);
    assert_eq!(base.pairs(), [("a".to_owned(), "1".to_owned())]);
    assert_eq!(get(&kept, Some(&old), "a").as_deref(), Some("1"));
    assert_eq!(get(&kept, Some(&old), "b"), None);
    let refused = put(&kept, &old, "a", Some("3")).end().unwrap_err();
    assert_eq!(refused.code(), &Code::Conflict);
    stage.store.abort(&old);
    stage.checkpoint(&base);
    assert_eq!(base.pairs().len(), 2);
    assert_eq!(kept.bytes(), 0);
}

/// More keys than fit into one chunk, a third of them each in the base, in the rows and in the transaction itself.
#[test]
fn a_long_scan_merges_base_rows_and_own_writes_in_order() {
    let stage = Stage::new();
    let base = TestBase::default();
    let kept = stage.durable("t/kept", &base);
    let name = |n: u32| format!("{n:05}");
    let each_third = |third: u32| (0..3_000).filter(move |n| n % 3 == third).map(name);
    for key in each_third(0) {
        base.apply(&super::stage::key(&key), &Some(b"base"[..].into()));
    }
    for key in each_third(1) {
        stage.write(&kept, &key, Some("row"));
    }
    let local = stage.begin(Isolation::Serializable);
    for key in each_third(2) {
        put(&kept, &local, &key, Some("own")).end().unwrap();
    }
    for n in (0..3_000).step_by(50) {
        put(&kept, &local, &name(n), None).end().unwrap();
    }
    let found = scan(&kept, Some(&local), ("", None), 5_000).end().unwrap();
    let expected: Vec<_> = (0..3_000)
        .filter(|n| n % 50 != 0)
        .map(|n| (name(n), ["base", "row", "own"][n as usize % 3].to_owned()))
        .collect();
    assert_eq!(found, expected);
    for limit in [1, 255, 256, 257] {
        let page = scan(&kept, Some(&local), ("00001", Some("02000")), limit)
            .end()
            .unwrap();
        assert_eq!(page, expected[..limit], "{limit}");
    }
}

/// Every record of a key used to be kept in memory until somebody wrote the key again.
#[test]
fn a_replay_keeps_one_version_of_a_key() {
    let stage = Stage::new();
    let rows = stage.durable("t/rows", &TestBase::default());
    for n in 0..1_000 {
        stage.write(&rows, "a", Some(&format!("{n:04}")));
        stage.write(&rows, "b", (n % 2 == 0).then_some("1"));
    }
    let one = rows.bytes();
    let store = Store::new(Clock::Manual(ManualClock::default()));
    for record in stage.log.records() {
        store.replay(decode(&record).unwrap(), |_| Arc::new(TestBase::default()));
    }
    let base = || Some(Arc::new(TestBase::default()) as Arc<dyn Base>);
    let replayed = store.container("t/rows", Durability::Durable, base);
    assert_eq!(replayed.bytes(), one);
    assert_eq!(get(&replayed, None, "a").as_deref(), Some("0999"));
    assert_eq!(get(&replayed, None, "b"), None);
}
