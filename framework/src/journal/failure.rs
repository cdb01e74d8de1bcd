use std::io;
use std::sync::Arc;

use super::Position;
use crate::error::{CallError, Effect};

/// Why the journal did not take a record, or cannot be opened.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The quota is reached. Nothing was written; it goes on once something is released.
    #[error(
        "the journal is full: it holds {bytes} of at most {quota} bytes, and the oldest live record is at {oldest}; finish or forget what began there, or raise the quota"
    )]
    Full {
        /// Where what cannot be released begins.
        oldest: Position,
        /// Bytes of its files.
        bytes: u64,
        /// The most that it may hold.
        quota: u64,
    },
    /// The record is longer than any may be. Nothing was written.
    #[error("a record of {bytes} bytes is longer than the journal takes: at most {most}")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// The most.
        most: u64,
    },
    /// A new file could not be made, a full disk for example. Nothing was written; the next append tries again.
    #[error("cannot make the journal file `{file}`: {source}; nothing was written")]
    NoRoom {
        /// The file.
        file: String,
        /// What the machine said.
        source: Arc<io::Error>,
    },
    /// Writing or forcing failed: whether the record is durable shows when the journal is opened again.
    #[error("whether the record is durable shows at the next start: {cause}")]
    Unknown {
        /// What failed.
        cause: String,
    },
    /// It failed before, and takes nothing until it is opened again. Nothing of this record was written.
    #[error("the journal takes no record until the host is started again: {cause}")]
    Failed {
        /// What failed then.
        cause: String,
    },
    /// It was closed before. Nothing was written.
    #[error("the journal is closed")]
    Closed,
    /// A file holds something else than what was written to it.
    #[error(
        "the journal file `{file}` is damaged at byte {offset}: {what}; restore the state folder from a backup"
    )]
    Damaged {
        /// The file.
        file: String,
        /// The first byte that is in doubt.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// A file between others is not there.
    #[error("the journal file `{file}` is missing; restore the state folder from a backup")]
    Missing {
        /// The file.
        file: String,
    },
    /// A file has a newer format.
    #[error(
        "the journal file `{file}` was written by a later version (format {version}, this program knows {known}); use that version"
    )]
    Newer {
        /// The file.
        file: String,
        /// Its format.
        version: u32,
        /// The newest format known here.
        known: u32,
    },
    /// A file or the folder could not be read or changed.
    #[error("cannot use the journal file `{file}`: {source}")]
    Io {
        /// The file.
        file: String,
        /// What the machine said.
        source: Arc<io::Error>,
    },
    /// Whoever replayed the record could not take it.
    #[error("the journal record at {position} was refused: {reason}")]
    Refused {
        /// The record.
        position: Position,
        /// Why.
        reason: String,
    },
}

impl Failure {
    /// Whether the record may be durable nevertheless.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Unknown { .. } => Effect::Possible,
            _ => Effect::None,
        }
    }

    /// Whether the journal takes nothing more after it, until it is opened again.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Full { .. } | Self::TooLong { .. } | Self::NoRoom { .. } | Self::Io { .. } => {
                false
            }
            Self::Unknown { .. }
            | Self::Failed { .. }
            | Self::Closed
            | Self::Damaged { .. }
            | Self::Missing { .. }
            | Self::Newer { .. }
            | Self::Refused { .. } => true,
        }
    }
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        let error = match &failure {
            Failure::Full { .. } | Failure::TooLong { .. } => CallError::limit(
                "the journal has no room for what the call wrote; ask the operator to look at `doctor`",
            ),
            Failure::Unknown { .. } => CallError::unavailable(
                "the disk failed while the call was made durable; whether it was shows at the next start",
            ),
            _ => CallError::unavailable(
                "the journal cannot make anything durable; ask the operator to look at `doctor`",
            ),
        };
        let passing = matches!(failure, Failure::Full { .. } | Failure::NoRoom { .. });
        error
            .effect(failure.effect())
            .retryable(passing)
            .caused_by(failure)
    }
}
