//! What the command line accepts. The options of every command may stand before or after its name.

#[cfg(feature = "transaction")]
mod compose;
#[cfg(feature = "orchestration")]
mod workflow;

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(feature = "composition")]
pub(in crate::app) use compose::{ComposeCommand, DrawnComposite};
#[cfg(feature = "transaction")]
pub(in crate::app) use compose::{EventsCommand, Tail};

pub(in crate::app) use super::format::{Format, Shape};
#[cfg(feature = "orchestration")]
pub(in crate::app) use workflow::{Documents, DrawWorkflow, Picture, RunWorkflow, WorkflowCommand};

#[derive(Debug, Parser)]
#[command(
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 fine, 1 a call failed, 2 usage, 3 configuration or graph"
)]
pub(in crate::app) struct Arguments {
    #[command(flatten)]
    pub(in crate::app) globals: Globals,
    #[command(subcommand)]
    pub(in crate::app) command: Command,
}

/// The options of every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(in crate::app) struct Globals {
    /// Read this configuration file instead of `weldkit.toml`
    #[arg(long, value_name = "FILE")]
    pub(in crate::app) config: Option<String>,
    /// Set one value of the configuration, such as `plugins.records.batch=500`
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in crate::app) set: Vec<String>,
    /// Keep the state here, and look here for a running host
    #[arg(long, value_name = "DIR")]
    pub(in crate::app) state: Option<String>,
    /// For people, or for programs
    #[arg(long, value_enum)]
    pub(in crate::app) format: Option<Shape>,
}

impl Globals {
    /// These, and over them what stood further back on the line.
    pub(in crate::app) fn under(mut self, later: &Self) -> Self {
        self.set.extend(later.set.iter().cloned());
        Self {
            config: later.config.clone().or(self.config),
            set: self.set,
            state: later.state.clone().or(self.state),
            format: later.format.or(self.format),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(in crate::app) enum Command {
    /// Start all plugins and answer calls until a signal comes
    Serve(With<Nothing>),
    /// List the plugins
    List(With<Nothing>),
    /// Show a service, or one method with its parameters
    Describe(With<Describe>),
    /// Call a method and print its result as JSON
    Call(With<Call>),
    /// Check configuration and plugins without starting anything
    Check(With<Nothing>),
    /// Show the configuration, or what it may hold
    Config(With<Config>),
    /// Make the running host read its configuration again
    Reload(With<Nothing>),
    /// Show the transactions, and end those that wait
    #[cfg(feature = "transaction")]
    #[command(subcommand)]
    Tx(Tx),
    /// Write everything durable into a folder, while the host runs or while none does
    #[cfg(feature = "transaction")]
    Backup(With<super::backup::Into>),
    /// Put a backup into an empty state folder
    #[cfg(feature = "transaction")]
    Restore(With<super::backup::From>),
    /// Check workflows, run them, and look after their runs
    #[cfg(feature = "orchestration")]
    #[command(subcommand)]
    Workflow(WorkflowCommand),
    /// Show what is counted; `--format prometheus` and `openmetrics` are for monitoring systems
    Metrics(With<Metrics>),
    /// Watch methods, plugins, runs and transactions of the running host
    #[cfg(feature = "top")]
    Top(With<Top>),
    /// Show the composites, and whether they fit what they are made of
    #[cfg(feature = "composition")]
    #[command(subcommand)]
    Compose(ComposeCommand),
    /// Show what is published in the running host
    #[cfg(feature = "transaction")]
    #[command(subcommand)]
    Events(EventsCommand),
    /// Find out what is wrong
    Doctor(With<Nothing>),
    /// Explain the code of an error
    Explain(With<Explain>),
    /// Show what this binary was built from
    BuildInfo(With<Nothing>),
    /// Print a completion script
    Completions(With<Completions>),
    /// Print the metadata of every linked plugin
    #[command(hide = true)]
    Metadata(With<Nothing>),
}

impl Command {
    /// The options of every command that stood behind this one's name.
    pub(in crate::app) fn globals(&self) -> Globals {
        let globals = match self {
            Self::Serve(with)
            | Self::List(with)
            | Self::Check(with)
            | Self::Reload(with)
            | Self::Doctor(with)
            | Self::BuildInfo(with)
            | Self::Metadata(with) => &with.globals,
            Self::Describe(with) => &with.globals,
            Self::Call(with) => &with.globals,
            Self::Explain(with) => &with.globals,
            Self::Metrics(with) => &with.globals,
            #[cfg(feature = "top")]
            Self::Top(with) => &with.globals,
            Self::Completions(with) => &with.globals,
            #[cfg(feature = "transaction")]
            Self::Tx(tx) => tx.globals(),
            #[cfg(feature = "transaction")]
            Self::Backup(with) => &with.globals,
            #[cfg(feature = "transaction")]
            Self::Restore(with) => &with.globals,
            #[cfg(feature = "orchestration")]
            Self::Workflow(what) => what.globals(),
            #[cfg(feature = "composition")]
            Self::Compose(what) => what.globals(),
            #[cfg(feature = "transaction")]
            Self::Events(EventsCommand::Tail(with)) => &with.globals,
            Self::Config(with) => {
                let later = match &with.command.page {
                    Page::Schema(page) | Page::Sample(page) => &page.globals,
                    Page::Show(page) => &page.globals,
                };
                return with.globals.clone().under(later);
            }
        };
        globals.clone()
    }
}

/// A command's own arguments with the options of every command.
#[derive(Debug, Args)]
pub(in crate::app) struct With<A: Args> {
    #[command(flatten)]
    pub(in crate::app) command: A,
    #[command(flatten)]
    pub(in crate::app) globals: Globals,
}

#[derive(Debug, Args)]
pub(in crate::app) struct Nothing {}

#[derive(Debug, Args)]
pub(in crate::app) struct Describe {
    /// What to describe
    #[arg(value_name = "SERVICE[.METHOD]")]
    pub(in crate::app) name: String,
    /// Print only this JSON Schema of the method
    #[arg(long, value_enum)]
    pub(in crate::app) schema: Option<Side>,
}

/// Which schema of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::app) enum Side {
    Input,
    Output,
    Error,
}

#[derive(Debug, Args)]
pub(in crate::app) struct Call {
    #[command(flatten)]
    pub(in crate::app) options: CallOptions,
    /// What to call, and its parameters; `call SERVICE.METHOD --help` lists them
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        help_heading = "Arguments",
        value_names = ["SERVICE.METHOD", "--NAME VALUE"]
    )]
    pub(in crate::app) call: Vec<OsString>,
}

