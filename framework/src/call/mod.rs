//! The call: what travels ([`Ctx`]), who is called ([`Service`]) and the gate in between.
//!
//! ```text
//! typed client ─┐
//!               ├─> gate: count, time, authorise, decode and check, deadline, enlist, call,
//! JSON door ────┘         contain panics ─> provider
//! ```
//!
//! The gate is the only code that invokes a provider. It holds no lock while it does.

mod admission;
mod calling;
mod consumer;
mod contract;
mod ctx;
#[cfg(feature = "composition")]
mod dynamic;
mod enlist;
mod gate;
mod generation;
mod guard;
mod instance;
mod json;
mod service;
#[cfg(not(feature = "tracing"))]
mod silence;
mod slot;
mod stream;
mod task;
#[cfg(feature = "tracing")]
mod trace;

use std::future::Future;
use std::pin::Pin;

pub(crate) use consumer::{Consumer, Declared};
pub use contract::{Contract, MethodResult};
pub(crate) use ctx::Root;
pub use ctx::{Cancel, Ctx, Progress};
#[cfg(feature = "composition")]
pub(crate) use dynamic::{Dynamic, DynamicSlot};
pub use enlist::{Ended, Enlist, Turn};
pub use gate::{call_async, call_stream, call_sync};
pub(crate) use instance::{Instance, MethodGate};
pub(crate) use json::collect;
pub use json::{Answer, AnyService, JsonCall};
pub use service::Service;
pub(crate) use slot::{AnySlot, Slot};
pub use stream::{Sender, Stream};
pub(crate) use task::AbortOnDrop;
#[cfg(feature = "cli")]
pub(crate) use trace::current as current_trace;

#[cfg(not(feature = "tracing"))]
use silence as trace;

/// A future behind a pointer.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
