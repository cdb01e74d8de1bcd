//! Reads the batches of one segment in order.

use std::io;

use super::batch::{ALIGN, BATCH_HEADER, BatchHeader, RECORD_HEADER};
use super::header::{START, SegmentHeader, read_u64};
use super::{File, Position};

/// Bytes that are read at once.
const WINDOW: usize = 256 * 1024;

/// Walks from batch to batch, each of which must begin where the one before ended.
pub(super) struct Reader<'a> {
    header: SegmentHeader,
    window: Window<'a>,
    /// Where the next batch begins, if there is one.
    pub(super) at: u64,
    /// The position that its first record must have.
    pub(super) next: Position,
    /// Where the last batch began.
    pub(super) last: Option<u64>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a dyn File, header: SegmentHeader) -> Self {
        Self {
            header,
            window: Window {
                file,
                limit: header.bytes,
                start: 0,
                bytes: Vec::new(),
            },
            at: START,
            next: header.base,
            last: None,
        }
    }

    /// The records of the next batch and the position of the first; nothing where none follows.
    pub(super) fn batch(&mut self) -> io::Result<Option<(Position, &[u8])>> {
        let Some(header) = self.header_at(self.at)? else {
            return Ok(None);
        };
        if header.first != self.next || header.records == 0 {
            return Ok(None);
        }
        let Some(bytes) = self.window.get(self.at, header.bytes())? else {
            return Ok(None);
        };
        let Some(body) = header.body(bytes) else {
            return Ok(None);
        };
        self.last = Some(self.at);
        self.at += header.bytes() as u64;
        self.next = Position(header.first.0 + u64::from(header.records));
        Ok(Some((header.first, body)))
    }

    /// Where a later batch of this segment begins. It was begun only after everything before it had
    /// been forced, so it proves that what is not readable here was durable once.
    pub(super) fn later(&mut self) -> io::Result<Option<u64>> {
        let mut at = self.at + ALIGN as u64;
        while let Some(bytes) = self.window.get(at, BATCH_HEADER)? {
            // Of what is no header next to nothing passes this, so that the check is rarely needed.
            let beyond = read_u64(bytes, 16).wrapping_sub(self.next.0);
            let most = (at - self.at) / RECORD_HEADER as u64;
            if (1..=most).contains(&beyond)
                && BatchHeader::decode(bytes, &self.header, at).is_some()
            {
                return Ok(Some(at));
            }
            at += ALIGN as u64;
        }
        Ok(None)
    }

    fn header_at(&mut self, at: u64) -> io::Result<Option<BatchHeader>> {
        let header = self.header;
        let bytes = self.window.get(at, BATCH_HEADER)?;
        Ok(bytes.and_then(|bytes| BatchHeader::decode(bytes, &header, at)))
    }
}

/// A piece of a file in memory.
struct Window<'a> {
    file: &'a dyn File,
    limit: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// The `len` bytes at `at`; nothing when they go beyond the limit.
    fn get(&mut self, at: u64, len: usize) -> io::Result<Option<&[u8]>> {
        let end = at + len as u64;
        if end > self.limit {
            return Ok(None);
        }
        if at < self.start || end > self.start + self.bytes.len() as u64 {
            let left = usize::try_from(self.limit - at).unwrap_or(usize::MAX);
            self.bytes.resize(left.min(len.max(WINDOW)), 0);
            self.start = at;
            self.file.read_at(&mut self.bytes, at)?;
        }
        let from = usize::try_from(at - self.start).expect("a window fits into memory");
        Ok(Some(&self.bytes[from..from + len]))
    }
}
