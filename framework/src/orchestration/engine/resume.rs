//! Runs of an earlier start: they go on, or are shown with why they cannot.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::drive::Drive;
use super::known::compile;
use super::live::Live;
use super::store::{Entry, Head};
use super::{Status, Workflows, lock};
use crate::error::{CallError, Code, Result};
use crate::orchestration::definition::Work;
use crate::orchestration::run::{Event, State, Step, Workflow, each_task};

/// A run, what it begins with, and what has happened to it.
type Ready = (Box<Drive>, Step, Vec<Entry>);

/// By their keys: many runs have one document.
type Compiled = BTreeMap<String, Arc<Workflow>>;

impl Workflows {
    /// Knows what was registered, and goes on with every run that has not ended.
    pub(super) async fn resume_all(&self) -> Result<()> {
        let ctx = self.own_ctx()?;
        let store = self.store().await?;
        for (id, text) in store.registered(&ctx).await? {
            lock(&self.0.known).recall(id, &text);
        }
        let (mut ready, mut ended) = (Vec::new(), Vec::new());
        let mut compiled = Compiled::new();
        for (run, head) in store.heads(&ctx).await? {
            if let Some(end) = &head.ended {
                if matches!(end.state, State::Parked { .. }) {
                    lock(&self.0.parked).insert(run.clone());
                }
                ended.push((end.at_ms, run));
                continue;
            }
            let id: Arc<str> = run.into();
            match self.reopened(&id, head.clone(), true, &mut compiled).await {
                Ok(run) => ready.push((head.started_ms, run)),
                Err(why) => {
                    let live = Live::new(id.clone(), &head, true, Arc::default());
                    live.stuck(&why.to_string());
                    lock(&self.0.live).insert(id, live);
                }
            }
        }
        ended.sort();
        for (_, run) in ended {
            self.keep_few(run).await?;
        }
        // A run may wait for another: none goes before all are known.
        ready.sort_by_key(|(started_ms, (_, _, entries))| (entries.is_empty(), *started_ms));
        for (_, (driving, step, entries)) in ready {
            driving.set_going(step, entries);
        }
        Ok(())
    }

    /// A run as it is kept, ready to go on.
    async fn reopened(
        &self,
        id: &Arc<str>,
        head: Head,
        is_compared: bool,
        compiled: &mut Compiled,
    ) -> Result<Ready, CallError> {
        let (ctx, store) = (self.own_ctx()?, self.store().await?);
        let workflow = match compiled.get(&head.document) {
            Some(workflow) => workflow.clone(),
            None => {
                let text = store.document(&ctx, &head.document).await?;
                let workflow = self.read_again(&text, &head)?;
                compiled.insert(head.document.clone(), workflow.clone());
                workflow
            }
        };
        if is_compared {
            self.compare(&head)?;
        }
        let entries = store.entries(&ctx, id).await?;
        let (driving, step) = self.prepare(id.clone(), workflow, head, true)?;
        Ok((driving, step, entries))
    }

    /// Compiles the document of a run, and makes it known to runs that start it.
    fn read_again(&self, text: &str, head: &Head) -> Result<Arc<Workflow>, CallError> {
        let workflow = compile(text, &head.document).map_err(|problems| {
            let first = problems.first().map(ToString::to_string);
            CallError::new(Code::InvalidState, first.unwrap_or_default())
        })?;
        let workflow = Arc::new(workflow);
        let ready = (workflow.clone(), text.into());
        lock(&self.0.known).insert_old(head.definition.clone(), ready);
        Ok(workflow)
    }

    /// What a method looks like now. It is the same as long as the host lives, and takes a while to find out.
    fn shape(&self, method: &str) -> Option<String> {
        if let Some(known) = lock(&self.0.shapes).get(method) {
            return Some(known.clone());
        }
        let shape = self.caller().ok()?.shape(method)?;
        lock(&self.0.shapes).insert(method.to_owned(), shape.clone());
        Some(shape)
    }

    /// What the methods that a workflow calls look like now, by their names.
    pub(super) fn contracts(&self, workflow: &Workflow) -> BTreeMap<String, String> {
        let mut contracts = BTreeMap::new();
        let mut keep = |method: &str| {
            if !contracts.contains_key(method)
                && let Some(shape) = self.shape(method)
            {
                contracts.insert(method.to_owned(), shape);
            }
        };
        each_task(&workflow.definition().tasks, &mut |task| {
            if let Work::Call(call) = &task.work {
                keep(&call.method);
            }
            if let Some(call) = &task.extra.compensate {
                keep(&call.method);
            }
        });
        contracts
    }

    /// Whether the methods that a run calls are those that it was started with.
    fn compare(&self, head: &Head) -> Result<(), CallError> {
        let mut wrong = Vec::new();
        for (method, shape) in &head.contracts {
            match self.shape(method) {
                None => wrong.push(format!("nobody provides `{method}` any more: add its plugin")),
                Some(now) if now != *shape => wrong.push(format!(
                    "`{method}` has another contract than at the start of the run: `app workflow resume` takes the new one"
                )),
                Some(_) => {}
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        wrong.push("`app workflow cancel` ends it".to_owned());
        Err(CallError::new(Code::InvalidState, wrong.join("; ")))
    }

    /// Lets a run that is stuck go on, or ends it.
    pub(super) async fn revive(&self, stuck: &Live, event: Event) -> Result<Status, CallError> {
        let _alone = self.0.starting.lock().await;
        let id = &stuck.id;
        let live = lock(&self.0.live).get(id).cloned();
        if let Some(live) = live.filter(|live| !live.is_stuck()) {
            live.tell(event).await?;
            return Ok(live.status());
        }
        let (ctx, store) = (self.own_ctx()?, self.store().await?);
        let head = store.head(&ctx, id).await?;
        let Some(mut head) = head.filter(|_| stuck.is_durable()) else {
            return Err(CallError::new(
                Code::InvalidState,
                format!("run `{id}` is stuck, and nothing of it is kept"),
            ));
        };
        let is_cancelled = matches!(event, Event::Cancelled { .. });
        if !is_cancelled {
            self.accept(&mut head)?;
            store.put_head(&ctx, id, &head).await?;
        }
        let (driving, step, mut entries) =
            self.reopened(id, head, false, &mut Compiled::new()).await?;
        let live = driving.live.clone();
        if is_cancelled {
            // Before anything of it begins.
            let at_ms = self.0.clock.unix_ms();
            let entry = Entry { at_ms, event };
            let next = entries.len() as u64;
            store
                .append(&ctx, id, next, std::slice::from_ref(&entry))
                .await?;
            entries.push(entry);
            driving.set_going(step, entries);
        } else {
            driving.set_going(step, entries);
            live.tell(event).await?;
        }
        Ok(live.status())
    }

    /// Takes the contracts as they are now, if there is one for every method.
    fn accept(&self, head: &mut Head) -> Result<(), CallError> {
        for (method, shape) in &mut head.contracts {
            *shape = self.shape(method).ok_or_else(|| {
                CallError::new(
                    Code::InvalidState,
                    format!("nobody provides `{method}`: add its plugin, or cancel the run"),
                )
            })?;
        }
        Ok(())
    }
}
