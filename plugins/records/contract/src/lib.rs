//! The contract of record sources: files as a stream of records.
//!
//! A record is a JSON object and the number of the line that it starts on. The line number is its identity: two equal
//! lines are two records. A row that cannot become a record is reported beside the records, with its line, the reason
//! and its text, and is never dropped silently.
//!
//! ```
//! use weldkit_records::{ColumnType, ReadOptions, Source};
//!
//! let source = Source::path("strikes.csv");
//! let options = ReadOptions { batch_size: Some(500), ..ReadOptions::default() }.typed("Speed", ColumnType::Integer);
//! assert_eq!(options.types["Speed"], ColumnType::Integer);
//! # let _ = source;
//! ```

mod batch;
mod description;
mod error;
mod options;

use weldkit::{Ctx, Stream};

pub use crate::batch::{BadReason, BadRow, Batch, Place, Record};
pub use crate::description::{Column, Description, LookCounts};
pub use crate::error::RecordsError;
pub use crate::options::{BATCH_SIZE_MAX, ColumnType, Format, ReadOptions, SAMPLE_ROWS, Source};

/// Files of rows as streams of records.
///
/// CSV: the first row names the columns; quotes, delimiters and line ends as in RFC 4180 and its usual relatives; an
/// empty cell is `null`; blank lines are skipped. JSON Lines: one object a line, its values unchanged.
///
/// **Types of CSV columns.** A column that `types` names has that type. Any other column has the narrowest of integer,
/// number, boolean and string that holds every non-empty cell of the first `sample_rows` rows, and an integer or a
/// number is only what keeps its meaning as one: `007` and a number of 30 digits are strings. A later cell that does
/// not fit makes its row a bad row, never another value.
///
/// **Bounds.** A line, or a quoted field over several lines, has at most 1 MiB; a longer one is skipped as a bad row
/// without being held in memory. Only a few batches are in memory at any time: the reader waits for its consumer.
#[weldkit::service]
pub trait Records {
    /// Read a source as a stream of batches, in the order of the lines.
    ///
    /// The stream ends with an error when there are more bad rows than `bad_rows_max`.
    #[method(read_only, idempotent, permission = "records.read", timeout = "24h")]
    fn read(
        &self,
        ctx: &Ctx,
        /// The file, or the text itself.
        source: Source,
        /// How to read it.
        #[serde(default)]
        options: ReadOptions,
    ) -> Stream<Batch, RecordsError>;

    /// Read one batch: the first rows from `options.start` on; `null` when there is none.
    ///
    /// For callers that keep their own place, such as the steps of a workflow: the `end` of a batch is the `start` of the
    /// next. Bad rows are counted by the batch.
    #[method(read_only, idempotent, permission = "records.read", timeout = "1h")]
    async fn read_batch(
        &self,
        ctx: &Ctx,
        /// The file, or the text itself.
        source: Source,
        /// How to read it.
        #[serde(default)]
        options: ReadOptions,
    ) -> Result<Option<Batch>, RecordsError>;

    /// Read a source to its end and say what is in it: columns, their types, counts, and the first bad rows.
    #[method(read_only, idempotent, permission = "records.read", timeout = "1h")]
    async fn describe(
        &self,
        ctx: &Ctx,
        /// The file, or the text itself.
        source: Source,
        /// How `read` would read it; bad rows are counted without a bound.
        #[serde(default)]
        options: ReadOptions,
    ) -> Result<Description, RecordsError>;
}
