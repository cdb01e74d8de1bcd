//! Transactions: two-phase commit in memory, containers against plain maps, commits against the disk.

mod bed;
pub(crate) mod disk;
mod durable;
mod map;
mod memory;
#[cfg(feature = "peers")]
mod peers;
mod postgres;
pub mod recovery;
mod threads;

use std::path::Path;

pub use bed::Bed;
#[cfg(feature = "peers")]
pub(crate) use peers::sqlite;

use crate::options::Options;
use crate::{Outcome, Subject};

/// What takes so short that it is repeated within a window.
pub fn subjects() -> Vec<Subject> {
    vec![memory::two_phases(), memory::one_put(), map::subject()]
}

/// What waits for a disk. `recover` is the program that [`recovery`] starts.
pub fn outcomes(folder: &Path, recover: &str, options: &Options) -> Vec<Outcome> {
    let mut outcomes = durable::outcomes(folder, options);
    outcomes.extend(postgres::outcomes(folder, options));
    if options.wants(recovery::TITLE) {
        outcomes.extend(recovery::measure(folder, recover));
    }
    outcomes
}
