//! A row on its way to a record: where it is, its text, and what it holds or why it is bad.

use weldkit_records::{BadReason, BadRow};

use crate::line::{EXCERPT_LEN, LINE_LEN_MAX};

/// One row of a source.
#[derive(Debug)]
pub(crate) struct Row<T> {
    /// The line that it starts on.
    pub(crate) line: u64,
    /// What stands there, as far as it was kept.
    pub(crate) text: Vec<u8>,
    /// What it holds.
    pub(crate) content: Result<T, Fault>,
}

impl<T> Row<T> {
    /// The same row with what becomes of its content.
    pub(crate) fn and_then<U>(self, work: impl FnOnce(T) -> Result<U, Fault>) -> Row<U> {
        Row {
            line: self.line,
            text: self.text,
            content: self.content.and_then(work),
        }
    }
}

/// Why a row is not a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) reason: BadReason,
    pub(crate) message: String,
    pub(crate) column: Option<String>,
}

impl Fault {
    pub(crate) fn new(reason: BadReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            column: None,
        }
    }

    pub(crate) fn in_column(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned());
        self
    }

    pub(crate) fn too_long(length: u64) -> Self {
        Self::new(
            BadReason::TooLong,
            format!("the line has {length} bytes; a line may have {LINE_LEN_MAX}"),
        )
    }

    /// The row as it is kept aside.
    pub(crate) fn into_bad_row(self, line: u64, text: &[u8]) -> BadRow {
        let is_cut = text.len() > EXCERPT_LEN || self.reason == BadReason::TooLong;
        let kept = String::from_utf8_lossy(&text[..text.len().min(EXCERPT_LEN)]);
        let text = kept.trim_end_matches(['\n', '\r']).to_owned();
        BadRow {
            line,
            reason: self.reason,
            message: self.message,
            column: self.column,
            text,
            is_cut,
        }
    }
}

/// A value in a message: quoted, and cut when it is long.
pub(crate) fn quote(value: &str) -> String {
    const SHOWN: usize = 60;
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}…`", &value[..end]),
        None => format!("`{value}`"),
    }
}
