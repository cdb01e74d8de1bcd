//! The integration tests: one binary, one module a subject.

mod by_hand;
mod cli;
mod docs;
mod fixture;
mod gate;
mod guide;
mod host;
mod invariants;
