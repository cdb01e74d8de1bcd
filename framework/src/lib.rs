//! Plugins are crates. Weld the ones you choose into one static binary, and they are services with
//! contracts: typed for Rust, JSON for everyone else.
//!
//! ```text
//! caller -> Host -> gate (the one call path) -> provider's method -> value
//! ```
//!
//! - A contract is a trait with [`#[weldkit::service]`](macro@service), in a small crate of its own.
//! - A plugin is an impl block with [`#[weldkit::plugin]`](macro@plugin): its constructor's
//!   parameters are its dependencies.
//! - A [`Host`] starts the linked plugins in order and routes calls: typed through [`Service`], as
//!   JSON through [`Host::call_json`]. Both pass the same gate.
//!
//! Modules stand on floors; a module imports from lower floors only (`ARCHITECTURE.md`).

// The macros name the framework by its outside path; doc tests and unit tests of this crate need it too.
extern crate self as weldkit;

pub mod call;
pub mod clock;
#[cfg(feature = "composition")]
pub mod composition;
pub mod config;
pub mod contract;
#[cfg(all(feature = "cli", feature = "orchestration"))]
mod drawing;
mod duration;
pub mod error;
pub mod event;
pub mod host;
#[cfg(feature = "transaction")]
pub mod journal;
pub mod limit;
pub mod metrics;
#[cfg(feature = "monitoring")]
pub mod monitoring;
pub mod name;
#[cfg(feature = "orchestration")]
pub mod orchestration;
#[cfg(feature = "transaction")]
mod promise;
pub mod registry;
pub mod security;
pub mod transaction;

#[cfg(feature = "cli")]
pub mod app;
#[cfg(feature = "testing")]
pub mod testing;

pub use call::{Cancel, Contract, Ctx, Service, Stream};
pub use contract::{Bytes, Json, Secret, ServiceError};
pub use error::{CallError, Code, Effect, Error, ErrorKind, Problem, Result};
pub use event::{Event, EventType, Events};
pub use host::{Host, HostBuilder};
pub use metrics::Meter;
pub use registry::{Background, FromHost, Health, Plugin, Settings, StateDir};
pub use security::{Permission, Principal};
pub use weldkit_macros::{Metrics, ServiceError, data, plugin, service};

/// What the macros emit refers to this module alone. Not public API.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;
    pub use std::future::Future;
    pub use std::marker::Send;
    pub use std::sync::Arc;
    pub use std::task::Context;
    pub use std::time::Duration;
    pub use std::vec::Vec;

    #[cfg(feature = "inventory")]
    pub use inventory;
    pub use {garde, linkme, schemars, serde, serde_json};

    pub use crate::__register as register;
    pub use crate::call::{BoxFuture, JsonCall, MethodResult, call_async, call_stream, call_sync};
    pub use crate::contract::{
        Arguments, DefaultOf, DefaultUnwritten, Dive, DiveNo, DiveYes, OrDefault, Rules, Signature,
        check_rules, check_values, describe_length, describe_pattern, describe_range, error_schema,
        input_schema, output_schema,
    };
    pub use crate::contract::{Object, strict};
    pub use crate::registry::{PLUGINS, Started, default_id, first_non_empty};
}
