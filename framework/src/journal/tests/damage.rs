//! Damage to what was durable is refused by file and byte, and nothing else is read in its place.

use super::*;
use crate::journal::{Disk, Loss};

/// Number and length of the records.
const LENS: [(u64, usize); 7] = [
    (1, 300),
    (2, 30),
    (3, 500),
    (4, 900),
    (5, 0),
    (6, 200),
    (7, 333),
];

/// Three segments of several batches.
async fn written() -> (SimDisk, Journal) {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    for (number, len) in LENS {
        append(&journal, number, len).await.unwrap();
    }
    (disk, journal)
}

/// The bytes of each file up to the last that is not zero.
fn used(disk: &SimDisk) -> Vec<(String, u64)> {
    let mut used = Vec::new();
    for name in disk.list().unwrap() {
        let file = disk.open(&name).unwrap();
        let mut bytes = vec![0; usize::try_from(file.bytes().unwrap()).unwrap()];
        file.read_at(&mut bytes, 0).unwrap();
        let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
        used.push((name, (bytes.len() - zeros) as u64));
    }
    used
}

#[tokio::test]
async fn after_a_clean_end_every_flipped_bit_is_refused() {
    let (disk, journal) = written().await;
    journal.close().await.unwrap();
    let mut flips = 0;
    for (name, bytes) in used(&disk) {
        for bit in 0..bytes * 8 {
            disk.flip(&name, bit);
            let failure = open(&disk).expect_err("it is damaged");
            let Failure::Damaged { file, offset, .. } = failure else {
                panic!("{name}, bit {bit}: {failure}");
            };
            assert!(
                file == name && offset <= bit / 8,
                "bit {bit}: {file} {offset}"
            );
            disk.flip(&name, bit);
            flips += 1;
        }
    }
    assert!(flips > 10_000, "{flips}");
    assert_eq!(reopened(&disk).len(), 7);
}

#[tokio::test]
async fn bits_that_were_never_written_mean_nothing() {
    let (disk, journal) = written().await;
    journal.close().await.unwrap();
    let expected = reopened(&disk);
    for (name, bytes) in used(&disk) {
        // The last byte that is not zero may be within a batch; its padding ends at most seven later.
        for byte in bytes.next_multiple_of(8)..2048 {
            disk.flip(&name, byte * 8);
            assert_eq!(reopened(&disk), expected, "{name}, byte {byte}");
            disk.flip(&name, byte * 8);
        }
    }
}

/// Without a clean end a damaged last batch looks like one that a crash has cut; all before is safe.
#[tokio::test]
async fn after_a_crash_only_the_last_batch_can_be_taken_for_a_torn_one() {
    let (disk, journal) = written().await;
    let expected = LENS.map(|(number, len)| (7, payload(number, len)));
    drop(journal);
    let disk = disk.crash(Loss::None);
    let names = used(&disk);
    let last = names.last().unwrap().clone();
    let mut cut = 0;
    for (name, bytes) in names {
        for bit in 0..bytes * 8 {
            let damaged = disk.crash(Loss::None);
            damaged.flip(&name, bit);
            match open(&damaged) {
                Err(Failure::Damaged { file, .. }) => assert_eq!(file, name),
                Err(failure) => panic!("{name}, bit {bit}: {failure}"),
                Ok((_, replayed)) => {
                    assert_eq!(replayed.records, expected[..6]);
                    assert!(name == last.0 && bit / 8 >= last.1 - 333 - 40, "bit {bit}");
                    cut += 1;
                }
            }
        }
    }
    assert!(cut > 333 * 8, "{cut}");
}

#[tokio::test]
async fn two_flipped_bits_never_make_another_record() {
    let (disk, journal) = written().await;
    journal.close().await.unwrap();
    let files = used(&disk);
    let mut state = 1_u64;
    let mut draw = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    for _ in 0..10_000 {
        let (name, bytes) = &files[usize::try_from(draw(3)).unwrap()];
        let bits = [draw(bytes * 8), draw(bytes * 8)];
        if bits[0] != bits[1] {
            for bit in bits {
                disk.flip(name, bit);
            }
            assert!(
                matches!(open(&disk), Err(Failure::Damaged { .. })),
                "{name} {bits:?}"
            );
            for bit in bits {
                disk.flip(name, bit);
            }
        }
    }
}

