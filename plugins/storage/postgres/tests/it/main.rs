//! The plugin against a real server: the contract, the protocol of a participant, and what is lost on the way.
//!
//! `cargo xtask postgres start` gives them one; without it they say `skipped`.

#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a test fails by a panic, and lists its cases as data"
)]

mod contract;
mod fixture;
mod hermitage;
mod loss;
mod pool;
mod probe;
mod protocol;
mod proxy;
mod server;
