//! How a transaction is used from Rust: begun on terms, run with retries, or held and ended by hand.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::join::Inside;
use super::live::{Live, Terms};
use super::{Isolation, State, Status, TransactionId};
use crate::call::Ctx;
use crate::clock;
use crate::contract::ServiceError;
use crate::error::CallError;
use crate::limit;

/// The terms of a transaction that has not begun.
///
/// ```no_run
/// # async fn example(host: weldkit::Host) -> Result<(), weldkit::CallError> {
/// use std::time::Duration;
/// use weldkit::transaction::Isolation;
///
/// let (from, to) = ("alice", "bob");
/// host.transaction()
///     .isolation(Isolation::Serializable)
///     .deadline(Duration::from_secs(5))
///     .run(|ctx| {
///         let host = host.clone();
///         async move {
///             let take = format!(r#"{{"from":"{from}","amount":7}}"#);
///             host.call_json(&ctx, "bank.take", take.as_bytes()).await?;
///             let give = format!(r#"{{"to":"{to}","amount":7}}"#);
///             host.call_json(&ctx, "bank.give", give.as_bytes()).await
///         }
///     })
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `run` or `begin`"]
pub struct TransactionBuilder {
    engine: Arc<Engine>,
    ctx: Ctx,
    isolation: Isolation,
    deadline: Duration,
    allow_volatile: bool,
}

impl TransactionBuilder {
    pub(super) fn new(engine: Arc<Engine>, ctx: Ctx) -> Self {
        Self {
            engine,
            ctx,
            isolation: Isolation::default(),
            deadline: limit::TRANSACTION,
            allow_volatile: false,
        }
    }

    /// What it may see of others; [`Isolation::RepeatableRead`] unless given.
    pub fn isolation(self, isolation: Isolation) -> Self {
        Self { isolation, ..self }
    }

    /// When it is aborted, unless it has ended before; [`limit::TRANSACTION`] unless given. A nearer
    /// deadline of the `Ctx` holds as well.
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Allows to write what is kept in memory and what is kept on disk together: a crash then keeps one half.
    pub fn allow_volatile(self) -> Self {
        Self {
            allow_volatile: true,
            ..self
        }
    }

    /// Begins it.
    ///
    /// # Errors
    ///
    /// `invalid_state` inside of another transaction (see [`Transaction::nested`]), `limit` when too many are open.
    pub fn begin(&self) -> Result<Transaction, CallError> {
        if let Some(id) = super::current(&self.ctx) {
            return Err(CallError::new(
                crate::error::Code::InvalidState,
                format!("the call is inside of transaction `{id}` already; `run` nests in it"),
            ));
        }
        let now = self.engine.clock.now();
        let own = now + self.deadline;
        let terms = Terms {
            principal: self.ctx.principal().clone(),
            isolation: self.isolation,
            began: Some(now),
            deadline: self.ctx.deadline().map_or(own, |nearer| nearer.min(own)),
            allow_volatile: self.allow_volatile,
        };
        let live = self.engine.begin(terms)?;
        Ok(Transaction::new(live, &self.ctx))
    }

