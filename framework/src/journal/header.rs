//! The first two sectors of a segment: its header, and the note of a clean end.
//!
//! ```text
//! 0    "weldjrnl"  version:4  check of both:4  number:8  base:8  salt:8  bytes:8  link:8  0…  check:4
//! 512  zeros, or: end:8  next:8  0…  check:4
//! 1024 batches
//! ```
//!
//! The header is forced before the segment gets its name, so a named segment with another header is
//! damaged, never unfinished. A sector is written whole or not at all, so the note is zeros or valid.
//! The first 16 bytes mean the same in every version. All numbers are little-endian.

use super::Position;

/// What a disk writes whole or not at all, in bytes.
pub(super) const SECTOR: usize = 512;

/// Where the note is.
pub(super) const NOTE: u64 = SECTOR as u64;

/// Where the batches begin.
pub(super) const START: u64 = 2 * SECTOR as u64;

/// The format that is written here, and the newest that can be read.
pub(super) const VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"weldjrnl";
const CHECK: usize = SECTOR - 4;

/// One sector.
pub(super) type Sector = [u8; SECTOR];

/// What a segment says of itself. Never changes while the segment lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// Segments are numbered without gaps. A number is never used twice.
    pub(super) number: u64,
    /// The position of its first record: every record before it is durable.
    pub(super) base: Position,
    /// Part of every checksum, so that nothing written elsewhere passes for a batch of this segment.
    pub(super) salt: u64,
    /// The length of the file.
    pub(super) bytes: u64,
    /// The salt of the segment before, so that a segment of another history does not fit in.
    pub(super) link: u64,
}

/// Why a sector is not a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// It is one of a later version.
    Newer(u32),
    /// It is none.
    Damaged,
}

impl SegmentHeader {
    /// The file of the segment.
    pub(super) fn name(&self) -> String {
        segment_name(self.number)
    }

    pub(super) fn encode(&self) -> Sector {
        self.encode_as(VERSION)
    }

    fn encode_as(&self, version: u32) -> Sector {
        let mut sector = [0; SECTOR];
        put(&mut sector, 0, &MAGIC);
        put(&mut sector, 8, &version.to_le_bytes());
        let check = crc32fast::hash(&sector[..12]);
        put(&mut sector, 12, &check.to_le_bytes());
        put(&mut sector, 16, &self.number.to_le_bytes());
        put(&mut sector, 24, &self.base.0.to_le_bytes());
        put(&mut sector, 32, &self.salt.to_le_bytes());
        put(&mut sector, 40, &self.bytes.to_le_bytes());
        put(&mut sector, 48, &self.link.to_le_bytes());
        let check = crc32fast::hash(&sector[..CHECK]);
        put(&mut sector, CHECK, &check.to_le_bytes());
        sector
    }

    pub(super) fn decode(sector: &Sector) -> Result<Self, NoHeader> {
        if sector[..8] != MAGIC || read_u32(sector, 12) != crc32fast::hash(&sector[..12]) {
            return Err(NoHeader::Damaged);
        }
        let version = read_u32(sector, 8);
        if version > VERSION {
            return Err(NoHeader::Newer(version));
        }
        if read_u32(sector, CHECK) != crc32fast::hash(&sector[..CHECK]) {
            return Err(NoHeader::Damaged);
        }
        Ok(Self {
            number: read_u64(sector, 16),
            base: Position(read_u64(sector, 24)),
            salt: read_u64(sector, 32),
            bytes: read_u64(sector, 40),
            link: read_u64(sector, 48),
        })
    }
}

/// What a clean end leaves: where the last batch of the journal ends. Zeros while it is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Note {
    /// The byte behind the last batch.
    pub(super) end: u64,
    /// The position of the next record.
    pub(super) next: Position,
}

impl Note {
    pub(super) fn encode(&self, segment: &SegmentHeader) -> Sector {
        let mut sector = [0; SECTOR];
        put(&mut sector, 0, &self.end.to_le_bytes());
        put(&mut sector, 8, &self.next.0.to_le_bytes());
        let check = note_check(&sector, segment);
        put(&mut sector, CHECK, &check.to_le_bytes());
        sector
    }

