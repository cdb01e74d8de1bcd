//! What the workflows of tests call: tallies that last, and methods that fail as they are told.

use std::collections::BTreeMap;
use std::sync::Mutex;

use weldkit::transaction::{Containers, Durability, Map};
use weldkit::{CallError, Ctx, Effect, Json};

/// Tallies, a log, and failures on demand.
#[weldkit::service(name = "tally", version = "1.0")]
pub(super) trait Tally {
    /// Add to a tally, which never falls below zero.
    #[method(transactional)]
    async fn add(&self, ctx: &Ctx, name: String, amount: i64) -> Result<i64, CallError>;

    /// What a tally is.
    #[method(read_only, transactional)]
    async fn look(&self, ctx: &Ctx, name: String) -> Result<i64, CallError>;

    /// Append to the log.
    #[method(transactional)]
    async fn append(&self, ctx: &Ctx, text: String) -> Result<(), CallError>;

    /// The log.
    #[method(read_only, transactional)]
    async fn log(&self, ctx: &Ctx) -> Result<Vec<String>, CallError>;

    /// Fail the first so many times with a code, then give the number of the call.
    async fn fail(
        &self,
        ctx: &Ctx,
        name: String,
        times: u64,
        code: String,
    ) -> Result<u64, CallError>;

    /// How often `fail` was called with that name.
    #[method(read_only)]
    async fn calls(&self, ctx: &Ctx, name: String) -> Result<u64, CallError>;

    /// Give what was given.
    #[method(read_only)]
    async fn echo(&self, ctx: &Ctx, value: Json) -> Result<Json, CallError>;

    /// Give so many bytes of text.
    #[method(read_only)]
    async fn much(&self, ctx: &Ctx, bytes: usize) -> Result<String, CallError>;

    /// Sign a text.
    #[method(read_only)]
    async fn sign(&self, ctx: &Ctx, key: String, text: String) -> Result<String, CallError>;

    /// Wait until it is given up; count that it waits, and that it is given up.
    #[method(timeout = "1h")]
    async fn hang(&self, ctx: &Ctx) -> Result<(), CallError>;
}

/// Keeps them in containers.
#[derive(Debug)]
pub(super) struct Tallies {
    tallies: Map<String, i64>,
    log: Map<u64, String>,
    calls: Mutex<BTreeMap<String, u64>>,
}

#[weldkit::plugin(id = "tallies", provides(Tally))]
impl Tallies {
    async fn start(containers: Containers) -> weldkit::Result<Self> {
        Ok(Self {
            tallies: containers.map("tallies", Durability::Durable).await?,
            log: containers.map("log", Durability::Durable).await?,
            calls: Mutex::default(),
        })
    }
}

impl Tallies {
    fn count(&self, name: String) -> u64 {
        let mut calls = self.calls.lock().unwrap();
        let count = calls.entry(name).or_default();
        *count += 1;
        *count
    }
}

impl Tally for Tallies {
    async fn add(&self, ctx: &Ctx, name: String, amount: i64) -> Result<i64, CallError> {
        let sum = self.tallies.get(ctx, &name).await?.unwrap_or(0) + amount;
        if sum < 0 {
            return Err(CallError::invalid_parameter(format!(
                "the tally of `{name}` would fall below zero"
            )));
        }
        self.tallies.put(ctx, &name, &sum).await?;
        Ok(sum)
    }

    async fn look(&self, ctx: &Ctx, name: String) -> Result<i64, CallError> {
        Ok(self.tallies.get(ctx, &name).await?.unwrap_or(0))
    }

    async fn append(&self, ctx: &Ctx, text: String) -> Result<(), CallError> {
        let mut place = 0;
        while self.log.get(ctx, &place).await?.is_some() {
            place += 1;
        }
        self.log.put(ctx, &place, &text).await
    }

    async fn log(&self, ctx: &Ctx) -> Result<Vec<String>, CallError> {
        let mut log = Vec::new();
        while let Some(text) = self.log.get(ctx, &(log.len() as u64)).await? {
            log.push(text);
        }
        Ok(log)
    }

    async fn fail(
        &self,
        _: &Ctx,
        name: String,
        times: u64,
        code: String,
    ) -> Result<u64, CallError> {
        let count = self.count(name);
        if count > times {
            return Ok(count);
        }
        let what = format!("call {count} fails");
        match &*code {
            "unavailable" => Err(CallError::unavailable(what)),
            "vanish" => Err(CallError::unavailable(what).effect(Effect::Possible)),
            "conflict" => Err(CallError::conflict(what).retryable(false)),
            "panic" => panic!("{what}"),
            _ => Err(CallError::internal(what)),
        }
    }

    async fn calls(&self, _: &Ctx, name: String) -> Result<u64, CallError> {
        Ok(self.calls.lock().unwrap().get(&name).copied().unwrap_or(0))
    }

    async fn echo(&self, _: &Ctx, value: Json) -> Result<Json, CallError> {
        Ok(value)
    }

    async fn much(&self, _: &Ctx, bytes: usize) -> Result<String, CallError> {
        Ok("x".repeat(bytes))
    }

    async fn sign(&self, _: &Ctx, key: String, text: String) -> Result<String, CallError> {
        Ok(format!("{text} signed with {} letters", key.len()))
    }

    async fn hang(&self, ctx: &Ctx) -> Result<(), CallError> {
        self.count("waits".to_owned());
        ctx.cancelled().await;
        self.count("given up".to_owned());
        Err(CallError::unavailable("given up"))
    }
}
