//! What a stream of records is made of.

use serde_json::Map;
use weldkit::Json;

/// One row as a JSON object.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The line that the row starts on, counted from 1, the header included. It is the identity of the record.
    pub line: u64,
    /// The values by the names of their columns.
    pub values: Map<String, Json>,
}

/// Why a row is not a record.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BadReason {
    /// More or fewer cells than there are columns.
    Ragged,
    /// Bytes that are not UTF-8.
    Encoding,
    /// Not JSON, or not an object, or an object with a key that stands twice.
    Syntax,
    /// A value that does not fit the type of its column.
    Type,
    /// A line of more than 1 MiB.
    TooLong,
    /// A quote that is not closed within 1 MiB; reading goes on with the next line.
    OpenQuote,
}

/// A row that is not a record, kept aside.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The line that the row starts on, counted from 1, the header included.
    pub line: u64,
    /// Why it is not a record.
    pub reason: BadReason,
    /// The same in words.
    pub message: String,
    /// The column at fault, where one is.
    #[serde(default)]
    pub column: Option<String>,
    /// The text of the row, at most 4 KiB of it; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Whether the text is longer than what is kept here.
    #[serde(default)]
    pub is_cut: bool,
}

/// A place in a source: what was before it need not be read again.
#[weldkit::data]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The line that begins there, counted from 1, the header included.
    pub line: u64,
    /// How many bytes are before it.
    pub byte: u64,
}

/// Some rows of a stream.
#[weldkit::data]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The rows that are records.
    pub records: Vec<Record>,
    /// The rows among them that are not.
    pub bad: Vec<BadRow>,
    /// The line that the last row starts on: pass it as `after_line` to go on after this batch.
    pub line_last: u64,
    /// The place behind the last row: pass it as `start`, and the rows before it are not read again.
    pub end: Place,
}

impl Batch {
    /// How many rows there are, bad ones included.
    pub fn len(&self) -> usize {
        self.records.len() + self.bad.len()
    }

    /// Whether there is no row at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
