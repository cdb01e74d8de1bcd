//! Metrics: what counting costs a call, what a counter with labels costs, and what reading costs.

mod counter;
mod path;
mod reading;
mod tracing;

use crate::Subject;

/// All subjects about metrics.
pub fn subjects() -> Vec<Subject> {
    vec![
        path::subject(),
        tracing::subject(),
        counter::subject(),
        reading::subject(),
    ]
}