    /// Runs `work` in a transaction and commits it; an error aborts it.
    ///
    /// After a conflict the whole is run again, up to [`limit::TRANSACTION_RETRIES`] times with growing,
    /// jittered pauses, as long as the deadline has not passed. Inside of another transaction this is a
    /// nested one: an error undoes what `work` did and nothing else, and a conflict ends the outer one.
    ///
    /// # Errors
    ///
    /// What `work` gives, or why it could not be committed.
    pub async fn run<T, E, F, W>(self, work: F) -> Result<T, E>
    where
        F: Fn(Ctx) -> W,
        W: Future<Output = Result<T, E>>,
        E: ServiceError,
    {
        if let Some(outer) = super::transactions::live(&self.ctx) {
            return Transaction::new(outer.clone(), &self.ctx)
                .kept()
                .run_nested(work)
                .await;
        }
        let mut attempt = 0;
        loop {
            let transaction = self.begin()?;
            let deadline = transaction.live.terms.deadline;
            let result = match work(transaction.ctx()).await {
                Ok(value) => transaction.commit().await.map(|()| value).map_err(E::from),
                Err(error) => {
                    // Its own error is what the caller asked for; an abort cannot fail.
                    drop(transaction.abort().await);
                    Err(error)
                }
            };
            match result {
                Err(error)
                    if error.code() == "conflict" && attempt < limit::TRANSACTION_RETRIES =>
                {
                    let pause = pause(attempt);
                    if self.engine.clock.now() + pause >= deadline {
                        return Err(error);
                    }
                    self.engine
                        .clock
                        .sleep_until(self.engine.clock.now() + pause)
                        .await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }
}

/// Full jitter over a doubling pause: those who met once do not meet again.
pub(super) fn pause(attempt: u32) -> Duration {
    let longest = limit::TRANSACTION_PAUSE
        .saturating_mul(1 << attempt.min(20))
        .min(limit::TRANSACTION_PAUSE_MAX);
    jittered(longest)
}

/// A random part of a pause.
pub(super) fn jittered(longest: Duration) -> Duration {
    let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(clock::jittered(micros.div_ceil(2).max(1)))
}

/// A transaction that has begun. Dropped before it has ended, it is aborted.
#[derive(Debug)]
pub struct Transaction {
    live: Arc<Live>,
    ctx: Ctx,
    /// Calls of it that this handle was made inside of: they wait for what is done with it.
    around: usize,
    /// Whether dropping it aborts it.
    is_owner: bool,
}

impl Transaction {
    pub(super) fn new(live: Arc<Live>, ctx: &Ctx) -> Self {
        let ctx = match super::current(ctx) {
            Some(_) => ctx.clone(),
            None => ctx
                .with_deadline(live.terms.deadline)
                .with_transaction(Arc::new(Inside::root(live.clone()))),
        };
        Self {
            around: super::join::depth(&live, &ctx),
            live,
            ctx,
            is_owner: true,
        }
    }

    /// The same, which outlives this handle: it ends by its id, or at its deadline.
    #[must_use]
    pub fn kept(mut self) -> Self {
        self.is_owner = false;
        self
    }

    /// Its id.
    pub fn id(&self) -> TransactionId {
        self.live.id
    }

    /// The `Ctx` of calls inside of it.
    pub fn ctx(&self) -> Ctx {
        self.ctx.clone()
    }

    /// Where it is.
    pub fn state(&self) -> State {
        self.live.state()
    }

    /// Where it is, with everything that is known.
    pub fn status(&self) -> Status {
        self.live.status()
    }

    /// Commits: everything happens, or nothing. Repeating it changes nothing.
    ///
    /// # Errors
    ///
    /// `conflict` when it may be tried again as a whole; `timeout` after the deadline; `invalid_state` when it is
    /// rolled back or calls of it are under way; `internal` with a heuristic outcome, which says what is known.
    pub async fn commit(&self) -> Result<(), CallError> {
        let committing = self.live.clone().commit();
        #[cfg(feature = "tracing")]
        let committing = tracing::Instrument::instrument(
            committing,
            tracing::debug_span!(
                target: "weldkit::transaction",
                "commit",
                transaction = %self.id(),
                trace_id = self.ctx.trace_id(),
            ),
        );
        committing.await
    }

    /// Aborts: nothing happens. Repeating it changes nothing.
    ///
    /// # Errors
    ///
    /// `invalid_state` when it is committed already.
    pub async fn abort(&self) -> Result<(), CallError> {
        self.live.clone().abort("it was asked for").await
    }

    /// Marks a point to return to.
    ///
    /// # Errors
    ///
    /// `invalid_state` when it takes no calls any more, `incompatible_interface` when a participant has no savepoints.
    pub async fn savepoint(&self, name: &str) -> Result<(), CallError> {
        self.live.savepoint(name, self.around).await
    }

    /// Undoes what came after the savepoint; the savepoint itself stays.
    ///
    /// # Errors
    ///
    /// `not_found` when there is none of that name, or what the participants give.
    pub async fn rollback_to(&self, name: &str) -> Result<(), CallError> {
        self.live.rollback_to(name, self.around).await
    }

    /// Forgets the savepoint and those after it; what they protected stays.
    ///
    /// # Errors
    ///
    /// `not_found` when there is none of that name, or what the participants give.
    pub async fn release(&self, name: &str) -> Result<(), CallError> {
        self.live.release(name, self.around).await
    }

    /// Runs `work` as a nested transaction: an error undoes what it did and nothing else.
    ///
    /// # Errors
    ///
    /// What `work` gives, or what the participants give.
    pub async fn nested<T, E, F, W>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(Ctx) -> W,
        W: Future<Output = Result<T, E>>,
        E: ServiceError,
    {
        self.run_nested(work).await
    }

    async fn run_nested<T, E, F, W>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(Ctx) -> W,
        W: Future<Output = Result<T, E>>,
        E: ServiceError,
    {
        // No caller can write this name, so nothing of its own hides it.
        let name = format!("\0{}", self.live.depth());
        self.live.savepoint(&name, self.around).await?;
        let result = work(self.ctx()).await;
        if result.is_err() && self.live.state() == State::Active {
            self.live.rollback_to(&name, self.around).await?;
        }
        if self.live.state() == State::Active {
            self.live.release(&name, self.around).await?;
        }
        result
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.is_owner && !self.live.state().is_ended() {
            self.live.clone().give_up();
        }
    }
}
