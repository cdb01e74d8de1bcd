//! The job: read -> validate -> normalise -> store -> aggregate -> report, batch by batch.
//!
//! ```text
//! records.read --batch--> validation.validate_batch --good--> data_processing.process_batch
//!       \ bad rows              \ bad rows                          |
//!        +-----------------------+--> set aside                     +--> storage.put_batch (by file and line)
//!                                                                   +--> data_processing.aggregate (partials)
//! ```
//!
//! A row's identity is its file and its line: equal rows stay apart, and a further run writes the same documents.

mod figures;
mod identity;
mod strike;
mod tally;

use std::sync::Arc;

use serde_json::Value;
use weldkit::{CallError, Ctx, Effect, Service, ServiceError};
use weldkit_data_processing::{DataProcessing, Grouping, Operation, Partial, Table};
use weldkit_records::{ReadOptions, Record, Records, Source};
use weldkit_report::{Counts, Figures, ReportError, RowCounts, SetAside};
use weldkit_storage::{Collection, KeyRange, Limit, Storage};
use weldkit_validation::{Schema, SchemaName, Validation};

use crate::text::{cut, thousands};
use identity::{document, names};
use tally::Tally;

/// The name of the schema of a row.
const SCHEMA: &str = "wildlife-strike";
/// Partial aggregates that are held before they are merged into one.
const PARTIALS_HELD: usize = 64;
/// Rows set aside; more of them mean that the file is of another kind.
const SET_ASIDE_MAX: usize = 10_000;
/// Characters of a row that is set aside; the file has the rest.
const TEXT_MAX: usize = 400;

/// The services that the job calls.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) records: Service<dyn Records>,
    pub(crate) validation: Service<dyn Validation>,
    pub(crate) processing: Service<dyn DataProcessing>,
    pub(crate) storage: Service<dyn Storage>,
}

/// What the job made of the rows.
pub(crate) struct Report {
    pub(crate) figures: Figures,
    pub(crate) rows: RowCounts,
    pub(crate) cost_total: i64,
    pub(crate) removed: u64,
}

/// Run the job over files, one after the other.
///
/// # Errors
/// The first error of a service, with its code, and the step in its message.
pub(crate) async fn run(
    services: &Services,
    ctx: &Ctx,
    paths: &[String],
    collection: Collection,
    batch_size: u32,
) -> Result<Report, ReportError> {
    let sources = names(paths)?;
    let told = ctx;
    // The services below tell their own progress, which is none of the job's.
    let ctx = &told.with_progress(Arc::new(|_, _| {}));
    let name = SchemaName::new(SCHEMA).map_err(CallError::from)?;
    services
        .validation
        .register(ctx, name.clone(), strike::schema(), true)
        .await
        .map_err(during("registering the schema"))?;
    let mut job = Job {
        services,
        ctx,
        told,
        collection,
        schema: name,
        normalise: strike::normalise(),
        groupings: strike::groupings(),
        partials: Vec::new(),
        set_aside: Vec::new(),
        paid: 0,
        read: 0,
        expected: 0,
        stored: 0,
        removed: 0,
    };
    let options = strike::read_options(batch_size);
    for path in paths {
        let description = services
            .records
            .describe(ctx, Source::path(path), options.clone())
            .await
            .map_err(during("reading"))?;
        job.expected += description.record_count + description.bad_count;
    }
    for (path, name) in paths.iter().zip(&sources) {
        let done = job.file(path, name, options.clone()).await;
        done.map_err(|error| job.marked(error))?;
    }
    let partial = job.merged().await.map_err(|error| job.marked(error))?;
    let tables = services
        .processing
        .tables(ctx, partial)
        .await
        .map_err(during("aggregating"))?;
    let counts = Counts {
        sources,
        paid: job.paid,
        read: job.read,
        set_aside: job.set_aside,
    };
    let report = report(tables, counts).map_err(CallError::internal)?;
    Ok(Report {
        removed: job.removed,
        ..report
    })
}

