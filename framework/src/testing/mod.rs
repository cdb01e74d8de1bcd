//! A host for tests: time stands still, stand-ins provide services, faults come when asked for.
//!
//! ```
//! use weldkit::testing::TestHost;
//!
//! # async fn example() -> weldkit::Result<()> {
//! let test = TestHost::new(|host| host.linked()).await?;
//! let answer = test.call("storage.get", r#"{"key":"a"}"#).await;
//! # drop(answer);
//! # test.stop().await
//! # }
//! ```

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

pub use crate::clock::ManualClock;

use crate::call::{BoxFuture, Contract, Ctx};
use crate::clock::{self, Clock};
use crate::contract::Stability;
use crate::error::{CallError, Result};
use crate::host::{Host, HostBuilder};
use crate::registry::{Health, PluginDescriptor, PluginEntry, Provided, Running, Start};
use crate::security::Principal;
#[cfg(feature = "transaction")]
use crate::transaction::AnyParticipant;

/// A host with a clock that a test moves and a state folder of its own. Derefs to [`Host`].
#[derive(Debug)]
pub struct TestHost {
    host: Host,
    clock: ManualClock,
    state: Scratch,
}

impl TestHost {
    /// Starts what `build` adds.
    ///
    /// # Errors
    ///
    /// As [`HostBuilder::start`].
    pub async fn new(build: impl FnOnce(HostBuilder) -> HostBuilder) -> Result<Self> {
        let (clock, state) = (ManualClock::default(), Scratch::new());
        let builder = Host::builder()
            .clock(Clock::Manual(clock.clone()))
            .state(&state.0);
        let host = build(builder).start().await?;
        Ok(Self { host, clock, state })
    }

    /// The clock of the host.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// The state folder; it goes with the test host.
    pub fn state(&self) -> &std::path::Path {
        &self.state.0
    }

    /// Calls as the operator and reads the result. For the test's convenience, input is text.
    ///
    /// # Errors
    ///
    /// What the call gives.
    pub async fn call(&self, call: &str, input: &str) -> Result<Value, CallError> {
        self.call_with(&self.ctx(), call, input).await
    }

    /// Calls as another principal.
    ///
    /// # Errors
    ///
    /// What the call gives.
    pub async fn call_as(
        &self,
        principal: &str,
        call: &str,
        input: &str,
    ) -> Result<Value, CallError> {
        self.call_with(&self.ctx_as(&Principal::named(principal)), call, input)
            .await
    }

    async fn call_with(&self, ctx: &Ctx, call: &str, input: &str) -> Result<Value, CallError> {
        let bytes = self.call_json(ctx, call, input.as_bytes()).await?;
        serde_json::from_slice(&bytes)
            .map_err(|fault| CallError::internal(format!("`{call}` answered no JSON: {fault}")))
    }

    /// Makes the next `times` calls of `service.method` fail with `error` before they reach a provider.
    ///
    /// # Panics
    ///
    /// When there is no such method, or `times` is 0: the test is wrong.
    pub fn fail(&self, call: &str, error: CallError, times: usize) {
        assert!(times > 0, "a fault that never comes");
        assert!(
            self.host.fail(call, error, times),
            "there is no method `{call}`"
        );
    }
}

impl Deref for TestHost {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}

impl HostBuilder {
    /// Adds a stand-in: an instance `name` that provides `S`. Behind the gate, like any provider.
    ///
    /// A little memory of it is never given back: for tests.
    #[must_use]
    pub fn provide<S: Contract + ?Sized + 'static>(self, name: &str, twin: Arc<S::Twin>) -> Self {
        let descriptor: &'static PluginDescriptor = Box::leak(Box::new(PluginDescriptor {
            id: String::leak(name.to_owned()),
            version: "0.0.0",
            package: "stand-in",
            description: "A test's stand-in",
            authors: "",
            license: "",
            source: "",
            stability: Stability::Experimental,
            categories: &[],
            tags: &[],
            permissions: &[],
            access: &[],
            exclusive: false,
            provides: Vec::leak(vec![S::DESCRIPTOR]),
            needs: &[],
        }));
        let given = move || -> Arc<dyn Running> { Arc::new(StandIn::<S>(twin.clone())) };
        self.entry(PluginEntry {
            descriptor,
            text: "",
            start: Start::Given(Box::leak(Box::new(given))),
        })
    }
}

struct StandIn<S: Contract + ?Sized>(Arc<S::Twin>);

impl<S: Contract + ?Sized + 'static> Running for StandIn<S> {
    fn provide(self: Arc<Self>) -> Vec<Provided> {
        vec![Provided::new::<S>(self.0.clone())]
    }

    fn stop(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn health(&self) -> Health {
        Health::Ready
    }

    #[cfg(feature = "transaction")]
    fn participant(self: Arc<Self>) -> Option<Arc<dyn AnyParticipant>> {
        None
    }
}

/// A folder that goes when the test does.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("weldkit-test-{:016x}", clock::random())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing to do when nobody asked for the folder.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
