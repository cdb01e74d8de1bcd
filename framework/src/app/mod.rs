//! The command line that every application has, and the control socket of a serving one.
//!
//! ```text
//! app COMMAND ── a host serves on the state folder? ── yes ──> control.sock ──> its gate
//!                                                   └─ no ───> a host in this process
//! ```
//!
//! Data goes to stdout, talk to stderr. Exit codes: 0 fine, 1 a call failed, 2 usage, 3 configuration or
//! graph. What starts no plugin works whatever is broken: `list`, `describe`, `check`, `config`, `explain`,
//! `doctor`, `build-info`, `completions`.

mod args;
#[cfg(feature = "transaction")]
mod backup;
mod bar;
mod build_info;
mod call;
mod check;
#[cfg(feature = "composition")]
mod compose;
mod configuration;
mod control;
mod describe;
mod doctor;
#[cfg(feature = "transaction")]
mod events;
mod explain;
mod failure;
mod format;
mod host_door;
mod list;
mod log;
mod metrics;
mod offers;
mod output;
mod platform;
mod pretty;
mod reload;
mod serve;
mod session;
#[cfg(feature = "top")]
mod top;
#[cfg(feature = "transaction")]
mod tx;
mod workers;
#[cfg(feature = "orchestration")]
mod workflow;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::registry::{Plugin, PluginEntry, linked};

use args::{Arguments, Command, Format};
use failure::Failure;
use session::Session;

/// An application: what was chosen at build time, its own defaults, and a command line.
///
/// Made by [`weldkit::app!`](crate::app!), which knows the crate it stands in. A program with a main of its own hands
/// over where the command line is meant for its plugins:
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     match std::env::args().nth(1).as_deref() {
///         Some("play") => std::process::ExitCode::SUCCESS,
///         _ => weldkit::app!(&[]).main(),
///     }
/// }
/// ```
#[derive(Debug, Clone)]
#[must_use = "an application does nothing until `main` is called"]
pub struct App {
    facts: Facts,
    defaults: &'static str,
    entries: Vec<PluginEntry>,
}

/// What the macro knows of the application's crate.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The package.
    pub package: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its description.
    pub description: &'static str,
    /// The build record as a frame; empty where the build tool gave none.
    pub build: &'static str,
    /// The ids of the plugins that were chosen.
    pub chosen: &'static [&'static str],
    /// Every plugin that could be, and its services as `name@line`.
    pub known: &'static [(&'static str, &'static [&'static str])],
}

impl App {
    /// For the macro.
    #[doc(hidden)]
    pub fn new(facts: Facts) -> Self {
        Self {
            facts,
            defaults: "",
            entries: linked()
                .into_iter()
                .chain([crate::registry::builtin()])
                .collect(),
        }
    }

    /// The configuration that the application brings along: TOML, below file, environment and flags.
    ///
    /// What it says of plugins that are not linked is passed over, so that one text serves every edition.
    pub fn defaults(self, toml: &'static str) -> Self {
        Self {
            defaults: toml,
            ..self
        }
    }

    /// Adds a plugin by hand. One that is linked is there already, and naming it keeps its crate linked.
    pub fn plugin<P: Plugin>(mut self) -> Self {
        let entry = PluginEntry::new::<P>("");
        let name = |entry: &PluginEntry| (entry.descriptor.id, entry.descriptor.package);
        if !self.entries.iter().any(|other| name(other) == name(&entry)) {
            self.entries.push(entry);
            self.entries.sort_by_key(|entry| entry.descriptor.id);
        }
        self
    }

    /// The plugins, without the services of the host itself.
    fn plugins(&self) -> impl Iterator<Item = &PluginEntry> {
        self.entries.iter().filter(|entry| !entry.is_builtin())
    }

    /// Runs the command that the process was started with.
    pub fn main(self) -> ExitCode {
        ExitCode::from(self.run(std::env::args_os().collect()))
    }

