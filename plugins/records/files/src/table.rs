//! The columns of a CSV: their names, their types, and rows as objects of them.

use std::collections::BTreeSet;
use std::io;

use serde_json::Map;
use weldkit::Json;
use weldkit_records::{BadReason, ColumnType, ReadOptions, RecordsError};

use crate::cell::{self, Look};
use crate::csv::{Cells, CsvParser, detect_delimiter};
use crate::line::{Ending, Lines};
use crate::reader::{ASK_EVERY, cancelled};
use crate::row::{Fault, Row, quote};
use crate::source;

/// Most columns of a source.
pub(crate) const COLUMNS_MAX: usize = 10_000;

/// One column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) of: ColumnType,
    /// Whether the type was asked for by name.
    is_asked_for: bool,
}

/// A CSV that has been opened: the next row is the first one of records.
pub(crate) struct Table {
    parser: CsvParser,
    delimiter: u8,
    columns: Vec<Column>,
    sample_rows: u64,
    /// Whether values of inferred types come as they look, for whoever counts that.
    pub(crate) as_seen: bool,
}

impl Table {
    /// Finds out the delimiter, the names and the types, and goes back to the first row.
    pub(crate) fn open(
        lines: &mut Lines,
        label: &str,
        options: &ReadOptions,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, RecordsError> {
        let fault = |error: io::Error| source::unreadable(label, error.to_string());
        lines.restart(Ending::Any).map_err(fault)?;
        let delimiter = match options.delimiter {
            // `ReadOptions::check` has seen to it that the delimiter is ASCII.
            Some(delimiter) => delimiter as u8,
            None => likeliest_delimiter(lines).map_err(fault)?,
        };
        lines.restart(Ending::Any).map_err(fault)?;
        let parser = CsvParser::new(delimiter);
        let mut table = Self {
            parser,
            delimiter,
            columns: Vec::new(),
            sample_rows: options.sample_rows,
            as_seen: false,
        };
        let names = table.names(lines, options.header).map_err(fault)?;
        table.name_columns(
            names.map_err(|reason| source::unreadable(label, reason))?,
            options,
        )?;
        if table.columns.iter().any(|column| !column.is_asked_for) {
            table.rewind(lines, options.header).map_err(fault)?;
            let is_whole = table.infer(lines, is_cancelled).map_err(fault)?;
            if !is_whole {
                return Err(cancelled());
            }
        }
        table.rewind(lines, options.header).map_err(fault)?;
        Ok(table)
    }

    pub(crate) fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Goes to the first row of records.
    fn rewind(&mut self, lines: &mut Lines, header: bool) -> io::Result<()> {
        lines.restart(Ending::Any)?;
        self.parser = CsvParser::new(self.delimiter);
        if header {
            self.parser.next(lines)?;
        }
        Ok(())
    }

    /// The names of the columns: of the first row, or made up; or why there are none. An empty source has no columns.
    fn names(
        &mut self,
        lines: &mut Lines,
        header: bool,
    ) -> io::Result<Result<Vec<String>, String>> {
        let Some(row) = self.parser.next(lines)? else {
            return Ok(Ok(Vec::new()));
        };
        let cells = match row.content {
            Ok(cells) if cells.len() > COLUMNS_MAX => {
                return Ok(Err(format!(
                    "it has {} columns; it may have {COLUMNS_MAX}",
                    cells.len()
                )));
            }
            Ok(cells) => cells,
            Err(fault) => {
                return Ok(Err(format!(
                    "its first row, on line {}: {}",
                    row.line, fault.message
                )));
            }
        };
        let Some(cells) = texts(cells) else {
            return Ok(Err(format!(
                "its first row, on line {}, is not UTF-8",
                row.line
            )));
        };
        let mut taken = BTreeSet::new();
        let names = (1..).zip(cells).map(|(number, cell)| {
            let name = if header { cell.trim() } else { "" };
            unique(
                if name.is_empty() {
                    format!("column_{number}")
                } else {
                    name.to_owned()
                },
                &mut taken,
            )
        });
        Ok(Ok(names.collect()))
    }

    fn name_columns(
        &mut self,
        names: Vec<String>,
        options: &ReadOptions,
    ) -> Result<(), RecordsError> {
        if let Some(unknown) = options.types.keys().find(|name| !names.contains(name)) {
            let likeness = |name: &String| strsim::jaro_winkler(name, unknown);
            let nearest = names
                .iter()
                .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let advice = nearest.map_or("there is none at all".into(), |name| {
                format!("the nearest one is `{name}`")
            });
            return Err(RecordsError::UnknownColumn {
                column: unknown.clone(),
                advice,
            });
        }
        let columns = names.into_iter().map(|name| {
            let asked_for = options.types.get(&name).copied();
            Column {
                name,
                of: asked_for.unwrap_or(ColumnType::String),
                is_asked_for: asked_for.is_some(),
            }
        });
        self.columns = columns.collect();
        Ok(())
    }

    /// Gives each column that nobody asked a type for the narrowest one of the first rows. `false` when cancelled.
    fn infer(&mut self, lines: &mut Lines, is_cancelled: &dyn Fn() -> bool) -> io::Result<bool> {
        let mut found: Vec<Option<ColumnType>> = vec![None; self.columns.len()];
        let mut sampled = 0;
        while self.sample_rows == 0 || sampled < self.sample_rows {
            let Some(row) = self.parser.next(lines)? else {
                break;
            };
            if row.line % ASK_EVERY == 0 && is_cancelled() {
                return Ok(false);
            }
            // A row that is bad anyway has no say.
            let Some(cells) = row.content.ok().and_then(texts) else {
                continue;
            };
            if cells.len() != found.len() {
                continue;
            }
            sampled += 1;
            for (of, cell) in found.iter_mut().zip(cells) {
                *of = Look::of_cell(cell).widen(*of);
            }
        }
        for (column, of) in self
            .columns
            .iter_mut()
            .zip(found)
            .filter(|(column, _)| !column.is_asked_for)
        {
            column.of = of.unwrap_or(ColumnType::String);
        }
        Ok(true)
    }

    /// The next row as an object.
    pub(crate) fn next(&mut self, lines: &mut Lines) -> io::Result<Option<Row<Map<String, Json>>>> {
        let Self {
            parser,
            columns,
            sample_rows,
            as_seen,
            ..
        } = self;
        let row = parser.next(lines)?;
        Ok(row.map(|row| row.and_then(|cells| values(cells, columns, *sample_rows, *as_seen))))
    }
}

fn likeliest_delimiter(lines: &mut Lines) -> io::Result<u8> {
    while let Some(line) = lines.next()? {
        if !line.content().is_empty() {
            return Ok(detect_delimiter(line.content()));
        }
    }
    Ok(b',')
}

/// A name that no column before has.
fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut unique = name.clone();
    for copy in 2.. {
        if taken.insert(unique.clone()) {
            break;
        }
        unique = format!("{name}_{copy}");
    }
    unique
}

