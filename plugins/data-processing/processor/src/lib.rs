//! Data processing: select, filter, derive and aggregate records.
//!
//! The provider of the service `data_processing`. A call goes straight through: operations are checked and compiled
//! into a `plan`, the plan `run`s over the items batch by batch, groupings gather in `aggregate`, and between two
//! batches the call looks whether anybody still waits for it.
//!
//! ```text
//! operations -> plan (every problem at once) -> run (batch in, results out) -> results
//!                 |                              |
//!              expression (jq, kept by text)   aggregate (partials that merge)
//! ```

mod aggregate;
mod cast;
mod expression;
mod field;
mod limit;
mod order;
mod plan;
mod run;
mod settings;
mod statistics;

use std::sync::Arc;

use weldkit::{CallError, Ctx, Json, Meter, Settings, Stream};
use weldkit_data_processing::{
    Batch, DataProcessing, Grouping, Mode, Operation, Partial, PartialGrouping, Problem, Processed,
    ProcessingError, Statistics, Status, StepConfig, StepInput, StepMetadata, StepOutput, Table,
};

pub use crate::settings::ProcessorSettings;

use crate::aggregate::Aggregator;
use crate::expression::Expressions;
use crate::plan::Plan;
use crate::run::Run;
use crate::statistics::Monitor;

/// The version of the form of partial aggregates that this provider makes and takes.
const PARTIAL_FORMAT: u32 = 1;

/// The provider of `data_processing`.
#[derive(Debug)]
pub struct DataProcessor {
    settings: ProcessorSettings,
    expressions: Expressions,
    monitor: Arc<Monitor>,
}

/// Data processing: select, filter, derive and aggregate records.
#[weldkit::plugin(
    id = "data-processing",
    provides(weldkit_data_processing::DataProcessing),
    categories("Data Processing", "Analytics"),
    tags("batch-processing", "jq", "aggregation")
)]
impl DataProcessor {
    /// Start with these settings. Nothing else is needed.
    pub fn start(settings: Settings<ProcessorSettings>, meter: Meter) -> weldkit::Result<Self> {
        let settings = settings.into_inner();
        let monitor = Arc::new(Monitor::new(settings.enable_monitoring.then_some(&meter)));
        Ok(Self {
            settings,
            expressions: Expressions::default(),
            monitor,
        })
    }

    fn plan(&self, operations: &[Operation]) -> Result<Plan, ProcessingError> {
        Plan::new(operations, self.settings.processing_mode, &self.expressions)
    }

    /// Processes items batch by batch; `tell` hears after each how many are done, and of how many.
    async fn process(
        &self,
        ctx: &Ctx,
        data: Vec<Json>,
        batch_size: Option<u32>,
        operations: &[Operation],
        tell: impl Fn(usize, usize),
    ) -> Result<Processed, ProcessingError> {
        let operation = self.monitor.begin();
        let batch_len = self.batch_len(batch_size);
        let mut run = Run::new(self.plan(operations)?);
        let mut results = Vec::new();
        let all = data.len();
        let mut data = data.into_iter();
        while data.len() > 0 {
            results.extend(run.push(data.by_ref().take(batch_len))?);
            tell(all - data.len(), all);
            breathe(ctx).await?;
        }
        let processed_count = run.items();
        results.extend(run.finish()?);
        operation.succeed(processed_count);
        Ok(Processed {
            status: Status::Completed,
            processed_count,
            results,
        })
    }

    fn batch_len(&self, batch_size: Option<u32>) -> usize {
        // The edge checks a typed caller's rules too; a zero could never end a stream, so it is not left to chance.
        batch_size
            .unwrap_or(self.settings.batch_size)
            .clamp(1, limit::BATCH_MAX) as usize
    }
}

impl DataProcessing for DataProcessor {
    async fn process_batch(
        &self,
        ctx: &Ctx,
        data: Vec<Json>,
        batch_size: Option<u32>,
        operations: Vec<Operation>,
    ) -> Result<Processed, ProcessingError> {
        self.process(ctx, data, batch_size, &operations, |_, _| ())
            .await
    }

