//! The guide: its own program, its configuration and JSON, its shell lines, and the tests of the guide that this
//! project began with, with their values.

mod book;
mod calls;
mod contract;
mod data;
mod metadata;
mod orchestration;
mod performance;
#[cfg(unix)]
mod shell;
mod transactions;

pub(crate) use book::MODULES;
