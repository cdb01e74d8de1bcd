use std::collections::BTreeSet;
use std::fmt::{Display, Write};
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::event::{Action, Event, Key};
use super::note::{Note, What};
use super::{Secrets, TaskError, Workflow};
use crate::limit;
use crate::orchestration::definition::{Expr, Filter, Span, Task, Template};
use crate::orchestration::expression::{Fault, Variables};

/// What a run knows of itself all along.
#[derive(Debug, Clone)]
pub(super) struct Globals {
    pub(super) workflow: Arc<Workflow>,
    pub(super) id: Arc<str>,
    pub(super) input: Arc<Value>,
    pub(super) started_ms: u64,
    pub(super) secrets: Secrets,
}

/// What was waited for.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Done(Arc<Value>, Option<Arc<Value>>),
    Failed(TaskError),
    Received(Arc<Value>),
}

impl Outcome {
    /// Of an event, with what it is about.
    pub(super) fn of(event: Event) -> Vec<(Key, Self)> {
        match event {
            Event::Done {
                key,
                output,
                context,
            } => vec![(key, Self::Done(output, context))],
            Event::Failed { key, error } => vec![(key, Self::Failed(error))],
            Event::Received { keys, event } => keys
                .into_iter()
                .map(|key| (key, Self::Received(event.clone())))
                .collect(),
            Event::Due { .. } | Event::Paused | Event::Resumed | Event::Cancelled { .. } => {
                Vec::new()
            }
        }
    }
}

/// A call that undoes a step that is done.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Undo {
    pub(super) key: Key,
    pub(super) method: Arc<str>,
    pub(super) with: Arc<Value>,
}

/// One walk through the tree of a run.
pub(super) struct Walk<'a> {
    pub(super) globals: &'a Globals,
    pub(super) context: &'a mut Arc<Value>,
    /// Sorted; those that are taken are gone.
    pub(super) outcomes: Vec<(Key, Option<Outcome>)>,
    /// Everything that is waited for, at the end of the walk.
    pub(super) seen: BTreeSet<Key>,
    /// What is to begin.
    pub(super) begun: Vec<(Key, Action)>,
    pub(super) undo: &'a mut Vec<Undo>,
    pub(super) notes: Vec<Note>,
    /// Tasks that are done.
    pub(super) done: u64,
    /// Tasks that may still begin in this walk.
    pub(super) budget: u32,
    /// How often lists may still go back in this walk.
    pub(super) laps: u32,
    pub(super) now_ms: u64,
    pub(super) names: Vec<(Arc<str>, Arc<Value>)>,
    pub(super) iterations: Vec<usize>,
    pub(super) tries: Vec<u32>,
    /// An event that tasks are asked about.
    pub(super) probe: Option<&'a Arc<Value>>,
    /// Those that want it.
    pub(super) wanted: Vec<Key>,
    /// Whether the run is given up: tasks that still wait are told of.
    pub(super) is_last: bool,
}

/// What an expression sees beside its input.
struct Seen<'a> {
    globals: &'a Globals,
    context: &'a Arc<Value>,
    names: &'a [(Arc<str>, Arc<Value>)],
    here: Here<'a>,
    // Made when an expression asks for them.
    task: OnceLock<Value>,
    workflow: OnceLock<Value>,
    runtime: OnceLock<Value>,
}

/// The task that an expression belongs to.
#[derive(Clone, Copy, Default)]
pub(super) struct Here<'a> {
    pub(super) task: Option<&'a Task>,
    pub(super) raw: Option<&'a Arc<Value>>,
    pub(super) input: Option<&'a Arc<Value>>,
    pub(super) output: Option<&'a Arc<Value>>,
    pub(super) started_ms: u64,
}

