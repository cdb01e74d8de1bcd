//! A run as a pure state machine: what has happened goes in, what is to be done comes out.
//!
//! ```text
//! Run::begin ──> Step { begin, cancel } ──> whoever performs it ──> Run::apply(event) ──> Step ──> …
//! ```
//!
//! A run is a tree of tasks that have begun. An event makes a walk through it: whatever waited for the event goes on
//! until it waits again or is over. It reads no clock, file, socket or random number, so the same events give the same
//! run again: that is how one is resumed.

mod error;
mod event;
mod fork;
mod hears;
mod list;
mod listen;
mod looping;
mod note;
mod scope;
mod secrets;
mod state;
mod task;
mod trying;
mod undo;
mod work;
mod workflow;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

pub use error::TaskError;
pub use event::{Action, Event, Group, Key};
pub(super) use hears::Hears;
pub use note::{Note, What};
pub use secrets::Secrets;
pub use state::{Round, Start, State, Step};
pub use workflow::Workflow;
pub(super) use workflow::each_task;

use super::definition::{Extra, Filter, Task, Then};
use crate::limit;
use list::{ListNode, Progress};
use scope::{Globals, Here, Outcome, Undo, Walk};

/// One run of a workflow.
#[derive(Clone)]
pub struct Run {
    globals: Globals,
    context: Arc<Value>,
    root: Option<ListNode>,
    waiting: BTreeSet<Key>,
    timeout: Option<Key>,
    undo: Vec<Undo>,
    end: Option<State>,
    state: State,
    /// What was to begin while it was paused.
    held: Vec<(Key, Action)>,
    names: Vec<(Arc<str>, Arc<Value>)>,
}

impl Run {
    /// Begins a run.
    pub fn begin(workflow: Arc<Workflow>, start: Start) -> (Self, Step) {
        let globals = Globals {
            workflow,
            id: start.id,
            input: start.input.clone(),
            started_ms: start.at_ms,
            secrets: start.secrets,
        };
        let mut run = Self::with(globals);
        let definition = run.globals.workflow.definition.clone();
        let mut first = Vec::new();
        let begun = run.walk(start.at_ms, Vec::new(), None, |walk| {
            let here = Here::default();
            let input = walk.filter_in(&definition.input, &start.input, here)?;
            if let Some(span) = &definition.timeout {
                let span = walk.span(span, &input, here)?;
                first.push((Key::from("/!timeout"), Action::Wait(span, span)));
            }
            Ok(input)
        });
        match begun.0 {
            Ok(input) => {
                run.globals.input = input.clone();
                run.root = Some(ListNode::new(definition.tasks.clone(), input));
                run.timeout = first.first().map(|(key, _)| key.clone());
                let mut step = run.proceed(start.at_ms, Vec::new());
                step.begin.splice(0..0, first);
                (run, step)
            }
            Err(error) => {
                run.state = State::Faulted {
                    error: error.at("/"),
                };
                (run, Step::default())
            }
        }
    }

    /// Begins what is to be done in one transaction.
    pub fn group(&self, group: &Group, now_ms: u64) -> Option<(Self, Step)> {
        let workflow = Workflow {
            is_group: true,
            ..(*self.globals.workflow).clone()
        };
        let task = Task {
            condition: None,
            input: Filter::default(),
            output: Filter::default(),
            export: Filter::default(),
            timeout: None,
            then: Then::Continue,
            extra: Extra::default(),
            ..workflow.task(&group.pointer)?.clone()
        };
        let globals = Globals {
            workflow: Arc::new(workflow),
            ..self.globals.clone()
        };
        let mut run = Self::with(globals);
        run.context = group.context.clone();
        run.names = group.names.clone();
        run.root = Some(ListNode::new(Arc::new([task]), group.input.clone()));
        let step = run.proceed(now_ms, Vec::new());
        Some((run, step))
    }

