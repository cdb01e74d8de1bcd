//! Batches: what is written and forced at once.
//!
//! ```text
//! check:4  check of the records:4  bytes of the records:4  records:4  first position:8
//! then each record: kind:1  length:4  payload    then zeros up to a multiple of 8
//! ```
//!
//! The check of a header covers the segment's salt and number and the batch's offset, so that a
//! batch is valid in one place only.

use super::header::{SegmentHeader, read_u32, read_u64};
use super::{Kind, Position};

/// Bytes before the records of a batch.
pub(super) const BATCH_HEADER: usize = 24;

/// Bytes before the payload of a record.
pub(super) const RECORD_HEADER: usize = 5;

/// Batches begin at multiples of it.
pub(super) const ALIGN: usize = 8;

/// A batch being put together.
#[derive(Debug)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    records: u32,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            bytes: vec![0; BATCH_HEADER],
            records: 0,
        }
    }
}

impl Batch {
    /// Empties it, and gives back memory beyond `keep` bytes.
    pub(super) fn clear(&mut self, keep: usize) {
        self.bytes.truncate(BATCH_HEADER);
        self.bytes.shrink_to(keep);
        self.records = 0;
    }

    /// Adds a record.
    pub(super) fn push(&mut self, kind: Kind, payload: &[u8]) {
        let len =
            u32::try_from(payload.len()).expect("a payload is at most limit::JOURNAL_RECORD_BYTES");
        self.bytes.push(kind.0);
        self.bytes.extend_from_slice(&len.to_le_bytes());
        self.bytes.extend_from_slice(payload);
        self.records += 1;
    }

    /// How many records it has.
    pub(super) fn records(&self) -> u32 {
        self.records
    }

    /// The bytes that it will take on disk.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len().next_multiple_of(ALIGN) as u64
    }

    /// The batch as it stands at `offset` of the segment.
    pub(super) fn seal(&mut self, segment: &SegmentHeader, offset: u64, first: Position) -> &[u8] {
        let len = u32::try_from(self.bytes.len() - BATCH_HEADER);
        let len =
            len.expect("a batch is at most one record longer than limit::JOURNAL_BATCH_BYTES");
        self.bytes
            .resize(self.bytes.len().next_multiple_of(ALIGN), 0);
        let check = crc32fast::hash(&self.bytes[BATCH_HEADER..]);
        self.bytes[4..8].copy_from_slice(&check.to_le_bytes());
        self.bytes[8..12].copy_from_slice(&len.to_le_bytes());
        self.bytes[12..16].copy_from_slice(&self.records.to_le_bytes());
        self.bytes[16..24].copy_from_slice(&first.0.to_le_bytes());
        let check = header_check(&self.bytes, segment, offset);
        self.bytes[..4].copy_from_slice(&check.to_le_bytes());
        &self.bytes
    }
}

/// A header that was found to be valid in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchHeader {
    pub(super) first: Position,
    pub(super) records: u32,
    len: u32,
    check: u32,
}

impl BatchHeader {
    /// The header at `offset`, if there is one. `bytes` are [`BATCH_HEADER`] of them.
    pub(super) fn decode(bytes: &[u8], segment: &SegmentHeader, offset: u64) -> Option<Self> {
        let header = Self {
            first: Position(read_u64(bytes, 16)),
            records: read_u32(bytes, 12),
            len: read_u32(bytes, 8),
            check: read_u32(bytes, 4),
        };
        (read_u32(bytes, 0) == header_check(bytes, segment, offset)).then_some(header)
    }

    /// The bytes of the whole batch on disk.
    pub(super) fn bytes(&self) -> usize {
        (BATCH_HEADER + self.len as usize).next_multiple_of(ALIGN)
    }

    /// The records in the whole batch, unless it is not what the header says.
    pub(super) fn body<'a>(&self, batch: &'a [u8]) -> Option<&'a [u8]> {
        let body = &batch[BATCH_HEADER..];
        (crc32fast::hash(body) == self.check).then_some(&body[..self.len as usize])
    }
}

/// The records in the body of a batch, one after the other; nothing where they do not add up.
pub(super) fn records(mut body: &[u8]) -> impl Iterator<Item = Option<(Kind, &[u8])>> {
    std::iter::from_fn(move || {
        if body.is_empty() {
            return None;
        }
        let record = split_record(body);
        body = record.map_or(&[], |(_, _, rest)| rest);
        Some(record.map(|(kind, payload, _)| (kind, payload)))
    })
}

fn split_record(body: &[u8]) -> Option<(Kind, &[u8], &[u8])> {
    let (header, rest) = body.split_at_checked(RECORD_HEADER)?;
    let (payload, rest) = rest.split_at_checked(read_u32(header, 1) as usize)?;
    Some((Kind(header[0]), payload, rest))
}

fn header_check(bytes: &[u8], segment: &SegmentHeader, offset: u64) -> u32 {
    let mut place = [0; 24];
    place[..8].copy_from_slice(&segment.salt.to_le_bytes());
    place[8..16].copy_from_slice(&segment.number.to_le_bytes());
    place[16..].copy_from_slice(&offset.to_le_bytes());
    let mut check = crc32fast::Hasher::new();
    check.update(&place);
    check.update(&bytes[4..BATCH_HEADER]);
    check.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: SegmentHeader = SegmentHeader {
        number: 3,
        base: Position(1),
        salt: 99,
        bytes: 1 << 20,
        link: 0,
    };

    fn sealed() -> Vec<u8> {
        let mut batch = Batch::default();
        batch.push(Kind(1), b"first");
        batch.push(Kind(2), b"");
        batch.seal(&SEGMENT, 4096, Position(17)).to_vec()
    }

    #[test]
    fn a_batch_is_read_as_it_was_written() {
        let bytes = sealed();
        let header = BatchHeader::decode(&bytes, &SEGMENT, 4096).unwrap();
        assert_eq!((header.first, header.records), (Position(17), 2));
        assert_eq!((header.bytes(), bytes.len()), (40, 40));
        let found: Vec<_> = records(header.body(&bytes).unwrap()).collect();
        let expected: [(Kind, &[u8]); 2] = [(Kind(1), b"first"), (Kind(2), b"")];
        assert_eq!(found, expected.map(Some));
    }

    #[test]
    fn a_batch_is_valid_in_its_place_only_and_no_flipped_bit_passes() {
        let bytes = sealed();
        let other = SegmentHeader {
            number: 4,
            ..SEGMENT
        };
        assert_eq!(BatchHeader::decode(&bytes, &SEGMENT, 4104), None);
        assert_eq!(BatchHeader::decode(&bytes, &other, 4096), None);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = BatchHeader::decode(&flipped, &SEGMENT, 4096);
            assert!(read.and_then(|header| header.body(&flipped)).is_none());
        }
    }

    #[test]
    fn records_that_do_not_add_up_are_told() {
        let check = |body: &[u8]| assert!(records(body).any(|record| record.is_none()));
        check(&[1, 0, 0, 0]);
        check(&[1, 2, 0, 0, 0, 7]);
        check(&[1, 0, 0, 0, 0, 9]);
    }
}
