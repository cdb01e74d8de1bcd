//! Composites in Rust: stages, through which values are moved.
//!
//! A [`Stage`] is an async step from one type to another. Stages are put together by the three primitives
//! ([`then`](Stage::then), [`fan_out`], [`before`](Stage::before) and its kin) and by what a slot has in a
//! configuration: [`or`](Stage::or), [`observed_by`](Stage::observed_by). Nothing is boxed and nothing becomes JSON; a
//! stage that calls a [`Service`](crate::Service) passes its gate. [`Positions`] make a pipeline from a source to a storage
//! one that goes on after a crash.
//!
//! ```
//! use weldkit::composition::typed::{Stage, fan_out, stage};
//! use weldkit::{CallError, Ctx};
//!
//! async fn half(parts: &u32, _: &Ctx, number: u32) -> Result<u32, CallError> {
//!     Ok(number / parts)
//! }
//! async fn text(_: &(), _: &Ctx, number: u32) -> Result<String, CallError> {
//!     Ok(format!("{number}"))
//! }
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! # let host = weldkit::Host::builder().start().await?;
//! # let ctx = host.ctx();
//! let both = stage(2, half).then(fan_out(stage((), text), stage(2, half), |text, rest| format!("{text}, {rest}")));
//! assert_eq!(both.run(&ctx, 20).await?, "10, 5");
//! # host.stop().await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod around;
mod resumed;
mod roles;

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::call::{BoxFuture, Ctx};
use crate::contract::ServiceError;

pub use around::{After, Before, Instead};
pub use resumed::{Delivery, Positions, Receipt};
pub use roles::{Observed, Or};

/// An async step from `I` to [`Output`](Self::Output).
pub trait Stage<I: Send>: Send + Sync {
    /// What it gives.
    type Output: Send;
    /// How it fails.
    type Error: ServiceError;

    /// Runs it.
    ///
    /// # Errors
    ///
    /// Its own.
    fn run<'a>(
        &'a self,
        ctx: &'a Ctx,
        input: I,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;

    /// Chain: what this one gives is the input of `next`.
    fn then<N>(self, next: N) -> Then<Self, N>
    where
        Self: Sized,
        N: Stage<Self::Output, Error = Self::Error>,
    {
        Then(self, next)
    }

    /// Wrap: `first` makes the input.
    fn before<B>(self, first: B) -> Before<B, Self>
    where
        Self: Sized,
    {
        Before(first, self)
    }

    /// Wrap: `last` gets the input and what this one gave, and says what comes out.
    fn after<A>(self, last: A) -> After<Self, A>
    where
        Self: Sized,
    {
        After(self, last)
    }

    /// Wrap: `first` is asked first, and this one only when it has no answer.
    fn instead<F>(self, first: F) -> Instead<F, Self>
    where
        Self: Sized,
        I: Clone,
        F: Stage<I, Output = Option<Self::Output>, Error = Self::Error>,
    {
        Instead(first, self)
    }

    /// `secondary` takes over when this one fails with nothing done, or, with `after`, when it is slow as well. Slow
    /// means that both run: only for what may happen twice.
    fn or<S>(self, secondary: S, after: Option<Duration>) -> Or<Self, S>
    where
        Self: Sized,
        I: Clone,
        S: Stage<I, Output = Self::Output, Error = Self::Error>,
    {
        Or {
            primary: self,
            secondary,
            after,
        }
    }

    /// `auxiliary` sees a copy of what this one gives; it neither delays nor fails it.
    fn observed_by<A>(
        self,
        auxiliary: A,
        background: crate::registry::Background,
    ) -> Observed<Self, A>
    where
        Self: Sized,
        Self::Output: Clone + 'static,
        A: Stage<Self::Output> + 'static,
    {
        Observed::new(self, auxiliary, background)
    }

    /// The same behind a pointer, so that its type can be written down: one box a run.
    fn boxed(self) -> Pipeline<I, Self::Output, Self::Error>
    where
        Self: Sized + 'static,
        I: 'static,
        Self::Output: 'static,
    {
        Pipeline(Arc::new(self))
    }
}

/// A stage of an async function: of what it calls, the `Ctx`, and the value. Write the function as an item, not as a
/// closure: only then may it borrow.
pub fn stage<P, I, F>(parts: P, function: F) -> Called<P, I, F>
where
    F: for<'a> StageFn<'a, P, I>,
{
    Called {
        parts,
        function,
        kind: PhantomData,
    }
}

/// What [`stage`] takes: `async fn(&P, &Ctx, I) -> Result<_, _>`.
pub trait StageFn<'a, P: 'a, I>: Send + Sync {
    /// What it gives.
    type Output: Send;
    /// How it fails.
    type Error: ServiceError;
    /// What it returns.
    type Future: Future<Output = Result<Self::Output, Self::Error>> + Send + 'a;

