//! A disk that fails: what was durable stays, what was refused is not there, and the journal says so.

use std::io::ErrorKind;

use super::*;
use crate::error::{CallError, Effect};
use crate::journal::{Loss, Operation, State};

/// One record is durable, then `harm` is done to the disk, then a record of `len` bytes fails.
async fn failed(len: usize, harm: impl FnOnce(&SimDisk)) -> (SimDisk, Journal, Failure) {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    append(&journal, 1, 100).await.unwrap();
    harm(&disk);
    let failure = append(&journal, 2, len).await.unwrap_err();
    (disk, journal, failure)
}

#[tokio::test]
async fn a_full_disk_refuses_and_the_journal_goes_on_when_there_is_room() {
    // The second record needs a new segment.
    let (disk, journal, failure) = failed(900, |disk| disk.capacity(3000)).await;
    assert!(matches!(failure, Failure::NoRoom { .. }), "{failure}");
    assert!(
        failure.to_string().contains("0000000002.spare"),
        "{failure}"
    );
    assert!(matches!(
        journal.state(),
        State::Refusing(Failure::NoRoom { .. })
    ));
    let call = CallError::from(failure);
    assert!(call.is_retryable() && call.has_effect() == Effect::None);

    // A small one still fits into the first.
    assert_eq!(append(&journal, 3, 10).await.unwrap(), Position(2));
    assert!(matches!(journal.state(), State::Running));
    disk.capacity(1 << 20);
    assert_eq!(append(&journal, 4, 900).await.unwrap(), Position(3));
    journal.close().await.unwrap();
    let expected = [(1, 100), (3, 10), (4, 900)].map(|(n, len)| (7, payload(n, len)));
    assert_eq!(reopened(&disk), expected);
}

#[tokio::test]
async fn who_asks_is_told_that_there_is_room_again_before_anything_is_written() {
    let (disk, journal, _) = failed(900, |disk| disk.capacity(3000)).await;
    journal.retry().await;
    assert!(matches!(journal.state(), State::Refusing(_)));
    disk.capacity(1 << 20);
    journal.retry().await;
    assert!(matches!(journal.state(), State::Running));
    // What was made is the next file.
    disk.capacity(0);
    append(&journal, 3, 900).await.unwrap();
    // The same name again, while the file of before is in use.
    append(&journal, 4, 900).await.unwrap_err();
    disk.capacity(1 << 20);
    journal.retry().await;
    append(&journal, 4, 900).await.unwrap();
    let expected = [(1, 100), (3, 900), (4, 900)].map(|(n, len)| (7, payload(n, len)));
    assert_eq!(reopened(&disk.crash(Loss::All)), expected);
}

#[tokio::test]
async fn a_segment_that_cannot_be_made_harms_nobody() {
    let faults = [
        (Operation::Create, 0),
        (Operation::Write, 0),
        (Operation::Write, 1),
        (Operation::Sync, 0),
        (Operation::Rename, 0),
    ];
    for (operation, skip) in faults {
        let harm = |disk: &SimDisk| disk.fail(operation, skip, ErrorKind::Other);
        let (disk, journal, failure) = failed(900, harm).await;
        assert!(
            matches!(failure, Failure::NoRoom { .. }),
            "{operation:?}: {failure}"
        );
        append(&journal, 3, 900).await.unwrap();
        let expected = [(1, 100), (3, 900)].map(|(n, len)| (7, payload(n, len)));
        assert_eq!(reopened(&disk.crash(Loss::All)), expected);
    }
}

#[tokio::test]
async fn after_a_failed_write_or_force_nothing_is_taken_until_it_is_opened_again() {
    let faults = [
        (100, Operation::Write, Effect::Possible),
        (100, Operation::Sync, Effect::Possible),
        // The name of a new segment may or may not be durable; its batch was not written.
        (900, Operation::SyncNames, Effect::None),
    ];
    for (len, operation, effect) in faults {
        let harm = |disk: &SimDisk| disk.fail(operation, 0, ErrorKind::Other);
        let (disk, journal, failure) = failed(len, harm).await;
        assert_eq!(failure.effect(), effect, "{operation:?}");
        assert!(matches!(journal.state(), State::Failed(_)));
        let written = disk.written();
        journal.retry().await;
        assert!(matches!(journal.state(), State::Failed(_)));
        for failure in [
            append(&journal, 3, 10).await.unwrap_err(),
            journal.release(Position(2)).await.unwrap_err(),
            journal.close().await.unwrap_err(),
        ] {
            assert!(matches!(failure, Failure::Failed { .. }), "{failure}");
            let call = CallError::from(failure);
            assert!(!call.is_retryable() && call.has_effect() == Effect::None);
        }
        assert_eq!(disk.written(), written);
        drop(journal);

        let (journal, replayed) = open(&disk).unwrap();
        let both = [(1, 100), (2, len)].map(|(n, len)| (7, payload(n, len)));
        assert!(both.starts_with(&replayed.records) && !replayed.records.is_empty());
        append(&journal, 4, 10).await.unwrap();
        assert_eq!(
            reopened(&disk.crash(Loss::All)).len(),
            replayed.records.len() + 1
        );
    }
}

