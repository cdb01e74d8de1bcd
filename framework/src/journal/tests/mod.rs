mod crash;
mod damage;
mod faults;
mod golden;
mod interleaving;
mod model;
mod order;
mod space;

use std::sync::Arc;

use super::{Failure, Journal, Kind, Options, Position, Record, SimDisk};

/// Two sectors for batches in each segment.
const SMALL: Options = Options {
    segment_bytes: 2048,
    quota_bytes: 64 * 2048,
    spares: 2,
};

/// Kind and payload of each record that was replayed, and the position of the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Replayed {
    first: Option<u64>,
    records: Vec<(u8, Vec<u8>)>,
}

/// Opens the journal on a disk, and checks that what it replays has positions without gaps.
fn open(disk: &SimDisk) -> Result<(Journal, Replayed), Failure> {
    let mut replayed = Replayed::default();
    let journal = Journal::open(Arc::new(disk.clone()), SMALL, &mut |record: Record<'_>| {
        let first = *replayed.first.get_or_insert(record.position.0);
        assert_eq!(record.position.0, first + replayed.records.len() as u64);
        let payload = record.payload.to_vec();
        replayed.records.push((record.kind.0, payload));
        Ok(())
    })?;
    Ok((journal, replayed))
}

/// A payload of that length which no other number gives.
fn payload(number: u64, len: usize) -> Vec<u8> {
    let bytes = number.to_le_bytes().into_iter().cycle();
    let mixed = bytes.zip(0_u8..=255).map(|(byte, at)| byte ^ at);
    mixed.cycle().take(len).collect()
}

/// Appends a record and waits for it.
async fn append(journal: &Journal, number: u64, len: usize) -> Result<Position, Failure> {
    journal.append(Kind(7), payload(number, len)).await
}

/// What is there after another start.
fn reopened(disk: &SimDisk) -> Vec<(u8, Vec<u8>)> {
    open(disk).unwrap().1.records
}