/// What there is to say of strikes that were counted.
///
/// # Errors
/// The tables are others than those of the job.
pub(crate) fn report(tables: Vec<Table>, counts: Counts) -> Result<Report, String> {
    let tally = Tally::new(tables)?;
    Ok(Report {
        rows: tally.counts(&counts),
        cost_total: tally.cost(),
        removed: 0,
        figures: tally.figures(counts),
    })
}

/// The job between two batches.
struct Job<'a> {
    services: &'a Services,
    /// For the calls of the job.
    ctx: &'a Ctx,
    /// Where progress is told.
    told: &'a Ctx,
    collection: Collection,
    schema: SchemaName,
    normalise: Vec<Operation>,
    groupings: Vec<Grouping>,
    partials: Vec<Partial>,
    set_aside: Vec<SetAside>,
    paid: u64,
    read: u64,
    expected: u64,
    stored: usize,
    removed: u64,
}

impl Job<'_> {
    async fn file(
        &mut self,
        path: &str,
        name: &str,
        options: ReadOptions,
    ) -> Result<(), ReportError> {
        let mut batches = self
            .services
            .records
            .read(self.ctx, Source::path(path), options);
        let mut kept = Vec::new();
        let first = self.set_aside.len();
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(during("reading"))?;
            self.read += batch.len() as u64;
            for bad in batch.bad {
                self.put_aside(name, bad.line, bad.message, &bad.text)?;
            }
            let good = self.check(name, batch.records).await?;
            kept.extend(good.iter().map(|record| record.line));
            self.keep(name, good).await?;
            let done = self.read as f64 / self.expected.max(self.read).max(1) as f64;
            self.told.progress(
                0.98 * done,
                &format!(
                    "{} of {} rows",
                    thousands(self.read),
                    thousands(self.expected)
                ),
            );
        }
        self.set_aside[first..].sort_by_key(|row| row.line);
        self.remove_stale(name, &kept).await
    }

    /// Set aside what does not fit, and give the rest.
    async fn check(
        &mut self,
        name: &str,
        records: Vec<Record>,
    ) -> Result<Vec<Record>, ReportError> {
        let values = records
            .iter()
            .map(|record| Value::Object(record.values.clone()))
            .collect();
        let schema = Schema::from(self.schema.clone());
        let verdict = self
            .services
            .validation
            .validate_batch(self.ctx, schema, values)
            .await
            .map_err(during("validating"))?;
        let mut invalid = verdict.invalid.into_iter().peekable();
        let mut good = Vec::with_capacity(records.len());
        for (index, record) in (0_u64..).zip(records) {
            let reason = match invalid.next_if(|invalid| invalid.index == index) {
                Some(invalid) => {
                    let violations = invalid
                        .violations
                        .iter()
                        .map(|violation| format!("{}: {}", violation.pointer, violation.message));
                    Some(violations.collect::<Vec<_>>().join("; "))
                }
                None => strike::contradiction(&record.values),
            };
            match reason {
                Some(reason) => self.put_aside(
                    name,
                    record.line,
                    reason,
                    &Value::Object(record.values).to_string(),
                )?,
                None => good.push(record),
            }
        }
        Ok(good)
    }

    /// Make rows uniform, store them, and count them.
    async fn keep(&mut self, name: &str, records: Vec<Record>) -> Result<(), ReportError> {
        if records.is_empty() {
            return Ok(());
        }
        let lines: Vec<_> = records.iter().map(|record| record.line).collect();
        let data = records
            .into_iter()
            .map(|record| Value::Object(record.values))
            .collect();
        let processed = self
            .services
            .processing
            .process_batch(self.ctx, data, None, self.normalise.clone())
            .await
            .map_err(during("normalising"))?;
        let rows = processed.results;
        if rows.len() != lines.len() {
            return Err(CallError::internal(
                "`data_processing` gave another number of rows than it was given",
            )
            .into());
        }
        let documents: Result<Vec<_>, CallError> = lines
            .iter()
            .zip(&rows)
            .map(|(line, row)| document(name, *line, row))
            .collect();
        self.services
            .storage
            .put_batch(self.ctx, self.collection.clone(), documents?)
            .await
            .map_err(during("storing"))?;
        self.stored += rows.len();
        self.paid += rows
            .iter()
            .filter(|row| row["cost"].as_i64().is_some_and(|cost| cost > 0))
            .count() as u64;
        let partial = self
            .services
            .processing
            .aggregate(self.ctx, self.groupings.clone(), rows, Vec::new())
            .await;
        self.partials.push(partial.map_err(during("aggregating"))?);
        if self.partials.len() >= PARTIALS_HELD {
            let merged = self.merged().await?;
            self.partials.push(merged);
        }
        Ok(())
    }

    /// The error with its effect: rows of earlier batches may be stored. A further run writes them again unchanged.
    fn marked(&self, error: ReportError) -> ReportError {
        match error {
            ReportError::Call(error) if self.stored > 0 => error.effect(Effect::Possible).into(),
            error => error,
        }
    }

    /// All partial aggregates as one.
    async fn merged(&mut self) -> Result<Partial, ReportError> {
        let partials = std::mem::take(&mut self.partials);
        let merged = self
            .services
            .processing
            .aggregate(self.ctx, self.groupings.clone(), Vec::new(), partials)
            .await;
        merged.map_err(during("aggregating"))
    }

    /// Remove documents of this file that have no good row any more: an earlier run saw another state of it.
    async fn remove_stale(&mut self, name: &str, kept: &[u64]) -> Result<(), ReportError> {
        let storage = &self.services.storage;
        let range = KeyRange::prefix(format!("{name}/"));
        let stored = storage
            .count(self.ctx, self.collection.clone(), range.clone())
            .await
            .map_err(during("storing"))?;
        if stored <= kept.len() as u64 {
            return Ok(());
        }
        let mut cursor = None;
        loop {
            let page = storage
                .scan(
                    self.ctx,
                    self.collection.clone(),
                    range.clone(),
                    cursor,
                    Limit::default(),
                )
                .await
                .map_err(during("storing"))?;
            for document in page.documents {
                let line = document
                    .key
                    .as_str()
                    .rsplit('/')
                    .next()
                    .and_then(|line| line.parse::<u64>().ok());
                // Lines come in order, so the kept ones are sorted.
                if line.is_none_or(|line| kept.binary_search(&line).is_err()) {
                    storage
                        .delete(self.ctx, self.collection.clone(), document.key)
                        .await
                        .map_err(during("storing"))?;
                    self.removed += 1;
                }
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    fn put_aside(
        &mut self,
        source: &str,
        line: u64,
        reason: String,
        text: &str,
    ) -> Result<(), ReportError> {
        if self.set_aside.len() >= SET_ASIDE_MAX {
            let message = format!(
                "more than {SET_ASIDE_MAX} rows do not fit; the last one is {source}:{line}: {reason}"
            );
            return Err(CallError::limit(message).into());
        }
        self.set_aside.push(SetAside {
            source: source.to_owned(),
            line,
            reason: cut(&reason, TEXT_MAX),
            text: cut(text, TEXT_MAX),
        });
        Ok(())
    }
}

/// The error of a service with the step in its message. Its code stays: a missing file is `not_found` here too.
fn during<E: ServiceError>(step: &'static str) -> impl Fn(E) -> ReportError {
    move |error| {
        let error = error.into_call_error();
        let mut told = CallError::new(error.code().clone(), format!("{step}: {}", error.message()));
        if let Some(details) = error.detail() {
            told = told.details(details.clone());
        }
        told.retryable(error.is_retryable())
            .effect(error.has_effect())
            .into()
    }
}
