//! What the methods take beside figures, and what they give.

use crate::SetAside;

/// What a job knows of its rows beside what it grouped.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// The names of the files, in the order that they were read in.
    pub sources: Vec<String>,
    /// Rows in the files.
    pub read: u64,
    /// Strikes with a cost above zero.
    pub paid: u64,
    /// Rows that were left out, with their places.
    #[serde(default)]
    pub set_aside: Vec<SetAside>,
}

/// What a run came to.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The sentence to take away: the costliest species, its share of strikes against its share of cost.
    pub finding: String,
    /// What became of the rows.
    pub rows: RowCounts,
    /// The cost of all strikes, in dollars.
    pub cost_total: i64,
    /// The report as a table for the terminal.
    pub table: String,
    /// The files of the report.
    pub files: Vec<OutputFile>,
    /// Documents removed from the collection because the files do not hold their rows any more.
    pub removed: u64,
}

/// What became of the rows.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowCounts {
    /// Rows in the files.
    pub read: u64,
    /// Rows kept and counted.
    pub stored: u64,
    /// Rows set aside.
    pub set_aside: u64,
    /// Kept rows that equal an earlier one. They are counted: each line is a strike of its own.
    pub repeated: u64,
}

/// A file of the report.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Its path.
    pub path: String,
    /// Whether this run changed it; the second run over the same rows changes none.
    pub changed: bool,
}

/// Figures in every form.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// A table for the terminal, at most 100 columns wide.
    pub text: String,
    /// The figures as JSON, the same bytes for the same figures.
    pub json: String,
    /// One page that needs no other file, no script and no network.
    pub html: String,
    /// Each table as CSV, by its name.
    pub csv: std::collections::BTreeMap<String, String>,
}
