//! The multi-version store that all containers of one host share: one commit clock, one rule of conflict.
//!
//! ```text
//! write -> the row's lock (data, not a mutex) -> private write set -> commit: timestamp, versions, one record
//! read  -> own writes -> newest version that the snapshot sees -> base (what the last checkpoint holds)
//! ```
//!
//! - Versions are installed with a timestamp that nobody sees yet and become visible in the order of
//!   timestamps, once the journal says that they are durable.
//! - First updater wins. The second waits; then read committed goes on with the newest version, and a
//!   snapshot is told of the conflict. The wait that would close a circle is refused.
//! - Serializable is a snapshot whose reads are checked at the commit: no key that was read and no range
//!   that was scanned may have a newer version (backward validation; Kung and Robinson 1981). Who only
//!   reads is never refused.
//! - A version that no snapshot can see goes when its row is written or settled.

mod base;
mod commit;
mod container;
mod local;
mod now;
mod range;
mod record;
mod row;
mod waits;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

pub(crate) use base::{Base, Most, Piece};
pub(crate) use commit::{Done, Log, LogFailure, LogRoom};
pub(crate) use container::Container;
use local::Key;
pub(crate) use local::Local;
pub(crate) use range::{KeyRange, Walk};
pub(crate) use record::decode;
use row::{Owner, Timestamp};
use waits::Waits;

use super::{Durability, Isolation};
use crate::clock::Clock;
use crate::error::CallError;
use crate::metrics::Counter;

/// Everything that the containers of one host hold.
pub(crate) struct Store {
    clock: Clock,
    /// The newest timestamp that is visible. Every container has it too: a read does not touch the store.
    visible: Arc<AtomicU64>,
    owners: AtomicU64,
    commits: Mutex<commit::Commits>,
    /// Whose record is appended next. Taken before `commits`, never after.
    appends: Mutex<()>,
    /// The snapshots in use, counted: no version that the oldest sees may go.
    snapshots: Mutex<BTreeMap<Timestamp, usize>>,
    /// The rows that keep more than the newest snapshot sees, and the commit that everybody has to see before it can go.
    garbage: Mutex<VecDeque<(Timestamp, usize, Key)>>,
    waits: Mutex<Waits>,
    /// Who is waited for, and what wakes the waiters.
    waited: Mutex<BTreeMap<Owner, Arc<Notify>>>,
    containers: Mutex<Containers>,
    log: OnceLock<Arc<dyn Log>>,
    /// What was refused for the work of another transaction.
    conflicts: Counter,
}

#[derive(Default)]
struct Containers {
    all: Vec<Arc<Container>>,
    names: BTreeMap<Arc<str>, usize>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store(at {})", self.visible.load(Relaxed))
    }
}

