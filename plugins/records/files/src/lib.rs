//! CSV and JSON Lines files as a stream of records, with bounded memory whatever the file holds.

mod cell;
mod csv;
mod describe;
mod jsonl;
mod line;
mod reader;
mod row;
mod source;
mod table;

use std::path::PathBuf;

use tokio::task::spawn_blocking;
use weldkit::{CallError, Ctx, Error, ErrorKind, Settings, Stream};
use weldkit_records::{
    BATCH_SIZE_MAX, Batch, Description, ReadOptions, Records, RecordsError, Source,
};

use crate::reader::{Defaults, Reader};
use crate::source::Root;

/// Settings of `records`.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RecordsSettings {
    /// The folder that may be read: a path leads nowhere else.
    #[serde(default = "root")]
    pub root: PathBuf,
    /// Most rows of a batch, 1 to 10,000, where a call does not say.
    #[serde(default = "batch_size")]
    #[schemars(range(min = 1, max = 10_000))]
    pub batch_size: u32,
    /// Most bad rows before a stream ends with an error, where a call does not say.
    #[serde(default = "bad_rows_max")]
    pub bad_rows_max: u64,
}

fn root() -> PathBuf {
    ".".into()
}

fn batch_size() -> u32 {
    1_000
}

fn bad_rows_max() -> u64 {
    1_000
}

impl Default for RecordsSettings {
    fn default() -> Self {
        Self {
            root: root(),
            batch_size: batch_size(),
            bad_rows_max: bad_rows_max(),
        }
    }
}

/// Reads files under one folder.
#[derive(Debug)]
pub struct FileRecords {
    root: Root,
    defaults: Defaults,
}

/// CSV and JSON Lines files as a stream of records.
#[weldkit::plugin(
    id = "records",
    provides(Records),
    categories("Data"),
    tags("csv", "jsonl"),
    access(fs)
)]
impl FileRecords {
    /// Looks up the folder that may be read.
    pub fn start(settings: Settings<RecordsSettings>) -> weldkit::Result<Self> {
        let RecordsSettings {
            root,
            batch_size,
            bad_rows_max,
        } = settings.into_inner();
        if !(1..=BATCH_SIZE_MAX).contains(&batch_size) {
            let message = format!("`batch_size` is 1 to {BATCH_SIZE_MAX}, not {batch_size}");
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let root = Root::new(&root).map_err(|error| {
            let message = format!(
                "the folder `{}` of the setting `root` cannot be read: {error}",
                root.display()
            );
            Error::new(ErrorKind::Configuration, message)
        })?;
        Ok(Self {
            root,
            defaults: Defaults {
                batch_size,
                bad_rows_max,
            },
        })
    }
}

/// Reads on the blocking pool; a panic goes on in the caller, where the host contains it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RecordsError> + Send + 'static,
) -> Result<T, RecordsError> {
    match spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(CallError::unavailable("the runtime ends").into()),
        },
    }
}

/// A stream on its way: not opened yet, or open.
enum Progress {
    Asked(Root, Source, ReadOptions, Defaults),
    Open(Box<Reader>),
}

impl Progress {
    /// One batch further. Blocks.
    fn step(self, ctx: &Ctx) -> Result<Option<(Batch, Self)>, RecordsError> {
        let is_cancelled = || ctx.is_cancelled();
        let mut reader = match self {
            Self::Open(reader) => reader,
            Self::Asked(root, source, options, defaults) => Box::new(Reader::open(
                &root,
                source,
                options,
                defaults,
                &is_cancelled,
            )?),
        };
        let batch = reader.next_batch(&is_cancelled)?;
        ctx.progress(reader.progress(), "reading");
        Ok(batch.map(|batch| (batch, Self::Open(reader))))
    }
}

impl Records for FileRecords {
    fn read(&self, ctx: &Ctx, source: Source, options: ReadOptions) -> Stream<Batch, RecordsError> {
        let ctx = ctx.clone();
        let asked = Progress::Asked(self.root.clone(), source, options, self.defaults);
        // Each batch is read when it is asked for: nothing is read ahead, and nothing is held back.
        Stream::new(futures_util::stream::try_unfold(asked, move |progress| {
            let ctx = ctx.clone();
            blocking(move || progress.step(&ctx))
        }))
    }

    async fn read_batch(
        &self,
        ctx: &Ctx,
        source: Source,
        options: ReadOptions,
    ) -> Result<Option<Batch>, RecordsError> {
        let (ctx, root, defaults) = (ctx.clone(), self.root.clone(), self.defaults);
        blocking(move || {
            let is_cancelled = || ctx.is_cancelled();
            Reader::open(&root, source, options, defaults, &is_cancelled)?.next_batch(&is_cancelled)
        })
        .await
    }

    async fn describe(
        &self,
        ctx: &Ctx,
        source: Source,
        options: ReadOptions,
    ) -> Result<Description, RecordsError> {
        let (ctx, root) = (ctx.clone(), self.root.clone());
        let options = ReadOptions {
            bad_rows_max: Some(u64::MAX),
            ..options
        };
        let defaults = self.defaults;
        blocking(move || {
            let reader = Reader::open(&root, source, options, defaults, &|| ctx.is_cancelled())?;
            describe::describe(reader, |reader| {
                ctx.progress(reader.progress(), "reading");
                !ctx.is_cancelled()
            })
        })
        .await
    }
}
