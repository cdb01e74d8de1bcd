//! Rows of a CSV source, cell by cell, with a bound on the length of a row.
//!
//! The cells are found by csv-core. Around it: a row that never ends (a quote that nobody closes) costs one line and
//! not the rest of the source, because the lines that it swallowed are given back.

use std::io;

use csv_core::{ReadRecordResult, ReaderBuilder};
use weldkit_records::BadReason;

use crate::line::{LINE_LEN_MAX, Line, Lines};
use crate::row::{Fault, Row};

/// The characters that may separate cells when nobody says which, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The cells of one row, in buffers that are used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    bytes: Vec<u8>,
    length: usize,
    ends: Vec<usize>,
    count: usize,
}

impl Cells {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The cells in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let ends = &self.ends[..self.count];
        let starts = std::iter::once(&0).chain(ends);
        starts
            .zip(ends)
            .map(|(start, end)| &self.bytes[*start..*end])
    }
}

/// Takes rows from lines.
pub(crate) struct CsvParser {
    reader: csv_core::Reader,
    cells: Cells,
}

impl CsvParser {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            cells: Cells::default(),
        }
    }

    /// The next row, or none at the end. Blank lines are no rows.
    pub(crate) fn next(&mut self, lines: &mut Lines) -> io::Result<Option<Row<&Cells>>> {
        let first = loop {
            match lines.next()? {
                None => return Ok(None),
                Some(line) if line.content().is_empty() && !line.is_too_long() => {}
                Some(line) => break line,
            }
        };
        if first.is_too_long() {
            let fault = Fault::too_long(first.length);
            return Ok(Some(Row {
                line: first.number,
                text: first.bytes,
                content: Err(fault),
            }));
        }
        (self.cells.length, self.cells.count) = (0, 0);
        let mut is_whole = self.feed(&first.bytes);
        let mut length = first.bytes.len();
        let mut swallowed: Vec<Line> = Vec::new();
        while !is_whole {
            match lines.next()? {
                Some(line) if !line.is_too_long() && length + line.bytes.len() <= LINE_LEN_MAX => {
                    length += line.bytes.len();
                    is_whole = self.feed(&line.bytes);
                    swallowed.push(line);
                }
                beyond => {
                    swallowed.extend(beyond);
                    lines.push_back(swallowed);
                    self.reader.reset();
                    return Ok(Some(Row {
                        line: first.number,
                        text: first.bytes,
                        content: Err(open_quote()),
                    }));
                }
            }
        }
        let mut text = first.bytes;
        swallowed
            .iter()
            .for_each(|line| text.extend_from_slice(&line.bytes));
        Ok(Some(Row {
            line: first.number,
            text,
            content: Ok(&self.cells),
        }))
    }

    /// Feeds one line; whether the row is whole now.
    fn feed(&mut self, line: &[u8]) -> bool {
        // The last line of a source may lack its ending. An open quote does not care.
        self.feed_bytes(line)
            || (!line.ends_with(b"\n") && !line.ends_with(b"\r") && self.feed_bytes(b"\n"))
    }

    fn feed_bytes(&mut self, mut input: &[u8]) -> bool {
        let Self { reader, cells } = self;
        cells
            .bytes
            .resize(cells.bytes.len().max(cells.length + input.len() + 1), 0);
        loop {
            let (result, taken, written, ended) = reader.read_record(
                input,
                &mut cells.bytes[cells.length..],
                &mut cells.ends[cells.count..],
            );
            input = &input[taken..];
            cells.length += written;
            cells.count += ended;
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => return true,
                ReadRecordResult::InputEmpty => return false,
                ReadRecordResult::OutputFull => cells.bytes.resize(cells.bytes.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => cells.ends.resize(cells.ends.len() * 2 + 32, 0),
            }
        }
    }
}

fn open_quote() -> Fault {
    Fault::new(
        BadReason::OpenQuote,
        format!(
            "a quote is not closed within {LINE_LEN_MAX} bytes or before the end; reading goes on with the next line"
        ),
    )
}

