//! Lines of a source, one at a time and none of them larger than a bound.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};

use weldkit_records::Place;

/// Most bytes of a line, and of a row over several lines.
pub(crate) const LINE_LEN_MAX: usize = 1024 * 1024;
/// Bytes of a longer line that are kept, to show it.
pub(crate) const EXCERPT_LEN: usize = 4 * 1024;
/// Bytes that are read from the source at once.
const CHUNK_LEN: usize = 64 * 1024;

/// What lines are read from.
pub(crate) trait Input: Read + Seek + Send {}

impl<T: Read + Seek + Send> Input for T {}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// `\n`.
    Newline,
    /// `\n`, `\r\n` or `\r`.
    Any,
}

/// One line with what ends it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Counted from 1.
    pub(crate) number: u64,
    /// The line; of one that is too long, the first bytes.
    pub(crate) bytes: Vec<u8>,
    /// How long the line is.
    pub(crate) length: u64,
}

impl Line {
    /// Whether the line is longer than [`LINE_LEN_MAX`].
    pub(crate) fn is_too_long(&self) -> bool {
        self.length > LINE_LEN_MAX as u64
    }

    /// The line without what ends it.
    pub(crate) fn content(&self) -> &[u8] {
        let mut content = self.bytes.as_slice();
        while let [rest @ .., b'\n' | b'\r'] = content {
            content = rest;
        }
        content
    }
}

/// Reads lines. Memory is bounded by one line and what was pushed back.
pub(crate) struct Lines {
    input: BufReader<Box<dyn Input>>,
    ending: Ending,
    next_number: u64,
    bytes_read: u64,
    pushed_back: VecDeque<Line>,
}

impl Lines {
    pub(crate) fn new(input: Box<dyn Input>, ending: Ending) -> Self {
        let input = BufReader::with_capacity(CHUNK_LEN, input);
        Self {
            input,
            ending,
            next_number: 1,
            bytes_read: 0,
            pushed_back: VecDeque::new(),
        }
    }

    /// Starts again from the beginning, with another ending if need be.
    pub(crate) fn restart(&mut self, ending: Ending) -> io::Result<()> {
        self.input.seek(SeekFrom::Start(0))?;
        self.ending = ending;
        (self.next_number, self.bytes_read) = (1, 0);
        self.pushed_back.clear();
        Ok(())
    }

    /// Goes to the beginning of a line; nothing happens and it is `false` when no line begins there.
    pub(crate) fn go_to(&mut self, place: Place) -> io::Result<bool> {
        if place.byte > 0 {
            self.input.seek(SeekFrom::Start(place.byte - 1))?;
            let is_ending = match self.fill()?.first() {
                Some(byte) => matches!(byte, b'\n' | b'\r'),
                None => return Ok(false),
            };
            self.consume(1);
            // The last line of a source may lack its ending.
            if !is_ending && !self.fill()?.is_empty() {
                return Ok(false);
            }
        }
        (self.next_number, self.bytes_read) = (place.line.max(1), place.byte);
        self.pushed_back.clear();
        Ok(true)
    }

    /// Where the next line begins.
    pub(crate) fn place(&self) -> Place {
        let held: u64 = self.pushed_back.iter().map(|line| line.length).sum();
        let first = self.pushed_back.front().map(|line| line.number);
        Place {
            line: first.unwrap_or(self.next_number),
            byte: self.bytes_read - held,
        }
    }

    /// How far the source has been read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Gives lines back, the first of them to come first.
    pub(crate) fn push_back(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.pushed_back.push_front(line);
        }
    }

    /// The first bytes of the source, before anything was taken from it.
    pub(crate) fn peek(&mut self) -> io::Result<&[u8]> {
        self.fill()
    }

    /// The next line, or none at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.pushed_back.pop_front() {
            return Ok(Some(line));
        }
        if self.bytes_read == 0 {
            self.skip_byte_order_mark()?;
        }
        let mut line = Line {
            number: self.next_number,
            bytes: Vec::new(),
            length: 0,
        };
        loop {
            let ending = self.ending;
            let chunk = self.fill()?;
            if chunk.is_empty() {
                break;
            }
            let end = chunk
                .iter()
                .position(|byte| *byte == b'\n' || (*byte == b'\r' && ending == Ending::Any));
            let taken = end.map_or(chunk.len(), |end| end + 1);
            let ends_in_return = end.is_some_and(|end| chunk[end] == b'\r');
            line.take(&chunk[..taken]);
            self.consume(taken);
            if ends_in_return && self.fill()?.first() == Some(&b'\n') {
                line.take(b"\n");
                self.consume(1);
            }
            if end.is_some() {
                break;
            }
        }
        if line.length == 0 {
            return Ok(None);
        }
        self.next_number += 1;
        Ok(Some(line))
    }

    fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        if self.fill()?.starts_with(MARK) {
            self.consume(MARK.len());
        }
        Ok(())
    }

    fn fill(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.input.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // Asked twice because a borrow from inside the loop would last too long; the second time is free.
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.input.consume(count);
        self.bytes_read += count as u64;
    }
}

