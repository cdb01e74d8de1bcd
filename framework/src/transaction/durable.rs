//! The durable half of the store: the journal that commits go into, and the checkpoint that it is emptied into.
//!
//! ```text
//! commit -> one journal record, forced -> visible          state/journal/
//! checkpoint -> settled versions into redb, forced -> segments released   state/containers.redb
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use super::checkpoint::{Change, Checkpoint};
use super::coordinator::{Decision, Entry};
use super::engine::Engine;
use super::ground::Ground;
use super::health::Trouble;
use super::mvcc::{Base, LogFailure};
use super::{Heuristic, HostId, TransactionId, backup, opening, recovery};
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Disk, Failure, Journal, Position, State, Stats};

/// The kinds of records that transactions write.
pub(super) mod kind {
    use crate::journal::Kind;

    /// The writes of one commit in containers, with the decision about foreign participants if there are any.
    pub(in crate::transaction) const COMMIT: Kind = Kind(1);
    /// A decision about foreign participants alone, or what is known of one by now.
    pub(in crate::transaction) const DECISION: Kind = Kind(2);
    /// Nothing more has to be known of a transaction.
    pub(in crate::transaction) const END: Kind = Kind(3);
    /// The host's id and the count of its starts.
    pub(in crate::transaction) const HOST: Kind = Kind(4);
}

/// What was decided about foreign participants, as the journal has it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Decided {
    pub(super) t: TransactionId,
    /// Whether they commit.
    pub(super) c: bool,
    /// Whether the record holds writes in containers as well.
    pub(super) l: bool,
    /// By instance: what it did, as far as that is known.
    pub(super) p: Vec<(String, Option<Heuristic>)>,
}

/// The host, as the journal has it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) host: u64,
    pub(super) run: u32,
}

/// The journal and the checkpoint of one host.
pub(super) struct Durable {
    pub(super) journal: Journal,
    /// The disk under the journal, and the folder of the rest.
    pub(super) disk: Arc<dyn Disk>,
    pub(super) folder: PathBuf,
    pub(super) checkpoint: Checkpoint,
    /// Where the commits since the last checkpoint are in the journal, in their order.
    pub(super) placed: Arc<Mutex<VecDeque<(u64, Position)>>>,
    /// From where on the journal is needed for transactions that are decided and not ended.
    pub(super) pinned: Mutex<BTreeMap<TransactionId, Position>>,
    pub(super) named: Named,
    /// One checkpoint at a time.
    pub(super) checkpointing: tokio::sync::Mutex<()>,
    /// Wakes the task that makes checkpoints.
    pub(super) grown: Arc<Notify>,
    /// The journal's bytes after the last checkpoint.
    pub(super) emptied: Arc<AtomicU64>,
}

impl Durable {
    /// Opens both, replays what the checkpoint does not hold yet, and takes in what was decided and not ended.
    ///
    /// # Errors
    ///
    /// Files that cannot be used, by name; a folder in which a restore was cut off.
    pub(super) async fn open(engine: &Arc<Engine>, ground: Ground) -> Result<Arc<Self>> {
        let store = engine.store.clone();
        let opening = spawn_blocking(move || {
            backup::whole(&ground.folder)?;
            opening::open(&store, &ground)
        });
        let (mut durable, found) = opening
            .await
            .map_err(|ended| Error::new(ErrorKind::State, ended.to_string()))??;
        let (host, run) = match &found.named {
            Some(named) => (named.host, named.run.wrapping_add(1)),
            None => (clock::random(), 1),
        };
        durable.named = Named { host, run };
        let durable = Arc::new(durable);
        durable.write_name().await?;
        engine.named(HostId(host), run);
        engine.store.log_to(durable.clone());
        for resumed in found.recovery.resume() {
            durable.pin(resumed.transaction);
            let why = "a participant had not answered when the host stopped";
            recovery::take_in(engine, resumed, why);
        }
        tokio::spawn(checkpoints(Arc::downgrade(engine), durable.grown.clone()));
        Ok(durable)
    }

