//! What a start has to do after a crash: a process fills the journal and goes without a word, another starts over it.

use std::io;
use std::path::Path;
use std::process::Command;

use crate::{Claim, Outcome, Reading};

/// What the subject of this module is found by.
pub const TITLE: &str = "recovery of 1,000,000 records";

/// Records in the journal.
pub const RECORDS: u64 = 1_000_000;

/// How often the start over the same journal is measured.
const ROUNDS: usize = 5;

const START: &str = "start, all records replayed";
const NOTHING: &str = "start, nothing to replay";
const PEAK: &str = "peak resident memory";

/// Starts `program`, which fills a journal, and then is the host that finds it.
pub fn measure(folder: &Path, program: &str) -> Vec<Outcome> {
    match try_measure(folder, program) {
        Ok(outcomes) => outcomes,
        Err(fault) => {
            eprintln!("{TITLE}: not measured: {fault}");
            Vec::new()
        }
    }
}

fn try_measure(folder: &Path, program: &str) -> io::Result<Vec<Outcome>> {
    let folder = tempfile::tempdir_in(folder)?;
    let (full, empty) = (folder.path().join("full"), folder.path().join("empty"));
    said(program, "fill", &full)?;
    let (mut starts, mut peaks, mut nothing) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        nothing.push(said(program, "start", &empty)?[0]);
        let [took, peak] = said(program, "start", &full)?;
        starts.push(took);
        peaks.push(peak);
    }
    Ok(vec![
        Outcome {
            title: TITLE.to_owned(),
            unit: "ms",
            readings: [Reading::of(NOTHING, nothing), Reading::of(START, starts)]
                .into_iter()
                .flatten()
                .collect(),
            claims: vec![Claim::alone(START, 2_000.0)],
        },
        Outcome {
            title: format!("{TITLE}: memory"),
            unit: "MB",
            readings: Reading::of(PEAK, peaks).into_iter().collect(),
            claims: Vec::new(),
        },
    ])
}

/// What the program says of itself: milliseconds, and megabytes at most.
fn said(program: &str, what: &str, folder: &Path) -> io::Result<[f64; 2]> {
    let output = Command::new(program).arg(what).arg(folder).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.split_whitespace().map(str::parse);
    match (words.next(), words.next()) {
        (Some(Ok(took)), Some(Ok(peak))) => Ok([took, peak]),
        _ => Err(io::Error::other(format!(
            "`{program} {what}` said `{text}` and {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ))),
    }
}
