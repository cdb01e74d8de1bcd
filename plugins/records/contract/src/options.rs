//! What to read, and how.

use std::collections::BTreeMap;

use crate::{Place, RecordsError};

/// Most rows of one batch.
pub const BATCH_SIZE_MAX: u32 = 10_000;
/// Rows that decide the types of columns, unless given.
pub const SAMPLE_ROWS: u64 = 10_000;

/// Where rows come from: `"strikes.csv"` or `{"path": "strikes.csv"}` for a file, `{"text": "a,b\n1,2"}` for the text
/// itself.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
#[serde(from = "SourceForm", into = "SourceForm")]
pub enum Source {
    /// A file, relative to the folder that the provider may read.
    Path(String),
    /// The text itself.
    Text(String),
}

/// The two ways to write a source in JSON.
#[weldkit::data]
#[derive(Debug, Clone)]
#[serde(untagged)]
enum SourceForm {
    /// A file, relative to the folder that the provider may read.
    Short(String),
    /// A file or a text, by name.
    Named(SourceNamed),
}

/// A file or a text, by name.
#[weldkit::data]
#[derive(Debug, Clone)]
#[serde(rename_all = "snake_case")]
enum SourceNamed {
    /// A file, relative to the folder that the provider may read.
    Path(String),
    /// The text itself.
    Text(String),
}

impl Source {
    /// A file.
    pub fn path(path: impl Into<String>) -> Self {
        Self::Path(path.into())
    }

    /// The text itself.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

impl From<SourceForm> for Source {
    fn from(form: SourceForm) -> Self {
        match form {
            SourceForm::Short(path) | SourceForm::Named(SourceNamed::Path(path)) => {
                Self::Path(path)
            }
            SourceForm::Named(SourceNamed::Text(text)) => Self::Text(text),
        }
    }
}

impl From<Source> for SourceForm {
    fn from(source: Source) -> Self {
        Self::Named(match source {
            Source::Path(path) => SourceNamed::Path(path),
            Source::Text(text) => SourceNamed::Text(text),
        })
    }
}

/// How the rows are written.
#[weldkit::data]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// By the ending of the file's name, else by its first character: `{` means JSON Lines.
    #[default]
    Auto,
    /// Comma-separated values, or separated by another character.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// What the values of a column are. Every type admits `null`.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// A whole number of 64 bits. Asked for by name, `+7`, ` 7 `, `007` and `7.0` are 7 as well.
    Integer,
    /// A number. Asked for by name, `+1.5`, ` 1.5 ` and `007` are numbers as well.
    Number,
    /// `true` or `false` in any case. Asked for by name, `yes`, `no`, `y`, `n`, `t`, `f`, `1` and `0` are as well.
    Boolean,
    /// Text as it stands.
    String,
    /// Each value by its own look; in JSON Lines, as it stands.
    Any,
}

/// How to read a source.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct ReadOptions {
    /// How the rows are written.
    pub format: Format,
    /// What separates the cells of a CSV row: one ASCII character. Unless given, the one of `,` `;` tab `|` that the
    /// first row has most of.
    pub delimiter: Option<char>,
    /// Whether the first row of a CSV names the columns. If not, they are `column_1`, `column_2` and so on.
    pub header: bool,
    /// Types of columns by name; the others are inferred.
    pub types: BTreeMap<String, ColumnType>,
    /// How many rows decide the inferred types; 0 means all of them, which reads a file twice.
    pub sample_rows: u64,
    /// Most rows of a batch, 1 to 10,000; the provider's setting unless given.
    #[schemars(range(min = 1, max = 10_000))]
    pub batch_size: Option<u32>,
    /// Most bad rows before the stream ends with an error; the provider's setting unless given.
    pub bad_rows_max: Option<u64>,
    /// Leave out the rows up to this line: to go on after the batch with this `line_last`.
    pub after_line: u64,
    /// Begin at this place: the `end` of the batch before. The columns are still those of the whole source.
    pub start: Option<Place>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            delimiter: None,
            header: true,
            types: BTreeMap::new(),
            sample_rows: SAMPLE_ROWS,
            batch_size: None,
            bad_rows_max: None,
            after_line: 0,
            start: None,
        }
    }
}

impl ReadOptions {
    /// The same with the type of one more column.
    #[must_use]
    pub fn typed(mut self, column: impl Into<String>, of: ColumnType) -> Self {
        self.types.insert(column.into(), of);
        self
    }

    /// Checks what the types of the fields do not say.
    ///
    /// # Errors
    /// [`RecordsError::InvalidOption`] with the name of the option.
    pub fn check(&self) -> Result<(), RecordsError> {
        let refuse = |option: &str, reason: String| {
            Err(RecordsError::InvalidOption {
                option: option.into(),
                reason,
            })
        };
        if let Some(delimiter) = self.delimiter
            && (!delimiter.is_ascii() || matches!(delimiter, '"' | '\n' | '\r'))
        {
            return refuse(
                "delimiter",
                format!("{delimiter:?} cannot separate cells; give another ASCII character"),
            );
        }
        if let Some(size) = self.batch_size
            && !(1..=BATCH_SIZE_MAX).contains(&size)
        {
            return refuse(
                "batch_size",
                format!("it is 1 to {BATCH_SIZE_MAX}, not {size}"),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_source_has_a_short_and_a_named_form() {
        let check = |form: weldkit::Json, expected: Source| {
            let source: Source = serde_json::from_value(form).unwrap();
            assert_eq!(source, expected);
            let again: Source =
                serde_json::from_value(serde_json::to_value(&source).unwrap()).unwrap();
            assert_eq!(again, expected);
        };
        check(json!("a.csv"), Source::path("a.csv"));
        check(json!({"path": "a.csv"}), Source::path("a.csv"));
        check(json!({"text": "a\n1"}), Source::text("a\n1"));
        for bad in [
            json!(1),
            json!({}),
            json!({"pat": "a"}),
            json!({"path": "a", "text": "b"}),
        ] {
            assert!(
                serde_json::from_value::<Source>(bad.clone()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn options_are_optional_and_checked() {
        let options: ReadOptions =
            serde_json::from_value(json!({"types": {"a": "integer"}})).unwrap();
        assert_eq!(
            options,
            ReadOptions::default().typed("a", ColumnType::Integer)
        );
        assert!(options.check().is_ok());
        assert!(serde_json::from_value::<ReadOptions>(json!({"tipes": {}})).is_err());
        let check = |options: ReadOptions, expected: &str| {
            let error = options.check().unwrap_err();
            assert!(
                matches!(&error, RecordsError::InvalidOption { option, .. } if option == expected),
                "{error}"
            );
        };
        for delimiter in ['"', '\n', '\r', 'é'] {
            check(
                ReadOptions {
                    delimiter: Some(delimiter),
                    ..ReadOptions::default()
                },
                "delimiter",
            );
        }
        for size in [0, BATCH_SIZE_MAX + 1] {
            check(
                ReadOptions {
                    batch_size: Some(size),
                    ..ReadOptions::default()
                },
                "batch_size",
            );
        }
    }
}