    /// Copied forward, also at the first time: a full journal is emptied behind it.
    pub(super) async fn write_name(&self) -> Result<()> {
        let name = json(&self.named)?;
        let written = match self.journal.reserve_forward(name.len()).await {
            Ok(room) => room.append(kind::HOST, name).await,
            Err(failure) => Err(failure),
        };
        written
            .map(drop)
            .map_err(|failure| Error::new(ErrorKind::State, failure.to_string()))
    }

    /// The base of a container.
    pub(super) fn base(&self, name: &str) -> Arc<dyn Base> {
        self.checkpoint.base(name)
    }

    /// The decision of a transaction, to go into the record of its writes or into one of its own.
    pub(super) fn decision(
        transaction: TransactionId,
        entry: &Entry<String>,
    ) -> std::result::Result<Vec<u8>, LogFailure> {
        let decided = Decided {
            t: transaction,
            c: entry.decision == Decision::Commit,
            l: entry.local,
            p: entry.parties.clone(),
        };
        json(&decided).map_err(|fault| LogFailure::Failed(fault.to_string()))
    }

    /// Makes a decision durable that no writes go with.
    pub(super) async fn decide(&self, decision: Vec<u8>) -> std::result::Result<(), LogFailure> {
        let appended = self.journal.append(kind::DECISION, decision).await;
        appended.map(drop).map_err(|failure| log_failure(&failure))
    }

    /// The same for one that stands in the journal already, further back.
    async fn decide_again(&self, decision: Vec<u8>) -> std::result::Result<(), LogFailure> {
        let room = self.journal.reserve_forward(decision.len()).await;
        let appended = match room {
            Ok(room) => room.append(kind::DECISION, decision).await,
            Err(failure) => Err(failure),
        };
        appended.map(drop).map_err(|failure| log_failure(&failure))
    }

    /// Keeps the journal from here on until the transaction has ended: what is appended next is needed so long.
    pub(super) fn pin(&self, transaction: TransactionId) {
        lock(&self.pinned).insert(transaction, self.journal.stats().next());
    }

    /// Nothing more has to be known of the transaction. Not forced: a restart that misses it asks the participants once more.
    pub(super) async fn end(&self, transaction: TransactionId) {
        if lock(&self.pinned).remove(&transaction).is_some() {
            let id = transaction.to_string().into_bytes();
            if let Ok(room) = self.journal.reserve(id.len()).await {
                drop(room.append_lazy(kind::END, id));
            }
        }
    }

    /// Writes what is settled into the base and gives the journal free up to there.
    ///
    /// # Errors
    ///
    /// When the base cannot be written; the journal keeps everything then.
    pub(super) async fn checkpoint(&self, engine: &Engine) -> Result<()> {
        let failed =
            |why: String| Error::new(ErrorKind::State, format!("no checkpoint was made: {why}"));
        let _alone = self.checkpointing.lock().await;
        let (at, settled) = engine.store.settled();
        // Looked at behind the store: a commit of which nobody knows is in the journal or not, and what the base holds
        // would hide its writes from the next start, but not the decision that stands beside them.
        if let State::Failed(failure) = self.journal.state() {
            return Err(failed(failure.to_string()));
        }
        let changes: BTreeMap<Arc<str>, Vec<Change>> = settled
            .iter()
            .map(|(name, all)| {
                let all = all.iter();
                let changes = all.map(|(key, _, value)| (key.clone(), value.clone()));
                (name.clone(), changes.collect())
            })
            .collect();
        let checkpoint = self.checkpoint.clone();
        spawn_blocking(move || checkpoint.apply(&changes, at))
            .await
            .map_err(|ended| failed(ended.to_string()))?
            .map_err(|fault| failed(fault.to_string()))?;
        engine.store.rebased(&settled);
        let free = {
            let mut placed = lock(&self.placed);
            let held = placed.partition_point(|(commit, _)| *commit <= at);
            placed
                .drain(..held)
                .next_back()
                .map(|(_, position)| position)
        };
        let Some(free) = free else { return Ok(()) };
        self.carry_forward(engine, free).await?;
        let pinned = lock(&self.pinned).values().min().copied();
        let free = pinned.map_or(free, |pinned| pinned.min(free));
        self.journal
            .release(free)
            .await
            .map_err(|failure| failed(failure.to_string()))?;
        self.emptied.store(self.journal.stats().bytes(), Relaxed);
        Ok(())
    }

