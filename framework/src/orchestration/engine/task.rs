//! What a run has begun, until it is done or given up.

use std::collections::{BTreeMap, VecDeque};

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, Abortable, Aborted};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::perform::Errand;
use crate::call::{AbortOnDrop, BoxFuture, Cancel};
use crate::error::CallError;
use crate::orchestration::run::{Action, Event, Key, Run, Step, TaskError};
use crate::{clock, limit};

/// The run that an action starts and waits for.
pub(super) fn child_of(run: &str, key: &str, action: &Action) -> Option<String> {
    matches!(action, Action::Start { wait: true, .. }).then(|| super::perform::child(run, key))
}

/// Everything of one run that is under way. It goes on while the run waits for [`next`](Self::next).
#[derive(Default)]
pub(super) struct Tasks {
    by_key: BTreeMap<Key, Task>,
    going: FuturesUnordered<Abortable<BoxFuture<'static, Event>>>,
    /// What has come to its end while something else was waited for.
    ended: VecDeque<Event>,
}

/// One thing that is under way.
struct Task {
    abort: AbortHandle,
    /// What it calls hears that it is given up.
    cancel: Option<Cancel>,
    is_group: bool,
    /// The run that it waits for.
    child: Option<String>,
}

impl Tasks {
    /// Begins something; `group` is what is done in one transaction.
    pub(super) fn begin(&mut self, errand: Errand, action: Action, group: Option<(Run, Step)>) {
        let key = errand.key.clone();
        let is_group = matches!(action, Action::Group(_));
        let task = |abort| Task {
            abort,
            cancel: (is_group || matches!(action, Action::Call { .. }))
                .then(|| errand.cancel.clone()),
            is_group,
            child: child_of(&errand.live.id, &key, &action),
        };
        let (abort, registration) = AbortHandle::new_pair();
        self.by_key.insert(key.clone(), task(abort));
        #[cfg(feature = "tracing")]
        let span = tracing::debug_span!(
            target: "weldkit::workflow", "step", run = &*errand.live.id, task = %errand.key
        );
        let step: BoxFuture<'static, Event> = match group {
            // A task of its own: its commit goes on while the run keeps what has happened.
            Some((run, step)) => {
                let mut group = AbortOnDrop(tokio::spawn(errand.group(action, run, step)));
                Box::pin(async move {
                    (&mut group.0).await.unwrap_or_else(|ended| Event::Failed {
                        key,
                        error: TaskError::of_call(&CallError::internal(ended.to_string())),
                    })
                })
            }
            None => errand.run(action),
        };
        #[cfg(feature = "tracing")]
        let step = Box::pin(tracing::Instrument::instrument(step, span));
        self.going.push(Abortable::new(step, registration));
    }

    /// The next that has come to its end; waits for ever where nothing is under way.
    pub(super) async fn next(&mut self) -> Event {
        if let Some(event) = self.ended.pop_front() {
            return event;
        }
        loop {
            match self.going.next().await {
                Some(Ok(event)) => return event,
                Some(Err(Aborted)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// The same, if there is one already.
    pub(super) fn next_now(&mut self) -> Option<Event> {
        self.next().now_or_never()
    }

    /// What is done in a transaction of its own.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Key> {
        let groups = self.by_key.iter().filter(|(_, task)| task.is_group);
        groups.map(|(key, _)| key)
    }

    /// Gives a group up, and waits for what has come of it meanwhile.
    pub(super) async fn settle(&mut self, key: &Key) -> Option<Event> {
        if let Some(cancel) = &self.by_key.get(key)?.cancel {
            cancel.cancel();
        }
        let is_its = |event: &Event| event.outcome_of() == Some(key);
        let outcome = match self.ended.iter().position(is_its) {
            Some(place) => self.ended.remove(place)?,
            None => loop {
                match self.going.next().await? {
                    Ok(event) if is_its(&event) => break event,
                    Ok(other) => self.ended.push_back(other),
                    Err(Aborted) => {}
                }
            },
        };
        matches!(outcome, Event::Done { .. }).then_some(outcome)
    }

    /// What is waited for no more, since its outcome is there.
    pub(super) fn done(&mut self, key: &Key) {
        self.by_key.remove(key);
        self.shrink();
    }

    /// Gives something up: whoever is called hears of it first, and is left after a while. The run that it waited for.
    pub(super) fn give_up(&mut self, key: &Key) -> Option<String> {
        let task = self.by_key.remove(key)?;
        self.shrink();
        match task.cancel.filter(|_| !task.is_group) {
            Some(cancel) => {
                cancel.cancel();
                tokio::spawn(async move {
                    clock::sleep(limit::GIVEN_UP).await;
                    task.abort.abort();
                });
            }
            None => task.abort.abort(),
        }
        task.child
    }

    /// Leaves what is given up the time that it has, when the run itself is over.
    pub(super) fn linger(mut self) {
        if !self.going.is_empty() {
            tokio::spawn(async move { while self.going.next().await.is_some() {} });
        }
    }

    /// The room of many is given back when there is none: runs wait for long.
    fn shrink(&mut self) {
        if self.by_key.is_empty() {
            self.by_key = BTreeMap::new();
        }
    }
}
