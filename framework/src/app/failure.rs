//! Why a command failed: its exit code, and how it is told on stderr.

use std::io::{IsTerminal, Write};

use serde_json::{Value, json};

use super::args::Format;
use super::output::{envelope, say};
use crate::config;
use crate::error::{CallError, Effect, Error, ErrorKind, Problem};

/// Exit code of a call that failed, and of a host that cannot start, stop or be reached.
pub(super) const FAILED: u8 = 1;
/// Exit code of arguments that mean nothing.
pub(super) const USAGE: u8 = 2;
/// Exit code of a configuration or a graph of plugins that cannot be.
pub(super) const REFUSED: u8 = 3;

/// Why a command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The call.
    Call(CallError),
    /// The host.
    Host(Error),
    /// Configuration and graph: everything that is wrong with them.
    Refused(Refusal),
    /// The arguments; help and version come this way too.
    Usage(Box<clap::Error>),
    /// What was asked for could not be written.
    Output(std::io::Error),
}

/// Everything that is wrong before anything starts.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    pub(super) configuration: Vec<config::Problem>,
    pub(super) graph: Vec<Problem>,
}

impl Refusal {
    pub(super) fn is_empty(&self) -> bool {
        self.configuration.is_empty() && self.graph.is_empty()
    }

    /// One sentence.
    pub(super) fn message(&self) -> String {
        let count = self.configuration.len() + self.graph.len();
        let problems = if count == 1 { "problem" } else { "problems" };
        match (self.configuration.is_empty(), self.graph.is_empty()) {
            (false, true) => format!("the configuration has {count} {problems}"),
            (true, false) => format!("the plugins do not fit together: {count} {problems}"),
            _ => format!("configuration and plugins have {count} {problems}"),
        }
    }

    /// For programs.
    pub(super) fn list(&self) -> Value {
        let configuration = self.configuration.iter().map(|problem| json!(problem));
        let graph = self.graph.iter().map(|problem| json!(problem));
        configuration.chain(graph).collect()
    }

    /// For people: each with its place and what to do.
    pub(super) fn text(&self, colour: bool) -> String {
        let mut text = config::render(&self.configuration, colour);
        for problem in &self.graph {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&format!("{problem}\n"));
        }
        text
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Host(error)
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Usage(Box::new(error))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

impl Failure {
    /// Arguments that mean nothing together.
    pub(super) fn usage(message: &str) -> Self {
        clap::Error::raw(clap::error::ErrorKind::InvalidValue, format!("{message}\n")).into()
    }

    /// Tells it, and gives the exit code.
    pub(super) fn report(&self, format: Format) -> u8 {
        match self {
            // The reader has had enough: nothing failed.
            Self::Output(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => return 0,
            Self::Usage(usage) if format == Format::Table || !usage.use_stderr() => {
                // Help goes to stdout, errors to stderr; nobody is left to tell when that fails.
                let printed = usage.print();
                drop(printed);
                return u8::try_from(usage.exit_code()).unwrap_or(USAGE);
            }
            Self::Call(_) | Self::Host(_) | Self::Refused(_) | Self::Usage(_) | Self::Output(_) => {
            }
        }
        match format {
            Format::Table => say(self.text().trim_end()),
            Format::Json => {
                let text = envelope([("error", self.json())]).to_string();
                // Nobody is left to tell when stderr is gone.
                drop(writeln!(anstream::stderr(), "{text}"));
            }
        }
        self.code()
    }

    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Refused(_) => REFUSED,
            Self::Host(error) => exit_code(error.kind()),
            Self::Usage(_) => USAGE,
            Self::Call(_) | Self::Output(_) => FAILED,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Call(error) => call_text(error),
            Self::Host(error) => format!("error: {error}"),
            Self::Refused(refusal) => {
                format!("{}\nerror: {}", refusal.text(true), refusal.message())
            }
            Self::Usage(usage) => usage.to_string(),
            Self::Output(fault) => format!("error: cannot write the output: {fault}"),
        }
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let simple = |code: &str, message: &str| json!({ "code": code, "message": message });
        match self {
            Self::Call(error) => json!(error),
            Self::Host(error) => {
                let mut value = simple(kind(error.kind()), error.message());
                if !error.list().is_empty() {
                    value["problems"] = json!(error.list());
                }
                value
            }
            Self::Refused(refusal) => {
                let mut value = simple("refused", &refusal.message());
                value["problems"] = refusal.list();
                value
            }
            Self::Usage(usage) => simple("usage", usage.to_string().trim_end()),
            Self::Output(fault) => simple("output", &fault.to_string()),
        }
    }
}

fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Configuration | ErrorKind::Graph => REFUSED,
        ErrorKind::Start | ErrorKind::Stop | ErrorKind::State | ErrorKind::Internal => FAILED,
    }
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Configuration => "configuration",
        ErrorKind::Graph => "graph",
        ErrorKind::Start => "start",
        ErrorKind::Stop => "stop",
        ErrorKind::State => "state",
        ErrorKind::Internal => "internal",
    }
}

/// The error of a call: code, message, each violation with its pointer, and what may have happened.
fn call_text(error: &CallError) -> String {
    let mut text = format!(
        "error[{}]: {}",
        error.code(),
        error.message().replace('\n', "\n  ")
    );
    let violations = error
        .detail()
        .and_then(|details| details["violations"].as_array());
    match violations.filter(|violations| violations.len() > 1) {
        Some(violations) => {
            for violation in violations {
                let pointer = violation["pointer"].as_str().unwrap_or_default();
                let message = violation["message"].as_str().unwrap_or_default();
                let pointer = if pointer.is_empty() {
                    "the input"
                } else {
                    pointer
                };
                text.push_str(&format!("\n  --> {pointer}: {message}"));
            }
        }
        None => {
            if let Some(pointer) = error.at().filter(|pointer| !pointer.is_empty()) {
                text.push_str(&format!("\n  --> {pointer}"));
            }
        }
    }
    if error.has_effect() == Effect::Possible {
        text.push_str("\n  note: it may have had an effect");
    }
    if error.is_retryable() {
        text.push_str("\n  note: the same call may succeed later");
    }
    if std::io::stderr().is_terminal() {
        text.push_str(&format!(
            "\n  help: `app explain {}` says more",
            error.code()
        ));
    }
    text
}