/// A lock that a panic of a holder cannot spoil: each change under it is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    pub(crate) fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            clock,
            visible: Arc::default(),
            owners: AtomicU64::new(0),
            commits: Mutex::default(),
            appends: Mutex::default(),
            garbage: Mutex::default(),
            snapshots: Mutex::default(),
            waits: Mutex::default(),
            waited: Mutex::default(),
            containers: Mutex::default(),
            log: OnceLock::new(),
            conflicts: Counter::default(),
        })
    }

    /// Where durable writes go from now on. Called once, before the first durable container.
    pub(crate) fn log_to(&self, log: Arc<dyn Log>) {
        let first = self.log.set(log);
        debug_assert!(first.is_ok(), "a store has one journal");
    }

    /// The container of that name, the same one every time.
    pub(crate) fn container(
        self: &Arc<Self>,
        name: &str,
        durability: Durability,
        base: impl FnOnce() -> Option<Arc<dyn Base>>,
    ) -> Arc<Container> {
        let mut containers = lock(&self.containers);
        if let Some(at) = containers.names.get(name) {
            return containers.all[*at].clone();
        }
        let (id, name) = (containers.all.len(), Arc::<str>::from(name));
        let container = Arc::new(Container::new(self, id, name.clone(), durability, base()));
        containers.names.insert(name, id);
        containers.all.push(container.clone());
        container
    }

    /// How long what an instance keeps in its containers lasts.
    pub(crate) fn durability_of(&self, instance: &str) -> BTreeSet<Durability> {
        let containers = lock(&self.containers);
        let is_its = |name: &str| {
            name.strip_prefix(instance)
                .is_some_and(|n| n.starts_with('/'))
        };
        let own = containers.names.iter().filter(|(name, _)| is_its(name));
        own.map(|(_, at)| containers.all[*at].durability).collect()
    }

    /// The part of a transaction that happens in containers. It ends by a commit, an abort, or when it is dropped.
    pub(crate) fn begin(self: &Arc<Self>, isolation: Isolation, deadline: Instant) -> Local {
        let owner = self.owners.fetch_add(1, Relaxed) + 1;
        Local::new(self.clone(), owner, isolation, deadline)
    }

    pub(super) fn conflicts(&self) -> u64 {
        self.conflicts.get()
    }

    fn nth(&self, id: usize) -> Arc<Container> {
        lock(&self.containers).all[id].clone()
    }

    /// The newest commit that is visible.
    pub(crate) fn visible(&self) -> Timestamp {
        self.visible.load(Acquire)
    }

    /// The newest snapshot, kept until it is given back.
    fn snapshot(self: &Arc<Self>) -> Snapshot {
        let mut snapshots = lock(&self.snapshots);
        // Read under the lock: whoever looks for the oldest finds this one, or an older visible moment.
        let at = self.visible();
        *snapshots.entry(at).or_default() += 1;
        Snapshot {
            at,
            store: self.clone(),
        }
    }

    /// The oldest moment that anybody can still see.
    fn oldest(&self) -> Timestamp {
        let snapshots = lock(&self.snapshots);
        snapshots
            .keys()
            .next()
            .copied()
            .unwrap_or_else(|| self.visible())
    }

    /// Every moment that somebody can still see, oldest first; the last one stands for all that come.
    fn live(&self) -> Vec<Timestamp> {
        let snapshots = lock(&self.snapshots);
        let live = snapshots.keys().copied();
        live.chain([self.visible()]).collect()
    }

    /// Waits until `holder` has ended, or the waiter's deadline has come.
    async fn wait_for(
        &self,
        waiter: &Local,
        holder: Owner,
        row: impl Fn() -> String,
        try_again: impl Fn() -> row::Claim,
    ) -> Result<row::Claim, CallError> {
        let began = lock(&self.waits).begin(waiter.owner, holder, row());
        if let Err(circle) = began {
            self.conflicts.add(1);
            return Err(deadlock(&circle));
        }
        let _wait = Wait {
            store: self,
            waiter: waiter.owner,
            holder,
        };
        let ended = lock(&self.waited).entry(holder).or_default().clone();
        let ended = ended.notified();
        tokio::pin!(ended);
        // Registered first, tried second: an end in between is not missed.
        ended.as_mut().enable();
        let claim = try_again();
        if claim != row::Claim::HeldBy(holder) {
            // It has ended, perhaps before this wait was noted: nothing is left of the note. Others that it still
            // blocks look again.
            self.wake(holder);
            return Ok(claim);
        }
        tokio::select! {
            biased;
            () = ended => Ok(try_again()),
            () = self.clock.sleep_until(waiter.deadline) => {
                self.conflicts.add(1);
                Err(too_long(&row()))
            }
        }
    }

    /// Tells whoever waits that a transaction has ended.
    fn wake(&self, owner: Owner) {
        let woken = lock(&self.waited).remove(&owner);
        if let Some(waiters) = woken {
            waiters.notify_waiters();
        }
    }
}

/// A wait that is over when this goes, whichever way.
struct Wait<'a> {
    store: &'a Store,
    waiter: Owner,
    holder: Owner,
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        lock(&self.store.waits).end(self.waiter, self.holder);
    }
}

/// A moment that is kept visible while this lives.
#[derive(Debug)]
struct Snapshot {
    at: Timestamp,
    store: Arc<Store>,
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let mut snapshots = lock(&self.store.snapshots);
        if let Some(count) = snapshots.get_mut(&self.at) {
            *count -= 1;
            if *count == 0 {
                snapshots.remove(&self.at);
            }
        }
    }
}

/// `circle`: what each waits for, this transaction first.
fn deadlock(circle: &[String]) -> CallError {
    const NAMED: usize = 4;
    let named = circle.get(..NAMED).unwrap_or(circle);
    let more = match circle.len() - named.len() {
        0 => String::new(),
        more => format!(", and so on over {more} more"),
    };
    CallError::conflict(format!(
        "deadlock: this transaction waits for {}{more}, which this transaction holds; abort it and run it again",
        named.join(", whose holder waits for ")
    ))
    .retryable(true)
}

fn too_long(row: &str) -> CallError {
    CallError::conflict(format!(
        "another transaction holds {row} and did not end before the deadline of this one; run it again"
    ))
    .retryable(true)
}

#[cfg(test)]
mod tests;
