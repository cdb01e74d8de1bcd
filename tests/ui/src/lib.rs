//! What the macros tell their users is tested in `tests/`; this library is empty.
