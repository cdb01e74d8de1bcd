//! What one transaction does in containers, until it ends: private writes, remembered reads, savepoints.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::row::{Owner, Timestamp, Value};
use super::{KeyRange, Snapshot, Store, lock};
use crate::error::{CallError, Code};
use crate::limit;
use crate::transaction::Isolation;

/// A key.
pub(super) type Key = Arc<[u8]>;

/// What is written, by container.
pub(super) type Writes = BTreeMap<usize, BTreeMap<Key, Value>>;

/// What a key was in the write set before: not in it, or this.
type Before = (usize, Key, Option<Value>);

/// One transaction's part in the store.
pub(crate) struct Local {
    pub(super) store: Arc<Store>,
    pub(super) owner: Owner,
    pub(super) isolation: Isolation,
    pub(super) deadline: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Taken at the first use, for all levels above read committed.
    snapshot: Option<Snapshot>,
    writes: Writes,
    /// How to undo the writes, the last one first.
    undo: Vec<Before>,
    /// The lengths of `undo` at the savepoints.
    savepoints: Vec<usize>,
    reads: Reads,
    /// The rows whose locks it has.
    claims: Vec<(usize, Key)>,
    /// It commits or has ended: nothing is read or written in it any more.
    is_closed: bool,
    has_ended: bool,
}

/// What was read under serializable: at the commit none of it may have changed.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub(super) keys: BTreeSet<(usize, Key)>,
    /// From a key on, up to one that is not in it any more; `None`: to the end.
    pub(super) ranges: BTreeSet<(usize, Key, Option<Key>)>,
}

impl Reads {
    /// Whether a write of the key would change what was read.
    pub(super) fn meet(&self, container: usize, key: &Key) -> bool {
        self.keys.contains(&(container, key.clone()))
            || self.ranges.iter().any(|(of, from, until)| {
                *of == container && from <= key && until.as_ref().is_none_or(|until| key < until)
            })
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Local({} {})", self.owner, self.isolation)
    }
}

impl Local {
    pub(super) fn new(
        store: Arc<Store>,
        owner: Owner,
        isolation: Isolation,
        deadline: Instant,
    ) -> Self {
        Self {
            store,
            owner,
            isolation,
            deadline,
            state: Mutex::default(),
        }
    }

    /// Marks a point to return to.
    pub(crate) fn savepoint(&self) {
        let mut state = lock(&self.state);
        let height = state.undo.len();
        state.savepoints.push(height);
    }

    /// Undoes what came after the savepoint at that height; it stays. Locks are kept until the end.
    pub(crate) fn rollback_to(&self, mark: usize) {
        let mut state = lock(&self.state);
        let Some(height) = state.savepoints.get(mark).copied() else {
            return;
        };
        state.savepoints.truncate(mark + 1);
        let undone = state.undo.split_off(height);
        for (container, key, before) in undone.into_iter().rev() {
            let written = state.writes.entry(container).or_default();
            match before {
                Some(value) => written.insert(key, value),
                None => written.remove(&key),
            };
        }
    }

    /// Forgets the savepoint at that height and those above it.
    pub(crate) fn release(&self, mark: usize) {
        let mut state = lock(&self.state);
        state.savepoints.truncate(mark);
        if state.savepoints.is_empty() {
            state.undo.clear();
        }
    }

    /// From here on nothing is read or written in it: what is checked and recorded is what is committed.
    pub(super) fn close(&self) {
        lock(&self.state).is_closed = true;
    }

    /// The moment that a read sees: its own for a snapshot, `None` for whatever is visible when it looks.
    pub(super) fn sees(&self) -> Result<Option<Timestamp>, CallError> {
        let mut state = lock(&self.state);
        state.check()?;
        if self.isolation == Isolation::ReadCommitted {
            return Ok(None);
        }
        let snapshot = state.snapshot.get_or_insert_with(|| self.store.snapshot());
        Ok(Some(snapshot.at))
    }

    /// What it has written to the key itself.
    pub(super) fn own(&self, container: usize, key: &[u8]) -> Option<Value> {
        lock(&self.state).writes.get(&container)?.get(key).cloned()
    }

