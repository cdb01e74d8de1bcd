//! Wrap: what comes before, after or instead of a stage.

use super::Stage;
use crate::call::Ctx;

/// A stage whose input another one makes; see [`Stage::before`].
#[derive(Debug)]
pub struct Before<B, S>(pub(super) B, pub(super) S);

impl<I, B, S> Stage<I> for Before<B, S>
where
    I: Send,
    B: Stage<I>,
    S: Stage<B::Output, Error = B::Error>,
{
    type Output = S::Output;
    type Error = B::Error;

    async fn run(&self, ctx: &Ctx, input: I) -> Result<S::Output, B::Error> {
        let made = self.0.run(ctx, input).await?;
        self.1.run(ctx, made).await
    }
}

/// A stage with another one behind it, which sees the input as well; see [`Stage::after`].
#[derive(Debug)]
pub struct After<S, A>(pub(super) S, pub(super) A);

impl<I, S, A> Stage<I> for After<S, A>
where
    I: Clone + Send,
    S: Stage<I>,
    A: Stage<(I, S::Output), Error = S::Error>,
{
    type Output = A::Output;
    type Error = S::Error;

    async fn run(&self, ctx: &Ctx, input: I) -> Result<A::Output, S::Error> {
        let given = self.0.run(ctx, input.clone()).await?;
        self.1.run(ctx, (input, given)).await
    }
}

/// A stage that is only asked when another one has no answer; see [`Stage::instead`].
#[derive(Debug)]
pub struct Instead<F, S>(pub(super) F, pub(super) S);

impl<I, F, S> Stage<I> for Instead<F, S>
where
    I: Clone + Send,
    S: Stage<I>,
    F: Stage<I, Output = Option<S::Output>, Error = S::Error>,
{
    type Output = S::Output;
    type Error = S::Error;

    async fn run(&self, ctx: &Ctx, input: I) -> Result<S::Output, S::Error> {
        match self.0.run(ctx, input.clone()).await? {
            Some(answer) => Ok(answer),
            None => self.1.run(ctx, input).await,
        }
    }
}
