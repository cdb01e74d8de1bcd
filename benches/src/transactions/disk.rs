//! The floor of every commit: a file of zeros that is written over and forced.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// As long as a segment of the journal.
const BYTES: u64 = 8 * 1024 * 1024;

/// Where the journal's files have their first record.
const START: u64 = 4096;

/// A file of zeros.
pub(crate) struct Zeros {
    file: File,
    offset: u64,
}

impl Zeros {
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        let file = File::create(folder.join("zeros"))?;
        file.write_all_at(
            &vec![0; usize::try_from(BYTES).expect("a few megabytes")],
            0,
        )?;
        file.sync_all()?;
        let offset = START;
        Ok(Self { file, offset })
    }

    /// Writes behind what was written last, and forces it.
    pub(crate) fn force(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.offset + bytes.len() as u64 > BYTES {
            self.offset = START;
        }
        self.file.write_all_at(bytes, self.offset)?;
        self.offset += bytes.len() as u64;
        self.file.sync_data()
    }
}
