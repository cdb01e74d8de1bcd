//! The integration tests of weldkit live in `tests/`; this library is empty.