    /// Calls it.
    fn begin(&self, parts: &'a P, ctx: &'a Ctx, input: I) -> Self::Future;
}

impl<'a, P, I, O, E, F, Fut> StageFn<'a, P, I> for F
where
    P: 'a,
    O: Send,
    E: ServiceError,
    F: Fn(&'a P, &'a Ctx, I) -> Fut + Send + Sync,
    Fut: Future<Output = Result<O, E>> + Send + 'a,
{
    type Output = O;
    type Error = E;
    type Future = Fut;

    fn begin(&self, parts: &'a P, ctx: &'a Ctx, input: I) -> Fut {
        self(parts, ctx, input)
    }
}

/// A stage of a function; see [`stage`].
pub struct Called<P, I, F> {
    parts: P,
    function: F,
    kind: PhantomData<fn(I)>,
}

impl<P, I, F> fmt::Debug for Called<P, I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Called")
    }
}

impl<P, I, O, E, F> Stage<I> for Called<P, I, F>
where
    P: Send + Sync,
    I: Send,
    O: Send,
    E: ServiceError,
    F: for<'a> StageFn<'a, P, I, Output = O, Error = E>,
{
    type Output = O;
    type Error = E;

    // The function's own future and no other around it, which it would have to be moved into.
    fn run<'a>(&'a self, ctx: &'a Ctx, input: I) -> impl Future<Output = Result<O, E>> + Send {
        self.function.begin(&self.parts, ctx, input)
    }
}

/// A chain of two; see [`Stage::then`].
#[derive(Debug)]
pub struct Then<A, B>(A, B);

impl<I, A, B> Stage<I> for Then<A, B>
where
    I: Send,
    A: Stage<I>,
    B: Stage<A::Output, Error = A::Error>,
{
    type Output = B::Output;
    type Error = A::Error;

    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` would keep its parameters twice"
    )]
    fn run<'a>(
        &'a self,
        ctx: &'a Ctx,
        input: I,
    ) -> impl Future<Output = Result<B::Output, A::Error>> + Send {
        async move {
            let between = self.0.run(ctx, input).await?;
            self.1.run(ctx, between).await
        }
    }
}

/// Fan-out: both get the input at the same time, and `merge` makes one of what they give. The first error ends both.
pub fn fan_out<A, B, M>(left: A, right: B, merge: M) -> FanOut<A, B, M> {
    FanOut { left, right, merge }
}

/// A fan-out; see [`fan_out`].
pub struct FanOut<A, B, M> {
    left: A,
    right: B,
    merge: M,
}

impl<A: fmt::Debug, B: fmt::Debug, M> fmt::Debug for FanOut<A, B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FanOut")
            .field(&self.left)
            .field(&self.right)
            .finish()
    }
}

impl<I, O, A, B, M> Stage<I> for FanOut<A, B, M>
where
    I: Clone + Send,
    O: Send,
    A: Stage<I>,
    B: Stage<I, Error = A::Error>,
    M: Fn(A::Output, B::Output) -> O + Send + Sync,
{
    type Output = O;
    type Error = A::Error;

    async fn run(&self, ctx: &Ctx, input: I) -> Result<O, A::Error> {
        let copy = input.clone();
        let (left, right) = tokio::try_join!(self.left.run(ctx, copy), self.right.run(ctx, input))?;
        Ok((self.merge)(left, right))
    }
}

/// A stage whose type is only what goes in and comes out. Cheap to clone.
pub struct Pipeline<I, O, E>(Arc<dyn AnyStage<I, O, E>>);

impl<I, O, E> Clone for Pipeline<I, O, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<I, O, E> fmt::Debug for Pipeline<I, O, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipeline")
    }
}

/// A stage behind a pointer.
trait AnyStage<I, O, E>: Send + Sync {
    fn begin<'a>(&'a self, ctx: &'a Ctx, input: I) -> BoxFuture<'a, Result<O, E>>
    where
        I: 'a;
}

impl<I: Send, S: Stage<I>> AnyStage<I, S::Output, S::Error> for S {
    fn begin<'a>(&'a self, ctx: &'a Ctx, input: I) -> BoxFuture<'a, Result<S::Output, S::Error>>
    where
        I: 'a,
    {
        Box::pin(self.run(ctx, input))
    }
}

impl<I: Send, O: Send, E: ServiceError> Stage<I> for Pipeline<I, O, E> {
    type Output = O;
    type Error = E;

    async fn run(&self, ctx: &Ctx, input: I) -> Result<O, E> {
        self.0.begin(ctx, input).await
    }
}
