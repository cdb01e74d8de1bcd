//! How much disk a journal uses: segments, reuse, release, quota.

use super::*;
use crate::journal::{Disk, State};

async fn filled(disk: &SimDisk, segments: u64) -> Journal {
    let (journal, _) = open(disk).unwrap();
    for number in 1..=segments {
        append(&journal, number, 900).await.unwrap();
    }
    journal
}

fn names(disk: &SimDisk) -> Vec<String> {
    let short = |name: String| name.trim_start_matches('0').to_owned();
    disk.list().unwrap().into_iter().map(short).collect()
}

#[tokio::test]
async fn an_unused_journal_writes_nothing() {
    let disk = SimDisk::default();
    let (journal, replayed) = open(&disk).unwrap();
    assert_eq!(
        (journal.stats().next(), replayed),
        (Position(1), Replayed::default())
    );
    journal.close().await.unwrap();
    assert_eq!(disk.operations(), 0);

    let journal = filled(&disk, 1).await;
    journal.close().await.unwrap();
    let operations = disk.operations();
    let (journal, _) = open(&disk).unwrap();
    journal.close().await.unwrap();
    assert_eq!(disk.operations(), operations);
}

#[tokio::test]
async fn a_batch_costs_one_force_and_few_bytes() {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    append(&journal, 1, 3).await.unwrap();
    let (forced, written) = (disk.forced(), disk.written());
    for number in 0..4 {
        append(&journal, number, 3).await.unwrap();
    }
    assert_eq!(disk.forced() - forced, 4);
    // 24 for the batch, 5 for the record.
    assert_eq!(disk.written() - written, 4 * 32);
    let stats = journal.stats();
    assert_eq!(
        (stats.records(), stats.forced(), stats.batches().max),
        (5, 5, 1)
    );
}

#[tokio::test]
async fn released_segments_are_used_again_or_removed() {
    let disk = SimDisk::default();
    let journal = filled(&disk, 5).await;
    assert_eq!(journal.stats().held(), 5 * 2048);
    journal.release(Position(2)).await.unwrap();
    let expected = [
        "1.spare",
        "2.segment",
        "3.segment",
        "4.segment",
        "5.segment",
    ];
    assert_eq!(names(&disk), expected);
    // Of what ends in the middle of a segment nothing is freed; the newest never is.
    journal.release(Position(99)).await.unwrap();
    assert_eq!(names(&disk), ["1.spare", "2.spare", "5.segment"]);
    assert_eq!(journal.stats().oldest(), Position(5));
    assert_eq!(journal.stats().held(), 3 * 2048);

    append(&journal, 6, 900).await.unwrap();
    assert_eq!(names(&disk), ["1.spare", "5.segment", "6.segment"]);
    journal.close().await.unwrap();
    let records = [5, 6].map(|number| (7, payload(number, 900)));
    assert_eq!(
        open(&disk).unwrap().1,
        Replayed {
            first: Some(5),
            records: records.to_vec()
        }
    );
}

#[tokio::test]
async fn a_long_record_has_a_segment_of_its_own() {
    let disk = SimDisk::default();
    let journal = filled(&disk, 1).await;
    append(&journal, 2, 5000).await.unwrap();
    append(&journal, 3, 10).await.unwrap();
    assert_eq!(journal.stats().held(), 2048 + 6144);
    append(&journal, 4, 900).await.unwrap();
    // It is no spare: its length is another.
    journal.release(Position(4)).await.unwrap();
    assert_eq!(names(&disk), ["1.spare", "3.segment"]);
    let most = crate::limit::JOURNAL_RECORD_BYTES;
    let failure = journal.reserve(most + 1).await.unwrap_err();
    assert!(matches!(failure, Failure::TooLong { .. }), "{failure}");
    let failure = append(&journal, 5, 64 * 2048).await.unwrap_err();
    assert!(matches!(failure, Failure::TooLong { .. }), "{failure}");
}

#[tokio::test]
async fn at_the_quota_only_copying_forward_goes_on() {
    let disk = SimDisk::default();
    let journal = filled(&disk, 63).await;
    journal.release(Position(1)).await.unwrap();
    let failure = append(&journal, 64, 900).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "the journal is full: it holds 129024 of at most 131072 bytes, and the oldest live record is at 1; finish or forget what began there, or raise the quota"
    );
    assert!(matches!(
        journal.state(),
        State::Refusing(Failure::Full { .. })
    ));
    assert!(matches!(
        append(&journal, 64, 900).await,
        Err(Failure::Full { .. })
    ));

    let room = journal.reserve_forward(900).await.unwrap();
    let copied = room.append(Kind(7), payload(1, 900)).await.unwrap();
    assert_eq!(copied, Position(64));
    assert!(matches!(
        append(&journal, 65, 900).await,
        Err(Failure::Full { .. })
    ));
    journal.release(Position(3)).await.unwrap();
    assert!(matches!(journal.state(), State::Running));
    assert_eq!(append(&journal, 65, 900).await.unwrap(), Position(65));
    assert!(journal.stats().held() <= SMALL.quota_bytes);
}

/// Lazy records before a record that goes forward are refused, and it is taken nevertheless.
#[tokio::test]
async fn of_a_batch_at_the_quota_the_copies_are_taken() {
    let disk = SimDisk::default();
    let journal = filled(&disk, 63).await;
    let rooms = (
        journal.reserve(500).await,
        journal.reserve_forward(500).await,
    );
    let ordinary = rooms.0.unwrap().append_lazy(Kind(7), payload(70, 500));
    let copied = rooms.1.unwrap().append(Kind(7), payload(1, 500)).await;
    assert_eq!(copied.unwrap(), Position(64));
    assert!(matches!(ordinary.await, Err(Failure::Full { .. })));
}

#[tokio::test]
async fn spares_give_way_to_a_long_record_and_leftovers_are_removed() {
    let disk = SimDisk::default();
    let journal = filled(&disk, 4).await;
    journal.release(Position(4)).await.unwrap();
    append(&journal, 5, 61 * 2048).await.unwrap();
    assert_eq!(names(&disk), ["4.segment", "5.segment"]);
    journal.close().await.unwrap();
    for name in ["1.spare", "2.spare", "3.spare", "4.spare"] {
        let bytes = if name == "2.spare" { 100 } else { 2048 };
        let file = disk.create(name).unwrap();
        file.write_at(&[1; 2048][..bytes], 0).unwrap();
    }
    disk.create("lock").unwrap();
    drop(open(&disk).unwrap());
    let expected = ["4.segment", "5.segment", "1.spare", "3.spare", "lock"];
    let mut found = names(&disk);
    found.sort_by_key(|name| (!name.ends_with("segment"), name.clone()));
    assert_eq!(found, expected);
}
