//! The arguments of `compose` and `events`.

use clap::{Args, Subcommand};

use super::With;
#[cfg(feature = "composition")]
use super::{Globals, Nothing, Picture};

/// What to do with composites.
#[cfg(feature = "composition")]
#[derive(Debug, Subcommand)]
pub(in crate::app) enum ComposeCommand {
    /// Every composite, its methods and its slots
    List(With<Nothing>),
    /// Compare composites with what they are made of; nothing starts
    Check(With<Nothing>),
    /// Draw the calls of a composite
    Graph(With<DrawnComposite>),
}

#[cfg(feature = "composition")]
impl ComposeCommand {
    pub(super) fn globals(&self) -> &Globals {
        match self {
            Self::List(with) | Self::Check(with) => &with.globals,
            Self::Graph(with) => &with.globals,
        }
    }
}

#[cfg(feature = "composition")]
#[derive(Debug, Args)]
pub(in crate::app) struct DrawnComposite {
    /// The composite, as `compose list` shows it
    #[arg(value_name = "COMPOSITE")]
    pub(in crate::app) name: String,
    /// The language of the picture
    #[arg(long, value_enum, default_value_t = Picture::Mermaid)]
    pub(in crate::app) to: Picture,
}

/// What to do with events.
#[cfg(feature = "transaction")]
#[derive(Debug, Subcommand)]
pub(in crate::app) enum EventsCommand {
    /// Print each event as one line of JSON, until interrupted
    Tail(With<Tail>),
}

#[cfg(feature = "transaction")]
#[derive(Debug, Args)]
pub(in crate::app) struct Tail {
    /// Only this type, or `a.b.*` for those that begin so
    #[arg(long = "type", value_name = "TYPE")]
    pub(in crate::app) types: Vec<String>,
    /// Only from this source
    #[arg(long = "source", value_name = "SOURCE")]
    pub(in crate::app) sources: Vec<String>,
    /// End after so many
    #[arg(long, value_name = "COUNT")]
    pub(in crate::app) count: Option<u64>,
}