    fn with(globals: Globals) -> Self {
        Self {
            globals,
            context: Arc::new(Value::Null),
            root: None,
            waiting: BTreeSet::new(),
            timeout: None,
            undo: Vec::new(),
            end: None,
            state: State::Running,
            held: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Takes in what has happened.
    pub fn apply(&mut self, event: Event, now_ms: u64) -> Step {
        if self.state.is_over() {
            return Step::default();
        }
        match &event {
            Event::Paused => {
                if self.state == State::Running {
                    self.state = State::Paused;
                }
                return Step::default();
            }
            Event::Resumed => {
                if self.state == State::Paused {
                    self.state = State::Running;
                }
                return Step {
                    begin: std::mem::take(&mut self.held),
                    ..Step::default()
                };
            }
            Event::Cancelled { reason } => {
                let reason = reason.clone();
                return match self.state {
                    State::Compensating => Step::default(),
                    _ => self.fail(State::Cancelled { reason }),
                };
            }
            _ => {}
        }
        let outcomes = Outcome::of(event);
        if self.state == State::Compensating {
            return self.undone(outcomes);
        }
        if let Some(timeout) = &self.timeout
            && outcomes.iter().any(|(key, _)| key == timeout)
        {
            let error = TaskError::standard("timeout", 408, "the run took too long").at("/");
            return self.fail(State::Faulted { error });
        }
        self.proceed(now_ms, outcomes)
    }

    /// Which tasks want an event that has come.
    pub fn wants(&mut self, event: &Arc<Value>) -> Vec<Key> {
        let Some(mut root) = self.root.take() else {
            return Vec::new();
        };
        let (_, _, wanted) = self.walk(0, Vec::new(), Some(event), |walk| {
            // Nothing has come, so nothing goes on.
            root.advance(walk);
            Ok(())
        });
        self.root = Some(root);
        wanted
    }

    /// How it is.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The loops that it is in, outermost first.
    pub fn rounds(&self) -> Vec<Round> {
        let mut rounds = Vec::new();
        if let Some(root) = &self.root {
            root.rounds(&mut rounds);
        }
        rounds
    }

    /// What `$context` is.
    pub fn context(&self) -> &Arc<Value> {
        &self.context
    }

    /// Whether the thing is still to happen.
    pub fn waits_for(&self, key: &Key) -> bool {
        self.waiting.contains(key) || self.timeout.as_ref() == Some(key)
    }

    /// What has happened, without the secrets of the run: so it may be kept, and so it is to be applied.
    #[must_use]
    pub fn hidden(&self, event: Event) -> Event {
        self.globals.secrets.hide_event(event)
    }

    /// What it waits for.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.waiting.iter()
    }

    /// Goes on with everything whose outcome is there.
    fn proceed(&mut self, now_ms: u64, outcomes: Vec<(Key, Outcome)>) -> Step {
        let Some(mut root) = self.root.take() else {
            return Step::default();
        };
        let (progress, mut step, _) =
            self.walk(now_ms, outcomes, None, |walk| Ok(root.advance(walk)));
        match progress.unwrap_or_else(Progress::Failed) {
            Progress::Pending => self.root = Some(root),
            Progress::Done(value) | Progress::End(value) => {
                step.begin.clear();
                step.cancel.extend(self.over());
                match self.output(&value) {
                    Ok(output) => self.state = State::Completed { output },
                    Err(error) => {
                        let error = error.at("/output");
                        step = self.failed_step(State::Faulted { error }, step);
                    }
                }
            }
            Progress::Failed(error) => step = self.failed_step(State::Faulted { error }, step),
        }
        if self.state == State::Paused {
            self.held.append(&mut step.begin);
            let waiting = &self.waiting;
            self.held.retain(|(key, _)| waiting.contains(key));
        }
        step
    }

    fn output(&mut self, value: &Arc<Value>) -> Result<Arc<Value>, TaskError> {
        let definition = self.globals.workflow.definition.clone();
        self.walk(0, Vec::new(), None, |walk| {
            let here = Here {
                output: Some(value),
                ..Here::default()
            };
            walk.filter_out(&definition.output, value, here)
        })
        .0
    }

    fn fail(&mut self, end: State) -> Step {
        let mut step = Step::default();
        if let Some(mut root) = self.root.take() {
            // Nothing has come, so nothing goes on: a walk that tells of what is given up.
            (_, step, _) = self.walk(0, Vec::new(), None, |walk| {
                walk.is_last = true;
                root.advance(walk);
                Ok(())
            });
        }
        self.failed_step(end, step)
    }

    /// Nothing is waited for any more.
    fn over(&mut self) -> Vec<Key> {
        let timeout = self.timeout.take();
        std::mem::take(&mut self.waiting)
            .into_iter()
            .chain(timeout)
            .collect()
    }

    /// Walks through the tree: what `work` gives, what is to be done, and which tasks want the probed event.
    fn walk<T>(
        &mut self,
        now_ms: u64,
        mut outcomes: Vec<(Key, Outcome)>,
        probe: Option<&Arc<Value>>,
        work: impl FnOnce(&mut Walk<'_>) -> Result<T, TaskError>,
    ) -> (Result<T, TaskError>, Step, Vec<Key>) {
        outcomes.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut walk = Walk {
            globals: &self.globals,
            context: &mut self.context,
            outcomes: outcomes
                .into_iter()
                .map(|(key, of)| (key, Some(of)))
                .collect(),
            seen: BTreeSet::new(),
            begun: Vec::new(),
            undo: &mut self.undo,
            notes: Vec::new(),
            done: 0,
            budget: limit::RUN_TASKS,
            laps: limit::RUN_LAPS,
            now_ms,
            names: self.names.clone(),
            iterations: Vec::new(),
            tries: Vec::new(),
            probe,
            wanted: Vec::new(),
            is_last: false,
        };
        let given = work(&mut walk);
        let (begun, seen, wanted) = (walk.begun, walk.seen, walk.wanted);
        let (notes, done) = (walk.notes, walk.done);
        let mut step = Step {
            // What was begun and given up in the same walk never begins.
            begin: begun
                .into_iter()
                .filter(|(key, _)| seen.contains(key))
                .collect(),
            cancel: Vec::new(),
            notes,
            done,
        };
        let gone = self.waiting.iter().filter(|key| !seen.contains(*key));
        step.cancel.extend(gone.cloned());
        self.waiting = seen;
        (given, step, wanted)
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("id", &self.globals.id)
            .field("state", &self.state)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}
