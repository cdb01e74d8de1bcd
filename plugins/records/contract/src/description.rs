//! What is in a source.

use weldkit::Json;

use crate::{BadRow, ColumnType, Format};

/// What is in a source.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// How the rows are written: `csv` or `jsonl`.
    pub format: Format,
    /// What separates the cells of a CSV row.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// The columns; of JSON Lines, every key that a record has, in the order of their first record.
    pub columns: Vec<Column>,
    /// How many rows are records.
    pub record_count: u64,
    /// How many rows are not.
    pub bad_count: u64,
    /// The first of those, at most 20.
    pub bad: Vec<BadRow>,
    /// How long the source is.
    pub byte_count: u64,
}

/// One column.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The type that `read` gives to its values.
    #[serde(rename = "type")]
    pub of: ColumnType,
    /// How many values of the records look like what.
    pub counts: LookCounts,
    /// The first line whose value gave the column a wider type than the lines before.
    #[serde(default)]
    pub widened_at: Option<u64>,
    /// Up to three different values, the first ones.
    pub examples: Vec<Json>,
}

/// How many values look like what.
#[weldkit::data]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LookCounts {
    /// Empty cells and `null`.
    pub empty: u64,
    /// Whole numbers.
    pub integer: u64,
    /// Other numbers.
    pub number: u64,
    /// `true` and `false`.
    pub boolean: u64,
    /// Text.
    pub string: u64,
    /// Arrays and objects.
    pub nested: u64,
}
