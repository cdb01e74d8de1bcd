//! Who subscribes, and how an event gets to all of them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::json;

use super::queue::{Pushed, Queue};
use super::{Counts, Event, Subscription, Time};
use crate::call::{Cancel, Ctx};
use crate::clock::{self, Clock};
use crate::error::{CallError, Code, Effect};
use crate::limit;
use crate::metrics::Counter;

/// The one bus of a host.
#[derive(Debug)]
pub(super) struct Bus {
    clock: Clock,
    /// Of this host among all others; the first half of every id.
    host: u64,
    made: AtomicU64,
    /// Copied on write: a publisher takes the list as it is and holds no lock while it delivers.
    subscribers: RwLock<Arc<Vec<Arc<Queue>>>>,
    /// One change of the list at a time.
    changing: Mutex<()>,
    closed: AtomicBool,
    pub(super) stopped: Cancel,
    pub(super) runtime: Option<tokio::runtime::Handle>,
    published: Counter,
    unheard: Counter,
}

impl Bus {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            host: clock::random(),
            made: AtomicU64::new(0),
            subscribers: RwLock::default(),
            changing: Mutex::default(),
            closed: AtomicBool::new(false),
            stopped: Cancel::new(),
            runtime: tokio::runtime::Handle::try_current().ok(),
            published: Counter::default(),
            unheard: Counter::default(),
        }
    }

    /// An id that no other event of any host has.
    pub(super) fn id(&self) -> String {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{made}", self.host)
    }

    pub(super) fn now(&self) -> Time {
        Time::since_epoch(self.clock.since_epoch())
    }

    /// Whether anybody subscribes to anything.
    #[cfg(feature = "orchestration")]
    pub(super) fn is_heard(&self) -> bool {
        let subscribers = self.subscribers.read();
        !subscribers
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    fn subscribers(&self) -> Arc<Vec<Arc<Queue>>> {
        self.subscribers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces the list by what `change` makes of it, unless it refuses.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Arc<Queue>>) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list = Vec::clone(&self.subscribers());
        let changed = change(&mut list)?;
        let list = Arc::new(list);
        let former = std::mem::replace(
            &mut *self
                .subscribers
                .write()
                .unwrap_or_else(PoisonError::into_inner),
            list,
        );
        drop(former);
        Ok(changed)
    }

    pub(super) fn add(&self, subscription: Subscription) -> Result<Arc<Queue>, CallError> {
        let queue = Arc::new(Queue::new(subscription)?);
        self.change(|list| {
            // Looked at under the lock that `close` takes: nobody is added behind its back.
            self.open()?;
            if list.len() >= limit::SUBSCRIBERS {
                return Err(CallError::limit(format!(
                    "`{}` does not subscribe: a host has at most {} subscribers",
                    queue.name,
                    limit::SUBSCRIBERS
                )));
            }
            list.push(queue.clone());
            Ok(queue.clone())
        })
    }

    pub(super) fn remove(&self, queue: &Arc<Queue>) {
        let removed = self.change(|list| {
            list.retain(|other| !Arc::ptr_eq(other, queue));
            Ok(())
        });
        debug_assert!(removed.is_ok(), "removing refuses nothing");
    }

    /// Ends every subscription; what is in the queues can still be read.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let mut list = Vec::new();
        let emptied = self.change(|now| {
            list = std::mem::take(now);
            Ok(())
        });
        debug_assert!(emptied.is_ok(), "emptying refuses nothing");
        for queue in list {
            queue.close();
        }
        self.stopped.cancel();
    }

    fn open(&self) -> Result<(), CallError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(CallError::unavailable("the host has stopped its events"));
        }
        Ok(())
    }

    /// Delivers to everyone who wants it, to those without room last. How many took it.
    pub(super) async fn deliver(&self, ctx: &Ctx, event: &Arc<Event>) -> Result<usize, CallError> {
        self.open()?;
        if ctx.is_cancelled() {
            return Err(given_up(ctx, event, &[]));
        }
        let round = self.round(event);
        if round.full.is_empty() && round.refused.is_empty() {
            return Ok(round.taken);
        }
        let waited = ctx.with_timeout(limit::PUBLISH);
        let mut late = Vec::new();
        for (at, queue) in round.full.iter().enumerate() {
            tokio::select! {
                biased;
                () = queue.push_later(event) => {}
                () = waited.cancelled() => {
                    // The one that was waited for has been counted.
                    round.full[at + 1..].iter().for_each(|queue| queue.miss());
                    late = names(&round.full[at..]);
                    break;
                }
            }
        }
        if !late.is_empty() {
            return Err(given_up(ctx, event, &late));
        }
        if round.refused.is_empty() {
            return Ok(round.taken + round.full.len());
        }
        let refused = names(&round.refused);
        Err(CallError::limit(format!(
            "`{}` did not reach {}: the queue is full; raise its capacity or change its overflow",
            event.kind,
            quoted(&refused)
        ))
        .effect(Effect::Possible)
        .details(json!({ "subscribers": refused })))
    }

    /// Delivers to whoever has room; nobody waits and nobody is told.
    pub(super) fn deliver_now(&self, event: &Arc<Event>) {
        for queue in self.round(event).full {
            queue.miss();
        }
    }

    fn round(&self, event: &Arc<Event>) -> Round {
        let mut round = Round::default();
        for queue in self.subscribers().iter() {
            if !queue.wants(event) {
                continue;
            }
            match queue.push(event) {
                Pushed::Taken => round.taken += 1,
                Pushed::Full => round.full.push(queue.clone()),
                Pushed::Refused => round.refused.push(queue.clone()),
                Pushed::Closed => {}
            }
        }
        self.published.add(1);
        if round.taken + round.full.len() + round.refused.len() == 0 {
            self.unheard.add(1);
        }
        round
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            published: self.published.get(),
            unheard: self.unheard.get(),
            subscribers: self
                .subscribers()
                .iter()
                .map(|queue| queue.counts())
                .collect(),
        }
    }
}

/// What became of an event at its subscribers, before anybody waits.
#[derive(Default)]
struct Round {
    taken: usize,
    full: Vec<Arc<Queue>>,
    refused: Vec<Arc<Queue>>,
}

fn names(queues: &[Arc<Queue>]) -> Vec<&str> {
    queues.iter().map(|queue| queue.name.as_str()).collect()
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The publisher's caller has given up, or its time is over.
fn given_up(ctx: &Ctx, event: &Event, late: &[&str]) -> CallError {
    let (code, why) = if ctx.cancel().is_some_and(Cancel::is_cancelled) {
        (Code::Cancelled, "the caller gave up")
    } else {
        (Code::Timeout, "the deadline passed")
    };
    if late.is_empty() {
        return CallError::new(code, format!("`{}` was not published: {why}", event.kind));
    }
    let message = format!(
        "`{}` did not reach {}: {why} while its queue was full",
        event.kind,
        quoted(late)
    );
    CallError::new(code, message)
        .effect(Effect::Possible)
        .details(json!({ "subscribers": late }))
}
