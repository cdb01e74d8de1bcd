//! The journal without its thread: one batch after the other.

use std::io;
use std::sync::Arc;

use super::batch::Batch;
use super::header::{NOTE, Note, SECTOR, SegmentHeader};
use super::recovery;
use super::segments::Segments;
use super::{Disk, Failure, File, Options, Position, Record, Stats};
use crate::error;

/// An open journal.
pub(super) struct Log {
    disk: Arc<dyn Disk>,
    segments: Segments,
    end: Option<End>,
    next: Position,
    stats: Arc<Stats>,
    /// Why nothing more is written.
    failed: Option<String>,
}

/// The segment that is written to.
struct End {
    file: Box<dyn File>,
    header: SegmentHeader,
    offset: u64,
    /// Whether the note of a clean end still stands.
    noted: bool,
}

impl Log {
    /// Reads what is there. A folder without a journal stays empty until the first batch.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        options: Options,
        salt: fn() -> u64,
        replay: &mut dyn FnMut(Record<'_>) -> error::Result<()>,
    ) -> Result<Self, Failure> {
        let found = recovery::find(&*disk)?;
        found.force(&*disk)?;
        found.replay(&*disk, replay)?;
        let end = found.end.zip(found.segments.last().copied());
        let end = end.map(|(end, header)| End {
            file: end.file,
            header,
            offset: end.offset,
            noted: end.noted,
        });
        let segments = Segments::new(
            Arc::clone(&disk),
            options.bounded(),
            salt,
            found.segments,
            found.spares,
        );
        let log = Self {
            disk,
            segments,
            end,
            next: found.next,
            stats: Arc::default(),
            failed: None,
        };
        log.tell();
        Ok(log)
    }

    /// What it counts.
    pub(super) fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    /// Writes and forces a batch; the position of its first record.
    pub(super) fn write(&mut self, batch: &mut Batch, forward: bool) -> Result<Position, Failure> {
        self.check()?;
        let first = self.next;
        let written = self.try_write(batch, forward);
        if let Err(failure) = &written
            && failure.is_lasting()
        {
            self.fail(failure.to_string());
        }
        let bytes = written?;
        self.next = Position(first.0 + u64::from(batch.records()));
        self.stats.count(batch.records(), bytes);
        self.tell();
        Ok(first)
    }

    fn try_write(&mut self, batch: &mut Batch, forward: bool) -> Result<u64, Failure> {
        self.clear_note()?;
        let len = batch.len();
        let full = |end: &End| end.offset + len > end.header.bytes;
        if self.end.as_ref().is_none_or(full) {
            let (file, header) = self.segments.make(self.next, len, forward)?;
            self.end = Some(End {
                file,
                header,
                offset: super::header::START,
                noted: false,
            });
        }
        let end = self.end.as_mut().expect("it was made just now");
        let bytes = batch.seal(&end.header, end.offset, self.next);
        let written = end.file.write_at(bytes, end.offset);
        written
            .and_then(|()| end.file.sync())
            .map_err(|fault| Failure::Unknown {
                cause: cannot_write(&*self.disk, &end.header, &fault),
            })?;
        end.offset += len;
        Ok(len)
    }

    /// Takes the note of a clean end away before the first batch behind it.
    fn clear_note(&mut self) -> Result<(), Failure> {
        match &mut self.end {
            Some(end) if end.noted => {
                put_note(&*end.file, &[0; SECTOR]).map_err(|fault| Failure::Failed {
                    cause: cannot_write(&*self.disk, &end.header, &fault),
                })?;
                end.noted = false;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Makes room for the next file ahead of time.
    pub(super) fn prepare(&mut self) -> Result<(), Failure> {
        self.check()?;
        let prepared = self.segments.prepare();
        self.tell();
        prepared
    }

    /// Frees what is wholly before a position.
    pub(super) fn release(&mut self, before: Position) -> Result<(), Failure> {
        self.check()?;
        let released = self.segments.release(before);
        if let Err(failure) = &released
            && failure.is_lasting()
        {
            self.fail(failure.to_string());
        }
        self.tell();
        released
    }

    /// Notes the clean end, so that all damage from here on is found. Nothing is written after it.
    pub(super) fn close(&mut self) -> Result<(), Failure> {
        self.check()?;
        self.fail(Failure::Closed.to_string());
        match &mut self.end {
            Some(end) if !end.noted => {
                let note = Note {
                    end: end.offset,
                    next: self.next,
                };
                let noted = put_note(&*end.file, &note.encode(&end.header));
                noted.map_err(|fault| Failure::Io {
                    file: self.disk.place(&end.header.name()),
                    source: Arc::new(fault),
                })
            }
            _ => Ok(()),
        }
    }

    /// Refuses everything from now on.
    pub(super) fn fail(&mut self, cause: String) {
        self.failed.get_or_insert(cause);
    }

    fn check(&self) -> Result<(), Failure> {
        match &self.failed {
            None => Ok(()),
            Some(cause) => Err(Failure::Failed {
                cause: cause.clone(),
            }),
        }
    }

    fn tell(&self) {
        let oldest = self.segments.oldest().unwrap_or(self.next);
        self.stats.show(self.segments.bytes(), oldest, self.next);
    }
}

fn cannot_write(disk: &dyn Disk, header: &SegmentHeader, fault: &io::Error) -> String {
    let file = disk.place(&header.name());
    format!("cannot write the journal file `{file}`: {fault}")
}

fn put_note(file: &dyn File, note: &[u8; SECTOR]) -> io::Result<()> {
    file.write_at(note, NOTE)?;
    file.sync()
}
