//! Composites: plugins made of plugins, declared, checked against contracts, and called like any other service.
//!
//! ```text
//! [composites.NAME] ─> Composite ─> plan: compared with contracts ─> a provider with a contract of its own
//!   slots: who           bindings: port ─> port                        its calls pass the gates of its parts
//! ```
//!
//! A method is a graph of calls. Three forms make most of them: a **chain**, a **fan-out** with a rule that merges, and
//! a call that is **wrapped** by others before, after or instead; any other graph is written as steps and bindings.
//! Values between declared steps are JSON; between the stages of a [`typed`] pipeline they are moved.
//!
//! **Parameters of a step.** Direct parameters (`with`) come first; what is bound is laid over them in the order of the
//! bindings: objects field by field at every depth, anything else in place of what was there. A step to which nothing
//! is bound, and which has no direct parameters, gets the input of the method.
//!
//! **Failure.** A failed step fails the call, unless every binding that it feeds says `skip` or a default.
//!
//! **Not here.** Nothing of a composite survives a crash but what [`typed::Positions`] keep: what must, is a workflow that
//! calls composites.

mod definition;
#[cfg(feature = "cli")]
mod draw;
mod guards;
mod payload;
mod plan;
mod ports;
mod problems;
mod provider;
mod reader;
mod run;
mod schema;
pub mod typed;

pub use definition::{
    Binding, Breaker, Composite, End, Listen, Merge, Method, OnFailure, Outcome, Port, Role, Slot,
    Step, Target,
};
#[cfg(feature = "cli")]
pub(crate) use draw::draw;
#[cfg(feature = "cli")]
pub(crate) use plan::Plan;
pub(crate) use plan::{Parts, make, remake};
pub use ports::Ports;
pub(crate) use provider::entry;
pub(crate) use reader::schema;
