//! Which files there are: making the next one, and freeing the oldest.
//!
//! A segment is made under the name of a spare, filled with zeros, given its header and forced; only
//! then it gets its name. A released segment becomes a spare again or is removed. Every change of
//! names is forced before the next begins, so that a crash leaves no gap.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::header::{SECTOR, START, SegmentHeader, spare_name};
use super::recovery::unusable;
use super::{Disk, Failure, File, Options, Position};

/// Bytes of zeros that are written at once.
const ZEROS: usize = 64 * 1024;

/// The files of a journal.
pub(super) struct Segments {
    disk: Arc<dyn Disk>,
    options: Options,
    salt: fn() -> u64,
    live: VecDeque<SegmentHeader>,
    spares: Vec<String>,
    released: Position,
}

impl Segments {
    /// Takes over what was found. Spares that are too many or of another size are removed.
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        options: Options,
        salt: fn() -> u64,
        live: Vec<SegmentHeader>,
        spares: Vec<String>,
    ) -> Self {
        let mut segments = Self {
            disk,
            options,
            salt,
            live: live.into(),
            spares: Vec::new(),
            released: Position::FIRST,
        };
        for spare in spares {
            let bytes = segments.disk.open(&spare).and_then(|file| file.bytes());
            let fits = bytes.is_ok_and(|bytes| bytes == options.segment_bytes);
            if fits && segments.spares.len() < options.spares {
                segments.spares.push(spare);
            } else {
                segments.discard(&spare);
            }
        }
        segments
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        let live: u64 = self.live.iter().map(|segment| segment.bytes).sum();
        live + self.spares.len() as u64 * self.options.segment_bytes
    }

    /// The oldest record that is still there, or else the next one.
    pub(super) fn oldest(&self) -> Option<Position> {
        self.live.front().map(|segment| segment.base)
    }

    /// Makes the segment that begins with `base` and has room for a batch of `len` bytes.
    pub(super) fn make(
        &mut self,
        base: Position,
        len: u64,
        forward: bool,
    ) -> Result<(Box<dyn File>, SegmentHeader), Failure> {
        let least = (START + len).next_multiple_of(SECTOR as u64);
        let bytes = least.max(self.options.segment_bytes);
        let header = SegmentHeader {
            number: self.live.back().map_or(1, |last| last.number + 1),
            base,
            salt: (self.salt)(),
            bytes,
            link: self.live.back().map_or(0, |last| last.salt),
        };
        let reuse = (bytes == self.options.segment_bytes).then(|| self.spares.pop());
        let (spare, is_new) = match reuse.flatten() {
            Some(spare) => (spare, false),
            None => {
                self.admit(bytes, forward)?;
                (spare_name(header.number), true)
            }
        };
        let filled = self.fill(&spare, &header, is_new);
        let file = filled.map_err(|fault| self.no_room(&spare, fault))?;
        self.disk
            .sync_names()
            .map_err(|fault| self.lasting(&header.name(), &fault))?;
        self.live.push_back(header);
        Ok((file, header))
    }

    /// Makes a spare where there is none: the next segment then has its room for certain.
    pub(super) fn prepare(&mut self) -> Result<(), Failure> {
        if !self.spares.is_empty() {
            return Ok(());
        }
        let bytes = self.options.segment_bytes;
        self.admit(bytes, false)?;
        // Segments are counted from one, so that none of them ever becomes the spare of this name.
        let spare = spare_name(0);
        let made = self.zeros(&spare, bytes).and_then(|file| file.sync());
        made.map_err(|fault| self.no_room(&spare, fault))?;
        self.spares.push(spare);
        Ok(())
    }

    /// Whether the quota has room for a file of `bytes`. The last segment of the quota is kept for
    /// what is copied forward, without which nothing could be released.
    fn admit(&mut self, bytes: u64, forward: bool) -> Result<(), Failure> {
        let reserve = if forward {
            0
        } else {
            self.options.segment_bytes
        };
        let quota = self.options.quota_bytes;
        if START.max(bytes) + reserve > quota {
            let most = quota.saturating_sub(reserve + START);
            return Err(Failure::TooLong { bytes, most });
        }
        while self.bytes() + bytes + reserve > quota {
            let Some(spare) = self.spares.pop() else {
                return Err(Failure::Full {
                    oldest: self.oldest().unwrap_or(self.released).max(self.released),
                    bytes: self.bytes(),
                    quota,
                });
            };
            self.discard(&spare);
        }
        Ok(())
    }

    fn fill(&self, spare: &str, header: &SegmentHeader, is_new: bool) -> io::Result<Box<dyn File>> {
        let file = if is_new {
            self.zeros(spare, header.bytes)?
        } else {
            self.disk.open(spare)?
        };
        // The second sector is the note of a clean end: none.
        let mut start = [0; 2 * SECTOR];
        start[..SECTOR].copy_from_slice(&header.encode());
        file.write_at(&start, 0)?;
        file.sync()?;
        self.disk.rename(spare, &header.name())?;
        Ok(file)
    }

    /// A new file of zeros, but for where its header is to be.
    fn zeros(&self, name: &str, bytes: u64) -> io::Result<Box<dyn File>> {
        let file = self.disk.create(name)?;
        let zeros = vec![0; ZEROS];
        let mut at = START;
        while at < bytes {
            let len = (bytes - at).min(ZEROS as u64);
            let len = usize::try_from(len).expect("at most the length of a vector");
            file.write_at(&zeros[..len], at)?;
            at += len as u64;
        }
        Ok(file)
    }

    /// A file that could not be made does not stay.
    fn no_room(&self, name: &str, fault: io::Error) -> Failure {
        self.discard(name);
        Failure::NoRoom {
            file: self.disk.place(name),
            source: Arc::new(fault),
        }
    }

    /// Frees the segments whose records are all before `before`. The newest is never freed.
    pub(super) fn release(&mut self, before: Position) -> Result<(), Failure> {
        self.released = self.released.max(before);
        while self.live.get(1).is_some_and(|next| next.base <= before) {
            let oldest = self.live[0];
            let name = oldest.name();
            let keep = oldest.bytes == self.options.segment_bytes
                && self.spares.len() < self.options.spares;
            let spare = spare_name(oldest.number);
            let freed = if keep {
                self.disk.rename(&name, &spare)
            } else {
                self.disk.remove(&name)
            };
            freed.map_err(|fault| unusable(&*self.disk, &name, fault))?;
            self.live.pop_front();
            self.disk
                .sync_names()
                .map_err(|fault| self.lasting(&name, &fault))?;
            if keep {
                self.spares.push(spare);
            }
        }
        Ok(())
    }

    /// Removes a file that is not in use. One that stays is found at the next start.
    fn discard(&self, spare: &str) {
        drop(self.disk.remove(spare));
    }

    /// A change of names that may or may not last: nothing may be built on it.
    fn lasting(&self, name: &str, fault: &io::Error) -> Failure {
        Failure::Failed {
            cause: format!("cannot force the name `{}`: {fault}", self.disk.place(name)),
        }
    }
}
