//! What can go wrong: [`CallError`] for a call, [`Error`] for a host that cannot start.
//!
//! A caller matches on the [`Code`] of a `CallError`; codes are stable and explained in
//! `docs/errors.md` and by `app explain CODE`. The message says what happened, to what, and what
//! to do. What a stranger may see (message) and what the operator needs (source) are kept apart.

mod call_error;
mod code;
mod start;

pub use call_error::CallError;
pub use code::{Code, Effect, Explanation, explain};
pub use start::{Error, ErrorKind, Problem, Result};
