//! How the commands talk: progress and errors on stderr, data on stdout.
//!
//! Colours go through `anstream`, so that NO_COLOR and pipes are respected. Whether a human is
//! watching never changes the data.

use std::fmt::Display;

use clap::builder::styling::{AnsiColor, Style};

use crate::error::Error;

const VERB: Style = AnsiColor::Green.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();
const BOLD: Style = Style::new().bold();

/// Says what is being done, in Cargo's own look.
pub fn step(verb: &str, what: impl Display) {
    anstream::eprintln!("{VERB}{verb:>12}{VERB:#} {what}");
}

/// Says what is worth knowing and stops nothing.
pub fn warn(message: impl Display) {
    anstream::eprintln!("{WARNING}warning{WARNING:#}: {message}");
}

/// A line under the last one.
pub fn more(line: impl Display) {
    anstream::eprintln!("{:>12} {line}", "");
}

/// A headline between the parts of a long command.
pub fn headline(line: impl Display) {
    anstream::eprintln!("\n{BOLD}{line}{BOLD:#}");
}

/// A command as one would type it.
pub fn command(line: impl Display) {
    anstream::eprintln!("{:>12} {BOLD}{line}{BOLD:#}", "$");
}

/// The widest line of running text.
const WIDTH_MAX: usize = 92;

/// A sentence as data, wrapped between words.
pub fn paragraph(text: &str) {
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH_MAX {
            data(format_args!("{BOLD}{line}{BOLD:#}"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    data(format_args!("{BOLD}{line}{BOLD:#}"));
}

/// Shows every problem of an error with its fixes.
pub fn error(error: &Error) {
    for problem in error.problems() {
        anstream::eprintln!("{ERROR}error{ERROR:#}: {}", problem.message);
        for line in &problem.help {
            anstream::eprintln!("  {HELP}help{HELP:#}: {line}");
        }
    }
}

/// One line of data.
pub fn data(line: impl Display) {
    anstream::println!("{line}");
}

/// A table as data: columns as wide as their widest cell, numbers (by heading) to the right.
pub fn table(headings: &[&str], rows: &[Vec<String>]) {
    let (first, rest) = lay_out(headings, rows);
    data(format_args!("{BOLD}{first}{BOLD:#}"));
    rest.iter().for_each(data);
}

/// The lines of a table; a heading that begins with `>` is a column of numbers.
fn lay_out(headings: &[&str], rows: &[Vec<String>]) -> (String, Vec<String>) {
    let numeric: Vec<bool> = headings.iter().map(|h| h.starts_with('>')).collect();
    let headings: Vec<String> = headings
        .iter()
        .map(|h| h.trim_start_matches('>').to_owned())
        .collect();
    let width = |column: usize| {
        std::iter::once(&headings)
            .chain(rows)
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let gap = " ".repeat(width(column).saturating_sub(cell.chars().count()));
            let space = if column == 0 { "" } else { "  " };
            if numeric.get(column) == Some(&true) {
                line.push_str(&format!("{space}{gap}{cell}"));
            } else {
                line.push_str(&format!("{space}{cell}{gap}"));
            }
        }
        line.trim_end().to_owned()
    };
    (line(&headings), rows.iter().map(line).collect())
}

/// A count of bytes as a reader likes it.
pub fn bytes(count: u64) -> String {
    const UNIT: f64 = 1024.0;
    let exact = count as f64;
    if exact < UNIT {
        format!("{count} B")
    } else if exact < UNIT * UNIT {
        format!("{:.0} KiB", exact / UNIT)
    } else {
        format!("{:.2} MiB", exact / UNIT / UNIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![
            vec!["a".to_owned(), "7".to_owned(), "x".to_owned()],
            vec!["longer".to_owned(), "1234".to_owned(), String::new()],
        ];
        let (first, rest) = lay_out(&["name", ">count", "note"], &rows);
        assert_eq!(first, "name    count  note");
        assert_eq!(rest, ["a           7  x", "longer   1234"]);
    }

    #[test]
    fn bytes_read_well() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(300 * 1024), "300 KiB");
        assert_eq!(bytes(5 * 1024 * 1024 + 512 * 1024), "5.50 MiB");
    }
}
