//! What stands before the calls of a slot: kept answers, further tries, a breaker, and stand-ins.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::definition::{Breaker, Slot};
use super::run::Inner;
use crate::call::{Answer, BoxFuture, Ctx, collect};
use crate::contract::MethodDescriptor;
use crate::error::{CallError, Effect};
use crate::limit;

/// What a slot remembers.
#[derive(Debug)]
pub(super) struct Guards {
    kept: Mutex<Kept>,
    failures: Mutex<Failures>,
    cache: Option<Duration>,
    breaker: Option<Breaker>,
    tries: u32,
}

/// Answers by method and input.
#[derive(Debug, Default)]
struct Kept {
    answers: BTreeMap<Key, (Instant, Vec<u8>)>,
    /// The oldest first.
    order: VecDeque<Key>,
}

/// Method, principal and input: nobody gets an answer that was made for somebody else.
type Key = (usize, String, Vec<u8>);

#[derive(Debug, Default)]
struct Failures {
    in_a_row: u32,
    /// Calls are refused until then.
    until: Option<Instant>,
}

impl Guards {
    pub(super) fn new(slot: &Slot) -> Self {
        Self {
            kept: Mutex::default(),
            failures: Mutex::default(),
            cache: slot.cache,
            breaker: slot.breaker,
            tries: slot.tries,
        }
    }