/// The cells as texts, when all of them are UTF-8.
fn texts(cells: &Cells) -> Option<Vec<&str>> {
    cells
        .iter()
        .map(|cell| std::str::from_utf8(cell).ok())
        .collect()
}

/// A CSV row as an object.
fn values(
    cells: &Cells,
    columns: &[Column],
    sample_rows: u64,
    as_seen: bool,
) -> Result<Map<String, Json>, Fault> {
    if cells.len() != columns.len() {
        let message = format!(
            "the row has {} cells and there are {} columns",
            cells.len(),
            columns.len()
        );
        return Err(Fault::new(BadReason::Ragged, message));
    }
    let mut values = Map::new();
    for (cell, column) in cells.iter().zip(columns) {
        let text = std::str::from_utf8(cell).map_err(|_| {
            Fault::new(
                BadReason::Encoding,
                format!("`{}` is not UTF-8", column.name),
            )
            .in_column(&column.name)
        })?;
        let value = if column.is_asked_for {
            cell::asked_for(text, column.of)
        } else {
            cell::inferred(text, column.of)
        };
        let value = value.ok_or_else(|| misfit(text, column, sample_rows))?;
        let value = if as_seen && !column.is_asked_for {
            cell::by_look(text)
        } else {
            value
        };
        values.insert(column.name.clone(), value);
    }
    Ok(values)
}

/// Why a cell is not of the type of its column.
fn misfit(text: &str, column: &Column, sample_rows: u64) -> Fault {
    let (name, of) = (&column.name, cell::in_words(column.of));
    let mut message = format!("{} in `{name}` is not {of}", quote(text));
    if !column.is_asked_for {
        message += &format!(
            ", as the first {sample_rows} rows had it; set `types` of `{name}` or raise `sample_rows`"
        );
    }
    Fault::new(BadReason::Type, message).in_column(name)
}
