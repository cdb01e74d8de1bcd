//! What the transactions of one host share: who can take part, which are open, what became of the last ones.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;

use tokio::sync::{Notify, OnceCell, broadcast};

use super::coordinator::Coordinator;
use super::counts::Counts;
use super::durable::Durable;
use super::ground::OpenGround;
use super::live::{Live, Terms};
use super::mvcc::Store;
use super::past::Past;
use super::{AnyParticipant, Capabilities, Change, HostId, State, Status, TransactionId};
use crate::call::Cancel;
use crate::clock::Clock;
use crate::error::{CallError, Code, Error, ErrorKind, Result};
use crate::limit;
use crate::security::Principal;

/// What an instance is to a transaction.
#[derive(Clone)]
pub(crate) enum Seat {
    /// It keeps what it has in containers of the host, or only calls others on.
    Inside,
    /// It has a resource of its own.
    Participant(Arc<dyn AnyParticipant>, Arc<Capabilities>),
}

/// The transactions of one host.
pub(crate) struct Engine {
    pub(super) clock: Clock,
    pub(super) store: Arc<Store>,
    seats: Mutex<BTreeMap<Arc<str>, Seat>>,
    /// The participants that could not say what they have in doubt, and why; they are asked again.
    unasked: Mutex<BTreeMap<Arc<str>, String>>,
    table: Mutex<Table>,
    /// Wakes the task that aborts what is over its deadline, when a nearer one comes.
    nearer: Arc<Notify>,
    number: AtomicU64,
    run: AtomicU32,
    host: OnceLock<HostId>,
    durable: OnceCell<Arc<Durable>>,
    /// Made by the first who watches.
    changes: OnceLock<broadcast::Sender<Change>>,
    pub(super) counts: Counts,
    /// Thrown when the host stops: nobody is told anything any more, and the next start goes on.
    pub(super) closed: Cancel,
    /// None once the host has stopped: whatever is still held of it must not hold the folder. The last field, so that
    /// the files in the folder are let go before it is.
    ground: Mutex<Option<Arc<OpenGround>>>,
}

/// Every transaction that can be asked for.
#[derive(Default)]
struct Table {
    open: BTreeMap<TransactionId, Arc<Live>>,
    deadlines: BTreeSet<(Instant, TransactionId)>,
    /// Until when the task sleeps that aborts what is over its deadline; `None`: until it is woken.
    watched: Option<Instant>,
    /// The last ones that have ended.
    ended: VecDeque<Past>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transactions({} open)", self.table().open.len())
    }
}

impl Engine {
    pub(super) fn new(clock: Clock, store: Arc<Store>, ground: OpenGround) -> Arc<Self> {
        Arc::new(Self {
            clock,
            store,
            seats: Mutex::default(),
            unasked: Mutex::default(),
            table: Mutex::default(),
            nearer: Arc::default(),
            number: AtomicU64::new(0),
            run: AtomicU32::new(0),
            host: OnceLock::new(),
            ground: Mutex::new(Some(Arc::new(ground))),
            durable: OnceCell::new(),
            changes: OnceLock::new(),
            counts: Counts::default(),
            closed: Cancel::new(),
        })
    }

    /// The journal and the checkpoint, opened and replayed by whoever needs them first.
    pub(super) async fn durable(self: &Arc<Self>) -> Result<&Arc<Durable>> {
        let open = || async {
            let ground = lock(&self.ground).clone();
            let stopped = || Error::new(ErrorKind::State, "the host has stopped");
            Durable::open(self, ground.ok_or_else(stopped)?()?).await
        };
        self.durable.get_or_try_init(open).await
    }

    /// The same where they are open already.
    pub(super) fn opened(&self) -> Option<&Arc<Durable>> {
        self.durable.get()
    }

    /// Lets the folder go: what is not open by now is not opened any more.
    pub(super) fn leave(&self) {
        drop(lock(&self.ground).take());
    }

