//! One run on its way: what comes in is kept, applied, and what follows from it is begun.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::Workflows;
use super::live::{Live, Message};
use super::perform::{self, Errand};
use super::store::{Ended, Entry, Head};
use crate::error::CallError;
use crate::limit;
use crate::orchestration::run::{Action, Event, Key, Run, State, Step};

pub(super) struct Drive {
    pub(super) engine: Workflows,
    pub(super) live: Arc<Live>,
    head: Head,
    run: Run,
    inbox: mpsc::Receiver<Message>,
    /// Where the next event goes.
    seq: u64,
    tasks: BTreeMap<Key, AbortHandle>,
    /// What listens.
    listening: BTreeSet<Key>,
    /// When waits end, as it was kept before.
    due: BTreeMap<Key, u64>,
    done: u64,
}

/// What waits for an answer until something is kept.
type Answers = Vec<oneshot::Sender<Result<(), CallError>>>;

impl Drive {
    pub(super) fn new(
        engine: Workflows,
        live: Arc<Live>,
        head: Head,
        run: Run,
        inbox: mpsc::Receiver<Message>,
    ) -> Self {
        Self {
            engine,
            live,
            head,
            run,
            inbox,
            seq: 0,
            tasks: BTreeMap::new(),
            listening: BTreeSet::new(),
            due: BTreeMap::new(),
            done: 0,
        }
    }

    /// Sets the run going on a task of its own, after what has happened to it already.
    pub(super) fn set_going(self, first: Step, entries: Vec<Entry>) {
        tokio::spawn(self.go(first, entries));
    }

    /// Goes through what has happened already, then on until the run is over.
    async fn go(mut self, first: Step, entries: Vec<Entry>) {
        let live = self.live.clone();
        let gone = tokio::select! {
            // The host stops: what it gives up is no failure of the run.
            biased;
            () = live.left() => Ok(()),
            gone = self.try_go(first, entries) => gone,
        };
        if let Err(fault) = gone {
            live.stuck(&fault.to_string());
        }
        for task in self.tasks.values() {
            task.abort();
        }
    }

    async fn try_go(&mut self, first: Step, entries: Vec<Entry>) -> Result<(), CallError> {
        if entries.is_empty() {
            self.engine
                .tell_run(&self.live.id, &State::Running, self.head.started_ms);
            self.engine
                .tell_tasks(&self.live.id, &first.notes, self.head.started_ms);
        }
        let open = self.replay(first, entries);
        self.show(None);
        self.begin(open).await?;
        while !self.run.state().is_over() {
            let Some(message) = self.inbox.recv().await else {
                return Ok(());
            };
            self.take(message).await?;
        }
        let at_ms = self.engine.0.clock.unix_ms();
        self.engine.tell_run(&self.live.id, self.run.state(), at_ms);
        if self.live.is_durable() {
            let state = self.run.state().clone();
            self.head.ended = Some(Ended { at_ms, state });
            let (ctx, store) = (self.engine.own_ctx()?, self.engine.store().await?);
            store.put_head(&ctx, &self.live.id, &self.head).await?;
        }
        self.show(Some(at_ms));
        self.engine.ended(&self.live);
        Ok(())
    }

    /// What is to be done after everything that has happened.
    fn replay(&mut self, first: Step, entries: Vec<Entry>) -> Vec<(Key, Action)> {
        let mut open: BTreeMap<Key, Action> = BTreeMap::new();
        let mut take = |step: Step, done: &mut u64| {
            for key in &step.cancel {
                open.remove(key);
            }
            *done += ends(&step);
            open.extend(step.begin);
        };
        take(first, &mut self.done);
        self.seq = entries.len() as u64;
        for entry in entries {
            if let Event::Due { key, at } = &entry.event {
                self.due.insert(key.clone(), *at);
            }
            let step = self.run.apply(entry.event, entry.at_ms);
            take(step, &mut self.done);
        }
        open.retain(|key, _| self.run.waits_for(key));
        open.into_iter().collect()
    }

    fn show(&self, ended_ms: Option<u64>) {
        self.live.show(&self.run, self.done, ended_ms);
    }

