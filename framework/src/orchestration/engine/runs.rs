//! What can be asked of runs, and told to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::live::{self, Live};
use super::{Status, Workflows, cloud_event, lock};
use crate::clock;
use crate::error::{CallError, Code};
use crate::limit;
use crate::orchestration::definition::DefinitionId;
use crate::orchestration::run::Event;

impl Workflows {
    /// How a run is, an ended one included.
    ///
    /// # Errors
    ///
    /// `not_found`; what the disk gives.
    pub async fn status(&self, run: &str) -> Result<Status, CallError> {
        let found = self.find_run(run).await?;
        found.ok_or_else(|| {
            CallError::not_found(format!(
                "there is no run `{run}`; `app workflow list` shows them"
            ))
        })
    }

    pub(super) async fn find_run(&self, run: &str) -> Result<Option<Status>, CallError> {
        if let Some(live) = lock(&self.0.live).get(run).cloned() {
            return Ok(Some(live.status()));
        }
        if !self.has_store() {
            return Ok(None);
        }
        let head = self.store().await?.head(&self.own_ctx()?, run).await?;
        Ok(head.map(|head| live::of_head(run, &head)))
    }

    /// Whether anything durable was ever started here; asking must not make a state folder.
    fn has_store(&self) -> bool {
        self.0.store.initialized()
    }

    /// All runs, the oldest first.
    ///
    /// # Errors
    ///
    /// What the disk gives.
    pub async fn list(&self) -> Result<Vec<Status>, CallError> {
        let mut all: BTreeMap<String, Status> = BTreeMap::new();
        if self.has_store() {
            let heads = self.store().await?.heads(&self.own_ctx()?).await?;
            let heads = heads.into_iter();
            all.extend(heads.map(|(run, head)| (run.clone(), live::of_head(&run, &head))));
        }
        for (run, live) in lock(&self.0.live).iter() {
            all.insert(run.to_string(), live.status());
        }
        let mut all: Vec<Status> = all.into_values().collect();
        all.sort_by(|one, other| (one.started_ms, &one.run).cmp(&(other.started_ms, &other.run)));
        Ok(all)
    }

    /// Waits until a run has ended, or is stuck.
    ///
    /// # Errors
    ///
    /// `not_found`.
    pub async fn wait(&self, run: &str) -> Result<Status, CallError> {
        let live = lock(&self.0.live).get(run).cloned();
        match live {
            Some(live) => Ok(live.settled().await),
            None => self.status(run).await,
        }
    }

    /// Shows every change of a run, until it has ended.
    ///
    /// # Errors
    ///
    /// `not_found` when it is not under way.
    pub fn watch(&self, run: &str) -> Result<tokio::sync::watch::Receiver<Status>, CallError> {
        let live = lock(&self.0.live).get(run).cloned();
        let live =
            live.ok_or_else(|| CallError::not_found(format!("run `{run}` is not under way")))?;
        Ok(live.watch())
    }

    /// Makes a registered document known after a restart too.
    ///
    /// # Errors
    ///
    /// `limit` when too many are registered; `invalid_parameter` when another text is kept as the same; what the disk
    /// gives.
    pub async fn keep(&self, id: &DefinitionId, text: &str) -> Result<(), CallError> {
        if lock(&self.0.known).len() > limit::WORKFLOWS {
            return Err(CallError::limit(format!(
                "{} workflows are registered already",
                limit::WORKFLOWS
            )));
        }
        self.store()
            .await?
            .register(&self.own_ctx()?, id, text)
            .await
    }

    /// Begins nothing more of a run until it is resumed; what is under way ends.
    ///
    /// # Errors
    ///
    /// `not_found`, `invalid_state` when it has ended.
    pub async fn pause(&self, run: &str) -> Result<Status, CallError> {
        self.tell(run, Event::Paused).await
    }

    /// Lets a paused run go on, or one that is stuck: with the contracts as they are now.
    ///
    /// # Errors
    ///
    /// `not_found`, `invalid_state` when it has ended.
    pub async fn resume(&self, run: &str) -> Result<Status, CallError> {
        self.tell(run, Event::Resumed).await
    }