    /// What it has written to the first keys of a range itself, in their order.
    pub(super) fn own_range(
        &self,
        container: usize,
        range: &KeyRange,
        limit: usize,
    ) -> Vec<(Key, Value)> {
        let state = lock(&self.state);
        let written = state.writes.get(&container).into_iter();
        written
            .flat_map(|written| written.range(range.from.clone()..))
            .take_while(|(key, _)| range.until.as_ref().is_none_or(|until| *key < until))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Writes to a key whose lock it has.
    pub(super) fn write(&self, container: usize, key: Key, value: Value) -> Result<(), CallError> {
        let mut state = lock(&self.state);
        state.check()?;
        let written = state.writes.entry(container).or_default();
        let before = written.insert(key.clone(), value);
        if !state.savepoints.is_empty() {
            state.undo.push((container, key, before));
        }
        Ok(())
    }

    /// Remembers a read, where it will be checked.
    pub(super) fn has_read(&self, container: usize, key: &[u8]) -> Result<(), CallError> {
        if self.isolation == Isolation::Serializable {
            let mut state = lock(&self.state);
            state.reads.keys.insert((container, key.into()));
            state.check_reads()?;
        }
        Ok(())
    }

    /// Remembers a scan, where it will be checked.
    pub(super) fn has_scanned(
        &self,
        container: usize,
        from: &Key,
        until: Option<&Key>,
    ) -> Result<(), CallError> {
        if self.isolation == Isolation::Serializable {
            let mut state = lock(&self.state);
            let range = (container, from.clone(), until.cloned());
            state.reads.ranges.insert(range);
            state.check_reads()?;
        }
        Ok(())
    }

    /// Whether it has written anything to containers of that durability.
    pub(super) fn writes_any(&self) -> bool {
        let state = lock(&self.state);
        state.writes.values().any(|written| !written.is_empty())
    }

    /// What it has read, its snapshot, and what it has written: for the check at the commit.
    pub(super) fn with<T>(&self, look: impl FnOnce(&Reads, Option<Timestamp>, &Writes) -> T) -> T {
        let state = lock(&self.state);
        let at = state.snapshot.as_ref().map(|snapshot| snapshot.at);
        look(&state.reads, at, &state.writes)
    }

    /// Takes what it has read: it is checked, and guarded elsewhere until the commit. The snapshot has done its work:
    /// nothing is kept for it while the commit waits.
    pub(super) fn take_reads(&self) -> Reads {
        let mut state = lock(&self.state);
        let (snapshot, reads) = (state.snapshot.take(), std::mem::take(&mut state.reads));
        drop(state);
        drop(snapshot);
        reads
    }

    /// Ends it, and gives what it has written and locked; `None` when it has ended before.
    pub(super) fn end(&self) -> Option<(Writes, Vec<(usize, Key)>)> {
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.has_ended, true) {
            return None;
        }
        let ended = std::mem::take(&mut *state);
        state.is_closed = true;
        state.has_ended = true;
        Some((ended.writes, ended.claims))
    }

    /// Notes a lock that it has got. What a savepoint undoes stays locked to the end.
    ///
    /// # Errors
    ///
    /// `invalid_state` when it came too late: nobody else gives the lock back.
    pub(super) fn has_claimed(&self, container: usize, key: Key) -> Result<(), CallError> {
        let mut state = lock(&self.state);
        state.check()?;
        state.claims.push((container, key));
        Ok(())
    }
}

impl State {
    fn check(&self) -> Result<(), CallError> {
        let told = match (self.has_ended, self.is_closed) {
            (false, false) => return Ok(()),
            (false, true) => "the transaction is being committed",
            (true, _) => "the transaction has ended",
        };
        Err(CallError::new(Code::InvalidState, told))
    }

    fn check_reads(&self) -> Result<(), CallError> {
        if self.reads.keys.len() + self.reads.ranges.len() > limit::READS {
            return Err(CallError::limit(format!(
                "a serializable transaction remembers at most {} reads; read ranges, or use several transactions",
                limit::READS
            )));
        }
        Ok(())
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.store.clone().abort(self);
    }
}
