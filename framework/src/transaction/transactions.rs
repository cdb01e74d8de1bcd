//! The transactions of one host, as plugins and doors hold them.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use super::engine::{self, Engine, Seat};
use super::ground::OpenGround;
use super::handle::{Transaction, TransactionBuilder};
use super::join::Inside;
use super::live::Live;
use super::mvcc::{Container, Store};
use super::recovery::{self, Asked};
use super::{
    AnyParticipant, Backup, Change, Durability, Isolation, Status, TransactionId,
    TransactionService,
};
use crate::call::Ctx;
use crate::clock::Clock;
use crate::error::{CallError, Error};
use crate::journal;
use crate::security::Principal;

/// The transactions of a host. A plugin asks for it in its constructor; a host hands it out. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Transactions {
    pub(super) engine: Arc<Engine>,
}

impl Transactions {
    /// The folder of the journal, in the state folder.
    pub(crate) const JOURNAL: &str = "journal";

    /// The transactions of a host; what has to survive it goes where `ground` opens a place.
    pub(crate) fn new(clock: Clock, ground: OpenGround) -> Self {
        let store = Store::new(clock.clone());
        let engine = Engine::new(clock, store, ground);
        let (watched, ends) = (Arc::downgrade(&engine), engine.closed.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = engine::expire(watched) => {}
                () = ends.cancelled() => {}
            }
        });
        Self { engine }
    }

    /// Opens what an earlier run has left, before anything else starts.
    ///
    /// # Errors
    ///
    /// A journal or a file that cannot be used, by name.
    pub(crate) async fn recover(&self) -> Result<(), Error> {
        self.engine.durable().await.map(drop)
    }

    /// Puts everything that is durable where the next start finds it at once. Called last: without an error, nothing
    /// writes to the folder afterwards.
    pub(crate) async fn put_away(&self, latest: Instant) -> Result<(), Error> {
        self.engine.leave();
        // Waits for whoever is opening it; from here on nobody can.
        match self.engine.durable().await {
            Ok(durable) => durable.close(&self.engine, latest).await,
            Err(_) => Ok(()),
        }
    }

    /// Lets go of everybody, without a word to them: the host is dropped, stopped or not.
    pub(crate) fn abandon(&self) {
        self.engine.abandon();
    }

    /// Aborts what is open. Called once, when the host stops and before its instances do.
    pub(crate) async fn close(&self) {
        for live in self.engine.all() {
            if !live.state().is_ended() {
                drop(live.abort("the host stops").await);
            }
        }
        self.engine.closed.cancel();
    }

    /// The container of that name.
    pub(super) async fn container(
        &self,
        name: &str,
        durability: Durability,
    ) -> Result<Arc<Container>, Error> {
        if durability == Durability::Volatile {
            return Ok(self.engine.store.container(name, durability, || None));
        }
        let durable = self.engine.durable().await?;
        let base = || Some(durable.base(name));
        Ok(self.engine.store.container(name, durability, base))
    }

    pub(super) fn store(&self) -> &Arc<Store> {
        &self.engine.store
    }

    pub(super) fn now(&self) -> std::time::Instant {
        self.engine.clock.now()
    }

    pub(super) fn owns(&self, live: &Live) -> bool {
        Arc::ptr_eq(&live.engine, &self.engine)
    }

    /// Lets an instance take part that keeps nothing outside of containers.
    pub(crate) fn sit(&self, instance: &str) {
        self.engine.sit(instance, Seat::Inside);
    }

    /// Lets a participant take part, once the branches that it has left in doubt are decided. One that cannot say which
    /// they are takes part all the same: its resource keeps them apart, and it is asked again until it can.
    pub(crate) async fn seat(
        &self,
        instance: &str,
        participant: Arc<dyn AnyParticipant>,
    ) -> Result<(), Error> {
        let capabilities = Arc::new(participant.capabilities());
        if capabilities.durability == Durability::Durable {
            self.engine.durable().await?;
        }
        let asked = Asked {
            instance: instance.into(),
            participant: participant.clone(),
            capabilities: capabilities.clone(),
        };
        let answer = recovery::decide(&self.engine, &asked).await;
        self.engine
            .sit(instance, Seat::Participant(participant, capabilities));
        self.engine
            .note_asked(&asked.instance, answer.as_ref().err());
        if answer.is_err() {
            tokio::spawn(recovery::ask_again(self.engine.clone(), asked));
        }
        Ok(())
    }

    /// The terms of a new transaction on behalf of `ctx`; inside of one already, of a nested one.
    pub fn transaction(&self, ctx: &Ctx) -> TransactionBuilder {
        TransactionBuilder::new(self.engine.clone(), ctx.clone())
    }

    /// `ctx` inside of a transaction that was begun before, by its id.
    ///
    /// # Errors
    ///
    /// `not_found`, or `permission_denied` when another principal began it.
    pub fn join(&self, ctx: &Ctx, id: TransactionId) -> Result<Ctx, CallError> {
        Ok(self.open(ctx, id)?.ctx())
    }

    /// Every transaction that has not ended, and those that wait for an operator.
    pub fn list(&self) -> Vec<Status> {
        self.engine.all().iter().map(|live| live.status()).collect()
    }

    /// Where a transaction is, an ended one included.
    ///
    /// # Errors
    ///
    /// `not_found` when it is unknown or ended long ago.
    pub fn status(&self, id: TransactionId) -> Result<Status, CallError> {
        Ok(self.engine.status(id)?.1)
    }

    /// Transactions that are decided and wait for a participant, or for an operator.
    pub(crate) fn undone(&self) -> usize {
        let all = self.engine.all();
        let states = all.iter().map(|live| live.state());
        states
            .filter(|state| {
                let is_told = matches!(state, super::State::Committing | super::State::Aborting);
                is_told || state.is_heuristic() || *state == super::State::InDoubt
            })
            .count()
    }

    /// Every change of a state from now on. A slow reader loses the oldest and is told how many.
    pub fn watch(&self) -> broadcast::Receiver<Change> {
        self.engine.watch()
    }

    /// What the journal has done since it was opened; `None` while nothing durable is kept.
    pub fn journal(&self) -> Option<&journal::Stats> {
        Some(self.engine.opened()?.journal())
    }

    /// Writes everything that is durable into a folder that is empty or not there, as of one commit, while calls go on;
    /// then opens what it has written. [`Folder::restore`](crate::host::Folder::restore) is the way back.
    ///
    /// It is forced to disk. Given up half-way it leaves a folder that no restore takes for a backup.
    ///
    /// # Errors
    ///
    /// A folder that is in use, a disk that is full or fails, a journal that has failed.
    pub async fn backup(&self, into: impl AsRef<Path>) -> Result<Backup, Error> {
        let durable = self.engine.durable().await?;
        durable.back_up(&self.engine, into.as_ref()).await
    }

    /// An open transaction of the principal of `ctx`.
    fn open(&self, ctx: &Ctx, id: TransactionId) -> Result<Transaction, CallError> {
        let Some(live) = self.engine.find(id) else {
            let (principal, status) = self.engine.status(id)?;
            check_owner(&principal, ctx, id)?;
            return Err(CallError::new(
                crate::error::Code::InvalidState,
                format!("transaction `{id}` has ended: {}", status.state),
            ));
        };
        check_owner(&live.terms.principal, ctx, id)?;
        Ok(Transaction::new(live, ctx).kept())
    }

    /// The state after an ending was asked for; an ended one is not an error where that is its end.
    async fn end(&self, ctx: &Ctx, id: TransactionId, commit: bool) -> Result<Status, CallError> {
        use super::State::{Committed, RolledBack};
        match self.engine.find(id) {
            Some(live) => {
                check_owner(&live.terms.principal, ctx, id)?;
                match commit {
                    true => live.clone().commit().await?,
                    false => live.clone().abort("it was asked for").await?,
                }
                self.status(id)
            }
            None => {
                let (principal, status) = self.engine.status(id)?;
                check_owner(&principal, ctx, id)?;
                match (commit, status.state) {
                    (true, Committed) | (false, RolledBack) => Ok(status),
                    (_, state) => Err(CallError::new(
                        crate::error::Code::InvalidState,
                        format!("transaction `{id}` has ended: {state}"),
                    )),
                }
            }
        }
    }

    fn waiting(&self, id: TransactionId) -> Result<Arc<Live>, CallError> {
        self.engine
            .find(id)
            .ok_or_else(|| match self.engine.status(id) {
                Ok((_, status)) => CallError::new(
                    crate::error::Code::InvalidState,
                    format!("transaction `{id}` has ended: {}", status.state),
                ),
                Err(unknown) => unknown,
            })
    }
}

