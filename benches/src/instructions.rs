//! Instructions of a case, by callgrind: blind to whatever else the machine does.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::{Case, Outcome, Reading, Subject};

/// Two runs of each case, the second so many times as long; their difference is free of start-up.
const FEW: u64 = 2_000;
const MORE: u64 = 6;

/// What the shorter run may take at the machine's own speed; under valgrind it is 50 times as much.
const SHORT: Duration = Duration::from_millis(4);

/// One case, and nothing else: what the environment asks for with `ONLY=<case> ITERS=<n>`.
#[derive(Debug)]
pub struct Only {
    /// Its name.
    pub case: String,
    times: u64,
}

impl Only {
    /// Reads the environment.
    pub fn read() -> Option<Self> {
        let times = std::env::var("ITERS").ok()?;
        Some(Self {
            case: std::env::var("ONLY").ok()?,
            times: times.parse().unwrap_or(1),
        })
    }

    /// Runs the case, and says whether it is among these.
    pub fn run(&self, subjects: &mut [Subject]) -> bool {
        let mut cases = subjects.iter_mut().flat_map(|subject| &mut subject.cases);
        let case = cases.find(|case| case.name == self.case);
        case.map(|case| case.run(self.times)).is_some()
    }
}

/// The instructions of every case of a subject, where valgrind is there.
pub fn count(subject: &mut Subject) -> Outcome {
    let readings = subject.cases.iter_mut().filter_map(|case| {
        let times = few(case);
        let short = collected(case.name, times)?;
        let long = collected(case.name, times * MORE)?;
        Some(Reading::exact(
            case.name,
            (long - short) / (times * (MORE - 1)) as f64,
        ))
    });
    Outcome {
        title: subject.title.to_owned(),
        unit: "instructions",
        readings: readings.collect(),
        claims: Vec::new(),
    }
}

fn few(case: &mut Case) -> u64 {
    const TRY: u32 = 10;
    let tries = (0..TRY).filter_map(|_| case.run(TRY.into()));
    let each = tries.min().unwrap_or_default() / TRY;
    let fit = SHORT.as_nanos() / each.as_nanos().max(1);
    u64::try_from(fit).unwrap_or(FEW).clamp(u64::from(TRY), FEW)
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
