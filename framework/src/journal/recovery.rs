//! What is in the folder when a journal is opened.
//!
//! First everything is read and checked, so that a damaged journal replays nothing; then the end is
//! forced, so that nobody builds on a record that only the cache of the machine has; then the
//! records are handed out.
//!
//! An end without a note is that of a crash: what follows the last valid batch is a batch that was
//! not forced, and is cut. Unless there is proof that it was forced: a batch or a segment that was
//! begun later.

use std::io;
use std::sync::Arc;

use super::batch::{BATCH_HEADER, records};
use super::header::{
    self, NOTE, NoHeader, Note, SECTOR, START, Sector, SegmentHeader, segment_name, segment_number,
};
use super::reader::Reader;
use super::{Disk, Failure, File, Position, Record};
use crate::error;

/// What was found, all of it checked.
pub(super) struct Found {
    /// The segments, oldest first.
    pub(super) segments: Vec<SegmentHeader>,
    /// Files that are not in use.
    pub(super) spares: Vec<String>,
    /// The newest segment.
    pub(super) end: Option<End>,
    /// The position of the next record.
    pub(super) next: Position,
}

/// The newest segment, open.
pub(super) struct End {
    pub(super) file: Box<dyn File>,
    /// Where the next batch begins.
    pub(super) offset: u64,
    /// Where the last one began.
    last: Option<u64>,
    /// Whether the journal was closed.
    pub(super) noted: bool,
}

/// Reads and checks everything.
pub(super) fn find(disk: &dyn Disk) -> Result<Found, Failure> {
    let names = disk.list().map_err(|fault| unusable(disk, "", fault))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|n| segment_number(n)).collect();
    numbers.sort_unstable();
    let mut found = Found {
        segments: Vec::new(),
        spares: names.into_iter().filter(|n| header::is_spare(n)).collect(),
        end: None,
        next: Position::FIRST,
    };
    found.spares.sort_unstable();
    let mut numbers = numbers.into_iter();
    let mut following = open_next(disk, &mut numbers, None)?;
    while let Some(segment) = following {
        following = open_next(disk, &mut numbers, Some(segment.header.number))?;
        if let Some(before) = found.segments.last()
            && (before.salt, found.next) != (segment.header.link, segment.header.base)
        {
            return Err(segment.damaged(0, "it does not follow the one before"));
        }
        found.segments.push(segment.header);
        match &following {
            Some(next) => found.next = segment.read_to(next.header.base)?,
            None => {
                let (next, end) = segment.read_to_end()?;
                (found.next, found.end) = (next, Some(end));
            }
        }
    }
    Ok(found)
}

/// Opens the segment that follows one. Numbers have no gaps.
fn open_next<'a>(
    disk: &'a dyn Disk,
    numbers: &mut impl Iterator<Item = u64>,
    last: Option<u64>,
) -> Result<Option<Segment<'a>>, Failure> {
    let Some(number) = numbers.next() else {
        return Ok(None);
    };
    if let Some(missing) = last.map(|last| last + 1).filter(|next| *next != number) {
        let file = disk.place(&segment_name(missing));
        return Err(Failure::Missing { file });
    }
    Segment::open(disk, number).map(Some)
}

impl Found {
    /// Forces the end, so that what was read stays: the cache may hold what the disk does not, even
    /// after a force that failed. Written anew, it is forced anew. The place behind it is emptied, so
    /// that the remains of a batch that was cut can never complete a later one.
    pub(super) fn force(&self, disk: &dyn Disk) -> Result<(), Failure> {
        let (Some(end), Some(header)) = (&self.end, self.segments.last()) else {
            return Ok(());
        };
        if end.noted {
            return Ok(());
        }
        let force = || {
            let from = end.last.unwrap_or(end.offset);
            let len = usize::try_from(end.offset - from).expect("a batch fits into memory");
            let mut bytes = vec![0; len];
            end.file.read_at(&mut bytes, from)?;
            let room = usize::try_from(header.bytes - end.offset).unwrap_or(usize::MAX);
            bytes.resize(len + room.min(BATCH_HEADER), 0);
            end.file.write_at(&bytes, from)?;
            end.file.write_at(&[0; SECTOR], NOTE)?;
            end.file.sync()?;
            disk.sync_names()
        };
        force().map_err(|fault| unusable(disk, &header.name(), fault))
    }

