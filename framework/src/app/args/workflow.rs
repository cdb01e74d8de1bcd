//! The command line of workflows.

use clap::{Args, Subcommand, ValueEnum};

use super::{Globals, Nothing, With};
use crate::drawing::Language;

/// What to do with workflows.
#[derive(Debug, Subcommand)]
pub(in crate::app) enum WorkflowCommand {
    /// Read documents and say everything that is wrong with them; nothing starts
    Check(With<Documents>),
    /// Run a workflow to its end and print its output
    Run(With<RunWorkflow>),
    /// Start a workflow in the running host, and print its run
    Start(With<RunWorkflow>),
    /// All runs
    List(With<Nothing>),
    /// One run, an ended one included
    Show(With<OneRun>),
    /// What has happened to a run
    History(With<OneRun>),
    /// Begin nothing more of a run
    Pause(With<OneRun>),
    /// Let a paused run go on
    Resume(With<OneRun>),
    /// End a run early; what it did is undone
    Cancel(With<OneRun>),
    /// Hand an event to a run
    Signal(With<SignalRun>),
    /// Forget a run that has ended
    Forget(With<OneRun>),
    /// Draw a workflow: text that Mermaid or Graphviz makes a picture of
    Graph(With<DrawWorkflow>),
}

impl WorkflowCommand {
    pub(super) fn globals(&self) -> &Globals {
        match self {
            Self::Check(with) => &with.globals,
            Self::Run(with) | Self::Start(with) => &with.globals,
            Self::List(with) => &with.globals,
            Self::Signal(with) => &with.globals,
            Self::Graph(with) => &with.globals,
            Self::Show(with)
            | Self::History(with)
            | Self::Pause(with)
            | Self::Resume(with)
            | Self::Cancel(with)
            | Self::Forget(with) => &with.globals,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::app) struct Documents {
    /// Documents: YAML or JSON
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::app) files: Vec<String>,
    /// Refuse what may fail with some input, and what cannot be told
    #[arg(long)]
    pub(in crate::app) strict: bool,
    /// On whose behalf they would run; the operator unless given
    #[arg(long = "as", value_name = "PRINCIPAL")]
    pub(in crate::app) principal: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::app) struct DrawWorkflow {
    /// The document: YAML or JSON
    #[arg(value_name = "FILE")]
    pub(in crate::app) file: String,
    /// In which language
    #[arg(long, value_enum, default_value_t = Picture::Mermaid)]
    pub(in crate::app) to: Picture,
}

/// What draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::app) enum Picture {
    Mermaid,
    Dot,
}

impl From<Picture> for Language {
    fn from(picture: Picture) -> Self {
        match picture {
            Picture::Mermaid => Self::Mermaid,
            Picture::Dot => Self::Dot,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::app) struct RunWorkflow {
    /// The document: YAML or JSON
    #[arg(value_name = "FILE")]
    pub(in crate::app) file: String,
    /// What it is started with: JSON, or @FILE
    #[arg(long, value_name = "JSON|@FILE", default_value = "{}")]
    pub(in crate::app) input: String,
    /// Documents that it runs in turn
    #[arg(long = "with", value_name = "FILE")]
    pub(in crate::app) others: Vec<String>,
    /// The id of the run; a second start of one id finds the first
    #[arg(long, value_name = "ID")]
    pub(in crate::app) id: Option<String>,
    /// Keep nothing: a crash ends it for good
    #[arg(long)]
    pub(in crate::app) volatile: bool,
}

#[derive(Debug, Args)]
pub(in crate::app) struct OneRun {
    /// The run, as `workflow list` shows it
    #[arg(value_name = "RUN")]
    pub(in crate::app) run: String,
}

#[derive(Debug, Args)]
pub(in crate::app) struct SignalRun {
    /// The run, as `workflow list` shows it
    #[arg(value_name = "RUN")]
    pub(in crate::app) run: String,
    /// A CloudEvent: JSON, or @FILE
    #[arg(long, value_name = "JSON|@FILE")]
    pub(in crate::app) event: String,
}
