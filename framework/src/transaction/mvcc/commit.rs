//! From private writes to visible ones: the check, the timestamp, the record, and the order in which they appear.

use std::collections::BTreeMap;
use std::sync::Arc;

use std::sync::atomic::Ordering::Release;
use std::task::Waker;

use super::container::Since;
use super::local::{Key, Local, Reads, Writes};
use super::record::{self, Commit};
use super::row::{Owner, Timestamp, Value};
use super::{Base, Container, Store, lock};
use crate::call::BoxFuture;
use crate::error::CallError;
use crate::promise::{Promise, Promised, promise};
use crate::transaction::{Durability, Vote};

/// The journal, as the store needs it. Records become durable in the order in which they were appended, and `done` is
/// called in that order; for one that is refused at once, inside of `append`.
pub(crate) trait Log: Send + Sync {
    /// Waits until a record of that many bytes has room.
    fn reserve(&self, bytes: usize) -> BoxFuture<'_, Result<Box<dyn LogRoom>, LogFailure>>;
}

/// Room for one record.
pub(crate) trait LogRoom: Send {
    /// Appends the record of a commit, at once; `done` hears when it is durable.
    fn append(self: Box<Self>, commit: Timestamp, record: Vec<u8>, done: Done);
}

/// Hears what became of a record, and says who is to be woken.
pub(crate) type Done = Box<dyn FnOnce(Result<(), LogFailure>, &mut Vec<Waker>) + Send>;

/// Versions that a base may hold, by container.
pub(crate) type Settled = BTreeMap<Arc<str>, Vec<(Key, Timestamp, Value)>>;

/// Why a record is not durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LogFailure {
    /// It is not there, and no replay will read it.
    Failed(String),
    /// Nobody knows; the next start reads what is there.
    Unknown(String),
}

/// Rows that are looked at again for each that is written: more than one, so that what has piled up goes down.
const SWEPT: usize = 4;

/// The commits under way.
#[derive(Default)]
pub(super) struct Commits {
    newest: Timestamp,
    /// By timestamp: they become visible in this order.
    pending: BTreeMap<Timestamp, Pending>,
    /// What prepared transactions have read under serializable: nobody may change it before they end.
    prepared: BTreeMap<Owner, Reads>,
}

impl Commits {
    /// Whether no commit is under way, and none is prepared that others have to heed.
    pub(super) fn is_quiet(&self) -> bool {
        self.pending.is_empty() && self.prepared.is_empty()
    }

    /// The timestamp of the next commit.
    pub(super) fn next(&self) -> Timestamp {
        self.newest + 1
    }

    /// A commit has taken that timestamp.
    pub(super) fn take(&mut self, ts: Timestamp) {
        self.newest = ts;
    }
}

struct Pending {
    owner: Owner,
    writes: Vec<(usize, Key)>,
    claims: Vec<(usize, Key)>,
    done: Option<Result<(), LogFailure>>,
    told: Promise<Result<(), LogFailure>>,
}

