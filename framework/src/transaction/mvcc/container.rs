//! One map of keys: point reads and writes. Ranges are in `range.rs`.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use foldhash::fast::RandomState;

use super::Store;
use super::base::Base;
use super::local::{Key, Local};
use super::row::{Claim, Owner, Row, Timestamp, Value};
use crate::error::CallError;
use crate::transaction::Durability;

/// Versions of one row from which on it is worth while to look for those between two snapshots.
const MANY: usize = 8;

/// Characters of a key that a message shows.
const SHOWN: usize = 64;

/// Locks of one container: a reader and a writer of different keys rarely meet.
const SHARDS: usize = 64;

#[expect(
    clippy::disallowed_types,
    reason = "point reads by key; the order is kept beside it and only that is iterated"
)]
type Rows = std::collections::HashMap<Key, Row, RandomState>;

/// One lock and its rows, on cache lines of their own: two threads at neighbours do not disturb each other.
#[derive(Default)]
#[repr(align(128))]
struct Shard(RwLock<Rows>);

/// A map from keys to values, as bytes.
pub(crate) struct Container {
    pub(super) store: Weak<Store>,
    pub(super) id: usize,
    pub(super) name: Arc<str>,
    pub(crate) durability: Durability,
    pub(super) base: Option<Arc<dyn Base>>,
    hasher: RandomState,
    /// What all versions take together, roughly.
    bytes: AtomicU64,
    shards: Vec<Shard>,
    /// That of the store.
    visible: Arc<AtomicU64>,
    /// The keys that have a row, in order. Changes when a row comes or goes, and not at every write.
    order: RwLock<BTreeSet<Key>>,
}

impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Container({})", self.name)
    }
}

impl Container {
    pub(super) fn new(
        store: &Arc<Store>,
        id: usize,
        name: Arc<str>,
        durability: Durability,
        base: Option<Arc<dyn Base>>,
    ) -> Self {
        Self {
            store: Arc::downgrade(store),
            id,
            name,
            durability,
            base,
            hasher: RandomState::default(),
            bytes: AtomicU64::new(0),
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            visible: store.visible.clone(),
            order: RwLock::default(),
        }
    }

    pub(super) fn store(&self) -> Arc<Store> {
        self.store
            .upgrade()
            .expect("whoever holds a container holds its host's store")
    }

    fn shard(&self, key: &[u8]) -> &RwLock<Rows> {
        let hash = self.hasher.hash_one(key);
        // The maps inside are seeded each by itself, so that these bits say nothing about theirs.
        &self.shards[usize::try_from(hash >> 58).unwrap_or(0)].0
    }

