//! What a call pays for spans that nobody listens to: the question that the gate asks, by itself.

use std::hint::black_box;

use tracing::{Level, enabled};

use crate::{Bound, Case, Claim, Subject};

const FLOOR: &str = "nothing";
const OURS: &str = "enabled!, nobody listens";

pub(super) fn subject() -> Subject {
    Subject {
        title: "tracing off",
        cases: vec![
            Case::new(FLOOR, || black_box(false)),
            Case::new(OURS, || enabled!(target: "weldkit::call", Level::DEBUG)),
        ],
        claims: vec![Claim::new(OURS, Bound::AtMostMore(2.0), FLOOR)],
    }
}