impl Variables for Seen<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        let own = self.names.iter().rev().find(|(known, _)| **known == *name);
        if let Some((_, value)) = own {
            return Some(value);
        }
        match name {
            "context" => Some(self.context),
            "input" => Some(self.here.input.unwrap_or(&self.globals.input)),
            "output" => self.here.output.map(|output| &**output),
            "secrets" => Some(self.globals.secrets.value()),
            "task" => {
                let task = self.here.task?;
                Some(self.task.get_or_init(|| self.describe_task(task)))
            }
            "workflow" => Some(self.workflow.get_or_init(|| {
                json!({
                    "id": &*self.globals.id,
                    "definition": {"document": &self.globals.workflow.definition.id},
                    "input": &*self.globals.input,
                    "startedAt": started(self.globals.started_ms),
                })
            })),
            "runtime" => Some(self.runtime.get_or_init(|| {
                json!({
                    "name": env!("CARGO_PKG_NAME"),
                    "version": env!("CARGO_PKG_VERSION"),
                    "metadata": {},
                })
            })),
            _ => None,
        }
    }
}

impl Seen<'_> {
    fn describe_task(&self, task: &Task) -> Value {
        json!({
            "name": &*task.name,
            "reference": &*task.pointer,
            "definition": {},
            "input": self.here.raw,
            "output": self.here.output,
            "startedAt": started(self.here.started_ms),
        })
    }
}

/// The descriptor of an instant (DSL, Runtime Expressions): the same in every form.
fn started(ms: u64) -> Value {
    json!({"epoch": {"seconds": ms / 1000, "milliseconds": ms}})
}

