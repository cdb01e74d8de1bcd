//! Events: one publisher, and 1, 4 or 64 subscribers that each take every event.

mod fan_out;

use crate::Subject;

/// All subjects about events.
pub fn subjects() -> Vec<Subject> {
    vec![
        fan_out::subject("publish to 1 subscriber", 1),
        fan_out::subject("publish to 4 subscribers", 4),
        fan_out::subject("publish to 64 subscribers", 64),
    ]
}
