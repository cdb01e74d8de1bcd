//! Tasks that are one transaction: done together with what they did, or not at all.

use std::sync::{Arc, Mutex};

use super::perform::Errand;
use crate::call::Ctx;
use crate::error::CallError;
use crate::orchestration::run::{Action, Event, Key, Note, Run, State, Step, TaskError};
use crate::transaction::Isolation;

/// Does the tasks in a transaction that also says that they are done. After a conflict all of it is done again.
pub(super) async fn perform(
    errand: &Errand,
    run: Run,
    step: Step,
    isolation: Isolation,
) -> Result<Event, TaskError> {
    if let Some(done) = committed_before(errand)
        .await
        .map_err(|error| TaskError::of_call(&error))?
    {
        return Ok(done);
    }
    let last: Mutex<Last> = Mutex::default();
    // Each try begins with the same run anew.
    let (run, step) = (Arc::new(run), Arc::new(step));
    let ctx = errand.ctx().map_err(|error| TaskError::of_call(&error))?;
    let terms = errand.engine.0.transactions.transaction(&ctx);
    let done = terms
        .isolation(isolation)
        .run(|ctx| {
            let (run, step) = (run.clone(), step.clone());
            let last = &last;
            async move { once(errand, &ctx, &run, &step, last).await }
        })
        .await;
    let last = last.into_inner().unwrap_or_default();
    // Of what was done again after a conflict, only the last time counts.
    let engine = &errand.engine;
    engine.tell_tasks(&errand.live.id, &last.notes, engine.0.clock.unix_ms());
    done.map_err(|error| {
        // What a task gave, unless it was the transaction itself that failed.
        last.error
            .filter(|_| !error.is_retryable())
            .unwrap_or_else(|| TaskError::of_call(&error))
    })
}

/// What came of the last time that a group was done.
#[derive(Default)]
struct Last {
    error: Option<TaskError>,
    notes: Vec<Note>,
}

/// How it ended, if an earlier start has committed it and was killed before the run knew.
async fn committed_before(errand: &Errand) -> Result<Option<Event>, CallError> {
    if !errand.live.is_durable() {
        return Ok(None);
    }
    let (ctx, store) = (errand.engine.own_ctx()?, errand.engine.store().await?);
    store.group(&ctx, &errand.live.id, &errand.key).await
}

async fn once(
    errand: &Errand,
    ctx: &Ctx,
    run: &Run,
    step: &Step,
    last: &Mutex<Last>,
) -> Result<Event, CallError> {
    let (mut run, mut open) = (run.clone(), step.begin.clone());
    let mut notes = inner(&step.notes).to_vec();
    while !run.state().is_over() {
        let Some((key, action)) = open.pop() else {
            return Err(CallError::internal(
                "the tasks of a transaction wait for nothing",
            ));
        };
        let event = run.hidden(event(errand, ctx, key, action).await?);
        let step = run.apply(event, errand.engine.0.clock.unix_ms());
        open.retain(|(key, _)| !step.cancel.contains(key));
        open.extend(step.begin);
        notes.extend(step.notes);
    }
    // The end of the group itself is told by the run, when it is committed.
    notes.pop();
    let error = match run.state() {
        State::Faulted { error } => Some(error.clone()),
        _ => None,
    };
    if let Ok(mut last) = last.lock() {
        *last = Last { error, notes };
    }
    match run.state() {
        State::Completed { output } => {
            let done = Event::Done {
                key: errand.key.clone(),
                output: output.clone(),
                context: Some(run.context().clone()),
            };
            if errand.live.is_durable() {
                let store = errand.engine.store().await?;
                let run = &errand.live.id;
                store.put_group(ctx, run, &done, &errand.key).await?;
            }
            Ok(done)
        }
        State::Faulted { error } => Err(CallError::internal(error.to_string())),
        _ => Err(CallError::internal(
            "the tasks of a transaction ended in no way",
        )),
    }
}

/// Without the beginning of the group itself, which the run has told.
fn inner(notes: &[Note]) -> &[Note] {
    notes.get(1..).unwrap_or_default()
}

/// Calls a method inside of the transaction.
async fn event(errand: &Errand, ctx: &Ctx, key: Key, action: Action) -> Result<Event, CallError> {
    let Action::Call {
        method,
        with,
        idempotency,
        ..
    } = action
    else {
        return Err(CallError::invalid_parameter(format!(
            "`{key}` waits, and a transaction does not: only calls and what computes can be in one"
        )));
    };
    match errand.call(ctx, &method, &with, &idempotency).await {
        Ok(output) => Ok(Event::Done {
            key,
            output: Arc::new(output),
            context: None,
        }),
        // The transaction is over: it is all to be done again.
        Err(error) if error.is_retryable() => Err(error),
        Err(error) => Ok(Event::Failed {
            key,
            error: TaskError::of_call(&error),
        }),
    }
}