    /// The note if there is one; nothing if the sector is neither a note nor zeros.
    pub(super) fn decode(sector: &Sector, segment: &SegmentHeader) -> Option<Option<Self>> {
        if sector.iter().all(|byte| *byte == 0) {
            return Some(None);
        }
        let note = Self {
            end: read_u64(sector, 0),
            next: Position(read_u64(sector, 8)),
        };
        (read_u32(sector, CHECK) == note_check(sector, segment)).then_some(Some(note))
    }
}

fn note_check(sector: &Sector, segment: &SegmentHeader) -> u32 {
    let mut check = crc32fast::Hasher::new();
    check.update(&segment.salt.to_le_bytes());
    check.update(&segment.number.to_le_bytes());
    check.update(&sector[..CHECK]);
    check.finalize()
}

/// The name of a segment in use.
pub(super) fn segment_name(number: u64) -> String {
    format!("{number:010}.segment")
}

/// The name of a segment that is not in use: being made, or released.
pub(super) fn spare_name(number: u64) -> String {
    format!("{number:010}.spare")
}

/// The number in the name of a segment in use.
pub(super) fn segment_number(name: &str) -> Option<u64> {
    let number = name.strip_suffix(".segment")?.parse().ok()?;
    (segment_name(number) == name).then_some(number)
}

/// Whether it is the name of a spare.
pub(super) fn is_spare(name: &str) -> bool {
    name.ends_with(".spare")
}

fn put(sector: &mut Sector, at: usize, bytes: &[u8]) {
    sector[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The number in the four bytes at `at`.
pub(super) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    let four = bytes[at..at + 4].try_into();
    u32::from_le_bytes(four.expect("a slice of four bytes is an array of four"))
}

/// The number in the eight bytes at `at`.
pub(super) fn read_u64(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes[at..at + 8].try_into();
    u64::from_le_bytes(eight.expect("a slice of eight bytes is an array of eight"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: SegmentHeader = SegmentHeader {
        number: 7,
        base: Position(41),
        salt: 0x1234_5678_9abc_def0,
        bytes: 8192,
        link: 0x0fed_cba9_8765_4321,
    };

    #[test]
    fn a_header_is_read_as_it_was_written_and_no_flipped_bit_passes() {
        let sector = HEADER.encode();
        assert_eq!(SegmentHeader::decode(&sector), Ok(HEADER));
        for bit in 0..SECTOR * 8 {
            let mut flipped = sector;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::decode(&flipped), Err(NoHeader::Damaged));
        }
    }

    #[test]
    fn a_later_version_is_told_from_damage() {
        let sector = HEADER.encode_as(VERSION + 1);
        assert_eq!(
            SegmentHeader::decode(&sector),
            Err(NoHeader::Newer(VERSION + 1))
        );
    }

    #[test]
    fn a_note_is_zeros_or_whole_and_of_its_segment() {
        let note = Note {
            end: 2048,
            next: Position(44),
        };
        let sector = note.encode(&HEADER);
        assert_eq!(Note::decode(&sector, &HEADER), Some(Some(note)));
        assert_eq!(Note::decode(&[0; SECTOR], &HEADER), Some(None));
        let other = SegmentHeader { salt: 1, ..HEADER };
        assert_eq!(Note::decode(&sector, &other), None);
        for bit in 0..SECTOR * 8 {
            let mut flipped = sector;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Note::decode(&flipped, &HEADER), None);
        }
    }

    #[test]
    fn names_are_read_back() {
        let check = |name: &str, expected| assert_eq!(segment_number(name), expected);
        check(&segment_name(12), Some(12));
        check(&segment_name(u64::MAX), Some(u64::MAX));
        check("12.segment", None);
        check(&spare_name(12), None);
        check("lock", None);
    }
}
