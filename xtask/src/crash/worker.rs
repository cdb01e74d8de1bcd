//! The process that is killed, and the one that looks at what it has left.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::postgres;

/// Where the process is, and where it keeps its state.
pub(super) struct Worker {
    pub(super) binary: PathBuf,
    pub(super) folder: PathBuf,
    /// What it is told to do, and what the one that looks after it is told.
    pub(super) words: [&'static str; 2],
    /// The database that is the second store, if there is one.
    pub(super) database: Option<Database>,
}

/// A database; each fresh state has a schema of its own in it.
#[derive(Debug, Clone)]
pub(super) struct Database {
    url: String,
    /// What the schemas of this working copy begin with, and nobody else's.
    prefix: String,
    /// As many states as there were.
    states: u32,
}

impl Database {
    /// Without what an earlier run has left: one that failed leaves its schema to look at.
    pub(super) fn new(url: String, folder: &Path) -> Result<Self> {
        let database = Self {
            url,
            prefix: format!("crash_{:016x}_", postgres::fingerprint(folder)),
            states: 0,
        };
        database.forget()?;
        Ok(database)
    }

    /// Removes the schemas.
    pub(super) fn forget(&self) -> Result<()> {
        postgres::drop_schemas(&self.url, &self.prefix)
    }
}

/// How a run is to end, unless it has done everything before.
pub(super) enum Ending {
    /// By us, after so long.
    Killed(Duration),
    /// By itself, before that operation of the journal's disk.
    AtOperation(u32),
}

/// What was seen of a run.
pub(super) struct Ended {
    /// Whether it was in the middle of something.
    pub(super) is_killed: bool,
    /// Client and number of each commit, in their order.
    pub(super) acknowledged: Vec<(u64, u64)>,
}

impl Worker {
    /// Makes the state as if there had been nothing.
    pub(super) fn forget(&mut self) -> Result<()> {
        if let Some(database) = &mut self.database {
            database.states += 1;
        }
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder).map_err(|e| self.failed("forget", &e))?;
        }
        Ok(())
    }

    /// Runs it until it ends or is killed.
    #[expect(
        clippy::disallowed_methods,
        reason = "the kill is to come at any time of another process, so the time is the real one"
    )]
    pub(super) fn work(&self, rounds: u32, ending: Ending) -> Result<Ended> {
        let mut command = self.command();
        command
            .arg(self.words[0])
            .arg(&self.folder)
            .arg(rounds.to_string());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Ending::AtOperation(operation) = ending {
            command.env("WELDKIT_CRASH_AT", operation.to_string());
        }
        let mut child = command.spawn().map_err(|e| self.failed("start", &e))?;
        let output = match ending {
            Ending::AtOperation(_) => child.wait_with_output(),
            Ending::Killed(wait) => {
                // Read meanwhile: a full pipe would hold it.
                let reader = std::thread::scope(|scope| {
                    let out = child.stdout.take();
                    let reading = scope.spawn(move || out.map(std::io::read_to_string));
                    std::thread::sleep(wait);
                    let killed = child.kill();
                    (reading.join(), killed)
                });
                let (read, killed) = reader;
                killed.map_err(|e| self.failed("kill", &e))?;
                let text = read.ok().flatten().and_then(std::io::Result::ok);
                child.wait_with_output().map(|output| Output {
                    stdout: text.unwrap_or_default().into_bytes(),
                    ..output
                })
            }
        };
        let output = output.map_err(|e| self.failed("wait for", &e))?;
        // A signal leaves no code; an error of its own does.
        let is_killed = output.status.code().is_none();
        if !is_killed && !output.status.success() {
            return Err(refused("the worker failed", &output));
        }
        Ok(Ended {
            is_killed,
            acknowledged: lines(&output.stdout),
        })
    }

    /// The last number of each client, as a fresh process finds it.
    pub(super) fn check(&self) -> Result<Vec<(u64, u64)>> {
        let mut command = self.command();
        let output = command.arg(self.words[1]).arg(&self.folder).output();
        let output = output.map_err(|e| self.failed("start", &e))?;
        if output.status.success() {
            Ok(lines(&output.stdout))
        } else {
            Err(refused("the reader finds", &output))
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        if let Some(database) = &self.database {
            let Database {
                url,
                prefix,
                states,
            } = database;
            command.env("WELDKIT_CRASH_POSTGRES", format!("{url} {prefix}{states}"));
        }
        command
    }

    fn failed(&self, what: &str, fault: &std::io::Error) -> Error {
        Error::failed(format!("{what} {}: {fault}", self.binary.display()))
    }
}

fn refused(what: &str, output: &Output) -> Error {
    let said = String::from_utf8_lossy(&output.stderr);
    Error::failed(format!("{what}: {}", said.trim_end()))
}

/// Pairs of numbers, one a line; a last line that was cut off was not said.
fn lines(out: &[u8]) -> Vec<(u64, u64)> {
    let text = String::from_utf8_lossy(out);
    let whole = text
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'));
    let pair = |line: &str| {
        let (client, number) = line.split_once(' ')?;
        Some((client.parse().ok()?, number.parse().ok()?))
    };
    whole.filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_was_not_said() {
        assert_eq!(lines(b"0 1\n1 12\n0 2"), [(0, 1), (1, 12)]);
        assert_eq!(lines(b""), []);
    }
}
