//! Transactions: calls of several plugins that happen together or not at all.
//!
//! ```text
//! begin -> calls (each provider joins by itself) -> prepare -> one forced record -> commit
//!                                                          \-> abort (presumed: not logged)
//! ```
//!
//! A transaction travels in [`Ctx`](crate::Ctx). What plugins keep in containers of the host
//! takes part through them; a plugin with a resource of its own is a [`Participant`].

mod id;
mod isolation;
mod participant;

pub use id::{HostId, TransactionId};
pub use isolation::Isolation;
pub use participant::{
    AnyParticipant, Branch, Capabilities, Durability, Fault, Heuristic, Mark, Participant, Phase,
    Vote,
};
