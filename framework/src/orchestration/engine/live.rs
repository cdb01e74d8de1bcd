use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tokio::sync::{oneshot, watch};

use super::Status;
use super::inbox::{Inbox, Message};
use super::store::Head;
use super::terms::STUCK;
use crate::call::Cancel;
use crate::error::{CallError, Code};
use crate::limit;
use crate::orchestration::run::{Event, Hears, Run, State};

/// A run that is under way, as others see it.
pub(super) struct Live {
    pub(super) id: Arc<str>,
    pub(super) inbox: Inbox,
    status: watch::Sender<Status>,
    listens: AtomicBool,
    /// For what it may listen at all.
    hears: Arc<Hears>,
    left: Cancel,
}

impl Live {
    pub(super) fn new(id: Arc<str>, head: &Head, durable: bool, hears: Arc<Hears>) -> Arc<Self> {
        let status = Status {
            durable,
            ..of_head(&id, head)
        };
        Arc::new(Self {
            id,
            inbox: Inbox::default(),
            status: watch::Sender::new(status),
            listens: AtomicBool::new(false),
            hears,
            left: Cancel::new(),
        })
    }

    pub(super) fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    pub(super) fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    pub(super) fn is_durable(&self) -> bool {
        self.status.borrow().durable
    }

    /// Waits until it has ended, or cannot go on in this process.
    pub(super) async fn settled(&self) -> Status {
        let mut status = self.status.subscribe();
        // It lives as long as `self`.
        match status.wait_for(Status::goes_nowhere).await {
            Ok(status) => status.clone(),
            Err(_) => self.status(),
        }
    }

    /// Whether it cannot go on in this process.
    pub(super) fn is_stuck(&self) -> bool {
        self.status.borrow().state == STUCK
    }

    /// Whether it listens, and not only for events of other types.
    pub(super) fn listens_for(&self, event: &Value) -> bool {
        self.listens.load(Ordering::Acquire) && self.hears.may_want(event)
    }

    pub(super) fn set_listens(&self, listens: bool) {
        self.listens.store(listens, Ordering::Release);
    }

    pub(super) async fn tell(&self, event: Event) -> Result<(), CallError> {
        self.send(|done| Message::Told(event, done)).await
    }

    pub(super) async fn offer(&self, event: Arc<Value>) -> Result<bool, CallError> {
        self.send(|done| Message::Offered(event, done)).await
    }

    /// Waits for the answer to a message.
    async fn send<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<Result<T, CallError>>) -> Message,
    ) -> Result<T, CallError> {
        let (done, answer) = oneshot::channel();
        if !self.inbox.put(message(done)) {
            let most = limit::RUN_INBOX;
            let full = format!("{most} messages already wait for run `{}`", self.id);
            return Err(CallError::limit(full).retryable(true));
        }
        answer.await.unwrap_or_else(|_| Err(self.gone()))
    }

    fn gone(&self) -> CallError {
        let state = self.status().state;
        CallError::new(
            Code::InvalidState,
            format!("run `{}` takes nothing any more: it is {state}", self.id),
        )
    }

    /// The host stops.
    pub(super) fn leave(&self) {
        self.left.cancel();
    }

    /// Completes when the host stops.
    pub(super) async fn left(&self) {
        self.left.cancelled().await;
    }

    /// It waits for its turn.
    pub(super) fn queued(&self) {
        self.status
            .send_modify(|status| status.state = "queued".to_owned());
    }

    /// It cannot go on in this process.
    pub(super) fn stuck(&self, why: &str) {
        self.status.send_modify(|status| {
            status.state = STUCK.to_owned();
            status.error = Some(Value::String(why.to_owned()));
        });
        self.inbox.close();
    }

    /// Shows how it is now.
    pub(super) fn show(&self, run: &Run, done: u64, ended_ms: Option<u64>) {
        self.status.send_modify(|status| {
            describe(status, run.state());
            let shown = run.waiting().take(limit::STATUS_WAITING);
            status.waiting = shown.map(ToString::to_string).collect();
            status.waiting_count = run.waiting().len();
            status.rounds = run.rounds();
            status.tasks_done = done;
            status.ended_ms = ended_ms;
        });
    }

    /// Shows how far a task is.
    pub(super) fn progress(&self, fraction: f64, message: &str) {
        self.status.send_modify(|status| {
            status.progress = Some(fraction);
            status.message = Some(message.to_owned());
        });
    }
}

/// A run as its head has it.
pub(super) fn of_head(run: &str, head: &Head) -> Status {
    let mut status = Status {
        run: run.to_owned(),
        workflow: head.definition.to_string(),
        principal: head.principal.to_string(),
        state: String::new(),
        output: None,
        error: None,
        started_ms: head.started_ms,
        ended_ms: head.ended.as_ref().map(|ended| ended.at_ms),
        waiting: Vec::new(),
        waiting_count: 0,
        rounds: Vec::new(),
        tasks_done: 0,
        progress: None,
        message: None,
        durable: true,
    };
    let state = head.ended.as_ref().map(|ended| &ended.state);
    describe(&mut status, state.unwrap_or(&State::Running));
    status
}

fn describe(status: &mut Status, state: &State) {
    let value = |error| serde_json::to_value(error).ok();
    let (word, output, error) = match state {
        State::Running => ("running", None, None),
        State::Paused => ("paused", None, None),
        State::Compensating => ("compensating", None, None),
        State::Completed { output } => ("completed", Some((**output).clone()), None),
        State::Faulted { error } => ("faulted", None, value(error)),
        State::Cancelled { reason } => ("cancelled", None, Some(Value::String(reason.clone()))),
        State::Parked { error, undone } => (
            "parked",
            None,
            Some(serde_json::json!({"error": error, "undone": undone})),
        ),
    };
    if status.state != word {
        status.state = word.to_owned();
    }
    status.output = output;
    status.error = error;
}