    fn kept(&self, key: &Key, now: Instant) -> Option<Vec<u8>> {
        self.cache?;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, answer) = kept.answers.get(key)?;
        (now < *until).then(|| answer.clone())
    }

    fn keep(&self, key: Key, answer: &[u8], now: Instant) {
        let Some(time) = self.cache else {
            return;
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept
            .answers
            .insert(key.clone(), (now + time, answer.to_vec()))
            .is_none()
        {
            kept.order.push_back(key);
        }
        if kept.order.len() > limit::CACHED_ANSWERS
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.answers.remove(&oldest);
        }
    }

    /// Refuses a call while the breaker is open. When its pause is over one call is let through, and decides.
    fn admit(&self, name: &str, now: Instant) -> Result<(), CallError> {
        let Some(breaker) = self.breaker else {
            return Ok(());
        };
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.until {
            Some(until) if now < until => Err(CallError::unavailable(format!(
                "slot `{name}` has failed {} times in a row; it is left alone for a while",
                failures.in_a_row
            ))),
            Some(_) => {
                failures.until = Some(now + breaker.pause);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn note(&self, failed: bool, now: Instant) {
        let Some(breaker) = self.breaker else {
            return;
        };
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failed {
            failures.in_a_row = failures.in_a_row.saturating_add(1);
            if failures.in_a_row >= breaker.failures {
                failures.until = Some(now + breaker.pause);
            }
        } else {
            *failures = Failures::default();
        }
    }
}

/// Whether somebody else may be asked after this error: it is not the caller's own, and what was asked has not
/// happened, or may happen twice.
fn may_go_on(method: &MethodDescriptor, error: &CallError) -> bool {
    let own = [
        "invalid_parameter",
        "unknown_parameter",
        "permission_denied",
        "cancelled",
    ];
    let harmless = method.read_only || method.idempotent || error.has_effect() == Effect::None;
    harmless && !own.contains(&error.code().as_str())
}

/// A slot that has been asked.
type Asked<'a> = BoxFuture<'a, Result<Vec<u8>, CallError>>;

impl Inner {
    /// Calls a method of a slot: the slot itself, then who stands in for it.
    pub(super) async fn called(
        &self,
        call: (usize, usize),
        ctx: &Ctx,
        input: &[u8],
    ) -> Result<Vec<u8>, CallError> {
        let slot = &self.plan.slots[call.0];
        let method = &slot.service.methods[call.1];
        if slot.stand_ins.is_empty() {
            return self.tried(call, ctx, input).await;
        }
        let mut candidates = slot.stand_ins.iter();
        let mut next = candidates.next();
        let mut error = None;
        let mut now: Asked<'_> = Box::pin(self.tried(call, ctx, input));
        // Who was asked before it, is slow, and may still answer.
        let mut earlier: Option<Asked<'_>> = None;
        loop {
            let slow = next
                .and_then(|(_, after)| *after)
                .filter(|_| method.read_only || method.idempotent);
            let result = tokio::select! {
                biased;
                result = &mut now => Some((true, result)),
                result = wait_for(&mut earlier) => Some((false, result)),
                () = pause(ctx, slow) => None,
            };
            let failed = match result {
                Some((_, Ok(answer))) => return Ok(answer),
                Some((_, Err(failed))) if !may_go_on(method, &failed) => return Err(failed),
                Some((false, Err(failed))) => {
                    earlier = None;
                    error.get_or_insert(failed);
                    continue;
                }
                Some((true, Err(failed))) => Some(failed),
                None => None,
            };
            let is_slow = failed.is_none();
            if let Some(failed) = failed {
                error.get_or_insert(failed);
            }
            let Some((stand_in, _)) = next else {
                return match earlier.take() {
                    Some(earlier) => earlier.await.map_err(|late| error.unwrap_or(late)),
                    None => Err(error.unwrap_or_else(|| CallError::internal("nobody was asked"))),
                };
            };
            next = candidates.next();
            self.outer.meter.counter("taken_over").add(1);
            let service = self.plan.slots[*stand_in].service;
            let Some(index) = service.method(method.name) else {
                return Err(CallError::internal(
                    "a stand-in was checked to have the method",
                ));
            };
            let asked: Asked<'_> = Box::pin(self.tried((*stand_in, index), ctx, input));
            let before = std::mem::replace(&mut now, asked);
            if is_slow {
                earlier = Some(before);
            }
        }
    }

    /// One slot: its kept answer, or as many tries as it has.
    async fn tried(
        &self,
        (slot, index): (usize, usize),
        ctx: &Ctx,
        input: &[u8],
    ) -> Result<Vec<u8>, CallError> {
        let (planned, guards) = (&self.plan.slots[slot], &self.guards[slot]);
        let method = &planned.service.methods[index];
        if guards.cache.is_none() && guards.breaker.is_none() && guards.tries == 1 {
            return self.once((slot, index), ctx, input).await;
        }
        // What a transaction sees is not for others, nor the other way round.
        let keeps = guards.cache.is_some() && method.read_only && ctx.transaction().is_none();
        let key = keeps.then(|| (index, ctx.principal().as_str().to_owned(), input.to_vec()));
        if let Some(answer) = key
            .as_ref()
            .and_then(|key| guards.kept(key, ctx.clock().now()))
        {
            self.outer.meter.counter("cached").add(1);
            return Ok(answer);
        }
        let mut tries = guards.tries;
        loop {
            guards.admit(&planned.name, ctx.clock().now())?;
            let result = self.once((slot, index), ctx, input).await;
            // What the caller did wrong says nothing of the provider.
            let failed = |error: &CallError| {
                may_go_on(method, error) || error.has_effect() == Effect::Possible
            };
            guards.note(result.as_ref().is_err_and(failed), ctx.clock().now());
            tries -= 1;
            match result {
                Ok(answer) => {
                    if let Some(key) = key {
                        guards.keep(key, &answer, ctx.clock().now());
                    }
                    return Ok(answer);
                }
                Err(error) if tries > 0 && error.is_retryable() && may_go_on(method, &error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn once(
        &self,
        (slot, method): (usize, usize),
        ctx: &Ctx,
        input: &[u8],
    ) -> Result<Vec<u8>, CallError> {
        match self.clients[slot].answer(method, ctx, input).await? {
            Answer::Value(value) => Ok(value),
            Answer::Stream(items) => collect(items).await,
        }
    }
}

async fn wait_for(earlier: &mut Option<Asked<'_>>) -> Result<Vec<u8>, CallError> {
    match earlier {
        Some(earlier) => earlier.await,
        None => std::future::pending().await,
    }
}

async fn pause(ctx: &Ctx, time: Option<Duration>) {
    match time {
        Some(time) => ctx.clock().sleep_until(ctx.clock().now() + time).await,
        None => std::future::pending().await,
    }
}
