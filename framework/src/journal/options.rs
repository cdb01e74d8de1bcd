use super::header::SECTOR;
use crate::limit;

/// How much disk a journal uses. Numbers out of bounds are brought into them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Bytes of one file. A record that is longer gets a file of its own.
    pub segment_bytes: u64,
    /// Bytes of all files. The last segment of it is for what is copied forward. At least four segments.
    pub quota_bytes: u64,
    /// Released files that are kept to be used again.
    pub spares: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: limit::JOURNAL_SEGMENT_BYTES,
            quota_bytes: limit::JOURNAL_QUOTA_BYTES,
            spares: limit::JOURNAL_SPARES,
        }
    }
}

impl Options {
    pub(super) fn bounded(self) -> Self {
        let sector = SECTOR as u64;
        let most = limit::JOURNAL_SEGMENT_BYTES_MAX;
        let segment_bytes = self.segment_bytes.clamp(4 * sector, most);
        let segment_bytes = segment_bytes.next_multiple_of(sector);
        Self {
            segment_bytes,
            quota_bytes: self.quota_bytes.max(4 * segment_bytes),
            spares: self.spares.min(limit::JOURNAL_SPARES),
        }
    }
}
