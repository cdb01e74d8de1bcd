//! One transaction that has begun and not ended: who takes part, what is under way, which savepoints stand.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, SetOnce};

use super::coordinator::{Action, Coordinator, Entry, Event, Outcome, Party, Refused};
use super::engine::Engine;
use super::mvcc::Local;
use super::turns::Turns;
use super::{AnyParticipant, Branch, Capabilities, Durability, Isolation, State, TransactionId};
use crate::call::Ended;
use crate::contract::MethodDescriptor;
use crate::error::{CallError, Code};
use crate::limit;
use crate::security::Principal;

/// What `begin` was asked for.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub(super) principal: Principal,
    pub(super) isolation: Isolation,
    /// When it began, where that was in this run of the host.
    pub(super) began: Option<Instant>,
    pub(super) deadline: Instant,
    pub(super) allow_volatile: bool,
}

/// A transaction that has begun.
pub(super) struct Live {
    pub(super) engine: Arc<Engine>,
    pub(super) id: TransactionId,
    pub(super) terms: Terms,
    pub(super) turns: Turns,
    /// What it did in containers of the host; made when the first one is touched.
    local: OnceLock<Local>,
    /// Held to look and to note only; never while plugin code runs.
    inner: Mutex<Inner>,
    /// What became of it, for everybody who waits.
    pub(super) answer: SetOnce<Outcome>,
    /// Ends the pause before the next attempt to tell a participant the outcome.
    pub(super) hurry: Notify,
}

/// What changes in the life of a transaction.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) coordinator: Coordinator,
    /// By the index of the coordinator's parties.
    pub(super) enlisted: Vec<Enlisted>,
    /// Calls that have their turn.
    calls: usize,
    /// The names of the savepoints; the mark of one is its place.
    pub(super) savepoints: Vec<Arc<str>>,
    /// Why it can only be aborted, or was.
    pub(super) reason: Option<String>,
    /// The code of the participant that could not commit.
    pub(super) refusal: Option<Code>,
    /// What a restart has left to do at participants that have not started yet.
    pub(super) pending: Vec<Action>,
    /// Whether something durable, something volatile is written.
    writes: [bool; 2],
}

/// A participant of one transaction.
#[derive(Clone)]
pub(super) struct Enlisted {
    pub(super) instance: Arc<str>,
    /// None: it is not linked any more, or has not started yet.
    pub(super) participant: Option<Arc<dyn AnyParticipant>>,
    pub(super) capabilities: Arc<Capabilities>,
}

impl fmt::Debug for Enlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Enlisted({})", self.instance)
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transaction({} {})", self.id, self.state().as_str())
    }
}

