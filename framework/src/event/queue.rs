//! The bounded queue between the publishers and one subscriber.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::sync::Notify;
use tokio::task::coop;

use super::subscription::Filter;
use super::{Event, Overflow, SubscriberCounts, Subscription};
use crate::error::CallError;

/// Events that wait for one subscriber.
///
/// Its lock is held for a push or a pop, never while a waker or anything else of others runs.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) name: String,
    filter: Filter,
    capacity: usize,
    overflow: Overflow,
    state: Mutex<State>,
    /// Publishers that wait for room.
    room: Notify,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<Arc<Event>>,
    /// The subscriber, when it waits.
    waker: Option<Waker>,
    closed: bool,
    delivered: u64,
    dropped: u64,
    failed: u64,
}

impl State {
    fn take(&mut self) -> Poll<Option<Arc<Event>>> {
        match self.events.pop_front() {
            Some(event) => {
                self.delivered += 1;
                Poll::Ready(Some(event))
            }
            None if self.closed => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

/// What became of a push.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// The event is in the queue.
    Taken,
    /// There is no room, and the publisher waits for some.
    Full,
    /// There is no room, and the subscriber goes without.
    Refused,
    /// Nobody reads any more.
    Closed,
}

impl Queue {
    pub(super) fn new(subscription: Subscription) -> Result<Self, CallError> {
        Ok(Self {
            name: subscription.name.clone(),
            capacity: subscription.capacity,
            overflow: subscription.overflow,
            filter: subscription.filter()?,
            state: Mutex::default(),
            room: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wants(&self, event: &Event) -> bool {
        self.filter.wants(event)
    }

    /// Puts the event in, or says why not. What is refused is counted; what is full is the caller's.
    pub(super) fn push(&self, event: &Arc<Event>) -> Pushed {
        let mut state = self.state();
        if state.closed {
            return Pushed::Closed;
        }
        let mut oldest = None;
        if state.events.len() >= self.capacity {
            match self.overflow {
                Overflow::Block => return Pushed::Full,
                Overflow::Error => {
                    state.dropped += 1;
                    return Pushed::Refused;
                }
                Overflow::DropOldest => {
                    state.dropped += 1;
                    oldest = state.events.pop_front();
                }
            }
        }
        state.events.push_back(event.clone());
        let waker = state.waker.take();
        drop(state);
        drop(oldest);
        if let Some(waker) = waker {
            waker.wake();
        }
        Pushed::Taken
    }

    /// The same, waiting for room. An event that the caller does not wait for counts as dropped.
    pub(super) async fn push_later(&self, event: &Arc<Event>) {
        let mut missed = Missed(Some(self));
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            // Register first, look second: room that comes in between is not missed.
            room.as_mut().enable();
            if self.push(event) != Pushed::Full {
                missed.0 = None;
                return;
            }
            room.await;
        }
    }

    /// Counts an event that the subscriber wanted and goes without.
    pub(super) fn miss(&self) {
        self.state().dropped += 1;
    }

    /// Counts an event that its handler failed on.
    pub(super) fn fail(&self) {
        self.state().failed += 1;
    }

    /// The next event, or nothing once it is closed and empty.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Arc<Event>>> {
        // A subscriber that never has to wait lets others have their turn.
        let turn = ready!(coop::poll_proceed(cx));
        let taken = self.state().take();
        let taken = match taken {
            Poll::Pending => self.wait(cx),
            taken => taken,
        };
        if taken.is_ready() {
            turn.made_progress();
            if self.overflow == Overflow::Block {
                self.room.notify_one();
            }
        }
        taken
    }

    /// Leaves the waker, unless something has come since.
    fn wait(&self, cx: &mut Context<'_>) -> Poll<Option<Arc<Event>>> {
        // Clones and drops of wakers run foreign code, hence outside of the lock.
        let waker = cx.waker().clone();
        let mut state = self.state();
        let taken = state.take();
        if taken.is_ready() {
            return taken;
        }
        let former = state.waker.replace(waker);
        drop(state);
        drop(former);
        Poll::Pending
    }

    /// Takes no more; what is in the queue can still be read.
    pub(super) fn close(&self) {
        self.end(|_| VecDeque::new());
    }

    /// Takes no more, and forgets what is in the queue.
    pub(super) fn discard(&self) {
        self.end(std::mem::take);
    }

    fn end(&self, forget: impl FnOnce(&mut VecDeque<Arc<Event>>) -> VecDeque<Arc<Event>>) {
        let mut state = self.state();
        state.closed = true;
        let forgotten = forget(&mut state.events);
        let waker = state.waker.take();
        drop(state);
        drop(forgotten);
        if let Some(waker) = waker {
            waker.wake();
        }
        self.room.notify_waiters();
    }

    pub(super) fn counts(&self) -> SubscriberCounts {
        let state = self.state();
        SubscriberCounts {
            name: self.name.clone(),
            delivered: state.delivered,
            waiting: state.events.len(),
            dropped: state.dropped,
            failed: state.failed,
        }
    }
}

/// A publisher that waits; dropped with its queue still in it, it has given up.
struct Missed<'a>(Option<&'a Queue>);

impl Drop for Missed<'_> {
    fn drop(&mut self) {
        if let Some(queue) = self.0 {
            queue.miss();
        }
    }
}