    async fn execute_workflow_step(
        &self,
        ctx: &Ctx,
        step_id: String,
        input_data: StepInput,
        step_config: StepConfig,
    ) -> Result<StepOutput, ProcessingError> {
        let started = statistics::now();
        let StepConfig {
            batch_size,
            operations,
        } = step_config;
        let tell = |done: usize, all: usize| {
            let message = format!("{step_id}: processed {done}/{all} items");
            ctx.progress(done as f64 / all as f64, &message);
        };
        let processed = self
            .process(ctx, input_data.data, batch_size, &operations, tell)
            .await?;
        Ok(StepOutput {
            processed_data: processed.results,
            statistics: self.monitor.statistics(self.settings.processing_mode),
            metadata: StepMetadata {
                processing_time: started.elapsed().as_secs_f64() * 1e3,
                items_processed: processed.processed_count,
            },
        })
    }

    fn process_stream(
        &self,
        ctx: &Ctx,
        data: Vec<Json>,
        batch_size: Option<u32>,
        operations: Vec<Operation>,
    ) -> Stream<Batch, ProcessingError> {
        let operation = self.monitor.begin();
        let batch_len = self.batch_len(batch_size);
        let run = match self.plan(&operations) {
            Ok(plan) => Run::new(plan),
            Err(error) => return Stream::from_iter([Err(error)]),
        };
        let ctx = ctx.clone();
        let start = Streaming {
            run,
            data: data.into_iter(),
            batch: 0,
            operation,
        };
        Stream::new(futures_util::stream::try_unfold(
            Some(start),
            move |state| {
                let ctx = ctx.clone();
                async move {
                    let Some(state) = state else { return Ok(None) };
                    breathe(&ctx).await?;
                    state.step(batch_len).map(Some)
                }
            },
        ))
    }

    async fn aggregate(
        &self,
        ctx: &Ctx,
        groupings: Vec<Grouping>,
        data: Vec<Json>,
        partials: Vec<Partial>,
    ) -> Result<Partial, ProcessingError> {
        let operation = self.monitor.begin();
        let mode = self.settings.processing_mode;
        let mut aggregators = aggregators(&groupings, mode)?;
        let mut items = data.len() as u64;
        for (at, partial) in partials.into_iter().enumerate() {
            items += partial.items;
            merge(&mut aggregators, partial, mode)
                .map_err(|reason| mismatch(format!("/partials/{at}"), reason))?;
            breathe(ctx).await?;
        }
        for (chunk_at, chunk) in data.chunks(self.batch_len(None)).enumerate() {
            for (at, item) in chunk.iter().enumerate() {
                let at = chunk_at * self.batch_len(None) + at;
                fold(&mut aggregators, item, at)?;
            }
            breathe(ctx).await?;
        }
        operation.succeed(data.len() as u64);
        let groupings = aggregators
            .into_iter()
            .map(Aggregator::into_partial)
            .collect();
        Ok(Partial {
            format: PARTIAL_FORMAT,
            mode,
            items,
            groupings,
        })
    }

    async fn tables(&self, _ctx: &Ctx, partial: Partial) -> Result<Vec<Table>, ProcessingError> {
        let operation = self.monitor.begin();
        let mode = self.settings.processing_mode;
        let groupings: Vec<_> = partial
            .groupings
            .iter()
            .map(|partial| partial.grouping.clone())
            .collect();
        let mut aggregators = aggregators(&groupings, mode)?;
        merge(&mut aggregators, partial, mode)
            .map_err(|reason| mismatch("/partial".to_owned(), reason))?;
        let tables = aggregators
            .into_iter()
            .enumerate()
            .map(|(at, mut aggregator)| {
                let failed = |reason| ProcessingError::ItemFailed {
                    operation: format!("/groupings/{at}"),
                    item: "its groups".to_owned(),
                    reason,
                };
                aggregator.table().map_err(failed)
            });
        let tables = tables.collect::<Result<_, _>>()?;
        operation.succeed(0);
        Ok(tables)
    }

