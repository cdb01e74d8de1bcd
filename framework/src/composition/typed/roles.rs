//! Who takes over, and who only looks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Stage;
use crate::call::Ctx;
use crate::contract::ServiceError;
use crate::error::Effect;
use crate::limit;
use crate::registry::Background;

/// A stage for which another one takes over; see [`Stage::or`].
#[derive(Debug)]
pub struct Or<P, S> {
    pub(super) primary: P,
    pub(super) secondary: S,
    pub(super) after: Option<Duration>,
}

impl<I, P, S> Stage<I> for Or<P, S>
where
    I: Clone + Send,
    P: Stage<I>,
    S: Stage<I, Output = P::Output, Error = P::Error>,
{
    type Output = P::Output;
    type Error = P::Error;

    async fn run(&self, ctx: &Ctx, input: I) -> Result<P::Output, P::Error> {
        let primary = self.primary.run(ctx, input.clone());
        tokio::pin!(primary);
        let slow = async {
            match self.after {
                Some(after) => ctx.clock().sleep_until(ctx.clock().now() + after).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            result = &mut primary => return match result {
                Err(error) if is_harmless(&error) => self.secondary.run(ctx, input).await,
                result => result,
            },
            () = slow => {}
        }
        // Both run; who answers first is right, and an error waits for the other one.
        let secondary = self.secondary.run(ctx, input);
        tokio::pin!(secondary);
        tokio::select! {
            biased;
            result = &mut primary => match result {
                Ok(answer) => Ok(answer),
                Err(_) => secondary.await,
            },
            result = &mut secondary => match result {
                Ok(answer) => Ok(answer),
                Err(_) => primary.await,
            },
        }
    }
}

/// Whether an error says that nothing has happened, and is not the caller's own.
fn is_harmless<E: ServiceError>(error: &E) -> bool {
    let own = E::CODES.iter().find(|known| known.code == error.code());
    match own {
        Some(known) => known.effect == Effect::None && known.retryable,
        None => matches!(
            error.code(),
            "unavailable" | "timeout" | "limit" | "conflict"
        ),
    }
}

/// A stage that another one observes; see [`Stage::observed_by`].
pub struct Observed<S, A> {
    observed: S,
    auxiliary: Arc<A>,
    background: Background,
    observers: Arc<Semaphore>,
}

impl<S: fmt::Debug, A> fmt::Debug for Observed<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observed").field(&self.observed).finish()
    }
}

impl<S, A> Observed<S, A> {
    pub(super) fn new(observed: S, auxiliary: A, background: Background) -> Self {
        Self {
            observed,
            auxiliary: Arc::new(auxiliary),
            background,
            observers: Arc::new(Semaphore::new(limit::AUXILIARY_CALLS)),
        }
    }
}

impl<I, S, A> Stage<I> for Observed<S, A>
where
    I: Send,
    S: Stage<I>,
    S::Output: Clone + 'static,
    A: Stage<S::Output> + 'static,
{
    type Output = S::Output;
    type Error = S::Error;

    async fn run(&self, ctx: &Ctx, input: I) -> Result<S::Output, S::Error> {
        let given = self.observed.run(ctx, input).await?;
        // Beyond the bound it is left out: to wait would delay what it only observes.
        if let Ok(permit) = self.observers.clone().try_acquire_owned() {
            let (auxiliary, seen) = (self.auxiliary.clone(), given.clone());
            let ctx = ctx.detached().with_timeout(limit::AUXILIARY);
            self.background.spawn(async move {
                let _permit = permit;
                // Its failure is its own.
                drop(auxiliary.run(&ctx, seen).await);
            });
        }
        Ok(given)
    }
}
