//! How results are printed, and which commands know which form.

use clap::ValueEnum;

use super::args::{Command, Globals};
use super::failure::Failure;

/// What `--format` may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Shape {
    #[default]
    Table,
    Json,
    /// Of `metrics` alone: Prometheus text 0.0.4
    #[value(hide = true)]
    Prometheus,
    /// Of `metrics` alone: OpenMetrics text 1.0
    #[value(hide = true)]
    Openmetrics,
}

/// How results and errors are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Table,
    Json,
}

impl From<Shape> for Format {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Table | Shape::Prometheus | Shape::Openmetrics => Self::Table,
            Shape::Json => Self::Json,
        }
    }
}

impl Command {
    /// The text for monitoring systems that was asked for.
    ///
    /// # Errors
    ///
    /// When the command has none.
    pub(super) fn check(&self, globals: &Globals) -> Result<(), Failure> {
        let word = match globals.format {
            Some(Shape::Prometheus) => "prometheus",
            Some(Shape::Openmetrics) => "openmetrics",
            Some(Shape::Table | Shape::Json) | None => return Ok(()),
        };
        if matches!(self, Self::Metrics(_)) {
            return Ok(());
        }
        Err(Failure::usage(&format!(
            "`--format {word}` is of `metrics` alone: of every other command, write `table` or `json`\n"
        )))
    }
}
