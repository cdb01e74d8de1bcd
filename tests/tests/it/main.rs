//! The integration tests: one binary, one module a subject.

mod by_hand;
mod fixture;
mod gate;
mod host;
