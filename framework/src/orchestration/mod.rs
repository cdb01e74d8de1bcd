//! Durable workflows over plugin calls.
//!
//! ```text
//! document (YAML, JSON) -> Definition -> check -> run: (state, event) -> (state, actions) -> calls through the gate
//! ```
//!
//! The definition is the Open Workflow DSL 1.0.3 (formerly the Serverless Workflow of the CNCF).

pub mod builder;
mod check;
pub mod definition;
mod engine;
pub mod expression;
#[cfg(feature = "cli")]
mod graph;
pub mod run;
mod service;
mod types;

pub use check::{Report, Surroundings, check};
pub(crate) use engine::Caller;
pub use engine::{Status, Terms, Workflows};
#[cfg(feature = "cli")]
pub(crate) use graph::graph;
pub use service::{Registered, WorkflowService};
pub use types::{Answer, Shares};
#[cfg(feature = "composition")]
pub(crate) use types::{Mapped, judge_mapped};
