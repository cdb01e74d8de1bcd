//! The command line of an application, run as the process that a user runs.
//!
//! The application is `fixtures/app`; each test has a folder of its own to run it in.

mod backup;
mod commands;
mod compose;
mod configuration;
mod doors;
mod input;
mod metrics;
mod reload;
mod serve;
mod socket;
mod trouble;
mod workflow;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const APP: &str = env!("CARGO_BIN_EXE_fixture-app");
const BANK: &str = env!("CARGO_BIN_EXE_fixture-bank");
const LOST: &str = env!("CARGO_BIN_EXE_fixture-lost");

/// A folder to run the application in.
struct Place {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// What a command left behind.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A configuration file.
    fn file(self, toml: &str) -> Self {
        self.write("weldkit.toml", toml);
        self
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path())
            .env_remove("RUST_BACKTRACE")
            .env_remove("NO_COLOR");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the application.
    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(APP, arguments).spawn().unwrap())
    }

    /// The same with something on stdin.
    fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Ran {
        let mut child = self
            .command(APP, arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that refuses what it reads may be gone before it has read everything.
        drop(child.stdin.take().unwrap().write_all(stdin));
        Ran::of(child)
    }

    /// Starts `serve` and waits until it says that it serves.
    fn serve(&self, arguments: &[&str]) -> Serving {
        self.serving(APP, arguments)
    }

    /// The same with another application.
    fn serving(&self, program: &str, arguments: &[&str]) -> Serving {
        let mut command = self.command(program, &["serve"]);
        command.args(arguments);
        Self::heard(command, "serving on")
    }

    /// Starts a command that stays, and waits until it says something.
    #[track_caller]
    fn begin(&self, arguments: &[&str], words: &str) -> Serving {
        Self::heard(self.command(APP, arguments), words)
    }

    #[track_caller]
    fn heard(mut command: Command, words: &str) -> Serving {
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let started = wait_for(&mut said, words);
        assert!(started.is_ok(), "{started:?}");
        Serving { child, said }
    }

    /// The names of what is in the folder.
    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Ran {
    fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts the exit code, and that stderr has all of these words.
    #[track_caller]
    fn failed(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            assert!(self.err.contains(word), "no `{word}` in {self:#?}");
        }
        self
    }

    /// Asserts that all is well, and gives stdout.
    #[track_caller]
    fn fine(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:#?}");
        &self.out
    }

    /// The same, read as JSON.
    #[track_caller]
    fn json(&self) -> Value {
        parsed(self.fine())
    }
}

#[track_caller]
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|fault| panic!("{fault}: {text}"))
}

/// A running host. It goes with the test, whatever happens.
struct Serving {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Serving {
    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for it to say something; gives what it said up to there.
    #[track_caller]
    fn hear(&mut self, words: &str) -> String {
        wait_for(&mut self.said, words)
            .unwrap_or_else(|said| panic!("never said `{words}`: {said}"))
    }

    /// Waits for its end: the exit code, and what it said last.
    fn ended(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        std::io::Read::read_to_string(&mut self.said, &mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Gone already where the test ended it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads lines until one has these words; `Err` when they never come.
fn wait_for(lines: &mut impl BufRead, words: &str) -> Result<String, String> {
    let mut said = String::new();
    while !said.contains(words) {
        if lines.read_line(&mut said).unwrap() == 0 {
            return Err(said);
        }
    }
    Ok(said)
}
