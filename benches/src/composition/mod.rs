//! Composites: stages in Rust against the calls written by hand, streams between steps, and the check of a large one.

mod check;
mod stages;
mod stream;

use crate::Subject;

/// All subjects about composites.
pub fn subjects() -> Vec<Subject> {
    vec![stages::subject(), stream::subject(), check::subject()]
}
