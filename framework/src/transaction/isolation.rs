use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::CallError;

/// What a transaction may see of others (ANSI SQL-92 names, Adya's definitions).
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Every call sees what was committed when it began (PL-2, monotonic atomic view).
    ReadCommitted,
    /// Every call sees what was committed when the transaction began; of two that change the same
    /// key, one is told to try again (PL-SI, snapshot isolation).
    #[default]
    RepeatableRead,
    /// As if transactions ran one after the other, ranges included (PL-3).
    Serializable,
}

impl Isolation {
    /// All levels, weakest first.
    pub const ALL: [Self; 3] = [
        Self::ReadCommitted,
        Self::RepeatableRead,
        Self::Serializable,
    ];

    /// The word of the wire and the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadCommitted => "read_committed",
            Self::RepeatableRead => "repeatable_read",
            Self::Serializable => "serializable",
        }
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Isolation {
    type Err = CallError;

    fn from_str(text: &str) -> Result<Self, CallError> {
        let found = Self::ALL.into_iter().find(|level| level.as_str() == text);
        found.ok_or_else(|| {
            let levels = Self::ALL.map(Self::as_str).join("`, `");
            CallError::invalid_parameter(format!(
                "`{text}` is not a level of isolation: write one of `{levels}`"
            ))
        })
    }
}
