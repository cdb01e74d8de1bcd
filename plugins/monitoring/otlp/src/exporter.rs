//! What is sent, when, and again: a task that reads and a task that sends, with a bounded queue in between.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::{Notify, oneshot};
use weldkit::metrics::Counter;
use weldkit::monitoring::MonitoringService;
use weldkit::{CallError, Ctx, Service};

use crate::OtlpStatus;
use crate::encode::Encoder;
use crate::limit;
use crate::post::{Answer, post};
use crate::settings::Target;

/// What the plugin counts of itself.
#[derive(Debug, weldkit::Metrics)]
pub(crate) struct Counts {
    /// Requests that the receiver took.
    requests_sent: Counter,
    /// Requests that were given up.
    requests_failed: Counter,
    /// Requests that had to make room for later ones.
    requests_dropped: Counter,
    /// Times that a request was sent again.
    requests_retried: Counter,
    /// Data points that the receiver did not want.
    points_rejected: Counter,
}

/// Reads, keeps and sends. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Exporter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    monitoring: Service<dyn MonitoringService>,
    ctx: Ctx,
    interval: Duration,
    target: Target,
    encoder: Encoder,
    counts: Counts,
    state: Mutex<State>,
    /// Something waits.
    more: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The first is the one under way.
    queue: VecDeque<Waiting>,
    bytes: usize,
    next: u64,
    /// What the last try failed with.
    trouble: Option<String>,
    /// When what was taken last was read.
    sent_ms: Option<u64>,
    /// Ends with the pause before the next try.
    pause: Option<Ctx>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    body: Bytes,
    taken_ms: u64,
    /// Who waits for it.
    told: Option<oneshot::Sender<Result<(), String>>>,
}

impl Exporter {
    pub(crate) fn new(
        (monitoring, ctx): (Service<dyn MonitoringService>, Ctx),
        (target, encoder): (Target, Encoder),
        interval: Duration,
        counts: Counts,
    ) -> Self {
        Self(Arc::new(Inner {
            monitoring,
            ctx,
            interval,
            target,
            encoder,
            counts,
            state: Mutex::default(),
            more: Notify::new(),
        }))
    }

    /// Reads everything at the interval, until the instance stops.
    pub(crate) async fn read(self) {
        loop {
            self.0.ctx.with_timeout(self.0.interval).cancelled().await;
            if self.0.ctx.is_cancelled() {
                return;
            }
            if let Err(fault) = self.export(false).await {
                self.failed(fault.message().to_owned());
            }
        }
    }

    /// Sends what waits, until the instance stops.
    pub(crate) async fn send(self) {
        while !self.0.ctx.is_cancelled() {
            let first = self.first();
            match first {
                Some((number, body)) => self.deliver(number, body).await,
                None => self.0.more.notified().await,
            }
        }
    }

    /// Sends everything that is counted now, and returns when it is taken.
    pub(crate) async fn flush(&self) -> Result<OtlpStatus, CallError> {
        for told in self.export(true).await? {
            let outcome = told
                .await
                .unwrap_or_else(|_| Err("it had to make room for later requests".to_owned()));
            outcome.map_err(CallError::unavailable)?;
        }
        Ok(self.status())
    }

    /// What has not been sent is sent once, as long as there is time.
    pub(crate) async fn drain(&self) {
        let all = async {
            while let Some((number, body)) = self.first() {
                let answer = post(&self.0.target, body).await;
                let why = "the host stopped before it could be sent again".to_owned();
                self.ended(number, outcome(&answer).unwrap_or(Err(why)));
                if !matches!(answer, Answer::Taken { .. }) {
                    return;
                }
            }
        };
        tokio::time::timeout(limit::DRAIN, all).await.ok();
    }

