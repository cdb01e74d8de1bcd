//! `crash`: a process that moves money, and one that runs workflows, are killed at any time, and nothing that they
//! acknowledged is lost.
//!
//! ```text
//! work ──(killed)──> work ──(killed)──> ...     one line a commit that was acknowledged
//!          └ check           └ check            a fresh process: every acknowledged one is there, once and whole
//! ```
//!
//! The kills come at random times, and at every single operation of the journal's disk in a fresh state. The money moves
//! between two stores of the host; where PostgreSQL is there, also between one of them and the database.

mod ledger;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

use crate::app::App;
use crate::error::{Error, Result};
use crate::{cargo, postgres, talk};
use ledger::Ledger;
use worker::{Database, Ending, Worker};

/// The package of the process that is killed, its feature and its binary.
const WORKER: [&str; 7] = [
    "build",
    "--package",
    "weldkit-tests",
    "--features",
    "crash",
    "--bin",
    "fixture-crash",
];
/// What is killed.
struct Subject {
    /// What the process is told, and the one that looks after it.
    words: [&'static str; 2],
    /// What it acknowledges.
    what: &'static str,
    /// Whether a database can be its second store.
    takes_database: bool,
}

const SUBJECTS: [Subject; 2] = [
    Subject {
        words: ["work", "check"],
        what: "commits",
        takes_database: true,
    },
    Subject {
        words: ["flow", "look"],
        what: "runs",
        takes_database: false,
    },
];
/// A kill at random comes within this time.
const PATIENCE: Duration = Duration::from_millis(400);
/// Kills after which a long run says how far it is.
const TOLD: u32 = 500;
/// Starts of the host in the run that is killed at each of its operations.
const ROUNDS: u32 = 2;

/// The command line of `crash`.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Kills at random times, of workflows a fifth; those at every operation of the journal come on top
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub kills: u32,
    /// The same with PostgreSQL as the second store, where a server is there
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub postgres: u32,
    /// Where the random times start; the same seed waits the same times
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Kill at every N-th operation of the journal only; 0 for none
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub every: u32,
}

impl Arguments {
    /// What a gate has time for.
    pub fn short() -> Self {
        Self {
            kills: 200,
            postgres: 50,
            seed: 1,
            every: 12,
        }
    }

    /// What takes hours.
    pub fn long() -> Self {
        Self {
            kills: 10_000,
            postgres: 2_500,
            seed: 1,
            every: 1,
        }
    }
}

/// The command.
///
/// # Errors
/// Fails when a commit was lost, done twice or done by half, and names the state folder that shows it.
pub fn command(app: &App, arguments: &Arguments) -> Result<()> {
    cargo::run(&app.root, WORKER)?;
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| app.root.join("target"), PathBuf::from);
    for subject in SUBJECTS {
        let mut worker = Worker {
            binary: target.join("debug/fixture-crash"),
            folder: target.join("crash"),
            words: subject.words,
            database: None,
        };
        crashes(&mut worker, &subject, arguments)?;
    }
    Ok(())
}

fn crashes(worker: &mut Worker, subject: &Subject, arguments: &Arguments) -> Result<()> {
    let mut ledger = Ledger::default();
    let result = run(worker, subject, arguments, &mut ledger);
    // Also after a loss: it is what a log ends with.
    talk::data(ledger.summary(subject.what));
    result.map_err(|error| {
        error.help(format!(
            "the state is left in {}; the same again: `cargo xtask crash --kills {} --postgres {} --seed {}`",
            worker.folder.display(),
            arguments.kills,
            arguments.postgres,
            arguments.seed
        ))
    })
}

/// Between two stores of the host, then between one of them and a database.
fn run(
    worker: &mut Worker,
    subject: &Subject,
    arguments: &Arguments,
    ledger: &mut Ledger,
) -> Result<()> {
    // Every start looks at all runs that are kept: so many kills of workflows take their square of time.
    let kills = match subject.takes_database {
        true => arguments.kills,
        false => arguments.kills.div_ceil(5),
    };
    at_random(worker, (kills, arguments.seed), ledger)?;
    at_every_operation(worker, arguments.every, ledger)?;
    if arguments.postgres == 0 || !subject.takes_database {
        return Ok(());
    }
    let Some(url) = postgres::wanted()? else {
        return Ok(());
    };
    worker.database = Some(Database::new(url, &worker.folder)?);
    talk::step("Using", "PostgreSQL as the second store");
    at_random(worker, (arguments.postgres, arguments.seed), ledger)?;
    at_every_operation(worker, arguments.every, ledger)?;
    // Only now: a failed run leaves what shows it, and the next one removes it.
    worker
        .database
        .take()
        .map_or(Ok(()), |database| database.forget())
}

/// One state, on and on.
fn at_random(worker: &mut Worker, (kills, seed): (u32, u64), ledger: &mut Ledger) -> Result<()> {
    worker.forget()?;
    ledger.begin();
    let mut seed = seed;
    for kill in 1..=kills {
        let wait = PATIENCE.mul_f64(fraction(&mut seed));
        // More rounds than it has time for.
        let ended = worker.work(u32::MAX, Ending::Killed(wait))?;
        if !ended.is_killed {
            return Err(Error::failed("the worker has ended before it was killed"));
        }
        ledger.killed(&ended.acknowledged);
        ledger.compare(&worker.check()?)?;
        if kill == kills || kill % TOLD == 0 {
            talk::step("Killed", format_args!("{kill} times at random"));
        }
    }
    Ok(())
}

/// A fresh state for each operation that the journal's disk sees in a short run.
fn at_every_operation(worker: &mut Worker, every: u32, ledger: &mut Ledger) -> Result<()> {
    if every == 0 {
        return Ok(());
    }
    for operation in (1..).step_by(every as usize) {
        worker.forget()?;
        ledger.begin();
        let ended = worker.work(ROUNDS, Ending::AtOperation(operation))?;
        if !ended.is_killed {
            talk::step("Killed", format_args!("at operations 1 to {operation}"));
            return Ok(());
        }
        ledger.killed(&ended.acknowledged);
        ledger.compare(&worker.check()?)?;
    }
    Ok(())
}

/// A number from 0 to 1, and the next seed (SplitMix64).
fn fraction(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    f64::from(u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(u32::MAX))
        / f64::from(u32::MAX)
}
