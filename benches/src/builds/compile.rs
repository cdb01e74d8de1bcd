use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::scratch::Scratch;
use super::source;
use crate::{Bound, Claim, Outcome, Reading, clock};

pub(super) const TITLE: &str = "clean build; edit one plugin to running";

const HAND: &str = "wired by hand";
const WELDED: &str = "welded";

/// Edits of each application in a round.
const EDITS: usize = 3;

#[derive(Default)]
struct Readings {
    clean: Vec<f64>,
    clean_processor: Vec<f64>,
    edit: Vec<f64>,
}

pub(super) fn measure(folder: &Path, rounds: usize) -> io::Result<Vec<Outcome>> {
    let hand = source::by_hand(folder, "compile-hand", "target-compile-hand")?;
    let welded = source::welded(folder, "compile-welded", "target-compile-welded", "")?;
    let sides = [&hand, &welded];
    // What has to be fetched is fetched before anybody is timed.
    for side in sides {
        side.cargo(&["fetch"])?;
    }
    let mut read = [Readings::default(), Readings::default()];
    let mut edits = 0;
    for _ in 0..rounds {
        for (side, read) in sides.iter().zip(&mut read) {
            side.clean()?;
            let cost = side.cargo(&["build", "-p", "app"])?;
            read.clean.push(cost.wall);
            read.clean_processor.push(cost.processor);
        }
        for _ in 0..EDITS {
            edits += 1;
            for (side, read) in sides.iter().zip(&mut read) {
                read.edit.push(edit_to_running(side, edits)?);
            }
        }
    }
    let [hand, welded] = read;
    Ok(vec![
        outcome(
            "clean build, dev profile: processor time",
            hand.clean_processor,
            welded.clean_processor,
            Claim::new(WELDED, Bound::AtMostTimes(1.15), HAND),
        ),
        outcome(
            "clean build, dev profile: until it is there",
            hand.clean,
            welded.clean,
            Claim::new(WELDED, Bound::AtMostTimes(1.15), HAND),
        ),
        outcome(
            "edit one plugin to running",
            hand.edit,
            welded.edit,
            Claim::alone(WELDED, 5.0),
        ),
    ])
}

fn outcome(title: &str, hand: Vec<f64>, welded: Vec<f64>, claim: Claim) -> Outcome {
    Outcome {
        title: title.to_owned(),
        unit: "s",
        readings: [Reading::of(HAND, hand), Reading::of(WELDED, welded)]
            .into_iter()
            .flatten()
            .collect(),
        claims: vec![claim],
    }
}

/// Changes a provider in the middle, builds, and waits for the answer of a call.
fn edit_to_running(side: &Scratch, edit: usize) -> io::Result<f64> {
    side.append(
        "provider2/src/lib.rs",
        &format!("pub fn edit{edit}() -> usize {{ {edit} }}"),
    )?;
    let began = clock::now();
    side.cargo(&["build", "-p", "app"])?;
    let answered = Command::new(side.program("debug", "app"))
        .args(["store4.count", r#"{"prefix":""}"#])
        .stdout(Stdio::piped())
        .output()?;
    let took = began.elapsed().as_secs_f64();
    if answered.stdout != b"0\n" {
        let fault = String::from_utf8_lossy(&answered.stderr).into_owned();
        return Err(io::Error::other(fault));
    }
    Ok(took)
}