#[tokio::test]
async fn files_that_are_missing_short_or_swapped_are_refused() {
    type Harm = fn(&SimDisk);
    let cases: [(&str, Harm); 5] = [
        ("the journal file `0000000002.segment` is missing", |disk| {
            disk.remove("0000000002.segment").unwrap();
        }),
        (
            "`0000000002.segment` is damaged at byte 0: it bears",
            |disk| {
                disk.rename("0000000003.segment", "0000000002.segment")
                    .unwrap();
            },
        ),
        (
            "`0000000001.segment` is damaged at byte 0: its header",
            |disk| {
                drop(disk.create("0000000001.segment").unwrap());
            },
        ),
        (
            "`0000000003.segment` is damaged at byte 1700: it ends early",
            |disk| {
                let file = disk.open("0000000003.segment").unwrap();
                let mut bytes = [0; 1700];
                file.read_at(&mut bytes, 0).unwrap();
                disk.create("0000000003.segment")
                    .unwrap()
                    .write_at(&bytes, 0)
                    .unwrap();
            },
        ),
        (
            "`0000000004.segment` is damaged at byte 0: its header",
            |disk| {
                disk.create("0000000004.segment")
                    .unwrap()
                    .write_at(&[0; 2048], 0)
                    .unwrap();
            },
        ),
    ];
    for (expected, harm) in cases {
        for clean in [true, false] {
            let (disk, journal) = written().await;
            if clean {
                journal.close().await.unwrap();
            }
            drop(journal);
            harm(&disk);
            let failure = open(&disk).unwrap_err().to_string();
            assert!(failure.contains(expected), "{failure}");
        }
    }
}

/// Whoever restores a newer segment over an older one gets no mixture.
#[tokio::test]
async fn a_segment_of_another_journal_does_not_fit() {
    let (disk, journal) = written().await;
    journal.close().await.unwrap();
    let other = SimDisk::default();
    let (journal, _) = open(&other).unwrap();
    for (number, len) in LENS {
        append(&journal, number, len).await.unwrap();
    }
    let mut bytes = [0; 2048];
    let source = other.open("0000000002.segment").unwrap();
    source.read_at(&mut bytes, 0).unwrap();
    let target = disk.open("0000000002.segment").unwrap();
    target.write_at(&bytes, 0).unwrap();
    let failure = open(&disk).unwrap_err().to_string();
    assert!(failure.contains("does not follow"), "{failure}");
}

#[tokio::test]
async fn a_later_version_is_refused_by_name() {
    let (disk, journal) = written().await;
    journal.close().await.unwrap();
    let file = disk.open("0000000003.segment").unwrap();
    let mut start = [0; 16];
    file.read_at(&mut start, 0).unwrap();
    start[8] = 2;
    let check = crc32fast::hash(&start[..12]);
    start[12..].copy_from_slice(&check.to_le_bytes());
    file.write_at(&start, 0).unwrap();
    assert_eq!(
        open(&disk).unwrap_err().to_string(),
        "the journal file `0000000003.segment` was written by a later version (format 2, this program knows 1); use that version"
    );
}

#[tokio::test]
async fn a_refused_record_stops_the_replay_with_its_reason() {
    let (disk, journal) = written().await;
    journal.close().await.unwrap();
    let mut seen = 0;
    let opened = Journal::open(Arc::new(disk), SMALL, &mut |record: Record<'_>| {
        seen = record.position.0;
        match seen {
            3 => Err(crate::error::Error::internal("no plugin takes it")),
            _ => Ok(()),
        }
    });
    let failure = opened.unwrap_err().to_string();
    assert_eq!(
        failure,
        "the journal record at 3 was refused: no plugin takes it"
    );
    assert_eq!(seen, 3);
}
