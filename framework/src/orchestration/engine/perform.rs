//! Doing what a run wants done: calls through the gate, waits, events, other runs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::group;
use super::live::Live;
use super::{Terms, Workflows};
use crate::call::{BoxFuture, Cancel, Ctx};
use crate::clock;
use crate::error::CallError;
use crate::event::Event;
use crate::limit;
use crate::orchestration::definition::DefinitionId;
use crate::orchestration::run::{self, Action, Key, Run, Step, TaskError};
use crate::security::Principal;

/// One thing that a run wants done.
pub(super) struct Errand {
    pub(super) engine: Workflows,
    pub(super) live: Arc<Live>,
    pub(super) principal: Principal,
    pub(super) key: Key,
    /// When a wait ends.
    pub(super) due: u64,
    /// Thrown when it is given up.
    pub(super) cancel: Cancel,
}

impl Errand {
    /// Does it; what came of it. A wait is a smaller future than all else.
    pub(super) fn run(self, action: Action) -> BoxFuture<'static, run::Event> {
        if let Action::Wait(..) = action {
            return Box::pin(async move {
                self.wait().await;
                self.outcome(Ok(Arc::new(Value::Null)))
            });
        }
        Box::pin(async move {
            let done = self.perform(action).await;
            self.outcome(done)
        })
    }

    /// Does what is one transaction.
    pub(super) async fn group(self, action: Action, run: Run, step: Step) -> run::Event {
        let done = match action {
            Action::Group(group) => group::perform(&self, run, step, group.isolation).await,
            _ => Err(elsewhere()),
        };
        done.unwrap_or_else(|error| run::Event::Failed {
            key: self.key,
            error,
        })
    }

    fn outcome(self, done: Result<Arc<Value>, TaskError>) -> run::Event {
        let key = self.key;
        match done {
            Ok(output) => run::Event::Done {
                key,
                output,
                context: None,
            },
            Err(error) => run::Event::Failed { key, error },
        }
    }

    async fn perform(&self, action: Action) -> Result<Arc<Value>, TaskError> {
        match action {
            Action::Call {
                method,
                with,
                idempotency,
                is_compensation,
            } => {
                let ctx = self.ctx().map_err(|error| TaskError::of_call(&error))?;
                let called = if is_compensation {
                    self.insist(&ctx, &method, &with, &idempotency).await
                } else {
                    self.call(&ctx, &method, &with, &idempotency).await
                };
                called
                    .map(Arc::new)
                    .map_err(|error| TaskError::of_call(&error))
            }
            Action::Emit(properties) => self.emit(&properties),
            Action::Start {
                definition,
                input,
                wait,
            } => self.start(&definition, &input, wait).await,
            Action::Listen | Action::Wait(..) | Action::Group(_) => Err(elsewhere()),
        }
    }

    /// The `Ctx` of what the run calls.
    pub(super) fn ctx(&self) -> Result<Ctx, CallError> {
        let live = self.live.clone();
        let progress = move |fraction: f64, message: &str| live.progress(fraction, message);
        let ctx = self.engine.ctx_of(&self.principal)?;
        Ok(ctx.of_step(&self.cancel, Arc::new(progress)))
    }

    /// Calls a method; the same step has the same key, however often it is tried.
    pub(super) async fn call(
        &self,
        ctx: &Ctx,
        method: &str,
        with: &Value,
        idempotency: &str,
    ) -> Result<Value, CallError> {
        let _turn = self.engine.0.steps.acquire().await;
        let ctx = ctx.with_idempotency_key(format!("{}{idempotency}", self.live.id));
        let input =
            serde_json::to_vec(with).map_err(|fault| CallError::internal(fault.to_string()))?;
        let output = self.engine.caller()?.call(&ctx, method, input).await?;
        if output.len() > limit::RUN_VALUE_BYTES {
            return Err(CallError::limit(format!(
                "`{method}` gave {} bytes; a run takes at most {}",
                output.len(),
                limit::RUN_VALUE_BYTES
            )));
        }
        serde_json::from_slice(&output).map_err(|fault| CallError::internal(fault.to_string()))
    }

    /// Calls a method until it succeeds, or fails for good.
    async fn insist(
        &self,
        ctx: &Ctx,
        method: &str,
        with: &Value,
        idempotency: &str,
    ) -> Result<Value, CallError> {
        let mut pause = limit::COMPENSATION_PAUSE;
        for _ in 1..limit::COMPENSATION_TRIES {
            match self.call(ctx, method, with, idempotency).await {
                Err(error) if error.is_retryable() => {}
                answer => return answer,
            }
            let clock = &self.engine.0.clock;
            clock.sleep_until(clock.now() + pause).await;
            pause = pause.saturating_mul(2).min(limit::COMPENSATION_PAUSE_MAX);
        }
        self.call(ctx, method, with, idempotency).await
    }

    async fn wait(&self) {
        let clock = &self.engine.0.clock;
        loop {
            let left = self.due.saturating_sub(clock.unix_ms());
            if left == 0 {
                return;
            }
            // At most an hour: then the time of day is looked at again, which may have been set.
            let left = Duration::from_millis(left).min(Duration::from_secs(3_600));
            clock.sleep_until(clock.now() + left).await;
        }
    }

    fn emit(&self, properties: &Value) -> Result<Arc<Value>, TaskError> {
        let event = super::cloud_event(
            properties,
            &self.live.id,
            &self.key,
            self.engine.0.clock.unix_ms(),
        )
        .map_err(|error| TaskError::of_call(&error))?;
        let published: Event = serde_json::from_value(event.clone()).map_err(|fault| {
            TaskError::of_call(&CallError::invalid_parameter(fault.to_string()))
        })?;
        let (engine, ctx) = (
            self.engine.clone(),
            self.ctx().map_err(|error| TaskError::of_call(&error))?,
        );
        // On its own: a run may wait for what it emits itself.
        tokio::spawn(async move { engine.0.events.emit(&ctx, published).await });
        Ok(Arc::new(event))
    }

    /// Starts another run, of an id that the key gives: a second start finds the first one.
    async fn start(
        &self,
        definition: &DefinitionId,
        input: &Arc<Value>,
        wait: bool,
    ) -> Result<Arc<Value>, TaskError> {
        let id = child(&self.live.id, &self.key);
        let depth = id.matches('~').count();
        if depth > limit::RUN_DEPTH {
            let error = CallError::limit(format!(
                "runs are nested {depth} deep: a workflow runs itself"
            ));
            return Err(TaskError::of_call(&error));
        }
        let terms = Terms {
            id: Some(id.clone()),
            input: (**input).clone(),
            durable: self.live.is_durable(),
            key: None,
        };
        let started = self.engine.start_as(&self.principal, definition, terms);
        // A run that starts runs is of a type that holds itself.
        let started: crate::call::BoxFuture<'_, _> = Box::pin(started);
        let status = started.await.map_err(|error| TaskError::of_call(&error))?;
        if !wait {
            return Ok(Arc::new(Value::Null));
        }
        let mut status = status;
        while !status.is_over() {
            let waited = self.engine.wait(&id).await;
            status = waited.map_err(|error| TaskError::of_call(&error))?;
            if !status.is_over() {
                // It is stuck, until somebody resumes or cancels it.
                let clock = &self.engine.0.clock;
                clock.sleep_until(clock.now() + limit::RUN_STUCK).await;
            }
        }
        if let Some(output) = status.output {
            return Ok(Arc::new(output));
        }
        let error = status.error.unwrap_or_default();
        Err(serde_json::from_value(error.clone()).unwrap_or_else(|_| {
            let what = format!("run `{id}` is {}: {error}", status.state);
            TaskError::of_call(&CallError::internal(what))
        }))
    }
}

fn elsewhere() -> TaskError {
    TaskError::of_call(&CallError::internal("the action is performed elsewhere"))
}

/// The id of a run that another one starts.
pub(super) fn child(parent: &str, key: &str) -> String {
    let key = key.bytes().map(|byte| match byte {
        b'/' | b'@' | b'#' | b'!' => '.',
        byte if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) => char::from(byte),
        _ => '_',
    });
    format!("{parent}~{}", key.collect::<String>().trim_matches('.'))
}

/// A time between the two, in milliseconds, drawn at random.
pub(super) fn between(least: Duration, most: Duration) -> u64 {
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (least, most) = (ms(least), ms(most));
    match most.saturating_sub(least) {
        0 => least,
        spread => least + clock::random() % (spread + 1),
    }
}
