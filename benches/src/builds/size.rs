use std::io;
use std::path::Path;

use super::source;
use crate::{Bound, Claim, Outcome, Reading};

pub(super) const TITLE: &str = "binary size, profile small";

const HAND: &str = "wired by hand";
const WELDED: &str = "welded";
const UNUSED: &str = "welded, with an unused layer (feature cli)";

pub(super) fn measure(folder: &Path, _: usize) -> io::Result<Vec<Outcome>> {
    // One target folder: the same dependencies are built once.
    let target = "target-size";
    let hand = source::by_hand(folder, "size-hand", target)?;
    let welded = source::welded(folder, "size-welded", target, "")?;
    let unused = source::welded(folder, "size-unused", target, "\"cli\"")?;
    let mut readings = Vec::new();
    for (name, side) in [(HAND, &hand), (WELDED, &welded), (UNUSED, &unused)] {
        side.cargo(&["build", "-p", "app", "--profile", "small"])?;
        let bytes = std::fs::metadata(side.program("small", "app"))?.len();
        readings.push(Reading::exact(name, bytes as f64 / 1_000.0));
    }
    Ok(vec![Outcome {
        title: TITLE.to_owned(),
        unit: "KB",
        readings,
        claims: vec![
            Claim::new(WELDED, Bound::AtMostMore(300.0), HAND),
            Claim::new(WELDED, Bound::AtMostTimes(1.1), HAND),
            Claim::new(UNUSED, Bound::AtMostMore(0.0), WELDED),
        ],
    }])
}
