//! Names from outside, parsed once: whoever holds a [`Collection`] or a [`Key`] holds a valid one.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use weldkit::CallError;

/// Most characters of the name of a collection.
pub const COLLECTION_LEN_MAX: usize = 64;
/// Most bytes of a key.
pub const KEY_LEN_MAX: usize = 512;

/// Why a text or a number is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub(crate) String);

impl From<Invalid> for CallError {
    fn from(invalid: Invalid) -> Self {
        CallError::invalid_parameter(invalid.0)
    }
}

/// The name of a collection: a lower-case letter, then lower-case letters, digits, `_` and `-`; at
/// most 64 characters.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(try_from = "String", into = "String")]
#[schemars(!try_from, !into)]
pub struct Collection(#[schemars(regex(pattern = r"^[a-z][a-z0-9_-]{0,63}$"))] String);

/// The key of a document: 1 to 512 bytes of text.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(try_from = "String", into = "String")]
#[schemars(!try_from, !into)]
pub struct Key(#[schemars(length(min = 1, max = 512))] String);

impl Collection {
    /// Parses the name of a collection.
    ///
    /// # Errors
    /// [`Invalid`] when it is not a name.
    pub fn new(name: impl Into<String>) -> Result<Self, Invalid> {
        let name = name.into();
        let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase());
        let goes_on_well = name
            .chars()
            .all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-'));
        if !starts_well || !goes_on_well || name.len() > COLLECTION_LEN_MAX {
            return Err(Invalid(format!(
                "`{}` is not the name of a collection; write a lower-case letter, then lower-case letters, digits, `_` \
                 and `-`, at most {COLLECTION_LEN_MAX}",
                excerpt(&name)
            )));
        }
        Ok(Self(name))
    }
}

impl Key {
    /// Parses a key.
    ///
    /// # Errors
    /// [`Invalid`] when it is empty or too long.
    pub fn new(key: impl Into<String>) -> Result<Self, Invalid> {
        let key = key.into();
        match key.len() {
            0 => Err(Invalid("a key may not be empty".into())),
            1..=KEY_LEN_MAX => Ok(Self(key)),
            len => Err(Invalid(format!(
                "the key `{}` has {len} bytes; a key has at most {KEY_LEN_MAX}",
                excerpt(&key)
            ))),
        }
    }
}

/// The start of a text that may be of any length, for a message.
fn excerpt(text: &str) -> String {
    let mut start: String = text.chars().take(COLLECTION_LEN_MAX).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

macro_rules! text {
    ($name:ident) => {
        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Invalid;

            fn try_from(text: &str) -> Result<Self, Invalid> {
                Self::new(text)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(Collection);
text!(Key);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_is_a_name() {
        for good in ["a", "strikes", "bird-strikes_2", &"x".repeat(64)] {
            assert_eq!(Collection::new(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "Strikes",
            "1a",
            "_a",
            "a b",
            "a/b",
            "é",
            &"x".repeat(65),
        ] {
            assert!(Collection::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_counted_in_bytes() {
        for good in ["k", "a/b c\n\0é", &"x".repeat(512), &"é".repeat(256)] {
            assert_eq!(Key::new(good).unwrap().as_str(), good);
        }
        for bad in ["", &"x".repeat(513), &"é".repeat(257)] {
            let error = Key::new(bad).unwrap_err().to_string();
            assert!(error.len() < 250, "{error}");
        }
    }

    #[test]
    fn json_is_parsed_by_the_same_rule() {
        assert!(serde_json::from_str::<Key>(r#""a""#).is_ok());
        let error = serde_json::from_str::<Collection>(r#""No""#).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`No` is not the name of a collection"),
            "{error}"
        );
    }
}
