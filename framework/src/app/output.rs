//! Data goes to stdout, talk to stderr. Colour only where somebody looks.

use std::io::{IsTerminal, Write};

use comfy_table::{Attribute, Cell, ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::{Map, Value};

use super::args::Format;
use super::failure::Failure;
use super::pretty;
#[cfg(feature = "orchestration")]
use crate::error::Problem;

/// Between columns.
const GAP: u16 = 2;

/// A word longer than this may be broken.
const WORD_CHARS: u16 = 40;

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub(super) format: Format,
}

impl Output {
    /// Prints the one or the other.
    pub(super) fn either(
        self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> Value,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.text(&text()),
            Format::Json => self.json(&json()),
        }
    }

    /// Prints text, ending in a newline.
    pub(super) fn text(self, text: &str) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        if !text.ends_with('\n') && !text.is_empty() {
            stdout.write_all(b"\n")?;
        }
        Ok(stdout.flush()?)
    }

    /// Prints JSON: one line, or indented where somebody looks.
    pub(super) fn json(self, value: &Value) -> Result<(), Failure> {
        self.json_bytes(value.to_string().as_bytes())
    }

    /// The same with what is JSON already; not one digit of it changes.
    pub(super) fn json_bytes(self, json: &[u8]) -> Result<(), Failure> {
        if std::io::stdout().is_terminal() {
            self.line(&pretty::indented(json))
        } else {
            self.line(json)
        }
    }

    /// Prints one line as it is.
    pub(super) fn line(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.write_all(b"\n")?;
        Ok(stdout.flush()?)
    }
}

/// What every JSON text but the result of a call is wrapped in.
pub(super) fn envelope<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let mut envelope = Map::new();
    envelope.insert("format".to_owned(), 1.into());
    envelope.extend(
        entries
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    Value::Object(envelope)
}

/// Talks on stderr.
pub(super) fn say(text: &str) {
    // Locked, so that lines of several threads do not mix. Nobody is left to tell when stderr is gone.
    drop(writeln!(anstream::stderr().lock(), "{text}"));
}

/// A table as wide as the terminal; in a pipe, as wide as its content. No word is broken.
pub(super) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    for (index, column) in table.column_iter_mut().enumerate() {
        let cells = rows.iter().map(|row| row[index].as_str());
        let words = cells.chain([header[index]]).flat_map(str::split_whitespace);
        let longest = words.map(|word| word.chars().count()).max().unwrap_or(0);
        let width = u16::try_from(longest).unwrap_or(WORD_CHARS).min(WORD_CHARS) + GAP;
        column
            .set_padding((0, GAP))
            .set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
    }
    table.add_rows(rows);
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A list in one cell.
pub(super) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    if items.is_empty() {
        "-".to_owned()
    } else {
        items.join(", ")
    }
}

/// A line for what is not proven: a warning, or an error if it must be.
#[cfg(feature = "orchestration")]
pub(super) fn unproven(problem: &Problem, is_strict: bool) -> String {
    let text = problem.to_string();
    match text.strip_prefix("error") {
        Some(rest) if !is_strict => format!("warning{rest}\n"),
        _ => format!("{text}\n"),
    }
}
