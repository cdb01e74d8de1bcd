//! Composites: what is declared runs, and what does not fit is refused before it starts.

mod acknowledged;
mod checks;
mod flow;
mod graphs;
mod outputs;
mod parts;
mod primitives;
mod probed;
mod reentered;
mod replaced;
mod roles;
mod stages;
mod strategies;
mod streams;

use serde_json::Value;
use weldkit::composition::Composite;
use weldkit::testing::TestHost;
use weldkit::{Host, HostBuilder};

use parts::{Desk, Flaky, Ledger};

/// A host of the parts and one composite.
pub(crate) async fn host(name: &str, toml: &str) -> TestHost {
    TestHost::new(|host| with(host, name, toml)).await.unwrap()
}

pub(crate) fn with(host: HostBuilder, name: &str, toml: &str) -> HostBuilder {
    let composite = Composite::parse(name, toml).unwrap_or_else(|problems| panic!("{problems:#?}"));
    host.plugin::<Desk>()
        .plugin::<Ledger>()
        .plugin::<Flaky>()
        .composite(composite)
}

/// What is wrong with a composite of the parts, as text.
pub(crate) fn refused(name: &str, toml: &str) -> String {
    let host = Host::builder()
        .plugin::<Desk>()
        .plugin::<Ledger>()
        .plugin::<Flaky>();
    match Composite::parse(name, toml) {
        Err(problems) => problems
            .iter()
            .map(|problem| format!("{problem}\n"))
            .collect(),
        Ok(composite) => host
            .composite(composite)
            .check()
            .expect_err("it is wrong")
            .to_string(),
    }
}

pub(crate) async fn call(host: &TestHost, call: &str, input: Value) -> Value {
    host.call(call, &input.to_string())
        .await
        .unwrap_or_else(|error| panic!("{call}: {error:?}"))
}
