//! Which keys a listing covers, how many of them, and where it goes on.

use crate::Invalid;

/// Most entries of one page.
pub const LIMIT_MAX: u32 = 10_000;
/// Entries of one page unless given.
pub const LIMIT_DEFAULT: u32 = 1_000;

/// A range of keys. What is given must all hold: nothing given means every key.
#[weldkit::data]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct KeyRange {
    /// Keys that start with this.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Keys from this one on, itself included.
    #[serde(default)]
    pub from: Option<String>,
    /// Keys before this one, itself excluded.
    #[serde(default)]
    pub until: Option<String>,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        Self::default()
    }

    /// The keys that start with `prefix`.
    pub fn prefix(prefix: impl Into<String>) -> Self {
        Self {
            prefix: Some(prefix.into()),
            ..Self::default()
        }
    }

    /// The keys from `from` on, up to but without `until`.
    pub fn between(from: impl Into<String>, until: impl Into<String>) -> Self {
        Self {
            from: Some(from.into()),
            until: Some(until.into()),
            ..Self::default()
        }
    }

    /// No key of the range is less than this.
    pub fn start(&self) -> &str {
        self.prefix
            .as_deref()
            .unwrap_or_default()
            .max(self.from.as_deref().unwrap_or_default())
    }

    /// Whether a key belongs to the range.
    ///
    /// From [`start`](Self::start) on, the keys of the range come first and without a gap, so a walk may end at the
    /// first key that does not belong.
    pub fn holds(&self, key: &str) -> bool {
        key >= self.start()
            && self
                .prefix
                .as_deref()
                .is_none_or(|prefix| key.starts_with(prefix))
            && self.until.as_deref().is_none_or(|until| key < until)
    }
}

/// Most entries that a page may have: 1 to 10,000, and 1,000 unless given.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(!try_from, !into)]
pub struct Limit(#[schemars(range(min = 1, max = 10_000))] u32);

impl Limit {
    /// The largest one.
    pub const MAX: Self = Self(LIMIT_MAX);

    /// Parses a limit.
    ///
    /// # Errors
    /// [`Invalid`] when it is 0 or more than 10,000.
    pub fn new(limit: u32) -> Result<Self, Invalid> {
        match limit {
            1..=LIMIT_MAX => Ok(Self(limit)),
            _ => Err(Invalid(format!("a limit is 1 to {LIMIT_MAX}, not {limit}"))),
        }
    }

    /// The number itself.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(LIMIT_DEFAULT)
    }
}

impl TryFrom<u32> for Limit {
    type Error = Invalid;

    fn try_from(limit: u32) -> Result<Self, Invalid> {
        Self::new(limit)
    }
}

impl From<Limit> for u32 {
    fn from(limit: Limit) -> u32 {
        limit.0
    }
}

/// Where a listing goes on. Callers pass it back as they got it and read nothing into it.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(crate) String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_the_intersection_of_what_is_given() {
        let keys = ["", "a", "a1", "a2", "a9", "b", "é"];
        let check = |range: KeyRange, expected: &[&str]| {
            let held: Vec<&str> = keys.into_iter().filter(|key| range.holds(key)).collect();
            assert_eq!(held, expected, "{range:?}");
        };
        check(KeyRange::all(), &keys);
        check(KeyRange::prefix("a"), &["a", "a1", "a2", "a9"]);
        check(KeyRange::prefix(""), &keys);
        check(KeyRange::prefix("c"), &[]);
        check(KeyRange::between("a1", "b"), &["a1", "a2", "a9"]);
        check(KeyRange::between("b", "a"), &[]);
        check(
            KeyRange {
                from: Some("a2".into()),
                ..KeyRange::prefix("a")
            },
            &["a2", "a9"],
        );
        check(
            KeyRange {
                until: Some("a2".into()),
                ..KeyRange::prefix("a")
            },
            &["a", "a1"],
        );
        check(
            KeyRange {
                from: Some("b".into()),
                ..KeyRange::prefix("a")
            },
            &[],
        );
    }

    #[test]
    fn the_keys_of_a_range_have_no_gap() {
        let mut keys: Vec<String> = Vec::new();
        for first in ["a", "b", "é"] {
            for second in ["", "a", "b", "\u{10ffff}", "\u{10ffff}a"] {
                keys.push(format!("{first}{second}"));
            }
        }
        keys.sort();
        for prefix in ["", "a", "aa", "b", "é", "zz"] {
            for from in ["", "a", "ab", "b"] {
                for until in ["a", "b", "ba", "z"] {
                    let range = KeyRange {
                        prefix: Some(prefix.into()),
                        from: Some(from.into()),
                        until: Some(until.into()),
                    };
                    let all: Vec<&String> = keys.iter().filter(|key| range.holds(key)).collect();
                    let walked: Vec<&String> = keys
                        .iter()
                        .skip_while(|key| key.as_str() < range.start())
                        .take_while(|key| range.holds(key))
                        .collect();
                    assert_eq!(all, walked, "{range:?}");
                }
            }
        }
    }

    #[test]
    fn a_limit_has_bounds() {
        assert_eq!(Limit::new(1).unwrap().get(), 1);
        assert_eq!(Limit::new(10_000), Ok(Limit::MAX));
        assert_eq!(Limit::default().get(), 1_000);
        for bad in [0, 10_001, u32::MAX] {
            assert!(Limit::new(bad).is_err());
        }
    }
}
