//! Schemas and their names.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use weldkit::{CallError, Json};

/// Most characters of the name of a schema.
const NAME_LEN_MAX: usize = 64;

/// Why a text is not the name of a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

impl From<Invalid> for CallError {
    fn from(invalid: Invalid) -> Self {
        CallError::invalid_parameter(invalid.0)
    }
}

/// The name of a schema: a lower-case letter, then lower-case letters, digits, `_` and `-`; at most 64 characters.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(try_from = "String", into = "String")]
#[schemars(!try_from, !into)]
pub struct SchemaName(#[schemars(regex(pattern = r"^[a-z][a-z0-9_-]{0,63}$"))] String);

impl SchemaName {
    /// Parses the name of a schema.
    ///
    /// # Errors
    /// [`Invalid`] when it is not a name.
    pub fn new(name: impl Into<String>) -> Result<Self, Invalid> {
        let name = name.into();
        let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase());
        let goes_on_well = name
            .chars()
            .all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-'));
        if !starts_well || !goes_on_well || name.len() > NAME_LEN_MAX {
            let start: String = name.chars().take(NAME_LEN_MAX).collect();
            return Err(Invalid(format!(
                "`{start}` is not the name of a schema; write a lower-case letter, then lower-case letters, digits, `_` \
                 and `-`, at most {NAME_LEN_MAX}"
            )));
        }
        Ok(Self(name))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SchemaName {
    type Error = Invalid;

    fn try_from(name: String) -> Result<Self, Invalid> {
        Self::new(name)
    }
}

impl FromStr for SchemaName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::new(name)
    }
}

impl From<SchemaName> for String {
    fn from(name: SchemaName) -> String {
        name.0
    }
}

impl Borrow<str> for SchemaName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which schema to check against: the name of a registered one, or the schema itself (an object or a boolean).
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(untagged)]
pub enum Schema {
    /// The name of a registered schema.
    Named(SchemaName),
    /// The schema itself.
    Inline(#[schemars(extend("type" = ["object", "boolean"]))] Json),
}

impl From<SchemaName> for Schema {
    fn from(name: SchemaName) -> Self {
        Self::Named(name)
    }
}

/// A registered schema.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaInfo {
    /// The name to call it by.
    pub name: SchemaName,
    /// Its `title`, where it has one.
    #[serde(default)]
    pub title: Option<String>,
    /// Its `description`, where it has one.
    #[serde(default)]
    pub description: Option<String>,
    /// The draft of JSON Schema that it is read as.
    pub draft: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_a_name_and_anything_else_a_schema() {
        let check = |form: Json, expected: Schema| {
            assert_eq!(
                serde_json::from_value::<Schema>(form.clone()).unwrap(),
                expected
            );
            assert_eq!(serde_json::to_value(expected).unwrap(), form);
        };
        check(
            json!("strike"),
            Schema::Named(SchemaName::new("strike").unwrap()),
        );
        check(
            json!({"type": "integer"}),
            Schema::Inline(json!({"type": "integer"})),
        );
        check(json!(true), Schema::Inline(json!(true)));
    }

    #[test]
    fn a_schema_has_a_name() {
        for good in ["a", "strike", "bird-strike_2", &"x".repeat(64)] {
            assert_eq!(SchemaName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "Strike", "1a", "a.b", &"x".repeat(65)] {
            assert!(SchemaName::new(bad).is_err(), "{bad}");
        }
    }
}
