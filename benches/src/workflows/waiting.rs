//! Runs that wait for what does not come: what each costs, and how soon all of them wait again after a start.

use std::io;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use weldkit::Host;
use weldkit::orchestration::Terms;

use super::bed::Bed;
use crate::{Claim, Outcome, Reading, clock, resident};

pub(super) const TITLE: &str = "10,000 waiting runs";

const RUNS: u64 = 10_000;

/// Each is a process of its own: memory that others have used and given back would hide what runs take.
const ROUNDS: usize = 3;

const EACH: &str = "memory of each";
const RESUMED: &str = "start, until all wait again";

const WAITS: &str = r#"
document: { dsl: 1.0.3, namespace: bench, name: waits, version: 1.0.0 }
do:
  - first: { call: stepping.next, with: { number: "${ .number }" } }
  - hear: { listen: { to: { one: { with: { type: never } } } } }
"#;

/// Starts `program`, which is [`fill_and_resume`], some times.
pub(super) fn outcomes(folder: &Path, program: &str) -> Vec<Outcome> {
    match try_measure(folder, program) {
        Ok(outcomes) => outcomes,
        Err(fault) => {
            eprintln!("{TITLE}: not measured: {fault}");
            Vec::new()
        }
    }
}

fn try_measure(folder: &Path, program: &str) -> io::Result<Vec<Outcome>> {
    let (mut each, mut resumed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir_in(folder)?;
        let output = Command::new(program).arg(folder.path()).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut words = text.split_whitespace().map(str::parse);
        let (Some(Ok(bytes)), Some(Ok(millis))) = (words.next(), words.next()) else {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(io::Error::other(format!("{}: {text}{said}", output.status)));
        };
        each.push(bytes);
        resumed.push(millis);
    }
    let one = |what: &str, unit, readings, most| Outcome {
        title: format!("{TITLE}: {what}"),
        unit,
        readings: Reading::of(what, readings).into_iter().collect(),
        claims: vec![Claim::alone(what, most)],
    };
    Ok(vec![
        one(EACH, "bytes", each, 4_096.0),
        one(RESUMED, "ms", resumed, 1_000.0),
    ])
}

/// Starts the runs, stops, starts again over the same folder: bytes of each run, and milliseconds until all wait again.
///
/// # Errors
///
/// Where a host does not start, or a run does not wait.
pub fn fill_and_resume(state: &Path) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let Bed { runtime, host } = Bed::start(Some(state));
    let each = runtime.block_on(fill(host))?;
    let began = clock::now();
    let Bed { runtime, host } = Bed::start(Some(state));
    runtime.block_on(all_wait(&host))?;
    let took = began.elapsed();
    runtime.block_on(host.stop())?;
    Ok((each, took.as_secs_f64() * 1e3))
}

async fn fill(host: Host) -> Result<f64, Box<dyn std::error::Error>> {
    let workflows = host.workflows();
    let known = workflows.register(WAITS, "waits.yaml");
    let id = known.map_err(|problems| format!("{problems:?}"))?;
    workflows.keep(&id, WAITS).await?;
    let before = resident::now().ok_or("the kernel tells no resident memory")?;
    for number in 0..RUNS {
        let terms = Terms {
            id: Some(name(number)),
            input: json!({ "number": number }),
            ..Terms::default()
        };
        workflows.start(&host.ctx(), &id, terms).await?;
    }
    all_wait(&host).await?;
    let after = resident::now().ok_or("the kernel tells no resident memory")?;
    host.stop().await?;
    Ok((after - before) * 1024.0 * 1024.0 / RUNS as f64)
}

async fn all_wait(host: &Host) -> Result<(), Box<dyn std::error::Error>> {
    for number in 0..RUNS {
        let mut run = host.workflows().watch(&name(number))?;
        run.wait_for(|status| status.waiting == ["/do/1/hear"])
            .await?;
    }
    Ok(())
}

fn name(number: u64) -> String {
    format!("waiting-{number:06}")
}