    pub(crate) fn status(&self) -> OtlpStatus {
        let (state, counts) = (self.state(), &self.0.counts);
        let left = state.pause.as_ref().and_then(Ctx::remaining);
        OtlpStatus {
            endpoint: self.0.target.place(),
            sent: counts.requests_sent.get(),
            failed: counts.requests_failed.get(),
            dropped: counts.requests_dropped.get(),
            retried: counts.requests_retried.get(),
            rejected_points: counts.points_rejected.get(),
            waiting: u64::try_from(state.queue.len()).unwrap_or(u64::MAX),
            pause_ms: left.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
            sent_ms: state.sent_ms,
            trouble: state.trouble.clone(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts everything that is counted now into the queue; who is to be told of its end gets that of each request.
    async fn export(&self, tell: bool) -> Result<Vec<Ending>, CallError> {
        let snapshot = self.0.monitoring.snapshot(&self.0.ctx).await?;
        let (inner, taken_ms) = (self.0.clone(), snapshot.taken_ms);
        // Some milliseconds where there are many series: not on a worker that answers calls.
        let encoded = tokio::task::spawn_blocking(move || inner.encoder.requests(&snapshot));
        let bodies = encoded
            .await
            .map_err(|fault| CallError::internal(format!("cannot encode metrics: {fault}")))?;
        let mut endings = Vec::new();
        let mut dropped = 0;
        {
            let mut state = self.state();
            for body in bodies {
                let mut told = None;
                if tell {
                    let (sender, ending) = oneshot::channel();
                    told = Some(sender);
                    endings.push(ending);
                }
                dropped += state.push(body, taken_ms, told);
            }
        }
        self.0.counts.requests_dropped.add(dropped);
        if dropped > 0 {
            tracing::warn!(dropped, "metrics had to make room for later ones");
        }
        self.0.more.notify_one();
        Ok(endings)
    }

    fn first(&self) -> Option<(u64, Bytes)> {
        let state = self.state();
        let first = state.queue.front()?;
        Some((first.number, first.body.clone()))
    }

    /// Sends one request until it is taken, refused or given up.
    async fn deliver(&self, number: u64, body: Bytes) {
        let (mut tries, mut pause) = (1, limit::PAUSE);
        loop {
            let answer = post(&self.0.target, body.clone()).await;
            if let Some(outcome) = outcome(&answer) {
                if let Answer::Taken { rejected, message } = answer {
                    self.remark(rejected, &message);
                }
                return self.ended(number, outcome);
            }
            let Answer::Again { after, why } = answer else {
                return;
            };
            self.failed(why.clone());
            // What the receiver asks for counts for what comes next as well.
            let wait = after.unwrap_or_else(|| jittered(pause));
            self.wait(wait).await;
            if self.0.ctx.is_cancelled() {
                return;
            }
            if tries == limit::TRIES {
                return self.ended(number, Err(format!("{why}; given up after {tries} tries")));
            }
            self.0.counts.requests_retried.add(1);
            (tries, pause) = (tries + 1, (2 * pause).min(limit::PAUSE_MAX));
        }
    }

    /// Waits on the host's clock, or until the instance stops.
    async fn wait(&self, time: Duration) {
        let pause = self.0.ctx.with_timeout(time);
        self.state().pause = Some(pause.clone());
        pause.cancelled().await;
        self.state().pause = None;
    }

    /// What the receiver says of what it took.
    fn remark(&self, rejected: u64, message: &str) {
        self.0.counts.points_rejected.add(rejected);
        if rejected > 0 {
            tracing::warn!(rejected, "the receiver of metrics left some out: {message}");
        } else if !message.is_empty() {
            tracing::info!("the receiver of metrics says: {message}");
        }
    }

    /// Takes a request out of the queue, and tells who waits for it.
    fn ended(&self, number: u64, outcome: Result<(), String>) {
        let counts = &self.0.counts;
        match &outcome {
            Ok(()) => counts.requests_sent.add(1),
            Err(why) => {
                counts.requests_failed.add(1);
                tracing::warn!("metrics were not sent: {why}");
            }
        }
        let (was_trouble, told) = {
            let mut state = self.state();
            let own = state.pop(number);
            if let (Ok(()), Some(own)) = (&outcome, &own) {
                state.sent_ms = Some(own.taken_ms);
            }
            let trouble = outcome.as_ref().err().cloned();
            (
                std::mem::replace(&mut state.trouble, trouble),
                own.and_then(|own| own.told),
            )
        };
        if outcome.is_ok() && was_trouble.is_some() {
            tracing::info!("metrics are sent again");
        }
        if let Some(told) = told {
            // Nobody waits where the call was given up.
            told.send(outcome).ok();
        }
    }

    /// Notes what a try failed with; the log has only the first of them.
    fn failed(&self, why: String) {
        let before = self.state().trouble.replace(why.clone());
        if before.is_none() {
            tracing::warn!("metrics could not be sent: {why}");
        }
    }
}

type Ending = oneshot::Receiver<Result<(), String>>;

impl State {
    /// Adds one, and says how many had to make room.
    fn push(
        &mut self,
        body: Bytes,
        taken_ms: u64,
        told: Option<oneshot::Sender<Result<(), String>>>,
    ) -> u64 {
        let mut dropped = 0;
        self.bytes += body.len();
        self.next += 1;
        self.queue.push_back(Waiting {
            number: self.next,
            body,
            taken_ms,
            told,
        });
        while self.queue.len() > 1
            && (self.queue.len() > limit::QUEUE || self.bytes > limit::QUEUE_BYTES)
        {
            let oldest = self.queue.front().map_or(0, |oldest| oldest.number);
            self.pop(oldest);
            dropped += 1;
        }
        dropped
    }

    /// Takes the first out, if it has this number: it may have made room in between.
    fn pop(&mut self, number: u64) -> Option<Waiting> {
        self.queue.front().filter(|first| first.number == number)?;
        let first = self.queue.pop_front()?;
        self.bytes -= first.body.len();
        Some(first)
    }
}

/// How a request has ended; nothing where it may be sent again.
fn outcome(answer: &Answer) -> Option<Result<(), String>> {
    match answer {
        Answer::Taken { .. } => Some(Ok(())),
        Answer::Refused(why) => Some(Err(why.clone())),
        Answer::Again { .. } => None,
    }
}

/// Between half of a pause and all of it, so that many hosts do not come back at the same moment.
fn jittered(pause: Duration) -> Duration {
    pause / 2 + (pause / 2).mul_f64(f64::from(random() as u32) / f64::from(u32::MAX))
}

/// A random word: the seed that the standard library draws for its hash maps.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0_u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let mut state = State::default();
        let pushed = |state: &mut State, bytes: usize| {
            let body = Bytes::from(vec![0; bytes]);
            state.push(body, 0, None)
        };
        for _ in 0..limit::QUEUE {
            assert_eq!(pushed(&mut state, 1), 0);
        }
        assert_eq!(pushed(&mut state, 1), 1);
        assert_eq!(state.queue.front().map(|first| first.number), Some(2));
        assert!(state.pop(1).is_none(), "it has made room");
        assert_eq!(pushed(&mut state, limit::QUEUE_BYTES), limit::QUEUE as u64);
        assert_eq!((state.queue.len(), state.bytes), (1, limit::QUEUE_BYTES));
        // One that is too large alone is still sent: the receiver says what it thinks of it.
        assert_eq!(pushed(&mut state, limit::QUEUE_BYTES + 1), 1);
    }

    #[test]
    fn a_pause_is_at_least_its_half() {
        for _ in 0..100 {
            let pause = jittered(limit::PAUSE);
            assert!(
                pause >= limit::PAUSE / 2 && pause <= limit::PAUSE,
                "{pause:?}"
            );
        }
    }
}