impl Live {
    pub(super) fn new(
        engine: Arc<Engine>,
        id: TransactionId,
        terms: Terms,
        coordinator: Coordinator,
    ) -> Self {
        let inner = Inner {
            coordinator,
            enlisted: Vec::new(),
            calls: 0,
            savepoints: Vec::new(),
            reason: None,
            refusal: None,
            pending: Vec::new(),
            writes: [false; 2],
        };
        Self {
            engine,
            id,
            terms,
            turns: Turns::default(),
            local: OnceLock::new(),
            inner: Mutex::new(inner),
            answer: SetOnce::new(),
            hurry: Notify::new(),
        }
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> State {
        self.inner().coordinator.state()
    }

    /// What it does in containers of the host.
    pub(super) fn local(&self) -> Result<&Local, CallError> {
        if let Some(local) = self.local.get() {
            return Ok(local);
        }
        let mut inner = self.inner();
        if let Err(refused) = inner.coordinator.enlist_local() {
            return Err(self.refused(&refused, inner.reason.as_deref()));
        }
        if let (Isolation::Serializable, Some(other)) =
            (self.terms.isolation, inner.enlisted.first())
        {
            return Err(CallError::new(
                Code::IncompatibleInterface,
                format!(
                    "`serializable` holds within one participant: the containers of the host would be a second one beside `{}`; begin with `repeatable_read`",
                    other.instance
                ),
            ));
        }
        let marks = inner.savepoints.len();
        // Under the lock, so that no savepoint comes in between.
        Ok(self.local.get_or_init(|| {
            let local = self
                .engine
                .store
                .begin(self.terms.isolation, self.terms.deadline);
            for _ in 0..marks {
                local.savepoint();
            }
            local
        }))
    }

    /// The same, unless no container was touched.
    pub(super) fn touched(&self) -> Option<&Local> {
        self.local.get()
    }

    pub(super) fn branch(&self) -> Branch {
        Branch {
            host: self.engine.host_id(),
            transaction: self.id,
            isolation: self.terms.isolation,
            deadline: self.terms.deadline,
        }
    }

    /// Whether calls and savepoints are taken.
    pub(super) fn check_active(&self) -> Result<(), CallError> {
        if self.engine.clock.now() >= self.terms.deadline {
            self.doom("its deadline has passed");
        }
        let inner = self.inner();
        match inner.coordinator.admit() {
            Ok(()) => Ok(()),
            Err(refused) => Err(self.refused(&refused, inner.reason.as_deref())),
        }
    }

    pub(super) fn refused(&self, refused: &Refused, reason: Option<&str>) -> CallError {
        let because = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        let code = match refused {
            Refused::State(_) => Code::InvalidState,
            Refused::LastResource { .. } => Code::IncompatibleInterface,
            Refused::Full => Code::Limit,
        };
        CallError::new(code, format!("`{}`: {refused}{because}", self.id))
            .details(serde_json::json!({ "transaction": self.id }))
    }

    /// From here on it can only be aborted.
    pub(super) fn doom(&self, reason: &str) {
        let mut inner = self.inner();
        if inner.coordinator.state() != State::Active {
            return;
        }
        inner.reason = Some(reason.to_owned());
        let mut actions = Vec::new();
        let doomed = inner.coordinator.step(Event::RollbackOnly, &mut actions);
        debug_assert!(doomed.is_ok(), "an active transaction can be given up");
        debug_assert!(actions.is_empty(), "nobody is told before it ends");
        drop(inner);
        self.engine.tell(self.id, State::RollbackOnly);
    }

    /// A participant, where it is linked.
    pub(super) fn party(&self, party: Party) -> Option<Arc<dyn AnyParticipant>> {
        let inner = self.inner();
        inner.enlisted.get(party.index())?.participant.clone()
    }

    /// Its instance; empty for one that was never enlisted.
    pub(super) fn instance(&self, party: Party) -> Arc<str> {
        let inner = self.inner();
        let enlisted = inner.enlisted.get(party.index());
        enlisted.map_or_else(Arc::default, |enlisted| enlisted.instance.clone())
    }

    /// Lets a participant that has just started take its place, and says what it has to be told.
    pub(super) fn linked(
        &self,
        instance: &str,
        participant: &Arc<dyn AnyParticipant>,
        capabilities: &Arc<Capabilities>,
    ) -> Vec<Action> {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let mut enlisted = inner.enlisted.iter_mut().enumerate();
        let place = enlisted.find(|(_, known)| *known.instance == *instance);
        let Some((place, enlisted)) = place.filter(|(_, known)| known.participant.is_none()) else {
            return Vec::new();
        };
        enlisted.participant = Some(participant.clone());
        enlisted.capabilities = capabilities.clone();
        let is_its = |action: &mut Action| match action {
            Action::Commit { party, .. } | Action::Abort { party, .. } => party.index() == place,
            _ => false,
        };
        inner.pending.extract_if(.., is_its).collect()
    }

    /// What the journal says of it, once it is decided.
    pub(super) fn decided_entry(&self) -> Option<Entry<String>> {
        let inner = self.inner();
        let is_decided = inner.coordinator.state().is_decided();
        is_decided.then(|| named(inner.coordinator.entry(), &inner.enlisted))
    }

    /// What the journal is to say of it.
    pub(super) fn entry(&self) -> Entry<String> {
        let inner = self.inner();
        named(inner.coordinator.entry(), &inner.enlisted)
    }

    /// Keeps why a participant could not do what it was told; the first is what the caller hears.
    pub(super) fn note_refusal(&self, instance: &str, error: &CallError) {
        let mut inner = self.inner();
        if inner.refusal.is_none() {
            inner.refusal = Some(error.code().clone());
            inner.reason = Some(format!("`{instance}`: {}", error.message()));
        }
    }

    /// Notes that something is written, and refuses to mix what survives a crash with what does not.
    pub(super) fn note_write(&self, durability: Durability) -> Result<(), CallError> {
        let mut inner = self.inner();
        let (own, other) = match durability {
            Durability::Volatile => (0, 1),
            Durability::Durable => (1, 0),
        };
        if inner.writes[other] && !self.terms.allow_volatile {
            return Err(CallError::new(
                Code::IncompatibleInterface,
                format!(
                    "transaction `{}` writes both what is kept on disk and what is kept in memory, and a crash would keep one half; begin it with `allow_volatile` where that is meant",
                    self.id
                ),
            ));
        }
        inner.writes[own] = true;
        Ok(())
    }

    /// Whether anything that survives a crash is written.
    pub(super) fn is_durable(&self) -> bool {
        self.inner().writes[1]
    }

    /// As many savepoints as stand.
    pub(super) fn depth(&self) -> usize {
        self.inner().savepoints.len()
    }

    pub(super) fn enter(&self) -> Result<(), CallError> {
        self.check_active()?;
        self.inner().calls += 1;
        Ok(())
    }

    pub(super) fn leave(&self, ended: Ended, instance: &str, method: &MethodDescriptor) {
        self.inner().calls -= 1;
        if ended == Ended::Unknown {
            let call = method.name;
            self.doom(&format!(
                "`{instance}: {call}` did not end as it should, and may have done a part of its work"
            ));
        }
    }

    /// Refuses to go on while calls are under way, other than those that wait for this: they would write into what is
    /// decided, or before a point that is to come after them.
    pub(super) fn check_quiet(&self, around: usize) -> Result<(), CallError> {
        match self.inner().calls.saturating_sub(around) {
            0 => Ok(()),
            calls => Err(CallError::new(
                Code::InvalidState,
                format!(
                    "{calls} calls of transaction `{}` are under way; await them before it ends",
                    self.id
                ),
            )),
        }
    }

    /// Waits for the calls under way at an instance, for as long as a call that was given up may take.
    pub(super) async fn quiet(&self, instance: &Arc<str>) {
        let until = crate::clock::now() + limit::GIVEN_UP;
        drop(crate::clock::until(until, self.turns.take(instance)).await);
    }
}

/// An entry by the names of the instances.
fn named(entry: Entry<Party>, enlisted: &[Enlisted]) -> Entry<String> {
    let name = |party: Party| {
        enlisted
            .get(party.index())
            .map_or_else(String::new, |enlisted| enlisted.instance.to_string())
    };
    Entry {
        decision: entry.decision,
        local: entry.local,
        parties: entry
            .parties
            .into_iter()
            .map(|(party, what)| (name(party), what))
            .collect(),
    }
}
