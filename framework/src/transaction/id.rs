use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::CallError;

/// A host, for as long as its state folder lives: what the branches of foreign participants are named after.
///
/// The default is that of every host that keeps nothing on disk.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

impl Serialize for TransactionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TransactionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse()
            .map_err(|fault: CallError| D::Error::custom(fault.message()))
    }
}

impl JsonSchema for TransactionId {
    fn schema_name() -> Cow<'static, str> {
        "TransactionId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{8}-(0|[1-9][0-9]*)$" })
    }
}