    /// Writes again what stands before `free` and is still needed.
    async fn carry_forward(&self, engine: &Engine, free: Position) -> Result<()> {
        self.write_name().await?;
        let old: Vec<TransactionId> = {
            let pinned = lock(&self.pinned);
            let old = pinned.iter().filter(|(_, position)| **position < free);
            old.map(|(transaction, _)| *transaction).collect()
        };
        for transaction in old {
            let Some(live) = engine.find(transaction) else {
                continue;
            };
            // One that is just being decided keeps its place: its record may not be durable yet.
            let Some(entry) = live.decided_entry() else {
                continue;
            };
            let decision = Self::decision(transaction, &entry);
            let at = self.journal.stats().next();
            let carried = match decision {
                Ok(decision) => self.decide_again(decision).await,
                Err(failure) => Err(failure),
            };
            if carried.is_ok() && lock(&self.pinned).contains_key(&transaction) {
                lock(&self.pinned).insert(transaction, at);
            }
        }
        Ok(())
    }

    /// Makes a last checkpoint and marks the journal as whole. Afterwards nobody works on any of the files.
    pub(super) async fn close(&self, engine: &Engine, latest: Instant) -> Result<()> {
        let failed = |why: String| Error::new(ErrorKind::Stop, why);
        let made = self.checkpoint(engine).await;
        let closed = self.journal.close().await;
        self.checkpoint.close();
        let gone = clock::until(latest, self.checkpoint.gone()).await;
        made?;
        closed.map_err(|failure| failed(failure.to_string()))?;
        gone.ok_or_else(|| {
            failed("a backup has not ended; until it has, it keeps the state folder".to_owned())
        })
    }

    /// What the journal has done.
    pub(super) fn journal(&self) -> &Stats {
        self.journal.stats()
    }

    /// Lets the file of the checkpoint go.
    pub(super) fn let_go(&self) {
        self.checkpoint.close();
    }

    /// Why nothing durable can be committed at present, and whether a restart is what helps.
    pub(super) fn fault(&self) -> Option<(Trouble, String)> {
        match self.journal.state() {
            State::Running | State::Closed => None,
            State::Refusing(failure) => {
                let what = "nothing durable is committed until there is room, and nothing is lost";
                Some((Trouble::Refusing, format!("{what}: {failure}")))
            }
            State::Failed(failure @ Failure::Failed { .. }) => {
                Some((Trouble::Ended, failure.to_string()))
            }
            State::Failed(failure) => {
                let cause = failure.to_string();
                Some((Trouble::Ended, Failure::Failed { cause }.to_string()))
            }
        }
    }
}

/// Whoever waits for it to grow finds nobody.
impl Drop for Durable {
    fn drop(&mut self) {
        self.grown.notify_one();
    }
}

/// Makes a checkpoint whenever the journal has grown, for as long as the host lives.
async fn checkpoints(engine: Weak<Engine>, grown: Arc<Notify>) {
    loop {
        grown.notified().await;
        let Some(engine) = engine.upgrade() else {
            return;
        };
        if let Some(durable) = engine.opened() {
            // What failed is tried again when the journal has grown further.
            drop(durable.checkpoint(&engine).await);
        }
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|fault| Error::new(ErrorKind::Internal, fault.to_string()))
}

pub(super) fn log_failure(failure: &Failure) -> LogFailure {
    match failure {
        Failure::Unknown { .. } => LogFailure::Unknown(failure.to_string()),
        _ => LogFailure::Failed(failure.to_string()),
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