    /// Forgets who could take part and what is open: both hold on to the host that they are part of.
    pub(super) fn abandon(&self) {
        self.closed.cancel();
        let seats = std::mem::take(&mut *lock(&self.seats));
        let table = std::mem::take(&mut *self.table());
        drop((seats, table));
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Zero until something durable is kept.
    pub(super) fn host_id(&self) -> HostId {
        self.host.get().copied().unwrap_or(HostId(0))
    }

    /// Names the host and counts its start, from the journal.
    pub(super) fn named(&self, host: HostId, run: u32) {
        self.run.store(run, Relaxed);
        let first = self.host.set(host);
        debug_assert!(first.is_ok(), "a host is named once");
    }

    pub(super) fn seat(&self, instance: &str) -> Option<Seat> {
        self.seats
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(instance)
            .cloned()
    }

    /// Lets an instance take part from now on; a new one of the same name takes the place of the old.
    pub(super) fn sit(&self, instance: &str, seat: Seat) {
        self.seats
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(instance.into(), seat);
    }

    /// Notes whether a participant could say what it has in doubt.
    pub(super) fn note_asked(&self, instance: &Arc<str>, refused: Option<&CallError>) {
        let mut unasked = lock(&self.unasked);
        match refused {
            Some(why) => unasked.insert(instance.clone(), why.message().to_owned()),
            None => unasked.remove(instance),
        };
    }

    /// A participant that could not say what it has in doubt, and why.
    pub(super) fn unasked(&self) -> Option<(Arc<str>, String)> {
        let unasked = lock(&self.unasked);
        let (instance, why) = unasked.first_key_value()?;
        Some((instance.clone(), why.clone()))
    }

    /// Transactions that began in this run of the host.
    pub(super) fn begun(&self) -> u64 {
        self.number.load(Relaxed)
    }

    /// Whether it was begun in this run of the host: its own driver tells everybody.
    pub(super) fn has_begun(&self, id: TransactionId) -> bool {
        id.run == self.run.load(Relaxed) && id.number <= self.number.load(Relaxed)
    }

    pub(super) fn begin(
        self: &Arc<Self>,
        terms: Terms,
    ) -> std::result::Result<Arc<Live>, CallError> {
        let id = TransactionId {
            run: self.run.load(Relaxed),
            number: self.number.fetch_add(1, Relaxed) + 1,
        };
        let deadline = terms.deadline;
        let live = Arc::new(Live::new(self.clone(), id, terms, Coordinator::new()));
        let mut table = self.table();
        if table.open.len() >= limit::TRANSACTIONS {
            return Err(CallError::limit(format!(
                "{} transactions are open; end some, or let their deadlines pass",
                limit::TRANSACTIONS
            ))
            .retryable(true));
        }
        table.open.insert(id, live.clone());
        table.deadlines.insert((deadline, id));
        let is_nearer = table.watched.is_none_or(|watched| deadline < watched);
        if is_nearer {
            table.watched = Some(deadline);
        }
        drop(table);
        if is_nearer {
            self.nearer.notify_one();
        }
        self.tell(id, State::Active);
        Ok(live)
    }

    /// Takes in one that a restart has left.
    pub(super) fn take_in(&self, live: Arc<Live>) {
        self.table().open.insert(live.id, live);
    }

    pub(super) fn find(&self, id: TransactionId) -> Option<Arc<Live>> {
        self.table().open.get(&id).cloned()
    }

    /// Every transaction that has not ended, and those that an operator has to look at.
    pub(super) fn all(&self) -> Vec<Arc<Live>> {
        self.table().open.values().cloned().collect()
    }

    /// What is known of a transaction, an ended one included.
    pub(super) fn status(
        &self,
        id: TransactionId,
    ) -> std::result::Result<(Principal, Status), CallError> {
        if let Some(live) = self.find(id) {
            return Ok((live.terms.principal.clone(), live.status()));
        }
        let table = self.table();
        let ended = table.ended.iter().rev().find(|past| past.id == id);
        ended.map(Past::tell).ok_or_else(|| {
            CallError::not_found(format!(
                "there is no transaction `{id}`; of those that have ended, the last {} are known",
                limit::TRANSACTIONS_ENDED
            ))
        })
    }

    /// Puts one that has ended out of the way; a heuristic one stays until it is forgotten.
    pub(super) fn ended(&self, live: &Live) {
        let past = live.past();
        let mut table = self.table();
        let Some(held) = table.open.remove(&live.id) else {
            return;
        };
        table.deadlines.remove(&(live.terms.deadline, live.id));
        let oldest = match table.ended.len() >= limit::TRANSACTIONS_ENDED {
            true => table.ended.pop_front(),
            false => None,
        };
        table.ended.push_back(past);
        drop(table);
        drop((held, oldest));
    }

    pub(super) fn tell(&self, transaction: TransactionId, state: State) {
        if let Some(changes) = self.changes.get() {
            // Who listened may have gone.
            drop(changes.send(Change { transaction, state }));
        }
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<Change> {
        let changes = || broadcast::Sender::new(limit::TRANSACTION_CHANGES);
        self.changes.get_or_init(changes).subscribe()
    }

    /// The transactions that are over their deadline; `Err` says when the next one will be.
    fn expired(&self) -> std::result::Result<Arc<Live>, Option<Instant>> {
        let mut table = self.table();
        let next = table.deadlines.first().copied();
        table.watched = next.map(|(deadline, _)| deadline);
        let Some((deadline, id)) = next else {
            return Err(None);
        };
        if deadline > self.clock.now() {
            return Err(Some(deadline));
        }
        table.deadlines.pop_first();
        match table.open.get(&id) {
            Some(live) => Ok(live.clone()),
            None => Err(Some(deadline)),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Whoever waits for a deadline finds nobody.
        self.nearer.notify_one();
        // Whatever else still holds the store: the file is let go before the folder is.
        if let Some(durable) = self.durable.get() {
            durable.let_go();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Aborts every transaction that is still open at its deadline, for as long as the host lives.
pub(super) async fn expire(engine: Weak<Engine>) {
    while let Some(held) = engine.upgrade() {
        let next = match held.expired() {
            Ok(live) => {
                live.expire();
                continue;
            }
            Err(next) => next,
        };
        let (clock, nearer) = (held.clock.clone(), held.nearer.clone());
        // Not held while it sleeps.
        drop(held);
        let sleep = async {
            match next {
                Some(deadline) => clock.sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = nearer.notified() => {}
            () = sleep => {}
        }
    }
}

/// Why a principal may not touch a transaction of another.
pub(super) fn not_yours(id: TransactionId, asking: &Principal) -> CallError {
    CallError::new(
        Code::PermissionDenied,
        format!(
            "transaction `{id}` was begun by another principal than `{asking}`; a transaction is used by whoever began it"
        ),
    )
}
