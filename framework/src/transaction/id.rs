use std::fmt;
use std::str::FromStr;

use crate::error::CallError;

/// A host, for as long as its state folder lives: what the branches of foreign participants are named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(pub(crate) u64);

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A transaction, unique in the life of a host's state folder.
///
/// As text `RUN-NUMBER`: 8 hexadecimal digits that differ from start to start, and a decimal count.
///
/// ```
/// use weldkit::transaction::TransactionId;
///
/// let id: TransactionId = "0000002a-7".parse()?;
/// assert_eq!(id.to_string(), "0000002a-7");
/// # Ok::<(), weldkit::CallError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId {
    /// Counts the starts of the host.
    pub(crate) run: u32,
    /// Counts the transactions of one run.
    pub(crate) number: u64,
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{}", self.run, self.number)
    }
}

impl FromStr for TransactionId {
    type Err = CallError;

    fn from_str(text: &str) -> Result<Self, CallError> {
        let parse = || {
            let (run, number) = text.split_once('-')?;
            let canonical = run.len() == 8
                && run.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
                && number.bytes().all(|b| b.is_ascii_digit())
                && (number.len() == 1 || !number.starts_with('0'));
            let id = Self {
                run: u32::from_str_radix(run, 16).ok()?,
                number: number.parse().ok()?,
            };
            canonical.then_some(id)
        };
        parse().ok_or_else(|| {
            CallError::invalid_parameter(format!(
                "`{text}` is not the id of a transaction: write it as `begin` gave it, such as `0000002a-7`"
            ))
        })
    }
}
