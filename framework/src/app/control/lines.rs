use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::limit;

/// Largest line: the parameters of a call or its result, and what is around them.
const LINE_BYTES: usize = limit::JSON_BYTES + limit::ENVELOPE_BYTES;

/// Bytes asked for at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// Lines from a socket. Nothing is lost when a `next` is dropped half-way.
#[derive(Debug)]
pub(super) struct Lines<R> {
    from: R,
    /// Where the next bytes come in.
    chunk: Box<[u8]>,
    /// What has been read of lines that nobody has taken yet.
    buffer: Vec<u8>,
    /// Bytes at the front of the buffer that hold no line end.
    searched: usize,
}

/// Why there is no line.
#[derive(Debug)]
pub(super) enum NoLine {
    /// The other side has no more to say.
    Ended,
    /// The line is too long to be read; what follows cannot be told from it.
    TooLong,
    /// The connection broke.
    Broken(io::Error),
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            chunk: vec![0; CHUNK_BYTES].into_boxed_slice(),
            buffer: Vec::new(),
            searched: 0,
        }
    }

    /// The next line without its end. A last line needs none.
    pub(super) async fn next(&mut self) -> Result<Vec<u8>, NoLine> {
        loop {
            if let Some(end) = self.buffer[self.searched..]
                .iter()
                .position(|byte| *byte == b'\n')
            {
                let rest = self.buffer.split_off(self.searched + end + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.pop();
                self.searched = 0;
                return Ok(line);
            }
            self.searched = self.buffer.len();
            if self.searched > LINE_BYTES {
                return Err(NoLine::TooLong);
            }
            match self.from.read(&mut self.chunk).await {
                Ok(0) if self.buffer.is_empty() => return Err(NoLine::Ended),
                Ok(0) => {
                    self.searched = 0;
                    return Ok(std::mem::take(&mut self.buffer));
                }
                Ok(count) => self.buffer.extend_from_slice(&self.chunk[..count]),
                Err(fault) => return Err(NoLine::Broken(fault)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_one_by_one_and_the_last_needs_no_end() {
        let mut lines = Lines::new(&b"a\n\nbc"[..]);
        for expected in ["a", "", "bc"] {
            assert_eq!(lines.next().await.unwrap(), expected.as_bytes());
        }
        assert!(matches!(lines.next().await, Err(NoLine::Ended)));
    }

    #[tokio::test]
    async fn a_line_without_end_is_given_up() {
        let mut lines = Lines::new(tokio::io::repeat(b'x'));
        assert!(matches!(lines.next().await, Err(NoLine::TooLong)));
        assert!(lines.buffer.len() < LINE_BYTES + 2 * CHUNK_BYTES);
    }
}
