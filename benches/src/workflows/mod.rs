//! Workflows: what a step costs beyond its call, and what it costs to lose none.

mod bed;
mod check;
mod durable;
mod lengths;
mod step;
pub mod waiting;

use std::path::Path;

use crate::options::Options;
use crate::{Outcome, Subject};

/// What takes so short that it is repeated within a window.
pub fn subjects() -> Vec<Subject> {
    vec![step::subject()]
}

/// What takes its time. `waiting` is the program that [`waiting`] starts.
pub fn outcomes(folder: &Path, waiting: &str, options: &Options) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    if options.wants(durable::TITLE) {
        let folder = tempfile::tempdir_in(folder).expect("the folder of the bench can be written");
        outcomes.extend(durable::outcomes(
            folder.path(),
            (options.rounds / 10).max(3),
        ));
    }
    if options.wants(lengths::TITLE) {
        outcomes.push(lengths::outcome((options.rounds / 30).max(3)));
    }
    if options.wants(check::TITLE) {
        outcomes.push(check::outcome((options.rounds / 10).max(3)));
    }
    if options.wants(waiting::TITLE) {
        outcomes.extend(waiting::outcomes(folder, waiting));
    }
    outcomes
}
