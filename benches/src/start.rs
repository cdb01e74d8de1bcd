//! From the start of a process to its first call, and what it costs to stand still.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::{Claim, Outcome, Reading, clock};

/// What the subjects of this module are found by.
pub const TITLE: &str = "start to first call, 20 plugins; idle";

/// How long a process is watched that has nothing to do.
const IDLE: Duration = Duration::from_millis(1_500);

const FIRST_CALL: &str = "exec to first answer";
const INSIDE: &str = "main to first answer";
const NOTHING: &str = "a process that does nothing";
const RESIDENT: &str = "resident";
const WAKE_UPS: &str = "wake-ups in 1.5 s";

/// Starts `program`, which makes its first call and then waits, `rounds` times.
pub fn measure(program: &str, rounds: usize) -> Vec<Outcome> {
    match try_measure(program, rounds) {
        Ok(outcomes) => outcomes,
        Err(fault) => {
            eprintln!("{TITLE}: not measured: {fault}");
            Vec::new()
        }
    }
}

fn try_measure(program: &str, rounds: usize) -> io::Result<Vec<Outcome>> {
    let (mut whole, mut inside, mut nothing) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let began = clock::now();
        Command::new(program).arg("nothing").status()?;
        nothing.push(millis(began.elapsed()));
        let began = clock::now();
        let (mut child, mut lines) = spawn(program)?;
        inside.push(first_line(&mut lines)?);
        whole.push(millis(began.elapsed()));
        end(&mut child)?;
    }
    let (mut child, mut lines) = spawn(program)?;
    first_line(&mut lines)?;
    let idle = idle(child.id());
    end(&mut child)?;
    let mut outcomes = vec![Outcome {
        title: TITLE.to_owned(),
        unit: "ms",
        readings: [(NOTHING, nothing), (INSIDE, inside), (FIRST_CALL, whole)]
            .into_iter()
            .filter_map(|(name, rounds)| Reading::of(name, rounds))
            .collect(),
        claims: vec![Claim::alone(FIRST_CALL, 5.0)],
    }];
    if let Some((resident, wake_ups)) = idle {
        outcomes.push(standing(RESIDENT, "MB", resident, 8.0));
        outcomes.push(standing(WAKE_UPS, "times", wake_ups, 0.0));
    }
    Ok(outcomes)
}

fn standing(what: &str, unit: &'static str, value: f64, most: f64) -> Outcome {
    Outcome {
        title: format!("idle, 20 plugins: {what}"),
        unit,
        readings: vec![Reading::exact(what, value)],
        claims: vec![Claim::alone(what, most)],
    }
}

fn spawn(program: &str) -> io::Result<(Child, BufReader<ChildStdout>)> {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = child.stdout.take().map(BufReader::new);
    lines
        .map(|lines| (child, lines))
        .ok_or_else(|| io::Error::other("the child has no stdout"))
}

/// The child says how many nanoseconds its first answer took.
fn first_line(lines: &mut BufReader<ChildStdout>) -> io::Result<f64> {
    let mut line = String::new();
    lines.read_line(&mut line)?;
    let nanos: f64 = line.trim().parse().map_err(io::Error::other)?;
    Ok(nanos / 1e6)
}

/// The child waits until its stdin closes.
fn end(child: &mut Child) -> io::Result<()> {
    drop(child.stdin.take());
    child.wait().map(drop)
}

/// Megabytes in memory, and how often a thread woke up, where `/proc` says so.
fn idle(process: u32) -> Option<(f64, f64)> {
    pause(Duration::from_millis(200));
    let before = wake_ups(process)?;
    pause(IDLE);
    let woken = wake_ups(process)? - before;
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    Some((number(&status, "VmRSS:")? / 1024.0, woken))
}

/// Every wake-up ends in a voluntary switch.
fn wake_ups(process: u32) -> Option<f64> {
    let mut woken = 0.0;
    for task in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let status = fs::read_to_string(task.ok()?.path().join("status")).ok()?;
        woken += number(&status, "voluntary_ctxt_switches:")?;
    }
    Some(woken)
}

fn number(status: &str, key: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is the standing still that is watched"
)]
fn pause(duration: Duration) {
    thread::sleep(duration);
}
