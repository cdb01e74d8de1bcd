use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::TaskError;
use super::event::{Action, Key};
use super::list::{ListNode, Progress};
use super::scope::{Here, Outcome, Walk};
use super::work::Place;
use crate::orchestration::definition::{Consume, EventFilter, Listen, Read, Template, Until};

/// A task that waits for events.
#[derive(Clone)]
pub(super) struct ListenNode {
    key: Key,
    /// Whether the events themselves are over.
    is_closed: bool,
    /// By filter of an `all`: whether its event has come.
    matched: Vec<bool>,
    /// The same for what ends an `any`.
    until_matched: Vec<bool>,
    /// What ties the events: by key, what the first one had.
    ties: BTreeMap<Arc<str>, Value>,
    /// Events that have come and are not handled yet.
    waiting: VecDeque<Arc<Value>>,
    outputs: Vec<Value>,
    body: Option<(Arc<Value>, ListNode)>,
}

impl ListenNode {
    pub(super) fn start(work: &Listen, (task, ..): Place<'_>, walk: &mut Walk<'_>) -> Self {
        let key = walk.key(&task.pointer, "");
        walk.begin(&key, Action::Listen);
        let matched = match &work.to {
            Consume::All(filters) => vec![false; filters.len()],
            Consume::One(_) | Consume::Any { .. } => Vec::new(),
        };
        Self {
            key,
            is_closed: false,
            matched,
            until_matched: Vec::new(),
            ties: BTreeMap::new(),
            waiting: VecDeque::new(),
            outputs: Vec::new(),
            body: None,
        }
    }

    pub(super) fn advance(
        &mut self,
        work: &Listen,
        place: Place<'_>,
        walk: &mut Walk<'_>,
    ) -> Progress {
        if let Some(event) = walk.probe
            && let Some(key) = self.wants(work, event, place, walk)
        {
            walk.wanted.push(key);
        }
        loop {
            if !self.is_closed
                && let Some(outcome) = walk.outcome(&self.key)
            {
                match outcome {
                    Outcome::Failed(error) => return Progress::Failed(error),
                    Outcome::Done(event, _) | Outcome::Received(event) => {
                        if let Err(error) = self.take(work, place, &event, walk) {
                            return Progress::Failed(error);
                        }
                        if !self.is_closed {
                            // It listens on: also when nothing else brings the walk here again.
                            walk.seen.insert(self.key.clone());
                        }
                    }
                }
            }
            match self.handle(work, place, walk) {
                Some(Progress::Done(_)) => {}
                Some(progress) => return progress,
                None if self.is_closed => {
                    let outputs = std::mem::take(&mut self.outputs);
                    return Progress::Done(Arc::new(Value::Array(outputs)));
                }
                None => return Progress::Pending,
            }
        }
    }

    /// Handles the next event that waits; nothing when there is none.
    fn handle(&mut self, work: &Listen, place: Place<'_>, walk: &mut Walk<'_>) -> Option<Progress> {
        let (_, input, here) = place;
        let Some(each) = &work.each else {
            let event = self.waiting.pop_front()?;
            self.outputs.push((*read(work.read, &event)).clone());
            return Some(Progress::Done(event));
        };
        if self.body.is_none() {
            let item = read(work.read, &self.waiting.pop_front()?);
            let tasks = each.tasks.clone().unwrap_or_else(|| Arc::from([]));
            let given = if tasks.is_empty() { &item } else { input };
            let list = ListNode::new(tasks, given.clone());
            self.body = Some((item, list));
        }
        let (item, list) = self.body.as_mut()?;
        let (names, depth) = (walk.names.len(), walk.iterations.len());
        let index = self.outputs.len();
        walk.names.push((each.item.clone(), item.clone()));
        walk.names.push((each.at.clone(), Arc::new(index.into())));
        walk.iterations.push(index);
        let progress = match list.advance(walk) {
            Progress::Done(value) => {
                let here = Here {
                    output: Some(&value),
                    ..here
                };
                let output = walk.filter_out(&each.output, &value, here);
                let exported = output.and_then(|output| {
                    if each.export.map.is_some() {
                        *walk.context = walk.filter_out(&each.export, &output, here)?;
                    }
                    Ok(output)
                });
                match exported {
                    Ok(output) => {
                        self.outputs.push((*output).clone());
                        self.body = None;
                        Progress::Done(output)
                    }
                    Err(error) => Progress::Failed(error),
                }
            }
            progress => progress,
        };
        walk.names.truncate(names);
        walk.iterations.truncate(depth);
        Some(progress)
    }

