//! Where a value was written: the texts that configuration comes from, and places inside them.
//!
//! A [`Place`] keeps its source alive and two byte ranges, so a problem can point at the key or at the value. Line and
//! column are computed only when somebody asks: configuration that is fine never pays for them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

/// Who set a value.
///
/// Lines and columns count from one; a column counts characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// The defaults that the application carries in its binary.
    Default {
        /// Line in the embedded text.
        line: usize,
        /// Column in that line.
        column: usize,
    },
    /// The configuration file.
    File {
        /// Path as it was given.
        path: String,
        /// Line in the file.
        line: usize,
        /// Column in that line.
        column: usize,
    },
    /// A variable of the environment.
    Environment {
        /// Name of the variable, as it is spelled there.
        variable: String,
    },
    /// A flag of the command line.
    Flag {
        /// The flag and the name it sets; never the value, which may be a secret.
        text: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default { line, column } => write!(f, "built-in defaults:{line}:{column}"),
            Self::File { path, line, column } => write!(f, "{path}:{line}:{column}"),
            Self::Environment { variable } => write!(f, "environment {variable}"),
            Self::Flag { text } => write!(f, "flag {text}"),
        }
    }
}

/// What kind of text a source is. The order is the order of the layers, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Default,
    File { path: String },
    Environment { variable: String },
    Flag { text: String },
}

/// One text that configuration was read from.
#[derive(PartialEq)]
pub(super) struct Source {
    pub(super) kind: Kind,
    /// A file's content, or the one line `NAME=value` or `--set name=value`, so that places inside a value exist.
    pub(super) text: String,
    /// Byte offset of each line's start; never empty.
    line_starts: Vec<usize>,
}

impl Source {
    pub(super) fn new(kind: Kind, text: String) -> Self {
        let after_newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0)
            .chain(after_newlines.map(|(at, _)| at + 1))
            .collect();
        Self {
            kind,
            text,
            line_starts,
        }
    }

    /// Whether values came as bare text, where `5` may have been meant as a string.
    pub(super) fn is_bare(&self) -> bool {
        match self.kind {
            Kind::Environment { .. } | Kind::Flag { .. } => true,
            Kind::Default | Kind::File { .. } => false,
        }
    }

    /// What a message calls this source.
    pub(super) fn name(&self) -> &str {
        match &self.kind {
            Kind::Default => "built-in defaults",
            Kind::File { path } => path,
            Kind::Environment { .. } => "environment",
            Kind::Flag { .. } => "command line",
        }
    }

    /// Index of the line that holds the byte offset, counted from zero.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.line_starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// Byte range of a line without its line end.
    pub(super) fn line_range(&self, line: usize) -> Range<usize> {
        let start = self
            .line_starts
            .get(line)
            .copied()
            .unwrap_or(self.text.len());
        let end = self
            .line_starts
            .get(line + 1)
            .copied()
            .unwrap_or(self.text.len());
        let text = self.text.get(start..end).unwrap_or_default();
        start..start + text.trim_end_matches(['\n', '\r']).len()
    }

    /// Line and column of a byte offset, both counted from one.
    pub(super) fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let line = self.line_of(offset);
        let start = self.line_starts.get(line).copied().unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        (line + 1, before.chars().count() + 1)
    }

    pub(super) fn origin(&self, offset: usize) -> Origin {
        let (line, column) = self.line_and_column(offset);
        match &self.kind {
            Kind::Default => Origin::Default { line, column },
            Kind::File { path } => Origin::File {
                path: path.clone(),
                line,
                column,
            },
            Kind::Environment { variable } => Origin::Environment {
                variable: variable.clone(),
            },
            Kind::Flag { text } => Origin::Flag { text: text.clone() },
        }
    }
}

impl fmt::Debug for Source {
    /// The text stays out: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Where one value stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) source: Arc<Source>,
    /// The name that the value is bound to; elements of an array have none.
    pub(super) key: Option<Range<usize>>,
    pub(super) value: Range<usize>,
}

impl Place {
    pub(super) fn origin(&self) -> Origin {
        self.source.origin(self.value.start)
    }

    /// Where the name stands, or the value of what has none.
    #[cfg(feature = "composition")]
    pub(super) fn origin_of_key(&self) -> Origin {
        self.source.origin(self.key_or_value().start)
    }

    pub(super) fn key_or_value(&self) -> Range<usize> {
        self.key.clone().unwrap_or_else(|| self.value.clone())
    }

    /// The value as it was written.
    pub(super) fn written(&self) -> &str {
        self.source.text.get(self.value.clone()).unwrap_or_default()
    }

    /// Where to point for a table that two layers wrote: the file if it did, since there it can be changed for good.
    pub(super) fn of_table(lower: Self, upper: Self) -> Self {
        let is_file = |place: &Self| matches!(place.source.kind, Kind::File { .. });
        if is_file(&lower) && !is_file(&upper) {
            lower
        } else {
            upper
        }
    }
}
