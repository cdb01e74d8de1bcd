//! The contract of reports: figures as a table, JSON and HTML, and the job that makes them of rows.
//!
//! [`Report::render`] is the general part: it takes [`Figures`] and gives every form of them. [`Report::run`] is a job
//! from a file of wildlife strikes to a folder with a report, over the services `records`, `validation`,
//! `data_processing` and `storage`. `report.json` is the figures themselves, so what a run wrote can be rendered again.

mod error;
mod figures;
mod outcome;

pub use error::ReportError;
pub use figures::{Column, Fact, Figures, Format, Plot, PlotKind, SetAside, Table};
pub use outcome::{Counts, Outcome, OutputFile, Rendered, RowCounts};
use weldkit::Ctx;
use weldkit_data_processing::Table as Counted;

/// Figures as a table, JSON and HTML, and the job that makes them of rows.
#[weldkit::service]
pub trait Report {
    /// Run the whole job: read a file of wildlife strikes, check every row, keep the good ones, and report on them.
    ///
    /// Rows that cannot be read or do not fit are set aside and listed with their lines; equal rows are rows of their
    /// own. Running it again over the same files changes nothing: rows are kept under the number of their line, and
    /// the report is the same to the last byte.
    #[method(idempotent, permission = "report.run", timeout = "1h")]
    async fn run(
        &self,
        ctx: &Ctx,
        /// The file to read, as the service `records` finds it.
        #[garde(length(min = 1, max = 4_096))]
        source: String,
        /// A second file of the same form; its good rows count like those of the first.
        #[serde(default)]
        #[garde(length(min = 1, max = 4_096))]
        also: Option<String>,
        /// The folder to write to, made if need be; the provider's setting unless given.
        #[serde(default)]
        #[garde(length(min = 1, max = 4_096))]
        output: Option<String>,
        /// The collection of the service `storage` to keep the rows in; the provider's setting unless given.
        #[serde(default)]
        #[garde(pattern(r"^[a-z][a-z0-9_-]{0,63}$"))]
        collection: Option<String>,
    ) -> Result<Outcome, ReportError>;

    /// Report on strikes that were counted elsewhere, by a workflow for one: the last step of [`run`](Self::run).
    ///
    /// The same counts give the same files to the last byte.
    #[method(idempotent, permission = "report.run", timeout = "5m")]
    async fn publish(
        &self,
        ctx: &Ctx,
        /// What `data_processing.tables` gave of six groupings, in this order: of all strikes, by species, airport, phase,
        /// season and month.
        #[garde(length(equal = 6))]
        tables: Vec<Counted>,
        /// What is known beside them.
        counts: Counts,
        /// The folder to write to, made if need be; the provider's setting unless given.
        #[serde(default)]
        #[garde(length(min = 1, max = 4_096))]
        output: Option<String>,
    ) -> Result<Outcome, ReportError>;

    /// Render figures in every form, without writing anything.
    ///
    /// Texts are data, never markup: they come out escaped in HTML, without control characters in the terminal table,
    /// and in CSV a cell that a spreadsheet would run as a formula begins with an apostrophe.
    #[method(read_only, idempotent)]
    async fn render(
        &self,
        ctx: &Ctx,
        /// What to render.
        #[garde(dive)]
        figures: Figures,
    ) -> Result<Rendered, ReportError>;
}
