//! Metrics: what counting costs a call, what a counter with labels costs, and what reading costs.

mod counter;
mod path;
mod reading;

use crate::Subject;

/// All subjects about metrics.
pub fn subjects() -> Vec<Subject> {
    vec![path::subject(), counter::subject(), reading::subject()]
}