    fn read(&self, key: &[u8]) -> RwLockReadGuard<'_, Rows> {
        self.shard(key)
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, key: &[u8]) -> RwLockWriteGuard<'_, Rows> {
        self.shard(key)
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What the key holds; the transaction's own write first.
    pub(crate) async fn get(&self, local: Option<&Local>, key: &[u8]) -> Result<Value, CallError> {
        let mut snapshot = None;
        if let Some(local) = local {
            snapshot = local.sees()?;
            if let Some(own) = local.own(self.id, key) {
                return Ok(own);
            }
            local.has_read(self.id, key)?;
        }
        if self.base.is_none() {
            return Ok(self.seen(key, snapshot).flatten());
        }
        let store = self.store();
        // Without it a checkpoint could take a version away between the look at the row and the look at the base.
        let _kept = snapshot.is_none().then(|| store.snapshot());
        match (self.seen(key, snapshot), &self.base) {
            (Some(value), _) => Ok(value),
            (None, Some(base)) => base.get(key).await,
            (None, None) => Ok(None),
        }
    }

    /// What the rows say: the version at the snapshot, or at this very moment.
    pub(super) fn seen(&self, key: &[u8], snapshot: Option<Timestamp>) -> Option<Value> {
        let rows = self.read(key);
        // Looked at under the shard's lock, so that no version is pruned for a moment that this one does not see.
        let at = snapshot.unwrap_or_else(|| self.visible());
        rows.get(key)?.at(at).cloned()
    }

    fn visible(&self) -> Timestamp {
        self.visible.load(Acquire)
    }

    /// Takes the lock of a row, waiting for whoever has it.
    pub(super) async fn claim(&self, local: &Local, key: &Key) -> Result<(), CallError> {
        let snapshot = local.sees()?;
        let mut claim = self.try_claim(local.owner, key, snapshot);
        while let Claim::HeldBy(holder) = claim {
            let store = &local.store;
            let row = || self.row_name(key);
            let try_again = || self.try_claim(local.owner, key, snapshot);
            claim = store.wait_for(local, holder, row, try_again).await?;
        }
        match claim {
            Claim::Owned => {
                let noted = local.has_claimed(self.id, key.clone());
                if noted.is_err() {
                    // It ended while this call waited, and has given back what it knew of.
                    local
                        .store
                        .give_back(local.owner, &[(self.id, key.clone())]);
                }
                noted
            }
            Claim::Already | Claim::HeldBy(_) => Ok(()),
            Claim::Newer => Err(self.conflict(key)),
        }
    }

    fn try_claim(&self, owner: Owner, key: &Key, snapshot: Option<Timestamp>) -> Claim {
        let mut rows = self.write(key);
        if let Some(row) = rows.get_mut(key) {
            return row.claim(owner, snapshot);
        }
        let mut row = Row::default();
        let claim = row.claim(owner, snapshot);
        rows.insert(key.clone(), row);
        // Inside the shard's lock, as everywhere: the order has a key exactly as long as its row is there.
        self.ordered().insert(key.clone());
        claim
    }

    fn ordered(&self) -> RwLockWriteGuard<'_, BTreeSet<Key>> {
        self.order.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn order(&self) -> RwLockReadGuard<'_, BTreeSet<Key>> {
        self.order.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a key, or removes it.
    pub(crate) async fn put(&self, local: &Local, key: Key, value: Value) -> Result<(), CallError> {
        self.claim(local, &key).await?;
        local.write(self.id, key, value)
    }

    /// Reads a key and writes what `change` makes of it, with nobody in between.
    pub(crate) async fn update<T>(
        &self,
        local: &Local,
        key: Key,
        change: impl FnOnce(&Value) -> Result<(Value, T), CallError>,
    ) -> Result<T, CallError> {
        self.claim(local, &key).await?;
        // The row is ours, so what is visible now stays until we end.
        let before = self.get(Some(local), &key).await?;
        let (after, answer) = change(&before)?;
        local.write(self.id, key, after)?;
        Ok(answer)
    }

    /// Whether somebody has changed the key since, or is about to.
    pub(super) fn has_changed(&self, key: &[u8], since: &Since<'_>) -> bool {
        let rows = self.read(key);
        rows.get(key).is_some_and(|row| {
            row.is_newer_than(since.snapshot) || row.owner().is_some_and(since.is_prepared)
        })
    }

    /// What all versions take together, roughly.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    fn grow(&self, key: &Key, value: &Value) {
        self.bytes.fetch_add(weight(key, value), Relaxed);
    }

    fn shrink(&self, key: &[u8], gone: impl IntoIterator<Item = (Timestamp, Value)>) {
        let bytes: u64 = gone.into_iter().map(|(_, value)| weight(key, &value)).sum();
        if bytes > 0 {
            self.bytes.fetch_sub(bytes, Relaxed);
        }
    }

    pub(super) fn install(&self, key: &Key, ts: Timestamp, value: Value) {
        self.grow(key, &value);
        let mut rows = self.write(key);
        if let Some(row) = rows.get_mut(key) {
            row.install(ts, value);
        } else {
            debug_assert!(false, "whoever commits a key has its row's lock");
        }
    }

    /// Writes a key that nobody is about to write; `publish` makes the version visible and says what can still be seen.
    /// Gives the value back where somebody is.
    pub(super) fn write_now(
        &self,
        key: &[u8],
        (ts, value): (Timestamp, Arc<[u8]>),
        publish: impl FnOnce() -> Timestamp,
    ) -> Result<(), Arc<[u8]>> {
        let mut rows = self.write(key);
        match rows.get_mut(key) {
            Some(row) if !row.is_free() => Err(value),
            Some(row) => {
                let value = Some(value);
                let grown = weight(key, &value);
                row.install(ts, value);
                let gone = row.prune(publish()).map(|(_, value)| weight(key, &value));
                // One addition, wrapping where the old took more.
                let grown = grown.wrapping_sub(gone.sum());
                if grown != 0 {
                    self.bytes.fetch_add(grown, Relaxed);
                }
                Ok(())
            }
            None => {
                let (key, value) = (Key::from(key), Some(value));
                self.grow(&key, &value);
                let mut row = Row::default();
                row.install(ts, value);
                rows.insert(key.clone(), row);
                self.ordered().insert(key);
                publish();
                Ok(())
            }
        }
    }

    pub(super) fn withdraw(&self, key: &Key, ts: Timestamp) {
        if let Some(row) = self.write(key).get_mut(key) {
            self.shrink(key, row.withdraw(ts));
        }
    }

    /// Gives a row's lock back, and drops what nobody needs of the row any more. Whether a snapshot holds something up
    /// that would go with it: `committed` is the commit that the lock was for.
    pub(super) fn settle(
        &self,
        key: &Key,
        owner: Owner,
        oldest: Timestamp,
        committed: Option<Timestamp>,
    ) -> bool {
        let mut rows = self.write(key);
        let Some(row) = rows.get_mut(key) else {
            return false;
        };
        row.release(owner);
        self.shrink(key, row.prune(oldest));
        // Looking at every snapshot costs: at each doubling it does not show.
        if row.len() >= MANY && row.len().is_power_of_two() {
            self.shrink(key, row.thin(&self.store().live()));
        }
        let has_base = self.base.is_some();
        let is_held_up = committed.is_some_and(|ts| row.is_held_up(ts, has_base));
        if row.is_void(oldest, has_base) {
            self.drop_row(&mut rows, key);
            return false;
        }
        is_held_up
    }

    /// Drops what nobody needs of a row any more.
    pub(super) fn sweep(&self, key: &Key, oldest: Timestamp) {
        const NOBODY: Owner = 0;
        self.settle(key, NOBODY, oldest, None);
    }

    /// Puts what a replay found in place, as the newest version.
    pub(super) fn replay(&self, key: Key, ts: Timestamp, value: Value) {
        self.grow(&key, &value);
        let mut rows = self.write(&key);
        if let Some(row) = rows.get_mut(&key) {
            row.install(ts, value);
            // Nobody has a snapshot yet: only the newest version counts.
            self.shrink(&key, row.prune(ts));
            return;
        }
        let mut row = Row::default();
        row.install(ts, value);
        rows.insert(key.clone(), row);
        self.ordered().insert(key);
    }

    /// What has to be written to the base, and the newest timestamp among it.
    pub(super) fn settled(&self, oldest: Timestamp) -> Vec<(Key, Timestamp, Value)> {
        let keys: Vec<Key> = self.order().iter().cloned().collect();
        let settled = keys.into_iter().filter_map(|key| {
            let rows = self.read(&key);
            let (ts, value) = rows.get(&key)?.settled(oldest)?;
            Some((key.clone(), ts, value.clone()))
        });
        settled.collect()
    }

    /// The base holds this version of the key now.
    pub(super) fn rebased(&self, key: &Key, ts: Timestamp) {
        let mut rows = self.write(key);
        let Some(row) = rows.get_mut(key) else {
            return;
        };
        self.shrink(key, row.rebase(ts));
        if row.is_void(ts, true) {
            self.drop_row(&mut rows, key);
        }
    }

    fn drop_row(&self, rows: &mut Rows, key: &Key) {
        if let Some(row) = rows.remove(key) {
            self.shrink(key, row.into_versions());
        }
        self.ordered().remove(key);
    }

    pub(super) fn conflict(&self, key: &[u8]) -> CallError {
        if let Some(store) = self.store.upgrade() {
            store.conflicts.add(1);
        }
        CallError::conflict(format!(
            "{} was changed by another transaction after this one began; abort it and run it again",
            self.row_name(key)
        ))
        .retryable(true)
    }

    /// A row as messages name it.
    fn row_name(&self, key: &[u8]) -> String {
        let key = String::from_utf8_lossy(key);
        let shown: String = key.chars().take(SHOWN).collect();
        let more = if shown.len() < key.len() { "…" } else { "" };
        format!("`{}{more}` in `{}`", shown.escape_debug(), self.name)
    }
}

/// What a check compares with: a snapshot, and who has prepared.
pub(super) struct Since<'a> {
    pub(super) snapshot: Timestamp,
    pub(super) is_prepared: &'a dyn Fn(Owner) -> bool,
}

/// What one version takes, roughly: the key, the value, and their places in the maps.
fn weight(key: &[u8], value: &Value) -> u64 {
    const PLACES: usize = 64;
    (key.len() + value.as_ref().map_or(0, |value| value.len()) + PLACES) as u64
}
