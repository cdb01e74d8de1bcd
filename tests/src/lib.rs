//! The integration tests of weldkit live in `tests/`; this library is empty.

/// The Rust of the README, as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