    /// Hands out every record, oldest first.
    pub(super) fn replay(
        &self,
        disk: &dyn Disk,
        replay: &mut dyn FnMut(Record<'_>) -> error::Result<()>,
    ) -> Result<(), Failure> {
        let follows = self.segments.iter().skip(1).map(|next| next.base);
        let ends = follows.chain(std::iter::once(self.next));
        for (header, end) in self.segments.iter().zip(ends) {
            let segment = Segment::open(disk, header.number)?;
            let mut reader = Reader::new(&*segment.file, segment.header);
            while reader.next < end {
                let offset = reader.at;
                let batch = reader.batch().map_err(|fault| segment.unusable(fault))?;
                let Some((first, body)) = batch else {
                    return Err(segment.damaged(offset, "it changed while it was read"));
                };
                replay_batch(first, body, replay)?;
            }
        }
        Ok(())
    }
}

pub(super) fn replay_batch(
    first: Position,
    body: &[u8],
    replay: &mut dyn FnMut(Record<'_>) -> error::Result<()>,
) -> Result<(), Failure> {
    // That they add up was checked before.
    for (position, (kind, payload)) in (first.0..).map(Position).zip(records(body).flatten()) {
        let record = Record {
            position,
            kind,
            payload,
        };
        replay(record).map_err(|error| Failure::Refused {
            position,
            reason: error.to_string(),
        })?;
    }
    Ok(())
}

/// A segment being read.
pub(super) struct Segment<'a> {
    disk: &'a dyn Disk,
    pub(super) header: SegmentHeader,
    note: Option<Note>,
    pub(super) file: Box<dyn File>,
}

impl<'a> Segment<'a> {
    pub(super) fn open(disk: &'a dyn Disk, number: u64) -> Result<Self, Failure> {
        let name = segment_name(number);
        let read = || {
            let file = disk.open(&name)?;
            let (mut first, mut second): (Sector, Sector) = ([0; SECTOR], [0; SECTOR]);
            let bytes = file.bytes()?;
            if bytes >= START {
                file.read_at(&mut first, 0)?;
                file.read_at(&mut second, NOTE)?;
            }
            Ok((file, bytes, first, second))
        };
        let (file, bytes, first, second) = read().map_err(|fault| unusable(disk, &name, fault))?;
        let place = || disk.place(&name);
        let damaged = |offset, what| Failure::Damaged {
            file: place(),
            offset,
            what,
        };
        let header = SegmentHeader::decode(&first).map_err(|no| match no {
            NoHeader::Newer(version) => Failure::Newer {
                file: place(),
                version,
                known: header::VERSION,
            },
            NoHeader::Damaged => damaged(0, "its header is not valid"),
        })?;
        if header.number != number {
            return Err(damaged(0, "it bears the name of another segment"));
        }
        if bytes < header.bytes {
            return Err(damaged(bytes, "it ends early"));
        }
        let note = Note::decode(&second, &header);
        Ok(Self {
            disk,
            header,
            note: note.ok_or_else(|| damaged(NOTE, "the note of its clean end is not valid"))?,
            file,
        })
    }

    /// Checks a segment that another follows, whose base is the proof of what this one holds.
    fn read_to(&self, base: Position) -> Result<Position, Failure> {
        if self.note.is_some() {
            return Err(self.damaged(
                NOTE,
                "it says that the journal ends in it, but another follows",
            ));
        }
        let mut reader = Reader::new(&*self.file, self.header);
        while reader.next < base {
            if !self.check_batch(&mut reader)? {
                return Err(self.damaged(reader.at, "a batch that was forced is not valid"));
            }
        }
        let end = reader.at;
        if reader.next > base || self.check_batch(&mut reader)? {
            return Err(self.damaged(end, "it goes on where the next begins"));
        }
        Ok(base)
    }

    /// Checks the newest segment, and finds where it ends.
    fn read_to_end(self) -> Result<(Position, End), Failure> {
        let mut reader = Reader::new(&*self.file, self.header);
        let end = self.note.map_or(u64::MAX, |note| note.end);
        while reader.at < end && self.check_batch(&mut reader)? {}
        let (offset, next, last) = (reader.at, reader.next, reader.last);
        if let Some(note) = self.note {
            if (note.end, note.next) != (offset, next) {
                return Err(self.damaged(offset, "it was closed with more in it than is valid"));
            }
        } else if reader
            .later()
            .map_err(|fault| self.unusable(fault))?
            .is_some()
        {
            return Err(self.damaged(offset, "a batch that was forced is not valid"));
        }
        drop(reader);
        let end = End {
            offset,
            last,
            noted: self.note.is_some(),
            file: self.file,
        };
        Ok((next, end))
    }

    /// Reads one batch; whether there was one.
    fn check_batch(&self, reader: &mut Reader<'_>) -> Result<bool, Failure> {
        let offset = reader.at;
        let batch = reader.batch().map_err(|fault| self.unusable(fault))?;
        let Some((first, body)) = batch else {
            return Ok(false);
        };
        let mut count = 0;
        let mut whole = true;
        for record in records(body) {
            (count, whole) = (count + 1, whole && record.is_some());
        }
        if !whole || first.0 + count != reader.next.0 {
            return Err(self.damaged(offset, "the records of a batch do not add up"));
        }
        Ok(true)
    }

    pub(super) fn damaged(&self, offset: u64, what: &'static str) -> Failure {
        Failure::Damaged {
            file: self.disk.place(&self.header.name()),
            offset,
            what,
        }
    }

    pub(super) fn unusable(&self, fault: io::Error) -> Failure {
        unusable(self.disk, &self.header.name(), fault)
    }
}

/// A file that could not be read or changed.
pub(super) fn unusable(disk: &dyn Disk, name: &str, fault: io::Error) -> Failure {
    Failure::Io {
        file: disk.place(name),
        source: Arc::new(fault),
    }
}