impl Line {
    /// Appends to the line, or only counts once it is too long.
    fn take(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.is_too_long() {
            self.bytes.truncate(EXCERPT_LEN);
            self.bytes.shrink_to_fit();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn lines(text: &[u8], ending: Ending) -> Lines {
        Lines::new(Box::new(Cursor::new(text.to_vec())), ending)
    }

    fn all(mut lines: Lines) -> Vec<(u64, Vec<u8>)> {
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.number, line.bytes));
        }
        all
    }

    #[test]
    fn lines_end_where_they_should() {
        let check = |text: &[u8], ending: Ending, expected: &[&[u8]]| {
            let expected: Vec<(u64, Vec<u8>)> = (1..)
                .zip(expected.iter().map(|line| line.to_vec()))
                .collect();
            assert_eq!(all(lines(text, ending)), expected);
        };
        check(b"", Ending::Any, &[]);
        check(b"a", Ending::Any, &[b"a"]);
        check(
            b"a\nb\r\nc\rd",
            Ending::Any,
            &[b"a\n", b"b\r\n", b"c\r", b"d"],
        );
        check(
            b"a\nb\r\nc\rd",
            Ending::Newline,
            &[b"a\n", b"b\r\n", b"c\rd"],
        );
        check(b"\n\r\n\r", Ending::Any, &[b"\n", b"\r\n", b"\r"]);
        check(b"\xEF\xBB\xBFa\n", Ending::Any, &[b"a\n"]);
    }

    #[test]
    fn an_ending_may_lie_across_two_chunks() {
        for ahead in [CHUNK_LEN - 2, CHUNK_LEN - 1, CHUNK_LEN] {
            let mut text = vec![b'x'; ahead];
            text.extend_from_slice(b"\r\ny");
            let found: Vec<usize> = all(lines(&text, Ending::Any))
                .iter()
                .map(|(_, line)| line.len())
                .collect();
            assert_eq!(found, [ahead + 2, 1]);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_not_held() {
        let mut text = vec![b'x'; LINE_LEN_MAX];
        text.extend_from_slice(b"\nshort\n");
        let mut lines = lines(&text, Ending::Any);
        let line = lines.next().unwrap().unwrap();
        assert!(
            line.is_too_long() && line.bytes.len() == EXCERPT_LEN,
            "{}",
            line.bytes.len()
        );
        assert_eq!(line.length, LINE_LEN_MAX as u64 + 1);
        assert_eq!(lines.next().unwrap().unwrap().bytes, b"short\n");
        assert_eq!(lines.bytes_read(), text.len() as u64);
    }

    #[test]
    fn lines_can_be_given_back_and_read_again() {
        let mut lines = lines(b"a\nb\nc\n", Ending::Any);
        let [a, b] = [
            lines.next().unwrap().unwrap(),
            lines.next().unwrap().unwrap(),
        ];
        lines.push_back(vec![a, b]);
        let numbers: Vec<u64> = std::iter::from_fn(|| lines.next().unwrap())
            .map(|line| line.number)
            .collect();
        assert_eq!(numbers, [1, 2, 3]);
        lines.restart(Ending::Any).unwrap();
        assert_eq!(all(lines).len(), 3);
    }

    /// Bytes without a line end, made on the way.
    struct Endless(u64);

    impl Read for Endless {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let length = out.len().min(usize::try_from(self.0).unwrap());
            out[..length].fill(b'x');
            self.0 -= length as u64;
            Ok(length)
        }
    }

    impl Seek for Endless {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Ok(0)
        }
    }

    #[test]
    fn a_line_that_does_not_end_takes_no_memory() {
        const LENGTH: u64 = 128 * LINE_LEN_MAX as u64;
        let mut lines = Lines::new(Box::new(Endless(LENGTH)), Ending::Newline);
        let line = lines.next().unwrap().unwrap();
        assert_eq!((line.length, line.bytes.capacity()), (LENGTH, EXCERPT_LEN));
    }
}