    fn get_statistics(&self, _ctx: &Ctx) -> Result<Statistics, ProcessingError> {
        Ok(self.monitor.statistics(self.settings.processing_mode))
    }
}

/// A stream between two of its batches.
struct Streaming {
    run: Run,
    data: std::vec::IntoIter<Json>,
    batch: u64,
    operation: statistics::Operation,
}

impl Streaming {
    /// The next batch, and what is left after it.
    fn step(mut self, batch_len: usize) -> Result<(Batch, Option<Self>), ProcessingError> {
        let mut results = self.run.push(self.data.by_ref().take(batch_len))?;
        let batch = self.batch;
        let processed_count = self.run.items();
        if self.data.len() > 0 {
            self.batch += 1;
            return Ok((
                Batch {
                    batch,
                    processed_count,
                    results,
                    last: false,
                },
                Some(self),
            ));
        }
        results.extend(self.run.finish()?);
        self.operation.succeed(processed_count);
        Ok((
            Batch {
                batch,
                processed_count,
                results,
                last: true,
            },
            None,
        ))
    }
}

/// Let others run, and stop if nobody waits any more.
async fn breathe(ctx: &Ctx) -> Result<(), ProcessingError> {
    tokio::task::yield_now().await;
    if ctx.is_cancelled() {
        let late = ctx.remaining().is_some_and(|left| left.is_zero());
        let code = if late {
            weldkit::Code::Timeout
        } else {
            weldkit::Code::Cancelled
        };
        return Err(
            CallError::new(code, "given up between two batches; nothing was changed").into(),
        );
    }
    Ok(())
}

fn aggregators(groupings: &[Grouping], mode: Mode) -> Result<Vec<Aggregator>, ProcessingError> {
    let mut problems = Vec::new();
    let mut aggregators = Vec::new();
    for (at, grouping) in groupings.iter().enumerate() {
        match Aggregator::new(grouping, mode) {
            Ok(aggregator) => aggregators.push(aggregator),
            Err(found) => {
                let problem = |(pointer, message)| Problem {
                    pointer: format!("/groupings/{at}{pointer}"),
                    message,
                };
                problems.extend(found.into_iter().map(problem));
            }
        }
    }
    if problems.is_empty() {
        Ok(aggregators)
    } else {
        Err(ProcessingError::InvalidOperations { problems })
    }
}

fn fold(aggregators: &mut [Aggregator], item: &Json, at: usize) -> Result<(), ProcessingError> {
    for (grouping, aggregator) in aggregators.iter_mut().enumerate() {
        aggregator
            .fold(item)
            .map_err(|reason| ProcessingError::ItemFailed {
                operation: format!("/groupings/{grouping}"),
                item: format!("/data/{at}"),
                reason,
            })?;
    }
    Ok(())
}

fn merge(aggregators: &mut [Aggregator], partial: Partial, mode: Mode) -> Result<(), String> {
    if partial.format != PARTIAL_FORMAT {
        return Err(format!(
            "it has form {}, and this provider knows form {PARTIAL_FORMAT}",
            partial.format
        ));
    }
    if partial.mode != mode {
        return Err(format!(
            "it was made in mode {:?}, and this provider works in mode {mode:?}",
            partial.mode
        ));
    }
    if partial.groupings.len() != aggregators.len() {
        return Err(format!(
            "it has {} groupings instead of {}",
            partial.groupings.len(),
            aggregators.len()
        ));
    }
    for (at, (aggregator, partial)) in aggregators
        .iter_mut()
        .zip::<Vec<PartialGrouping>>(partial.groupings)
        .enumerate()
    {
        aggregator
            .merge(partial)
            .map_err(|reason| format!("grouping {at}: {reason}"))?;
    }
    Ok(())
}

fn mismatch(pointer: String, reason: String) -> ProcessingError {
    ProcessingError::PartialMismatch { pointer, reason }
}