    /// Takes an event that [`wants`](Self::wants) has let through.
    fn take(
        &mut self,
        work: &Listen,
        (_, input, here): Place<'_>,
        event: &Arc<Value>,
        walk: &Walk<'_>,
    ) -> Result<(), TaskError> {
        match &work.to {
            Consume::One(filter) => {
                self.tie(filter, event, (input, here), walk)?;
                self.is_closed = true;
            }
            Consume::All(filters) => {
                for (filter, place) in filters.iter().zip(0..) {
                    if !self.matched[place] && self.fits(filter, event, (input, here), walk)? {
                        self.matched[place] = true;
                        self.tie(filter, event, (input, here), walk)?;
                        break;
                    }
                }
                self.is_closed = self.matched.iter().all(|matched| *matched);
            }
            Consume::Any { filters, until } => {
                if let Some(Until::Event(strategy)) = until
                    && self.ends(strategy, event, (input, here), walk)?
                {
                    self.is_closed = true;
                    return Ok(());
                }
                for filter in filters {
                    if self.fits(filter, event, (input, here), walk)? {
                        self.tie(filter, event, (input, here), walk)?;
                        break;
                    }
                }
                self.is_closed = match until {
                    None => true,
                    Some(Until::Condition(condition)) => {
                        let so_far = self.outputs.iter().cloned();
                        let waiting = self.waiting.iter().chain([event]);
                        let waiting = waiting.map(|event| (*read(work.read, event)).clone());
                        let all = Value::Array(so_far.chain(waiting).collect());
                        let last = read(work.read, event);
                        // What a condition sees: the event that has come; all of them are `$input` there.
                        let here = Here {
                            input: Some(&Arc::new(all)),
                            ..here
                        };
                        walk.is_true(*condition, &last, here)?
                    }
                    Some(Until::Event(_) | Until::Never) => false,
                };
            }
        }
        self.waiting.push_back(event.clone());
        Ok(())
    }

    /// Whether an event is one that ends an `any`.
    fn ends(
        &mut self,
        strategy: &Consume,
        event: &Arc<Value>,
        place: (&Arc<Value>, Here<'_>),
        walk: &Walk<'_>,
    ) -> Result<bool, TaskError> {
        let (filters, all) = match strategy {
            Consume::One(filter) => (std::slice::from_ref(filter), false),
            Consume::All(filters) => (&**filters, true),
            Consume::Any { filters, .. } => (&**filters, false),
        };
        self.until_matched.resize(filters.len(), false);
        for (index, filter) in filters.iter().enumerate() {
            if !self.until_matched[index] && self.fits(filter, event, place, walk)? {
                self.until_matched[index] = true;
                return Ok(!all || self.until_matched.iter().all(|matched| *matched));
            }
        }
        Ok(false)
    }

    /// Whether an event matches a filter and what earlier ones had in common.
    fn fits(
        &self,
        filter: &EventFilter,
        event: &Arc<Value>,
        (input, here): (&Arc<Value>, Here<'_>),
        walk: &Walk<'_>,
    ) -> Result<bool, TaskError> {
        for (name, wanted) in &filter.with {
            let actual = event.get(&**name).unwrap_or(&Value::Null);
            let matches = match wanted {
                // An expression sees the attribute, and says whether it is meant.
                Template::Expr(expr) => walk.is_true(*expr, actual, here)?,
                wanted => *walk.render(wanted, input, here)? == *actual,
            };
            if !matches {
                return Ok(false);
            }
        }
        for correlation in &filter.correlate {
            let actual = walk.evaluate(correlation.from, event, here)?;
            let wanted = match &correlation.expect {
                Some(expect) => Some(walk.render(expect, input, here)?),
                None => self.ties.get(&correlation.key).cloned().map(Arc::new),
            };
            if wanted.is_some_and(|wanted| wanted != actual) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps what later events must have in common with this one.
    fn tie(
        &mut self,
        filter: &EventFilter,
        event: &Arc<Value>,
        (_, here): (&Arc<Value>, Here<'_>),
        walk: &Walk<'_>,
    ) -> Result<(), TaskError> {
        for correlation in &filter.correlate {
            let actual = walk.evaluate(correlation.from, event, here)?;
            self.ties
                .entry(correlation.key.clone())
                .or_insert_with(|| (*actual).clone());
        }
        Ok(())
    }

    /// Whether the task wants an event that has come.
    fn wants(
        &self,
        work: &Listen,
        event: &Arc<Value>,
        (_, input, here): Place<'_>,
        walk: &Walk<'_>,
    ) -> Option<Key> {
        if self.is_closed {
            return None;
        }
        let place = (input, here);
        // A filter that fails does not match: an event of others must not be the end of a run.
        let fits = |filter: &EventFilter| self.fits(filter, event, place, walk).unwrap_or(false);
        let wanted = match &work.to {
            Consume::One(filter) => fits(filter),
            Consume::All(filters) => {
                let open = filters.iter().zip(&self.matched);
                open.filter(|(_, matched)| !**matched)
                    .any(|(filter, _)| fits(filter))
            }
            Consume::Any { filters, until } => {
                let ending = match until {
                    Some(Until::Event(strategy)) => match &**strategy {
                        Consume::One(filter) => fits(filter),
                        Consume::All(filters) | Consume::Any { filters, .. } => {
                            filters.iter().any(fits)
                        }
                    },
                    _ => false,
                };
                ending || filters.is_empty() || filters.iter().any(fits)
            }
        };
        wanted.then(|| self.key.clone())
    }
}

/// What of an event a task gives.
fn read(what: Read, event: &Arc<Value>) -> Arc<Value> {
    match what {
        Read::Envelope => event.clone(),
        Read::Data | Read::Raw => Arc::new(event.get("data").cloned().unwrap_or(Value::Null)),
    }
}
