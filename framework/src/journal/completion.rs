use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::{Failure, Position};

/// What became of one record.
pub(super) type Outcome = Result<Position, Failure>;

/// Completes when its record is durable, with its position. May be dropped.
pub struct Ticket(oneshot::Receiver<Outcome>);

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
    Ticket(oneshot::Sender<Outcome>),
    Then(Box<dyn FnOnce(Outcome) + Send>),
}

impl Completion {
    pub(super) fn ticket() -> (Self, Ticket) {
        let (sender, receiver) = oneshot::channel();
        (Self(Some(Told::Ticket(sender))), Ticket(receiver))
    }

    pub(super) fn then(then: Box<dyn FnOnce(Outcome) + Send>) -> Self {
        Self(Some(Told::Then(then)))
    }

    pub(super) fn tell(mut self, outcome: Outcome) {
        self.tell_once(outcome);
    }

    fn tell_once(&mut self, outcome: Outcome) {
        match self.0.take() {
            // Nobody waits any more: the ticket was dropped.
            Some(Told::Ticket(sender)) => drop(sender.send(outcome)),
            Some(Told::Then(then)) => then(outcome),
            None => {}
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        self.tell_once(Err(abandoned()));
    }
}

/// Nobody is left who could tell.
pub(super) fn abandoned() -> Failure {
    Failure::Failed {
        cause: "its writer has ended".to_owned(),
    }
}
