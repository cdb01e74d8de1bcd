use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::{Failure, Position};
use crate::promise::{Promise, Promised, promise};

/// What became of one record.
pub(super) type Outcome = Result<Position, Failure>;

/// Completes when its record is durable, with its position. May be dropped.
pub struct Ticket(Promised<Outcome>);

impl Future for Ticket {
    type Output = Result<Position, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let received = Pin::new(&mut self.0).poll(cx);
        received.map(|outcome| outcome.unwrap_or_else(|_| Err(abandoned())))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}

/// Who is told. Told exactly once: one that is dropped untold is told of a failure.
pub(super) struct Completion(Option<Told>);

enum Told {
    Ticket(Promise<Outcome>),
    Then(Then),
}

/// Told on the journal's thread; whom it lets go on is put into the list, and woken when the whole batch has been told.
pub(super) type Then = Box<dyn FnOnce(Outcome, &mut Vec<Waker>) + Send>;

impl Completion {
    pub(super) fn ticket() -> (Self, Ticket) {
        let (promise, promised) = promise();
        (Self(Some(Told::Ticket(promise))), Ticket(promised))
    }

    pub(super) fn then(then: Then) -> Self {
        Self(Some(Told::Then(then)))
    }

    /// Tells; who is to be woken is added to `wakers`.
    pub(super) fn tell(mut self, outcome: Outcome, wakers: &mut Vec<Waker>) {
        self.tell_once(outcome, wakers);
    }

    fn tell_once(&mut self, outcome: Outcome, wakers: &mut Vec<Waker>) {
        match self.0.take() {
            Some(Told::Ticket(promise)) => wakers.extend(promise.keep(outcome)),
            Some(Told::Then(then)) => then(outcome, wakers),
            None => {}
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        let mut wakers = Vec::new();
        self.tell_once(Err(abandoned()), &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Nobody is left who could tell.
pub(super) fn abandoned() -> Failure {
    Failure::Failed {
        cause: "its writer has ended".to_owned(),
    }
}
