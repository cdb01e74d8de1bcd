//! What is in a source: one walk over all of it.

use std::collections::BTreeMap;

use weldkit::Json;
use weldkit_records::{
    BadRow, Column, ColumnType, Description, Format, LookCounts, Record, RecordsError,
};

use crate::cell::Look;
use crate::reader::Reader;
use crate::source;
use crate::table::COLUMNS_MAX;

/// Most bad rows that a description shows.
const BAD_SHOWN: usize = 20;
/// Most examples of one column.
const EXAMPLES: usize = 3;
/// Most characters of an example.
const EXAMPLE_LEN: usize = 100;

/// Reads to the end and describes what was there. Blocks. `step` is asked after each batch whether to go on.
pub(crate) fn describe(
    mut reader: Reader,
    step: impl Fn(&Reader) -> bool,
) -> Result<Description, RecordsError> {
    let mut walk = Walk::default();
    let delimiter = reader.table().map(|table| {
        table.as_seen = true;
        table
            .columns()
            .iter()
            .for_each(|column| walk.add(&column.name, Some(column.of)));
        table.delimiter()
    });
    while step(&reader)
        && let Some(batch) = reader.next_batch(&|| false)?
    {
        walk.bad_count += batch.bad.len() as u64;
        let room = BAD_SHOWN - walk.bad.len();
        walk.bad.extend(batch.bad.into_iter().take(room));
        for record in batch.records {
            walk.record(record)?;
        }
    }
    Ok(Description {
        format: if delimiter.is_some() {
            Format::Csv
        } else {
            Format::Jsonl
        },
        delimiter,
        columns: walk.columns.into_iter().map(Seen::into_column).collect(),
        record_count: walk.record_count,
        bad_count: walk.bad_count,
        bad: walk.bad,
        byte_count: reader.byte_count(),
    })
}

/// What has been seen so far.
#[derive(Default)]
struct Walk {
    columns: Vec<Seen>,
    places: BTreeMap<String, usize>,
    record_count: u64,
    bad_count: u64,
    bad: Vec<BadRow>,
}

impl Walk {
    fn add(&mut self, name: &str, of: Option<ColumnType>) {
        self.places.insert(name.to_owned(), self.columns.len());
        self.columns.push(Seen {
            name: name.to_owned(),
            of,
            ..Seen::default()
        });
    }

    fn record(&mut self, record: Record) -> Result<(), RecordsError> {
        self.record_count += 1;
        for (name, value) in record.values {
            if !self.places.contains_key(&name) {
                if self.columns.len() == COLUMNS_MAX {
                    let reason = format!("its records have more than {COLUMNS_MAX} different keys");
                    return Err(source::unreadable(&format!("line {}", record.line), reason));
                }
                self.add(&name, None);
            }
            self.columns[self.places[&name]].see(record.line, value);
        }
        Ok(())
    }
}

/// What has been seen of one column.
#[derive(Default)]
struct Seen {
    name: String,
    /// The type that `read` gives; of JSON Lines, none.
    of: Option<ColumnType>,
    /// The narrowest type that holds what was seen.
    seen: Option<ColumnType>,
    counts: LookCounts,
    widened_at: Option<u64>,
    examples: Vec<Json>,
}

impl Seen {
    fn see(&mut self, line: u64, value: Json) {
        let look = Look::of_value(&value);
        look.count(&mut self.counts);
        let wider = look.widen(self.seen);
        if self.seen.is_some() && wider != self.seen && self.widened_at.is_none() {
            self.widened_at = Some(line);
        }
        self.seen = wider;
        if look != Look::Empty && self.examples.len() < EXAMPLES {
            let value = short(value);
            if !self.examples.contains(&value) {
                self.examples.push(value);
            }
        }
    }

    fn into_column(self) -> Column {
        Column {
            name: self.name,
            of: self.of.or(self.seen).unwrap_or(ColumnType::Any),
            counts: self.counts,
            widened_at: self.widened_at,
            examples: self.examples,
        }
    }
}

/// A value short enough for an example.
fn short(value: Json) -> Json {
    let text = match &value {
        Json::String(text) => text.clone(),
        Json::Array(_) | Json::Object(_) => value.to_string(),
        Json::Null | Json::Bool(_) | Json::Number(_) => return value,
    };
    match text.char_indices().nth(EXAMPLE_LEN) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => value,
    }
}