#[tokio::test]
async fn what_was_queued_behind_a_failure_fails_too() {
    let (_disk, journal, _) = {
        let disk = SimDisk::default();
        let (journal, _) = open(&disk).unwrap();
        append(&journal, 1, 10).await.unwrap();
        disk.fail(Operation::Sync, 0, ErrorKind::Other);
        let mut rooms = Vec::new();
        for _ in 0..3 {
            rooms.push(journal.reserve(10).await.unwrap());
        }
        let mut tickets = rooms
            .into_iter()
            .map(|room| room.append(Kind(1), vec![0; 10]));
        let first = tickets.next().unwrap().await;
        assert!(matches!(first, Err(Failure::Unknown { .. })));
        for ticket in tickets {
            let failure = ticket.await.unwrap_err();
            let known = matches!(failure, Failure::Unknown { .. } | Failure::Failed { .. });
            assert!(known, "{failure}");
        }
        (disk, journal, ())
    };
    assert!(matches!(
        journal.reserve(1).await,
        Err(Failure::Failed { .. })
    ));
}

#[tokio::test]
async fn a_read_only_disk_is_told() {
    let (disk, journal, failure) = failed(10, |disk| disk.read_only(true)).await;
    assert!(
        failure.to_string().contains("0000000001.segment"),
        "{failure}"
    );
    assert!(matches!(journal.state(), State::Failed(_)));
    drop(journal);
    let failure = open(&disk).unwrap_err();
    assert!(matches!(failure, Failure::Io { .. }), "{failure}");
    disk.read_only(false);
    assert_eq!(reopened(&disk).len(), 1);
}

/// The note of a clean end that could not be taken away would hide what follows it.
#[tokio::test]
async fn a_note_that_stays_lets_nothing_follow() {
    for operation in [Operation::Write, Operation::Sync] {
        let disk = SimDisk::default();
        let (journal, _) = open(&disk).unwrap();
        append(&journal, 1, 10).await.unwrap();
        journal.close().await.unwrap();
        let (journal, _) = open(&disk).unwrap();
        disk.fail(operation, 0, ErrorKind::Other);
        let failure = append(&journal, 2, 10).await.unwrap_err();
        assert!(matches!(failure, Failure::Failed { .. }), "{failure}");
        drop(journal);
        // The cache shows the note away, the disk still has it.
        let (journal, _) = open(&disk).unwrap();
        append(&journal, 3, 10).await.unwrap();
        assert_eq!(reopened(&disk.crash(Loss::All)).len(), 2);
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_freed_is_freed_later() {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    for number in 1..=3 {
        append(&journal, number, 900).await.unwrap();
    }
    disk.fail(Operation::Rename, 0, ErrorKind::Other);
    let failure = journal.release(Position(3)).await.unwrap_err();
    assert!(matches!(failure, Failure::Io { .. }), "{failure}");
    append(&journal, 4, 10).await.unwrap();
    journal.release(Position(3)).await.unwrap();
    assert_eq!(journal.stats().oldest(), Position(3));
}

#[tokio::test]
async fn a_panic_in_what_waits_fails_the_journal() {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    let room = journal.reserve(1).await.unwrap();
    let other = journal.reserve(1).await.unwrap();
    room.append_then(Kind(1), vec![1], Box::new(|_, _| panic!("on purpose")));
    // In the same batch or in the next.
    let failure = other.append(Kind(1), vec![2]).await.unwrap_err();
    assert!(failure.to_string().contains("has panicked"), "{failure}");
    assert!(matches!(journal.state(), State::Failed(_)));
    drop(journal);
    assert_eq!(reopened(&disk)[0], (1, vec![1]));
}
