//! One value that one task waits for.
//!
//! Unlike a channel, it does not wake the task itself: whoever gives many values wakes their tasks once all are there.
//! Woken one by one, each would run, find nothing more to do and sleep again while the next value is made.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A value that is to be given. Dropped before, it is [`Broken`].
#[derive(Debug)]
pub(crate) struct Promise<T>(Arc<Mutex<Inside<T>>>);

/// Completes when the value is there.
#[derive(Debug)]
pub(crate) struct Promised<T>(Arc<Mutex<Inside<T>>>);

/// Nobody is left who could give the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

#[derive(Debug)]
struct Inside<T> {
    value: Option<Result<T, Broken>>,
    waker: Option<Waker>,
}

/// A promise, and who waits for it.
pub(crate) fn promise<T>() -> (Promise<T>, Promised<T>) {
    let inside = Arc::new(Mutex::new(Inside {
        value: None,
        waker: None,
    }));
    (Promise(inside.clone()), Promised(inside))
}

impl<T> Promise<T> {
    /// Gives the value; the task that waits for it, to be woken.
    #[must_use = "whoever waits sleeps on until it is woken"]
    pub(crate) fn keep(self, value: T) -> Option<Waker> {
        self.end(Ok(value))
    }

    fn end(&self, value: Result<T, Broken>) -> Option<Waker> {
        let mut inside = lock(&self.0);
        if inside.value.is_none() {
            inside.value = Some(value);
        }
        inside.waker.take()
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if let Some(waker) = self.end(Err(Broken)) {
            waker.wake();
        }
    }
}

impl<T> Future for Promised<T> {
    type Output = Result<T, Broken>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut inside = lock(&self.0);
        if let Some(value) = inside.value.take() {
            return Poll::Ready(value);
        }
        match &mut inside.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

fn lock<T>(inside: &Mutex<Inside<T>>) -> MutexGuard<'_, Inside<T>> {
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_value_that_was_given_is_there_whenever_it_is_asked_for() {
        let (promise, promised) = promise();
        assert!(promise.keep(7).is_none(), "nobody waits yet");
        assert_eq!(promised.await, Ok(7));
    }

    #[tokio::test]
    async fn whoever_waits_is_handed_to_the_giver_and_sees_the_value_once_woken() {
        let (promise, mut promised) = promise();
        assert!((&mut promised).now_or_never().is_none());
        let waiting = tokio::spawn(promised);
        tokio::task::yield_now().await;
        let waker = promise.keep(7).expect("a task waits");
        waker.wake();
        assert_eq!(waiting.await.expect("it does not panic"), Ok(7));
    }

    #[tokio::test]
    async fn one_that_is_dropped_wakes_whoever_waits() {
        let (promise, promised) = promise::<u8>();
        let waiting = tokio::spawn(promised);
        tokio::task::yield_now().await;
        drop(promise);
        assert_eq!(waiting.await.expect("it does not panic"), Err(Broken));
    }
}
