//! What a run has begun, until it is done or given up.

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::perform::Errand;
use crate::call::Cancel;
use crate::orchestration::run::{Action, Event, Run, Step};
use crate::{clock, limit};

/// The run that an action starts and waits for.
pub(super) fn child_of(run: &str, key: &str, action: &Action) -> Option<String> {
    matches!(action, Action::Start { wait: true, .. }).then(|| super::perform::child(run, key))
}

/// One thing that is under way.
pub(super) struct Task {
    handle: JoinHandle<()>,
    cancel: Cancel,
    /// Whether what it calls is to hear that it is given up.
    may_linger: bool,
    /// The run that it waits for.
    pub(super) child: Option<String>,
    /// What came of it, for a group: it may be committed while it is given up.
    outcome: Option<oneshot::Receiver<Event>>,
}

impl Task {
    pub(super) fn begin(errand: Errand, action: Action, group: Option<(Run, Step)>) -> Self {
        let cancel = errand.cancel.clone();
        let may_linger = matches!(action, Action::Call { .. });
        let child = child_of(&errand.live.id, &errand.key, &action);
        let (told, outcome) = oneshot::channel();
        let outcome = matches!(action, Action::Group(_)).then_some(outcome);
        #[cfg(feature = "tracing")]
        let span = tracing::debug_span!(
            target: "weldkit::workflow", "step", run = &*errand.live.id, task = %errand.key
        );
        let handle = tokio::spawn(async move {
            let inbox = errand.live.inbox();
            let step = errand.run(action, group);
            #[cfg(feature = "tracing")]
            let step = tracing::Instrument::instrument(step, span);
            let event = step.await;
            drop(told.send(event.clone()));
            // A run that is over takes nothing any more.
            drop(
                inbox
                    .send(super::live::Message::Happened(Box::new(event)))
                    .await,
            );
        });
        Self {
            handle,
            cancel,
            may_linger,
            child,
            outcome,
        }
    }

    pub(super) fn is_group(&self) -> bool {
        self.outcome.is_some()
    }

    /// Gives a group up, and waits for what has come of it meanwhile.
    pub(super) async fn settle(&mut self) -> Option<Event> {
        self.cancel.cancel();
        let outcome = self.outcome.as_mut()?.await.ok()?;
        matches!(outcome, Event::Done { .. }).then_some(outcome)
    }

    /// Gives it up: whoever is called hears of it first, and is left after a while.
    pub(super) fn give_up(mut self) {
        self.cancel.cancel();
        if !self.may_linger {
            self.handle.abort();
            return;
        }
        tokio::spawn(async move {
            let deadline = clock::now() + limit::GIVEN_UP;
            if clock::until(deadline, &mut self.handle).await.is_none() {
                self.handle.abort();
            }
        });
    }

    /// Leaves it where it is: the host stops.
    pub(super) fn leave(&self) {
        self.handle.abort();
    }
}
