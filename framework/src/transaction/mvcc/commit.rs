//! From private writes to visible ones: the check, the timestamp, the record, and the order in which they appear.

use std::collections::BTreeMap;
use std::sync::Arc;

use std::sync::atomic::Ordering::Release;

use tokio::sync::oneshot;

use super::local::{Key, Local, Reads, Writes};
use super::record;
use super::row::{Owner, Timestamp};
use super::{Store, lock};
use crate::error::CallError;
use crate::transaction::{Durability, Vote};

/// The journal, as the store needs it. Records become durable in the order in which they were appended, and `done` is
/// called in that order.
pub(crate) trait Log: Send + Sync {
    /// Appends a record; `done` hears when it is durable.
    fn append(&self, record: Vec<u8>, done: Done);
}

/// Hears what became of a record.
pub(crate) type Done = Box<dyn FnOnce(Result<(), LogFailure>) + Send>;

/// Why a record is not durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LogFailure {
    /// It is not there, and no replay will read it.
    Failed(String),
    /// Nobody knows; the next start reads what is there.
    Unknown(String),
}

/// The commits under way.
#[derive(Default)]
pub(super) struct Commits {
    newest: Timestamp,
    /// By timestamp: they become visible in this order.
    pending: BTreeMap<Timestamp, Pending>,
    /// What prepared transactions have read under serializable: nobody may change it before they end.
    prepared: BTreeMap<Owner, Reads>,
}

struct Pending {
    owner: Owner,
    writes: Vec<(usize, Key)>,
    claims: Vec<(usize, Key)>,
    done: Option<Result<(), LogFailure>>,
    told: oneshot::Sender<Result<(), LogFailure>>,
}

impl Store {
    /// Whether the transaction can commit; after a `Prepared` it can, whatever others do.
    ///
    /// # Errors
    ///
    /// A retryable `conflict` when something that it has read was changed; it has to be aborted then.
    pub(crate) fn prepare(&self, local: &Local) -> Result<Vote, CallError> {
        if !local.writes_any() {
            // What a snapshot sees is consistent, so who only reads needs no check.
            self.abort(local);
            return Ok(Vote::ReadOnly);
        }
        let mut commits = lock(&self.commits);
        local.with(|reads, at, writes| self.check(&commits, local.owner, reads, at, writes))?;
        let reads = local.take_reads();
        commits.prepared.insert(local.owner, reads);
        Ok(Vote::Prepared)
    }

    /// Backward validation (Kung and Robinson 1981): nothing that was read has changed since the snapshot. And the
    /// other way round: nothing is written that a prepared transaction has read.
    fn check(
        &self,
        commits: &Commits,
        owner: Owner,
        reads: &Reads,
        at: Option<Timestamp>,
        writes: &Writes,
    ) -> Result<(), CallError> {
        if let Some(at) = at {
            for (container, key) in &reads.keys {
                let container = self.nth(*container);
                if container.is_newer(key, at) {
                    return Err(container.conflict(key));
                }
            }
            for (container, from, until) in &reads.ranges {
                let container = self.nth(*container);
                if container.is_any_newer(from, until.as_ref(), at) {
                    return Err(container.conflict(from));
                }
            }
        }
        let others = commits
            .prepared
            .iter()
            .filter(|(other, _)| **other != owner);
        for (_, read) in others {
            for (container, written) in writes {
                if let Some(key) = written.keys().find(|key| read.meet(*container, key)) {
                    return Err(self.nth(*container).conflict(key));
                }
            }
        }
        Ok(())
    }

    /// Commits what was prepared, together with the caller's decision, in one record. When this returns, everything is
    /// visible, and durable where it has to be. Dropping the future does not stop it.
    pub(crate) async fn commit(
        self: &Arc<Self>,
        local: &Local,
        decision: Option<&[u8]>,
    ) -> Result<(), LogFailure> {
        let told = self.begin_commit(local, decision);
        match told.await {
            Ok(result) => result,
            Err(_) => Err(LogFailure::Unknown("the store has gone".to_owned())),
        }
    }

    fn begin_commit(
        self: &Arc<Self>,
        local: &Local,
        decision: Option<&[u8]>,
    ) -> oneshot::Receiver<Result<(), LogFailure>> {
        let (told, hears) = oneshot::channel();
        let Some((writes, claims)) = local.end() else {
            drop(told.send(Err(LogFailure::Failed("it has ended before".to_owned()))));
            return hears;
        };
        let mut commits = lock(&self.commits);
        commits.prepared.remove(&local.owner);
        commits.newest += 1;
        let ts = commits.newest;
        let mut durable: Vec<(Arc<super::Container>, BTreeMap<Key, super::row::Value>)> =
            Vec::new();
        let mut written = Vec::new();
        for (id, keys) in writes {
            let container = self.nth(id);
            for (key, value) in &keys {
                container.install(key, ts, value.clone());
                written.push((id, key.clone()));
            }
            if container.durability == Durability::Durable && !keys.is_empty() {
                durable.push((container, keys));
            }
        }
        let pending = Pending {
            owner: local.owner,
            writes: written,
            claims,
            done: None,
            told,
        };
        commits.pending.insert(ts, pending);
        let log = self
            .log
            .get()
            .filter(|_| !durable.is_empty() || decision.is_some());
        match log {
            Some(log) => {
                let record = record::encode(ts, &durable, decision);
                let store = self.clone();
                // Under the lock, so that records are in the order of their timestamps.
                log.append(record, Box::new(move |result| store.done(ts, result)));
                drop(commits);
            }
            None => {
                drop(commits);
                self.done(ts, Ok(()));
            }
        }
        hears
    }

    /// Makes a commit visible, or takes it back, once all before it are.
    fn done(&self, ts: Timestamp, result: Result<(), LogFailure>) {
        let mut over = Vec::new();
        {
            let mut commits = lock(&self.commits);
            if let Some(pending) = commits.pending.get_mut(&ts) {
                pending.done = Some(result);
            }
            while let Some(first) = commits.pending.first_entry() {
                if first.get().done.is_none() {
                    break;
                }
                let (ts, pending) = first.remove_entry();
                if let Some(Err(_)) = &pending.done {
                    for (container, key) in &pending.writes {
                        self.nth(*container).withdraw(key, ts);
                    }
                }
                self.visible.store(ts, Release);
                over.push(pending);
            }
        }
        for pending in over {
            self.settle(pending.owner, &pending.claims);
            let result = pending.done.unwrap_or(Ok(()));
            // Whoever asked may have stopped waiting.
            drop(pending.told.send(result));
        }
    }

    /// Undoes what a transaction did. Repeating it does nothing.
    pub(crate) fn abort(&self, local: &Local) {
        let Some((_, claims)) = local.end() else {
            return;
        };
        lock(&self.commits).prepared.remove(&local.owner);
        self.settle(local.owner, &claims);
    }

    /// Gives the locks of an ended transaction back and wakes who waits for them.
    fn settle(&self, owner: Owner, claims: &[(usize, Key)]) {
        let oldest = self.oldest();
        for (container, key) in claims {
            self.nth(*container).settle(key, owner, oldest);
        }
        self.wake(owner);
    }
}
