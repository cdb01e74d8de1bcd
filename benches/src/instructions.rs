//! Instructions of a case, by callgrind: blind to whatever else the machine does.

use std::process::{Command, Stdio};

use crate::{Outcome, Reading, Subject};

/// Two runs of each case; their difference is free of start-up.
const FEW: u64 = 2_000;
const MANY: u64 = 12_000;

/// Runs one case and nothing else, when the environment says so: `ONLY=<case> ITERS=<n>`.
pub fn run_only(subjects: &mut [Subject]) -> bool {
    let (Ok(only), Ok(times)) = (std::env::var("ONLY"), std::env::var("ITERS")) else {
        return false;
    };
    let times = times.parse().unwrap_or(1);
    for case in subjects.iter_mut().flat_map(|subject| &mut subject.cases) {
        if case.name == only {
            case.run(times);
        }
    }
    true
}

/// The instructions of every case of a subject, where valgrind is there.
pub fn count(subject: &Subject) -> Outcome {
    let readings = subject.cases.iter().filter_map(|case| {
        let (few, many) = (collected(case.name, FEW)?, collected(case.name, MANY)?);
        Some(Reading::exact(
            case.name,
            (many - few) / (MANY - FEW) as f64,
        ))
    });
    Outcome {
        title: subject.title.to_owned(),
        unit: "instructions",
        readings: readings.collect(),
        claims: Vec::new(),
    }
}

fn collected(case: &str, times: u64) -> Option<f64> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .env("ONLY", case)
        .env("ITERS", times.to_string());
    instructions(&mut command)
}

/// Runs a command under valgrind that says how many instructions it collected.
pub(crate) fn instructions(command: &mut Command) -> Option<f64> {
    let output = command.stdout(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let (_, collected) = text.split_once("Collected : ")?;
    collected.split_whitespace().next()?.parse().ok()
}
