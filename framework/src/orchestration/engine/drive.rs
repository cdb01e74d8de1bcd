//! One run on its way: what comes in is kept, applied, and what follows from it is begun.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Workflows;
use super::inbox::Message;
use super::live::Live;
use super::perform::{self, Errand};
use super::store::{Ended, Entry, Head};
use super::task::{Tasks, child_of};
use crate::call::Cancel;
use crate::error::CallError;
use crate::limit;
use crate::orchestration::run::{Action, Event, Key, Run, State, Step};

pub(super) struct Drive {
    pub(super) engine: Workflows,
    pub(super) live: Arc<Live>,
    head: Head,
    run: Run,
    /// Where the next event goes.
    seq: u64,
    tasks: Tasks,
    /// What listens.
    listening: BTreeSet<Key>,
    /// When waits end, as it was kept before.
    due: BTreeMap<Key, u64>,
    done: u64,
    /// That no other run of its key is under way.
    turn: Option<OwnedSemaphorePermit>,
}

/// What comes to a run.
enum Next {
    /// Something that it has begun is done.
    Happened(Event),
    /// Somebody tells it something.
    Message(Message),
}

/// What waits for an answer until something is kept.
type Answers = Vec<oneshot::Sender<Result<(), CallError>>>;

impl Drive {
    /// In a box, so that a run that waits is small.
    pub(super) fn new(engine: Workflows, live: Arc<Live>, head: Head, run: Run) -> Box<Self> {
        Box::new(Self {
            engine,
            live,
            head,
            run,
            seq: 0,
            tasks: Tasks::default(),
            listening: BTreeSet::new(),
            due: BTreeMap::new(),
            done: 0,
            turn: None,
        })
    }

    /// Sets the run going on a task of its own, after what has happened to it already.
    pub(super) fn set_going(mut self: Box<Self>, first: Step, entries: Vec<Entry>) {
        if !entries.is_empty() {
            // It had its turn already.
            let turns = self.engine.turns(&self.head);
            self.turn = turns.and_then(|turns| turns.try_acquire_owned().ok());
        }
        tokio::spawn(self.go(first, entries));
    }

    /// Goes through what has happened already, then on until the run is over.
    async fn go(mut self: Box<Self>, first: Step, entries: Vec<Entry>) {
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
    }

    async fn try_go(&mut self, first: Step, entries: Vec<Entry>) -> Result<(), CallError> {
        // Apart what is done once or now and then, so that a run that waits is small.
        Box::pin(self.set_out(first, entries)).await?;
        while !self.run.state().is_over() {
            let next = tokio::select! {
                biased;
                message = self.live.inbox.next() => Next::Message(message),
                event = self.tasks.next() => Next::Happened(event),
            };
            Box::pin(self.take(next)).await?;
        }
        Box::pin(self.finish()).await
    }

    /// Begins with it, or goes on where it was.
    async fn set_out(&mut self, first: Step, entries: Vec<Entry>) -> Result<(), CallError> {
        if entries.is_empty() {
            self.engine
                .tell_run(&self.live.id, &State::Running, self.head.started_ms);
            self.engine
                .tell_tasks(&self.live.id, &first.notes, self.head.started_ms);
        }
        let (open, given_up) = self.replay(first, entries);
        for child in given_up {
            // Perhaps it was killed before it had told them.
            self.engine.end_child(&child).await;
        }
        self.wait_for_its_turn().await?;
        if !self.run.state().is_over() {
            self.begin(open).await?;
        }
        self.show(None);
        Ok(())
    }

    /// Keeps that it is over, and how it ended.
    async fn finish(&mut self) -> Result<(), CallError> {
        std::mem::take(&mut self.tasks).linger();
        let at_ms = self.engine.0.clock.unix_ms();
        self.engine.tell_run(&self.live.id, self.run.state(), at_ms);
        if self.live.is_durable() {
            let state = self.run.state().clone();
            self.head.ended = Some(Ended { at_ms, state });
            let (ctx, store) = (self.engine.own_ctx()?, self.engine.store().await?);
            store.put_head(&ctx, &self.live.id, &self.head).await?;
        }
        self.show(Some(at_ms));
        drop(self.turn.take());
        self.engine.leave_turns(&self.head);
        self.engine.ended(&self.live);
        if self.live.is_durable() {
            self.engine.keep_few(self.live.id.to_string()).await?;
        }
        Ok(())
    }

    /// Waits until no other run of its key is under way. What is told to it meanwhile counts.
    async fn wait_for_its_turn(&mut self) -> Result<(), CallError> {
        let Some(turns) = self.engine.turns(&self.head) else {
            return Ok(());
        };
        let mut turn = Box::pin(turns.acquire_owned());
        while !self.run.state().is_over() {
            if self.turn.is_some() && *self.run.state() != State::Paused {
                break;
            }
            self.live.queued();
            tokio::select! {
                turn = &mut turn, if self.turn.is_none() => self.turn = turn.ok(),
                message = self.live.inbox.next() => match message {
                    Message::Offered(_, answer) => drop(answer.send(Ok(false))),
                    message => Box::pin(self.take(Next::Message(message))).await?,
                },
            }
        }
        Ok(())
    }

