//! Figures: what a report says, before it has a form.

use weldkit::Json;

/// What a report says.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// The heading.
    #[garde(length(min = 1, max = 1_000))]
    pub title: String,
    /// What it is about, in a sentence below the heading.
    #[serde(default)]
    pub subtitle: String,
    /// The one sentence to take away.
    #[serde(default)]
    pub finding: String,
    /// Single figures, in the order of their weight.
    #[serde(default)]
    #[garde(length(max = 32))]
    pub facts: Vec<Fact>,
    /// Tables with their plots.
    #[serde(default)]
    #[garde(length(max = 32), dive)]
    pub tables: Vec<Table>,
    /// Rows that were left out, with their places.
    #[serde(default)]
    #[garde(length(max = 100_000))]
    pub set_aside: Vec<SetAside>,
    /// What a reader should know about how the figures came about.
    #[serde(default)]
    #[garde(length(max = 32))]
    pub notes: Vec<String>,
}

/// A single figure.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// The value.
    pub value: Json,
    /// How to write it.
    #[serde(default)]
    pub format: Format,
}

/// A table with its plots.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name in files and links.
    #[garde(pattern(r"^[a-z][a-z0-9_-]{0,63}$"))]
    pub name: String,
    /// The heading.
    pub title: String,
    /// What a reader should know about it.
    #[serde(default)]
    pub note: String,
    /// The columns.
    #[garde(length(min = 1, max = 64))]
    pub columns: Vec<Column>,
    /// The rows: as many values each as there are columns.
    #[garde(length(max = 100_000))]
    pub rows: Vec<Vec<Json>>,
    /// What to draw of it.
    #[serde(default)]
    #[garde(length(max = 8))]
    pub plots: Vec<Plot>,
    /// Most rows in the terminal table; 0 leaves the table out there.
    #[serde(default = "default_terminal_rows")]
    pub terminal_rows: u32,
}

fn default_terminal_rows() -> u32 {
    10
}

/// A column of a table.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub title: String,
    /// How its values are written.
    #[serde(default)]
    pub format: Format,
}

/// How a value is written. A value that is not of the kind is written as it is.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text.
    #[default]
    Text,
    /// A whole number with thousands separated.
    Count,
    /// Dollars without cents.
    Money,
    /// A share of 1, in percent with one decimal.
    Share,
    /// A number with one decimal.
    Number,
}

/// A plot of some columns of a table.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plot {
    /// The heading.
    pub title: String,
    /// What the plot shows, for those who cannot see it.
    pub description: String,
    /// Of which kind.
    pub kind: PlotKind,
    /// The column that names the rows.
    pub label: u32,
    /// The columns to draw, all of one format.
    pub values: Vec<u32>,
    /// How many rows from the first one; all unless given.
    #[serde(default)]
    pub rows: Option<u32>,
    /// The title of the axis of values.
    #[serde(default)]
    pub axis: String,
}

/// The kinds of plots.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PlotKind {
    /// Horizontal bars, for names of any length.
    Bars,
    /// Upright columns, for a few short names in their own order.
    Columns,
    /// A line, for many points in time.
    Line,
}

/// A row that was left out.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The file.
    pub source: String,
    /// The line, from 1.
    pub line: u64,
    /// Why it was left out.
    pub reason: String,
    /// The row as it stands in the file, possibly cut.
    pub text: String,
}