impl Store {
    /// Whether the transaction can commit; after a `Prepared` it can, whatever others do.
    ///
    /// # Errors
    ///
    /// A retryable `conflict` when something that it has read was changed; it has to be aborted then.
    pub(crate) fn prepare(&self, local: &Local) -> Result<Vote, CallError> {
        local.close();
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

    /// Backward validation (Kung and Robinson 1981): nothing that was read has changed since the snapshot, or is written
    /// by a transaction that has prepared and will come first. And the other way round: nothing is written that a
    /// prepared transaction has read.
    fn check(
        &self,
        commits: &Commits,
        owner: Owner,
        reads: &Reads,
        at: Option<Timestamp>,
        writes: &Writes,
    ) -> Result<(), CallError> {
        if let Some(snapshot) = at {
            let is_prepared = |by: Owner| by != owner && commits.prepared.contains_key(&by);
            let since = Since {
                snapshot,
                is_prepared: &is_prepared,
            };
            for (container, key) in &reads.keys {
                let container = self.nth(*container);
                if container.has_changed(key, &since) {
                    return Err(container.conflict(key));
                }
            }
            for (container, from, until) in &reads.ranges {
                let container = self.nth(*container);
                if container.has_any_changed(from, until.as_ref(), &since) {
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
    /// visible, and durable where it has to be. Dropping the future while it waits for room in the journal leaves the
    /// transaction prepared; later it does not stop the commit.
    pub(crate) async fn commit(
        self: &Arc<Self>,
        local: &Local,
        decision: Option<&[u8]>,
    ) -> Result<(), LogFailure> {
        let body = local.with(|_, _, writes| {
            let durable = writes.iter().filter(|(_, keys)| !keys.is_empty());
            let durable = durable.map(|(id, keys)| (self.nth(*id), keys));
            let durable: Vec<_> = durable
                .filter(|(container, _)| container.durability == Durability::Durable)
                .collect();
            (decision.is_some() || !durable.is_empty()).then(|| record::body(&durable, decision))
        });
        let mut logged = None;
        if let (Some(log), Some(body)) = (self.log.get(), body) {
            match log.reserve(record::HEAD + body.len()).await {
                Ok(room) => logged = Some((room, body)),
                Err(failure) => {
                    self.abort(local);
                    return Err(failure);
                }
            }
        }
        let told = self.begin_commit(local, logged);
        match told.await {
            Ok(result) => result,
            Err(_) => Err(LogFailure::Unknown("the store has gone".to_owned())),
        }
    }

    fn begin_commit(
        self: &Arc<Self>,
        local: &Local,
        logged: Option<(Box<dyn LogRoom>, Vec<u8>)>,
    ) -> Promised<Result<(), LogFailure>> {
        let (told, hears) = promise();
        let Some((writes, claims)) = local.end() else {
            let ended = LogFailure::Failed("it has ended before".to_owned());
            drop(told.keep(Err(ended)));
            return hears;
        };
        // Held until the record is appended, so that records are in the order of their timestamps. The other lock is
        // not: a journal that refuses says so at once, and that takes it.
        let in_order = logged.is_some().then(|| lock(&self.appends));
        let mut commits = lock(&self.commits);
        commits.prepared.remove(&local.owner);
        let ts = commits.next();
        commits.take(ts);
        let mut written = Vec::new();
        for (id, keys) in writes {
            let container = self.nth(id);
            for (key, value) in keys {
                container.install(&key, ts, value);
                written.push((id, key));
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
        drop(commits);
        match logged {
            Some((room, body)) => {
                let record = record::with_head(ts, &body);
                let store = self.clone();
                room.append(
                    ts,
                    record,
                    Box::new(move |result, wakers: &mut Vec<Waker>| store.done(ts, result, wakers)),
                );
            }
            None => {
                let mut wakers = Vec::new();
                self.done(ts, Ok(()), &mut wakers);
                wakers.into_iter().for_each(Waker::wake);
            }
        }
        drop(in_order);
        hears
    }

    /// Makes a commit visible, or takes it back, once all before it are.
    fn done(&self, ts: Timestamp, result: Result<(), LogFailure>, wakers: &mut Vec<Waker>) {
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
                over.push((ts, pending));
            }
        }
        for (ts, pending) in over {
            self.settle(pending.owner, &pending.claims, Some(ts));
            let result = pending.done.unwrap_or(Ok(()));
            wakers.extend(pending.told.keep(result));
        }
    }

    /// From here on commits come after this one: a base holds everything up to it.
    pub(crate) fn start_at(&self, commit: Timestamp) {
        lock(&self.commits).newest = commit;
        self.visible.store(commit, Release);
    }

    /// Takes in a commit that a replay has found, in its order. One that the base holds already changes nothing.
    pub(crate) fn replay(self: &Arc<Self>, commit: Commit, base: impl Fn(&str) -> Arc<dyn Base>) {
        let mut commits = lock(&self.commits);
        if commit.ts <= commits.newest {
            return;
        }
        for (name, writes) in commit.writes {
            let container = self.container(&name, Durability::Durable, || Some(base(&name)));
            for (key, value) in writes {
                container.replay(key, commit.ts, value);
            }
        }
        commits.newest = commit.ts;
        self.visible.store(commit.ts, Release);
    }

    /// What every snapshot in use sees and no base holds yet, by container, and up to which commit that is all.
    pub(crate) fn settled(&self) -> (Timestamp, Settled) {
        let at = self.oldest();
        let durable = self.durable().into_iter();
        let settled = durable.map(|container| (container.name.clone(), container.settled(at)));
        (
            at,
            settled.filter(|(_, changes)| !changes.is_empty()).collect(),
        )
    }

    /// A base holds these now.
    pub(crate) fn rebased(&self, changes: &Settled) {
        for container in self.durable() {
            for (key, ts, _) in changes.get(&container.name).into_iter().flatten() {
                container.rebased(key, *ts);
            }
        }
    }

    fn durable(&self) -> Vec<Arc<Container>> {
        let containers = lock(&self.containers);
        let all = containers.all.iter();
        all.filter(|container| container.durability == Durability::Durable)
            .cloned()
            .collect()
    }

    /// Undoes what a transaction did. Repeating it does nothing.
    pub(crate) fn abort(&self, local: &Local) {
        let Some((_, claims)) = local.end() else {
            return;
        };
        lock(&self.commits).prepared.remove(&local.owner);
        self.give_back(local.owner, &claims);
    }

    /// Gives locks back that nothing was committed with.
    pub(super) fn give_back(&self, owner: Owner, claims: &[(usize, Key)]) {
        self.settle(owner, claims, None);
    }

    /// Gives the locks of an ended transaction back and wakes who waits for them. What a snapshot holds up is noted,
    /// and some of what earlier ones have held up goes.
    fn settle(&self, owner: Owner, claims: &[(usize, Key)], committed: Option<Timestamp>) {
        let oldest = self.oldest();
        let mut last: Option<Arc<Container>> = None;
        for (id, key) in claims {
            let container = match last.take() {
                Some(last) if last.id == *id => last,
                _ => self.nth(*id),
            };
            let is_held_up = container.settle(key, owner, oldest, committed);
            if let (true, Some(ts)) = (is_held_up, committed) {
                lock(&self.garbage).push_back((ts, *id, key.clone()));
            }
            last = Some(container);
        }
        self.wake(owner);
        for (container, key) in self.overdue(oldest, SWEPT * claims.len()) {
            self.nth(container).sweep(&key, oldest);
        }
    }

    /// Rows that no snapshot holds up any more, at most that many.
    fn overdue(&self, oldest: Timestamp, most: usize) -> Vec<(usize, Key)> {
        let mut garbage = lock(&self.garbage);
        let due = garbage.iter().take(most);
        let due = due.take_while(|(ts, _, _)| *ts <= oldest).count();
        let gone = garbage.drain(..due);
        gone.map(|(_, container, key)| (container, key)).collect()
    }
}