    /// Ends a run early: what is under way is given up, what is done is undone.
    ///
    /// # Errors
    ///
    /// `not_found`, `invalid_state` when it has ended.
    pub async fn cancel(&self, run: &str, reason: &str) -> Result<Status, CallError> {
        let reason = reason.to_owned();
        self.tell(run, Event::Cancelled { reason }).await
    }

    /// Cancels a run that nobody waits for any more; one that has ended already is fine.
    pub(super) async fn end_child(&self, run: &str) {
        let reason = "the run that waited for it has gone on or ended without it";
        drop(Box::pin(self.cancel(run, reason)).await);
    }

    async fn tell(&self, run: &str, event: Event) -> Result<Status, CallError> {
        let live = self.under_way(run).await?;
        if live.is_stuck() && event != Event::Paused {
            return self.revive(&live, event).await;
        }
        live.tell(event).await?;
        Ok(live.status())
    }

    async fn under_way(&self, run: &str) -> Result<Arc<Live>, CallError> {
        let live = lock(&self.0.live).get(run).cloned();
        if let Some(live) = live.filter(|live| !live.status().is_over()) {
            return Ok(live);
        }
        let status = self.status(run).await?;
        Err(CallError::new(
            Code::InvalidState,
            format!("run `{run}` has ended: it is {}", status.state),
        ))
    }

    /// Hands an event to one run, whatever else listens. `false` when no task of it wanted the event; `true` means
    /// that a durable run has it for good.
    ///
    /// # Errors
    ///
    /// `invalid_parameter` for an event without `source` or `type`; `not_found`, `invalid_state` when it has ended.
    pub async fn signal(&self, run: &str, event: Value) -> Result<bool, CallError> {
        let live = self.under_way(run).await?;
        let key = format!("!signal{:016x}", clock::random());
        let event = cloud_event(&event, run, &key, self.0.clock.unix_ms())?;
        live.offer(Arc::new(event)).await
    }

    /// Hands an event to every run that listens, except those for which more than [`limit::RUN_INBOX`] already wait. How many
    /// wanted it.
    pub async fn deliver(&self, event: Arc<Value>) -> usize {
        let all: Vec<Arc<Live>> = lock(&self.0.live).values().cloned().collect();
        let mut wanted = 0;
        for live in all.iter().filter(|live| live.listens_for(&event)) {
            wanted += usize::from(live.offer(event.clone()).await.unwrap_or(false));
        }
        wanted
    }

    /// What has happened to a durable run, oldest first, as it is kept.
    ///
    /// # Errors
    ///
    /// `not_found`; what the disk gives.
    pub async fn history(&self, run: &str) -> Result<Vec<Value>, CallError> {
        self.status(run).await?;
        if !self.has_store() {
            return Ok(Vec::new());
        }
        let entries = self.store().await?.entries(&self.own_ctx()?, run).await?;
        let values = entries
            .into_iter()
            .map(|entry| serde_json::to_value(entry).unwrap_or_default());
        Ok(values.collect())
    }

    /// Forgets the runs that ended first, when too many are kept.
    pub(super) async fn keep_few(&self, run: String) -> Result<(), CallError> {
        let oldest = {
            let mut over = lock(&self.0.over);
            over.push_back(run);
            (over.len() > limit::RUNS_KEPT)
                .then(|| over.pop_front())
                .flatten()
        };
        match oldest {
            Some(oldest) => {
                lock(&self.0.parked).remove(&oldest);
                self.store().await?.forget(&self.own_ctx()?, &oldest).await
            }
            None => Ok(()),
        }
    }

    /// Forgets a run that has ended, with all that is kept of it.
    ///
    /// # Errors
    ///
    /// `not_found`, `invalid_state` when it has not ended.
    pub async fn forget(&self, run: &str) -> Result<(), CallError> {
        let status = self.status(run).await?;
        if !status.is_over() {
            return Err(CallError::new(
                Code::InvalidState,
                format!("run `{run}` is {}: cancel it first", status.state),
            ));
        }
        lock(&self.0.live).remove(run);
        lock(&self.0.over).retain(|over| over != run);
        lock(&self.0.parked).remove(run);
        if self.has_store() {
            self.store().await?.forget(&self.own_ctx()?, run).await?;
        }
        Ok(())
    }
}