/// The delimiter that a first row has most of, outside of quotes.
pub(crate) fn detect_delimiter(first: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut is_quoted = false;
    for byte in first {
        if *byte == b'"' {
            is_quoted = !is_quoted;
        }
        if let Some(at) = DELIMITERS.iter().position(|delimiter| delimiter == byte)
            && !is_quoted
        {
            counts[at] += 1;
        }
    }
    // The first of equals, because `max_by_key` would take the last.
    let best = (0..DELIMITERS.len()).rev().max_by_key(|at| counts[*at]);
    DELIMITERS[best.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::line::Ending;

    /// Each row as its line and its cells, or the reason why it is bad.
    fn rows(text: &[u8]) -> Vec<(u64, Result<Vec<String>, BadReason>)> {
        let mut lines = Lines::new(Box::new(Cursor::new(text.to_vec())), Ending::Any);
        let mut parser = CsvParser::new(b',');
        let mut rows = Vec::new();
        while let Some(row) = parser.next(&mut lines).unwrap() {
            let cells = |cells: &Cells| {
                cells
                    .iter()
                    .map(|cell| String::from_utf8_lossy(cell).into_owned())
                    .collect()
            };
            rows.push((
                row.line,
                row.content.map(cells).map_err(|fault| fault.reason),
            ));
        }
        rows
    }

    fn good(cells: &[&str]) -> Result<Vec<String>, BadReason> {
        Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn rows_know_the_line_they_start_on() {
        let check = |text: &str, expected: &[(u64, &[&str])]| {
            let expected: Vec<_> = expected
                .iter()
                .map(|(line, cells)| (*line, good(cells)))
                .collect();
            assert_eq!(rows(text.as_bytes()), expected, "{text:?}");
        };
        check("a,b\n1,2\n", &[(1, &["a", "b"]), (2, &["1", "2"])]);
        check("a,b\r\n\r\n1,2", &[(1, &["a", "b"]), (3, &["1", "2"])]);
        check("a\rb\rc", &[(1, &["a"]), (2, &["b"]), (3, &["c"])]);
        check(
            "\"x\ny\",2\nz,3\n",
            &[(1, &["x\ny", "2"]), (3, &["z", "3"])],
        );
        check("\"x\r\n\r\ny\"\r\nz", &[(1, &["x\r\n\r\ny"]), (4, &["z"])]);
        check(
            "\"a\"\"b\",\"c,d\",e\"f\n",
            &[(1, &["a\"b", "c,d", "e\"f"])],
        );
        check(",\n\"\"\n", &[(1, &["", ""]), (2, &[""])]);
        check("", &[]);
        check("\n\n", &[]);
    }

    #[test]
    fn an_open_quote_costs_one_line() {
        let open = Err(BadReason::OpenQuote);
        assert_eq!(
            rows(b"a\n\"b\nc\nd"),
            [
                (1, good(&["a"])),
                (2, open.clone()),
                (3, good(&["c"])),
                (4, good(&["d"]))
            ]
        );
        assert_eq!(rows(b"\"a"), [(1, open.clone())]);
        // A later quote closes it, as the format has it: one row over two lines.
        assert_eq!(
            rows(b"\"b\nc\"\nd"),
            [(1, good(&["b\nc"])), (3, good(&["d"]))]
        );
        // Nobody closes it within the bound.
        let mut text = b"\"b\n".to_vec();
        let row_count = LINE_LEN_MAX / 2 + 10;
        text.extend(b"c\n".repeat(row_count));
        let rows = rows(&text);
        assert_eq!((rows.len(), &rows[0]), (row_count + 1, &(1, open)));
        assert!(rows[1..].iter().all(|(_, row)| *row == good(&["c"])));
    }

    #[test]
    fn a_long_line_is_a_bad_row() {
        let long = "x".repeat(LINE_LEN_MAX + 1);
        let text = format!("a\n{long}\nb\n\"c\n{long}\nd\n");
        let too_long = Err(BadReason::TooLong);
        let expected = [
            (1, good(&["a"])),
            (2, too_long.clone()),
            (3, good(&["b"])),
            (4, Err(BadReason::OpenQuote)),
            (5, too_long),
            (6, good(&["d"])),
        ];
        assert_eq!(rows(text.as_bytes()), expected);
    }

    #[test]
    fn a_row_may_have_many_cells() {
        let text = "x,".repeat(10_000);
        assert_eq!(rows(text.as_bytes())[0].1.as_ref().unwrap().len(), 10_001);
    }

    #[test]
    fn the_delimiter_is_what_the_first_row_has_most_of() {
        let check = |first: &str, expected: u8| {
            assert_eq!(detect_delimiter(first.as_bytes()), expected, "{first}")
        };
        check("a,b,c", b',');
        check("a;b;c,d", b';');
        check("a\tb", b'\t');
        check("a|b", b'|');
        check("\"a;b;c\",d", b',');
        check("a,b;c", b',');
        check("alone", b',');
    }
}
