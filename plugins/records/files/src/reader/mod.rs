//! Records and bad rows from a source, batch by batch.

use serde_json::Map;
use weldkit::{CallError, Json};
use weldkit_records::{
    BadReason, BadRow, Batch, Format, ReadOptions, Record, RecordsError, Source,
};

use crate::cell;
use crate::jsonl;
use crate::line::{Ending, Lines};
use crate::row::{Fault, Row, quote};
use crate::source::{self, Root};
use crate::table::Table;

/// Bytes of rows at which a batch ends before its size.
const BATCH_LEN: usize = 4 * 1024 * 1024;
/// Rows between two questions whether the call is cancelled, where no batch ends in between.
pub(crate) const ASK_EVERY: u64 = 1_024;

/// What the settings say where the options do not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults {
    pub(crate) batch_size: u32,
    pub(crate) bad_rows_max: u64,
}

/// Reads one source from its beginning to its end.
pub(crate) struct Reader {
    label: String,
    lines: Lines,
    rows: Rows,
    options: ReadOptions,
    batch_size: usize,
    bad_rows_max: u64,
    bad_count: u64,
    byte_count: u64,
    /// An error that waits until the rows before it have been handed over.
    failed: Option<RecordsError>,
}

enum Rows {
    Csv(Box<Table>),
    Jsonl,
}

impl Reader {
    /// Opens a source and finds out what its columns are. Blocks.
    pub(crate) fn open(
        root: &Root,
        source: Source,
        options: ReadOptions,
        defaults: Defaults,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, RecordsError> {
        options.check()?;
        let label = source::label(&source);
        let kind = source.clone();
        let opened = root.open(source)?;
        let mut lines = Lines::new(opened.input, Ending::Newline);
        let first = lines
            .peek()
            .map_err(|error| source::unreadable(&label, error.to_string()))?;
        source::check_is_text(&label, first)?;
        let format = source::format(options.format, &kind, first)?;
        let mut reader = Self {
            label,
            lines,
            rows: Rows::Jsonl,
            batch_size: options.batch_size.unwrap_or(defaults.batch_size) as usize,
            bad_rows_max: options.bad_rows_max.unwrap_or(defaults.bad_rows_max),
            bad_count: 0,
            byte_count: opened.byte_count,
            options,
            failed: None,
        };
        if format == Format::Csv {
            let table = Table::open(
                &mut reader.lines,
                &reader.label,
                &reader.options,
                is_cancelled,
            )?;
            reader.rows = Rows::Csv(Box::new(table));
        }
        if let Some(start) = reader.options.start.filter(|start| start.byte > 0) {
            let found = reader.lines.go_to(start);
            if !found.map_err(|error| source::unreadable(&reader.label, error.to_string()))? {
                return Err(RecordsError::InvalidOption {
                    option: "start".into(),
                    reason: format!(
                        "no line of `{}` begins at byte {}; give the `end` of a batch",
                        reader.label, start.byte
                    ),
                });
            }
        }
        Ok(reader)
    }

    /// The table of a CSV.
    pub(crate) fn table(&mut self) -> Option<&mut Table> {
        match &mut self.rows {
            Rows::Csv(table) => Some(table),
            Rows::Jsonl => None,
        }
    }

    pub(crate) fn byte_count(&self) -> u64 {
        self.byte_count
    }

    /// How much of the source has been read, 0 to 1.
    pub(crate) fn progress(&self) -> f64 {
        if self.byte_count == 0 {
            1.0
        } else {
            (self.lines.bytes_read() as f64 / self.byte_count as f64).min(1.0)
        }
    }

    /// The next rows, or none at the end. Blocks.
    pub(crate) fn next_batch(
        &mut self,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Batch>, RecordsError> {
        if let Some(failed) = self.failed.take() {
            return Err(failed);
        }
        let mut batch = Batch::default();
        let mut length = 0;
        while batch.len() < self.batch_size && length < BATCH_LEN {
            let Some(row) = self.next_row()? else { break };
            if row.line <= self.options.after_line {
                if row.line % ASK_EVERY == 0 && is_cancelled() {
                    return Err(cancelled());
                }
                continue;
            }
            length += row.text.len();
            match row.content {
                Ok(values) => batch.records.push(Record {
                    line: row.line,
                    values,
                }),
                Err(fault) => {
                    let bad = fault.into_bad_row(row.line, &row.text);
                    if !self.admit(&bad) {
                        break;
                    }
                    batch.bad.push(bad);
                }
            }
            batch.line_last = row.line;
            batch.end = self.lines.place();
        }
        match (batch.is_empty(), self.failed.take()) {
            (true, Some(failed)) => Err(failed),
            (true, None) => Ok(None),
            (false, failed) => {
                self.failed = failed;
                Ok(Some(batch))
            }
        }
    }

    /// Counts a bad row; `false` when it is one too many, and the stream ends.
    fn admit(&mut self, bad: &BadRow) -> bool {
        self.bad_count += 1;
        let admitted = self.bad_count <= self.bad_rows_max;
        if !admitted {
            let (limit, line, message) = (self.bad_rows_max, bad.line, bad.message.clone());
            self.failed = Some(RecordsError::TooManyBadRows {
                limit,
                line,
                message,
            });
        }
        admitted
    }

    fn next_row(&mut self) -> Result<Option<Row<Map<String, Json>>>, RecordsError> {
        let row = match &mut self.rows {
            Rows::Csv(table) => table.next(&mut self.lines),
            Rows::Jsonl => {
                let row = jsonl::next(&mut self.lines);
                row.map(|row| row.map(|row| row.and_then(|values| typed(values, &self.options))))
            }
        };
        row.map_err(|error| source::unreadable(&self.label, error.to_string()))
    }
}

pub(crate) fn cancelled() -> RecordsError {
    RecordsError::Call(CallError::new(
        weldkit::Code::Cancelled,
        "nobody waits for the records any more",
    ))
}

/// A JSON object with the types that were asked for.
fn typed(mut values: Map<String, Json>, options: &ReadOptions) -> Result<Map<String, Json>, Fault> {
    for (name, of) in &options.types {
        let Some(value) = values.get_mut(name) else {
            continue;
        };
        *value = cell::value_as(value.take(), *of).map_err(|value| {
            let message = format!(
                "{} in `{name}` is not {}",
                quote(&value.to_string()),
                cell::in_words(*of)
            );
            Fault::new(BadReason::Type, message).in_column(name)
        })?;
    }
    Ok(values)
}

#[cfg(test)]
mod tests;