    /// What is to be done after everything that has happened, and the runs that were given up on the way.
    fn replay(&mut self, first: Step, entries: Vec<Entry>) -> (Vec<(Key, Action)>, Vec<String>) {
        let mut open: BTreeMap<Key, Action> = BTreeMap::new();
        let (mut given_up, id) = (Vec::new(), self.live.id.clone());
        let mut take = |step: Step, done: &mut u64| {
            for key in &step.cancel {
                let action = open.remove(key);
                given_up.extend(action.and_then(|action| child_of(&id, key, &action)));
            }
            *done += step.done;
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
        (open.into_iter().collect(), given_up)
    }

    fn show(&self, ended_ms: Option<u64>) {
        self.live.show(&self.run, self.done, ended_ms);
    }

    /// Takes what comes, and what waits behind it: what happened at the same time is kept at once.
    async fn take(&mut self, first: Next) -> Result<(), CallError> {
        let (mut happened, mut told, mut answers) = (Vec::new(), Vec::new(), Answers::new());
        let mut next = Some(first);
        while let Some(one) = next.take() {
            match one {
                Next::Happened(event) => happened.push(event),
                Next::Message(Message::Told(event, answer)) => {
                    told.push(event);
                    answers.push(answer);
                }
                Next::Message(Message::Offered(event, answer)) => {
                    // Whether it is wanted depends on what came before.
                    happened.append(&mut told);
                    self.keep(std::mem::take(&mut happened), std::mem::take(&mut answers))
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
            if happened.len() + told.len() < limit::RUN_BATCH {
                let done = self.tasks.next_now().map(Next::Happened);
                next = done.or_else(|| self.live.inbox.take().map(Next::Message));
            }
        }
        // What is done is done, whatever somebody wants now.
        happened.append(&mut told);
        self.keep(happened, answers).await
    }

    /// Makes events durable, then lets them count.
    async fn keep(&mut self, events: Vec<Event>, answers: Answers) -> Result<(), CallError> {
        let expected = events.into_iter().filter(|event| match event {
            // What was given up may still come to its end.
            Event::Done { key, .. } | Event::Failed { key, .. } => self.run.waits_for(key),
            _ => true,
        });
        let events = expected.map(|event| self.run.hidden(event)).collect();
        let mut events: Vec<Event> = self.settle(events).await;
        if self.seq + events.len() as u64 > limit::RUN_EVENTS && *self.run.state() == State::Running
        {
            let reason = format!("more than {} events have happened to it", limit::RUN_EVENTS);
            events = vec![Event::Cancelled { reason }];
        }
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
            let own = entry.event.outcome_of().cloned();
            let step = self.apply(entry);
            for key in step.cancel {
                open.retain(|(begun, _)| *begun != key);
                if own.as_ref() == Some(&key) {
                    self.tasks.done(&key);
                } else {
                    self.forget(&key).await;
                }
            }
            open.extend(step.begin);
        }
        let begun = self.begin(open).await;
        self.show(None);
        for answer in answers {
            drop(answer.send(Ok(())));
        }
        begun
    }

    /// Lets an event count, and tells what follows from it.
    fn apply(&mut self, entry: Entry) -> Step {
        let was_paused = *self.run.state() == State::Paused;
        let step = self.run.apply(entry.event, entry.at_ms);
        self.done += step.done;
        let (engine, id) = (&self.engine, &self.live.id);
        engine.tell_tasks(id, &step.notes, entry.at_ms);
        match self.run.state() {
            State::Paused if !was_paused => engine.tell_pause(id, "suspended", entry.at_ms),
            State::Running if was_paused => engine.tell_pause(id, "resumed", entry.at_ms),
            _ => {}
        }
        step
    }

    /// Groups that the events give up may have been committed meanwhile: that is what has happened first.
    async fn settle(&mut self, mut events: Vec<Event>) -> Vec<Event> {
        let groups: BTreeSet<Key> = self.tasks.groups().cloned().collect();
        if groups.is_empty() || events.is_empty() {
            return events;
        }
        let mut after = self.run.clone();
        let now = self.engine.0.clock.unix_ms();
        let mut given_up = BTreeSet::new();
        for event in &events {
            let cancelled = after.apply(event.clone(), now).cancel.into_iter();
            given_up.extend(cancelled.filter(|key| event.outcome_of() != Some(key)));
        }
        let mut all = Vec::new();
        for key in given_up.intersection(&groups) {
            let is_its = |event: &Event| event.outcome_of() == Some(key);
            if let Some(place) = events.iter().position(is_its) {
                all.push(events.remove(place));
            } else if let Some(done) = self.tasks.settle(key).await {
                all.push(self.run.hidden(done));
            }
        }
        all.extend(events);
        all
    }

    async fn append(&mut self, entries: &[Entry]) -> Result<(), CallError> {
        if self.live.is_durable() {
            let (ctx, store) = (self.engine.own_ctx()?, self.engine.store().await?);
            store.append(&ctx, &self.live.id, self.seq, entries).await?;
        }
        self.seq += entries.len() as u64;
        Ok(())
    }

    async fn forget(&mut self, key: &Key) {
        if let Some(child) = self.tasks.give_up(key) {
            self.engine.end_child(&child).await;
        }
        if self.listening.remove(key) {
            self.live.set_listens(!self.listening.is_empty());
        }
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
                principal: self.head.principal.clone().into(),
                due: self.due.get(&key).copied().unwrap_or(now),
                key,
                cancel: Cancel::new(),
            };
            let group = match &action {
                Action::Group(group) => self.run.group(group, now),
                _ => None,
            };
            self.tasks.begin(errand, action, group);
        }
        Ok(())
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        self.live.inbox.close();
    }
}