impl Walk<'_> {
    /// Whether what `key` stands for is there; if not, it is waited for further.
    pub(super) fn outcome(&mut self, key: &Key) -> Option<Outcome> {
        let found = self.outcomes.binary_search_by(|(of, _)| of.cmp(key));
        let outcome = found.ok().and_then(|place| self.outcomes[place].1.take());
        if outcome.is_none() {
            self.seen.insert(key.clone());
        }
        outcome
    }

    /// Begins something, which is waited for from now on.
    pub(super) fn begin(&mut self, key: &Key, action: Action) {
        self.begun.push((key.clone(), action));
    }

    /// The key of a task here and now.
    pub(super) fn key(&self, pointer: &Key, what: &str) -> Key {
        let key = self.idempotency(pointer);
        if self.tries.is_empty() && what.is_empty() {
            return key;
        }
        let mut longer = longer(&key);
        if !self.tries.is_empty() {
            join(&mut longer, '#', &self.tries);
        }
        if !what.is_empty() {
            longer.push('!');
            longer.push_str(what);
        }
        longer.into()
    }

    /// What stays the same from try to try.
    pub(super) fn idempotency(&self, pointer: &Key) -> Key {
        if self.iterations.is_empty() {
            return pointer.clone();
        }
        let mut longer = longer(pointer);
        join(&mut longer, '@', &self.iterations);
        longer.into()
    }

    /// Counts a task that begins.
    pub(super) fn spend(&mut self) -> Result<(), TaskError> {
        let most = limit::RUN_TASKS;
        let left = self.budget.checked_sub(1);
        self.budget = left.ok_or_else(|| circle(&format!("{most} tasks")))?;
        Ok(())
    }

    /// Keeps what has become of a task, as long as it could be told.
    pub(super) fn note(&mut self, task: &Task, what: What) {
        self.done += u64::from(what == What::Completed);
        if self.notes.len() < limit::LIFECYCLE_EVENTS {
            self.notes.push(Note {
                task: task.name.clone(),
                pointer: task.pointer.clone(),
                what,
            });
        }
    }

    /// Counts a list that goes back.
    pub(super) fn go_back(&mut self) -> Result<(), TaskError> {
        let most = limit::RUN_LAPS;
        let left = self.laps.checked_sub(1);
        self.laps = left.ok_or_else(|| circle(&format!("{most} times back")))?;
        Ok(())
    }

    fn seen<'s>(&'s self, here: Here<'s>) -> Seen<'s> {
        Seen {
            globals: self.globals,
            context: self.context,
            names: &self.names,
            here,
            task: OnceLock::new(),
            workflow: OnceLock::new(),
            runtime: OnceLock::new(),
        }
    }

    pub(super) fn evaluate(
        &self,
        expr: Expr,
        value: &Value,
        here: Here<'_>,
    ) -> Result<Arc<Value>, TaskError> {
        let given = self
            .globals
            .workflow
            .program
            .evaluate(expr, value, &self.seen(here));
        given
            .map(|value| Arc::new(self.globals.secrets.hide(value)))
            .map_err(|fault| self.failed(&fault))
    }

    pub(super) fn is_true(
        &self,
        expr: Expr,
        value: &Value,
        here: Here<'_>,
    ) -> Result<bool, TaskError> {
        let program = &self.globals.workflow.program;
        let answer = program.is_true(expr, value, &self.seen(here));
        answer.map_err(|fault| self.failed(&fault))
    }

    fn failed(&self, fault: &Fault) -> TaskError {
        TaskError::expression(self.globals.secrets.hide_text(fault.to_string()))
    }

    pub(super) fn render(
        &self,
        template: &Template,
        value: &Value,
        here: Here<'_>,
    ) -> Result<Arc<Value>, TaskError> {
        let rendered = self.parameters(template, value, here)?;
        Ok(match template {
            Template::Value(_) => rendered,
            _ => self.globals.secrets.hide_shared(rendered),
        })
    }

    /// The same with secrets in it: what a method is called with.
    pub(super) fn parameters(
        &self,
        template: &Template,
        value: &Value,
        here: Here<'_>,
    ) -> Result<Arc<Value>, TaskError> {
        if let Template::Value(value) = template {
            return Ok(value.clone());
        }
        let program = &self.globals.workflow.program;
        let given = program.render(template, value, &self.seen(here));
        given.map(Arc::new).map_err(|fault| self.failed(&fault))
    }

    /// Lets a value through a filter, whose schema is that of what goes in.
    pub(super) fn filter_in(
        &self,
        filter: &Filter,
        value: &Arc<Value>,
        here: Here<'_>,
    ) -> Result<Arc<Value>, TaskError> {
        self.check(filter, value)?;
        self.map(filter, value, here)
    }

    /// Lets a value through a filter, whose schema is that of what comes out.
    pub(super) fn filter_out(
        &self,
        filter: &Filter,
        value: &Arc<Value>,
        here: Here<'_>,
    ) -> Result<Arc<Value>, TaskError> {
        let value = self.map(filter, value, here)?;
        self.check(filter, &value)?;
        Ok(value)
    }

    fn map(
        &self,
        filter: &Filter,
        value: &Arc<Value>,
        here: Here<'_>,
    ) -> Result<Arc<Value>, TaskError> {
        match &filter.map {
            Some(map) => self.render(map, value, here),
            None => Ok(value.clone()),
        }
    }

    fn check(&self, filter: &Filter, value: &Value) -> Result<(), TaskError> {
        let Some(schema) = &filter.schema else {
            return Ok(());
        };
        let violations = self.globals.workflow.violations(schema, value);
        if violations.is_empty() {
            Ok(())
        } else {
            Err(TaskError::validation(violations.join("; ")))
        }
    }

    /// How long a span is.
    pub(super) fn span(
        &self,
        span: &Span,
        value: &Value,
        here: Here<'_>,
    ) -> Result<std::time::Duration, TaskError> {
        match span {
            Span::Fixed(duration) => Ok(*duration),
            Span::Computed(expr) => {
                let text = self.evaluate(*expr, value, here)?;
                let parsed = text
                    .as_str()
                    .and_then(crate::orchestration::definition::parse_duration);
                parsed.ok_or_else(|| {
                    TaskError::expression(format!("`{text}` is no ISO 8601 duration, as `PT5S` is"))
                })
            }
        }
    }
}

fn circle(what: &str) -> TaskError {
    let detail = format!("{what} without a task that waits: the workflow runs in a circle");
    TaskError::standard("runtime", 500, detail)
}

/// The same with room behind it.
fn longer(key: &str) -> String {
    let mut longer = String::with_capacity(key.len() + 24);
    longer.push_str(key);
    longer
}

fn join(key: &mut String, sign: char, numbers: &[impl Display]) {
    for (place, number) in numbers.iter().enumerate() {
        key.push(if place > 0 { '.' } else { sign });
        // A string takes whatever is written.
        write!(key, "{number}").ok();
    }
}