    /// Takes a message, and those that wait behind it: what happened at the same time is kept at once.
    async fn take(&mut self, message: Message) -> Result<(), CallError> {
        let mut message = Some(message);
        let (mut events, mut answers) = (Vec::new(), Answers::new());
        while let Some(next) = message.take() {
            match next {
                Message::Happened(event) => events.push(event),
                Message::Told(event, answer) => {
                    events.push(event);
                    answers.push(answer);
                }
                Message::Offered(event, answer) => {
                    // Whether it is wanted depends on what came before.
                    self.keep(std::mem::take(&mut events), std::mem::take(&mut answers))
                        .await?;
                    let keys = self.run.wants(&event);
                    let wanted = !keys.is_empty();
                    if wanted {
                        self.keep(vec![Event::Received { keys, event }], Answers::new())
                            .await?;
                    }
                    drop(answer.send(Ok(wanted)));
                }
            }
            if events.len() < limit::RUN_INBOX {
                message = self.inbox.try_recv().ok();
            }
        }
        self.keep(events, answers).await
    }

    /// Makes events durable, then lets them count.
    async fn keep(&mut self, events: Vec<Event>, answers: Answers) -> Result<(), CallError> {
        if events.is_empty() {
            return Ok(());
        }
        let at_ms = self.engine.0.clock.unix_ms();
        let entries: Vec<Entry> = events
            .into_iter()
            .map(|event| Entry { at_ms, event })
            .collect();
        if let Err(fault) = self.append(&entries).await {
            for answer in answers {
                drop(answer.send(Err(CallError::unavailable(fault.to_string()))));
            }
            return Err(fault);
        }
        let mut open = Vec::new();
        for entry in entries {
            let step = self.run.apply(entry.event, at_ms);
            self.done += ends(&step);
            self.engine.tell_tasks(&self.live.id, &step.notes, at_ms);
            for key in step.cancel {
                open.retain(|(begun, _)| *begun != key);
                self.forget(&key);
            }
            open.extend(step.begin);
        }
        self.show(None);
        for answer in answers {
            drop(answer.send(Ok(())));
        }
        self.begin(open).await
    }

    async fn append(&mut self, entries: &[Entry]) -> Result<(), CallError> {
        if self.live.is_durable() {
            let (ctx, store) = (self.engine.own_ctx()?, self.engine.store().await?);
            store.append(&ctx, &self.live.id, self.seq, entries).await?;
        }
        self.seq += entries.len() as u64;
        Ok(())
    }

    fn forget(&mut self, key: &Key) {
        if let Some(task) = self.tasks.remove(key) {
            task.abort();
        }
        self.listening.remove(key);
        self.live.set_listens(!self.listening.is_empty());
    }

    /// Begins what is to be done. When waits end is kept before they begin.
    async fn begin(&mut self, open: Vec<(Key, Action)>) -> Result<(), CallError> {
        let now = self.engine.0.clock.unix_ms();
        let mut due = Vec::new();
        for (key, action) in &open {
            if let Action::Wait(least, most) = action
                && !self.due.contains_key(key)
            {
                let at = now.saturating_add(perform::between(*least, *most));
                self.due.insert(key.clone(), at);
                let event = Event::Due {
                    key: key.clone(),
                    at,
                };
                due.push(Entry { at_ms: now, event });
            }
        }
        if !due.is_empty() {
            self.append(&due).await?;
        }
        for (key, action) in open {
            if action == Action::Listen {
                self.engine.listen()?;
                self.listening.insert(key);
                self.live.set_listens(true);
                continue;
            }
            let errand = Errand {
                engine: self.engine.clone(),
                live: self.live.clone(),
                principal: self.head.principal.as_str().into(),
                key: key.clone(),
                due: self.due.get(&key).copied().unwrap_or(now),
            };
            let group = match &action {
                Action::Group(group) => self.run.group(group, now),
                _ => None,
            };
            let step = errand.run(action, group);
            #[cfg(feature = "tracing")]
            let step = tracing::Instrument::instrument(
                step,
                tracing::debug_span!(target: "weldkit::workflow", "step", run = &*self.live.id, task = %key),
            );
            let task = tokio::spawn(step);
            self.tasks.insert(key, task.abort_handle());
        }
        Ok(())
    }
}

/// How many tasks a step has ended well.
fn ends(step: &Step) -> u64 {
    let ended = step.notes.iter().filter(|note| note.end == Some(Ok(())));
    ended.count() as u64
}