fn check_owner(owner: &Principal, ctx: &Ctx, id: TransactionId) -> Result<(), CallError> {
    if owner == ctx.principal() {
        Ok(())
    } else {
        Err(engine::not_yours(id, ctx.principal()))
    }
}

/// The transaction that a call is inside of.
pub fn current(ctx: &Ctx) -> Option<TransactionId> {
    live(ctx).map(|live| live.id)
}

pub(super) fn live(ctx: &Ctx) -> Option<&Arc<Live>> {
    let inside = ctx.transaction()?.as_any().downcast_ref::<Inside>()?;
    Some(&inside.live)
}

impl TransactionService for Transactions {
    async fn begin(
        &self,
        ctx: &Ctx,
        isolation: Isolation,
        deadline_ms: Option<u64>,
        allow_volatile: bool,
    ) -> Result<Status, CallError> {
        // The deadline of this very call bounds the call, not the transaction.
        let mut builder = self
            .transaction(&ctx.without_deadline())
            .isolation(isolation);
        if let Some(deadline) = deadline_ms {
            builder = builder.deadline(Duration::from_millis(deadline));
        }
        if allow_volatile {
            builder = builder.allow_volatile();
        }
        let transaction = builder.begin()?.kept();
        Ok(transaction.status())
    }

    async fn commit(&self, ctx: &Ctx, transaction: TransactionId) -> Result<Status, CallError> {
        self.end(ctx, transaction, true).await
    }