/// The options of `call`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of call")]
pub(in crate::app) struct CallOptions {
    /// All parameters at once: a JSON object, @FILE, or - for stdin
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(in crate::app) input: Option<String>,
    /// The items of the one parameter that is a list, such as what a stream has printed: lines of JSON, @FILE or - for stdin
    #[arg(long, value_name = "@FILE|-")]
    pub(in crate::app) lines: Option<String>,
    /// Give up after this time, such as `5s` or `250ms`
    #[arg(long, value_name = "TIME", value_parser = crate::config::parse_duration)]
    pub(in crate::app) timeout: Option<Duration>,
    /// Call as this principal instead of as the operator
    #[arg(long = "as", value_name = "PRINCIPAL")]
    pub(in crate::app) principal: Option<String>,
    /// Call inside of this transaction of the running host
    #[cfg(feature = "transaction")]
    #[arg(long, value_name = "ID")]
    pub(in crate::app) transaction: Option<String>,
}

impl CallOptions {
    /// These, and over them what stood further back on the line.
    pub(in crate::app) fn under(self, later: Self) -> Self {
        Self {
            input: later.input.or(self.input),
            lines: later.lines.or(self.lines),
            timeout: later.timeout.or(self.timeout),
            principal: later.principal.or(self.principal),
            #[cfg(feature = "transaction")]
            transaction: later.transaction.or(self.transaction),
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::app) struct Config {
    #[command(subcommand)]
    pub(in crate::app) page: Page,
}

/// What to show of the configuration.
#[derive(Debug, Subcommand)]
pub(in crate::app) enum Page {
    /// The JSON Schema of a configuration file, for editors
    Schema(With<Nothing>),
    /// A file to start from: every name with its default
    Sample(With<Nothing>),
    /// The effective configuration, without secrets
    Show(With<Show>),
}

#[derive(Debug, Args)]
pub(in crate::app) struct Show {
    /// Say behind each value where it comes from
    #[arg(long)]
    pub(in crate::app) origins: bool,
}

/// What to do with transactions.
#[cfg(feature = "transaction")]
#[derive(Debug, Subcommand)]
pub(in crate::app) enum Tx {
    /// Every transaction that has not ended, and those that wait for an operator
    List(With<Nothing>),
    /// One transaction, an ended one included
    Show(With<OneTx>),
    /// Tell participants that have not answered to finish now, as it was decided
    Resolve(With<OneTx>),
    /// Forget one with a heuristic outcome, or whose participant will never come back
    Forget(With<OneTx>),
}

#[cfg(feature = "transaction")]
impl Tx {
    fn globals(&self) -> &Globals {
        match self {
            Self::List(with) => &with.globals,
            Self::Show(with) | Self::Resolve(with) | Self::Forget(with) => &with.globals,
        }
    }
}

#[cfg(feature = "transaction")]
#[derive(Debug, Args)]
pub(in crate::app) struct OneTx {
    /// The id, as `tx list` shows it
    #[arg(value_name = "ID")]
    pub(in crate::app) id: String,
}

/// What to show of the metrics.
#[derive(Debug, Args)]
pub(in crate::app) struct Metrics {
    /// Show them again and again; of each pause, what happened in it
    #[arg(long)]
    pub(in crate::app) watch: bool,
    /// The pause between two looks
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = crate::config::parse_duration)]
    pub(in crate::app) every: Duration,
}

#[cfg(feature = "top")]
#[derive(Debug, Args)]
pub(in crate::app) struct Top {
    /// The pause between two looks
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = crate::config::parse_duration)]
    pub(in crate::app) every: Duration,
}

#[derive(Debug, Args)]
pub(in crate::app) struct Explain {
    /// The code, such as `timeout`
    #[arg(value_name = "CODE")]
    pub(in crate::app) code: String,
}

#[derive(Debug, Args)]
pub(in crate::app) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(in crate::app) shell: clap_complete::Shell,
}
