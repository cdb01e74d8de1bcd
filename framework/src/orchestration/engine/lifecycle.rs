//! Events about runs and their tasks: those that the DSL names (Lifecycle Events).

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Workflows;
use super::cloud_event::cloud_event;
use crate::call::Ctx;
use crate::event::{Event, Events};
use crate::limit;
use crate::orchestration::run::{Note, State, What};

const SOURCE: &str = "weldkit.workflows";

/// Where lifecycle events wait to be published, in their order. A run never waits for who watches it: when this is
/// full, events of tasks are dropped.
pub(super) fn publisher(events: Events) -> (mpsc::Sender<(Ctx, Event)>, impl Future<Output = ()>) {
    let (sender, mut waiting) = mpsc::channel::<(Ctx, Event)>(limit::LIFECYCLE_EVENTS);
    let publish = async move {
        while let Some((ctx, event)) = waiting.recv().await {
            drop(events.emit(&ctx, event).await);
        }
    };
    (sender, publish)
}

impl Workflows {
    /// Tells of tasks that have begun and ended.
    pub(super) fn tell_tasks(&self, run: &str, notes: &[Note], at_ms: u64) {
        self.0.counts.steps(notes);
        if !self.0.events.is_heard() {
            return;
        }
        for note in notes {
            let (word, error) = match &note.what {
                What::Started => ("started", None),
                What::Completed => ("completed", None),
                What::Faulted(error) => ("faulted", Some(error)),
                What::Retried => ("retried", None),
                What::Cancelled => ("cancelled", None),
            };
            let mut data = json!({"workflow": run, "task": &*note.pointer, "name": &*note.task});
            if let (Some(error), Value::Object(data)) = (error, &mut data) {
                data.insert("error".to_owned(), json!(error));
            }
            if let Some(told) = self.lifecycle(&format!("task.{word}"), run, data, at_ms) {
                drop(self.0.lifecycle.try_send(told));
            }
        }
    }

    /// Tells how a run is now.
    pub(super) fn tell_run(&self, run: &str, state: &State, at_ms: u64) {
        self.0.counts.run(state);
        if !self.0.events.is_heard() {
            return;
        }
        let (word, data) = match state {
            State::Running => ("started", json!({"name": run})),
            State::Completed { output } => ("completed", json!({"name": run, "output": output})),
            State::Cancelled { reason } => ("cancelled", json!({"name": run, "reason": reason})),
            State::Faulted { error } => ("faulted", json!({"name": run, "error": error})),
            State::Parked { error, undone } => (
                "parked",
                json!({"name": run, "error": error, "undone": undone}),
            ),
            State::Paused | State::Compensating => return,
        };
        self.tell_of(&format!("workflow.{word}"), run, data, at_ms);
    }

    /// Tells that a run was paused or goes on.
    pub(super) fn tell_pause(&self, run: &str, word: &str, at_ms: u64) {
        if self.0.events.is_heard() {
            self.tell_of(
                &format!("workflow.{word}"),
                run,
                json!({"name": run}),
                at_ms,
            );
        }
    }

    /// Of a run itself little is told, and that is not dropped: it waits for room.
    fn tell_of(&self, what: &str, run: &str, data: Value, at_ms: u64) {
        let Some(told) = self.lifecycle(what, run, data, at_ms) else {
            return;
        };
        if let Err(mpsc::error::TrySendError::Full(told)) = self.0.lifecycle.try_send(told) {
            let lifecycle = self.0.lifecycle.clone();
            tokio::spawn(async move { lifecycle.send(told).await });
        }
    }

    fn lifecycle(&self, what: &str, run: &str, data: Value, at_ms: u64) -> Option<(Ctx, Event)> {
        let number = self
            .0
            .told
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let properties = json!({
            "id": format!("{run}-{number}"),
            "source": SOURCE,
            "type": format!("io.serverlessworkflow.{what}.v1"),
            "subject": run,
            "data": data,
        });
        let event = cloud_event(&properties, run, "", at_ms).ok();
        let event = event.and_then(|event| serde_json::from_value(event).ok())?;
        Some((self.own_ctx().ok()?, event))
    }
}
