//! A commit as bytes, for the journal: versioned, compact, and refused by name when a later version wrote it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Container;
use super::local::Key;
use super::row::{Timestamp, Value};
use crate::error::{Error, ErrorKind};

/// The format that this version writes.
const FORMAT: u8 = 1;

/// What a record says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Its place in the order of commits.
    pub(crate) ts: Timestamp,
    /// What the caller decided with it.
    pub(crate) decision: Option<Vec<u8>>,
    /// By the name of the container.
    pub(crate) writes: BTreeMap<String, Vec<(Key, Value)>>,
}

/// Most bytes before the body.
pub(super) const HEAD: usize = 11;

/// A record: the format, the timestamp, the body.
pub(super) fn with_head(ts: Timestamp, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + body.len());
    out.push(FORMAT);
    number(&mut out, ts);
    out.extend_from_slice(body);
    out
}

/// All of a record that is known before its timestamp.
pub(super) fn body(
    writes: &[(Arc<Container>, &BTreeMap<Key, Value>)],
    decision: Option<&[u8]>,
) -> Vec<u8> {
    let mut out = Vec::new();
    match decision {
        None => out.push(0),
        Some(decision) => {
            out.push(1);
            bytes(&mut out, decision);
        }
    }
    number(&mut out, writes.len() as u64);
    for (container, keys) in writes {
        bytes(&mut out, container.name.as_bytes());
        number(&mut out, keys.len() as u64);
        for (key, value) in *keys {
            bytes(&mut out, key);
            match value {
                None => out.push(0),
                Some(value) => {
                    out.push(1);
                    bytes(&mut out, value);
                }
            }
        }
    }
    out
}

/// LEB128: seven bits a byte, the lowest first.
fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads a record.
///
/// # Errors
///
/// A record of a later version, or one that is none.
pub(crate) fn decode(record: &[u8]) -> Result<Commit, Error> {
    let mut reader = Reader(record);
    let format = reader.byte().ok_or_else(damaged)?;
    if format != FORMAT {
        return Err(Error::new(
            ErrorKind::State,
            format!(
                "a commit in the journal has format {format}, and this version reads {FORMAT}; use the version that wrote it"
            ),
        ));
    }
    let commit = reader.commit().ok_or_else(damaged)?;
    match reader.0 {
        [] => Ok(commit),
        _ => Err(damaged()),
    }
}

fn damaged() -> Error {
    Error::new(
        ErrorKind::State,
        "a commit in the journal is damaged; restore the state folder from a backup",
    )
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn commit(&mut self) -> Option<Commit> {
        let ts = self.number()?;
        let decision = self.optional()?.map(<[u8]>::to_vec);
        let mut writes = BTreeMap::new();
        for _ in 0..self.number()? {
            let name = std::str::from_utf8(self.bytes()?).ok()?.to_owned();
            let mut keys = Vec::new();
            for _ in 0..self.number()? {
                let key = self.bytes()?.into();
                keys.push((key, self.optional()?.map(Into::into)));
            }
            writes.insert(name, keys);
        }
        Some(Commit {
            ts,
            decision,
            writes,
        })
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn optional(&mut self) -> Option<Option<&'a [u8]>> {
        match self.byte()? {
            0 => Some(None),
            1 => Some(Some(self.bytes()?)),
            _ => None,
        }
    }
}