    fn run(self, arguments: Vec<OsString>) -> u8 {
        let command = Arguments::command()
            .name(self.facts.package)
            .version(self.facts.version)
            .about(self.facts.description);
        let format = format_of(&arguments);
        let parsed = command
            .try_get_matches_from(arguments)
            .and_then(|matches| Arguments::from_arg_matches(&matches));
        match parsed {
            Ok(Arguments { globals, command }) => {
                let session = Session::new(self, globals.under(&command.globals()));
                let checked = command.check(&session.globals);
                let outcome = checked.and_then(|()| execute(&session, command));
                outcome.unwrap_or_else(|failure| failure.report(format))
            }
            Err(usage) => Failure::from(usage).report(format),
        }
    }
}

/// The format of an error: that of arguments which cannot be read as well, and of those behind a method.
fn format_of(arguments: &[OsString]) -> Format {
    let words: Vec<_> = arguments
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    let is_json = words.iter().any(|word| word == "--format=json")
        || words.windows(2).any(|pair| pair == ["--format", "json"]);
    if is_json { Format::Json } else { Format::Table }
}

/// Runs one command; the exit code unless it failed.
fn execute(session: &Session, command: Command) -> Result<u8, Failure> {
    match command {
        Command::Serve(_) => serve::run(session),
        Command::List(_) => list::run(session),
        Command::Describe(with) => describe::run(session, &with.command),
        Command::Call(with) => call::run(session, with.command),
        Command::Check(_) => check::run(session),
        Command::Config(with) => configuration::run(session, &with.command),
        Command::Reload(_) => reload::run(session),
        #[cfg(feature = "transaction")]
        Command::Tx(tx) => tx::run(session, &tx),
        #[cfg(feature = "transaction")]
        Command::Backup(with) => backup::back_up(session, &with),
        #[cfg(feature = "transaction")]
        Command::Restore(with) => backup::restore(session, &with),
        #[cfg(feature = "orchestration")]
        Command::Workflow(what) => workflow::run(session, &what),
        Command::Metrics(with) => metrics::run(session, &with.command),
        #[cfg(feature = "top")]
        Command::Top(with) => top::run(session, &with.command),
        #[cfg(feature = "composition")]
        Command::Compose(what) => compose::run(session, &what),
        #[cfg(feature = "transaction")]
        Command::Events(what) => events::run(session, &what),
        Command::Doctor(_) => doctor::run(session),
        Command::Explain(with) => explain::run(session, &with.command.code),
        Command::BuildInfo(_) => build_info::run(session),
        Command::Completions(with) => build_info::completions(session, with.command.shell),
        Command::Metadata(_) => build_info::metadata(session),
    }
}

/// The application of the crate it is written in.
///
/// ```no_run
/// mod plugins {
///     pub(crate) const CHOSEN: &[&str] = &[];
/// }
///
/// fn main() -> std::process::ExitCode {
///     weldkit::app!(plugins::CHOSEN).defaults("[host]\nstop_deadline = '5s'").main()
/// }
/// ```
///
/// The first list holds the ids of the plugins that were chosen when it was built: one that is not linked
/// is refused. The second, which may be left out, holds every plugin that could be chosen, with its services
/// as `name@line`: messages then name the plugin that supplies what is missing.
#[macro_export]
macro_rules! app {
    ($chosen:expr $(,)?) => {
        $crate::app!($chosen, &[])
    };
    ($chosen:expr, $known:expr $(,)?) => {{
        const RECORD: &[u8] = match ::core::option_env!("WELDKIT_BUILD") {
            ::core::option::Option::Some(record) => record.as_bytes(),
            ::core::option::Option::None => b"",
        };
        // A constant: where there is no record, nothing that looks like a frame is left in the binary.
        const BUILD: &str = if RECORD.is_empty() {
            ""
        } else {
            const KIND: $crate::registry::Frame = $crate::registry::Frame::Build;
            const FRAME: [u8; $crate::registry::frame_len(KIND, RECORD.len())] =
                $crate::registry::frame(KIND, RECORD);
            $crate::registry::frame_text(&FRAME)
        };
        $crate::app::App::new($crate::app::Facts {
            package: ::core::env!("CARGO_PKG_NAME"),
            version: ::core::env!("CARGO_PKG_VERSION"),
            description: ::core::env!("CARGO_PKG_DESCRIPTION"),
            build: BUILD,
            chosen: $chosen,
            known: $known,
        })
    }};
}