    async fn abort(&self, ctx: &Ctx, transaction: TransactionId) -> Result<Status, CallError> {
        self.end(ctx, transaction, false).await
    }

    async fn savepoint(
        &self,
        ctx: &Ctx,
        transaction: TransactionId,
        name: String,
    ) -> Result<Status, CallError> {
        let transaction = self.open(ctx, transaction)?;
        transaction.savepoint(&name).await?;
        Ok(transaction.status())
    }

    async fn rollback_to(
        &self,
        ctx: &Ctx,
        transaction: TransactionId,
        name: String,
    ) -> Result<Status, CallError> {
        let transaction = self.open(ctx, transaction)?;
        transaction.rollback_to(&name).await?;
        Ok(transaction.status())
    }

    async fn release(
        &self,
        ctx: &Ctx,
        transaction: TransactionId,
        name: String,
    ) -> Result<Status, CallError> {
        let transaction = self.open(ctx, transaction)?;
        transaction.release(&name).await?;
        Ok(transaction.status())
    }

    async fn state(&self, ctx: &Ctx, transaction: TransactionId) -> Result<Status, CallError> {
        let (principal, status) = self.engine.status(transaction)?;
        if principal == Principal::operator() || *ctx.principal() != Principal::operator() {
            check_owner(&principal, ctx, transaction)?;
        }
        Ok(status)
    }

    async fn list(&self, _: &Ctx) -> Result<Vec<Status>, CallError> {
        Ok(Transactions::list(self))
    }

    async fn resolve(&self, _: &Ctx, transaction: TransactionId) -> Result<Status, CallError> {
        let live = self.waiting(transaction)?;
        live.clone().resolve().await;
        self.status(transaction)
    }

    async fn backup(&self, _: &Ctx, folder: String) -> Result<Backup, CallError> {
        let into = Path::new(&folder);
        if !into.is_absolute() {
            let told =
                format!("`{folder}` is not absolute, and the host is in a folder of its own");
            return Err(CallError::invalid_parameter(told).pointer("/folder"));
        }
        let made = Transactions::backup(self, into).await;
        made.map_err(|refused| CallError::unavailable(refused.message().to_owned()))
    }

    async fn forget(&self, _: &Ctx, transaction: TransactionId) -> Result<Status, CallError> {
        let live = self.waiting(transaction)?;
        live.clone().forget().await?;
        self.status(transaction)
    }
}
