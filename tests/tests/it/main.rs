//! The integration tests: one binary, one module a subject.

#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test fails by a panic, lists its cases as data, and runs in real time where a process does"
)]

mod arguments;
mod by_hand;
mod cli;
mod composition;
#[cfg(target_os = "linux")]
mod disk;
mod docs;
mod events;
mod fixture;
mod gate;
mod graph;
mod guide;
mod host;
mod invariants;
mod metrics;
mod transactions;
mod wait;
mod workflows;
