//! Transactions: calls of several plugins that happen together or not at all.
//!
//! ```text
//! begin -> calls (each provider joins by itself) -> prepare -> one forced record -> commit
//!                                                          \-> abort (presumed: not logged)
//! ```
//!
//! A transaction travels in [`Ctx`](crate::Ctx). What plugins keep in containers of the host takes part
//! through them; a plugin with a resource of its own is a [`Participant`].

mod id;
mod isolation;
mod participant;

#[cfg(feature = "transaction")]
mod backup;
#[cfg(feature = "transaction")]
mod change;
#[cfg(feature = "transaction")]
mod checkpoint;
#[cfg(feature = "transaction")]
mod container;
#[cfg(feature = "transaction")]
mod coordinator;
#[cfg(feature = "transaction")]
mod counts;
#[cfg(feature = "transaction")]
mod drive;
#[cfg(feature = "transaction")]
mod durable;
#[cfg(feature = "transaction")]
mod engine;
#[cfg(feature = "transaction")]
mod ground;
#[cfg(feature = "transaction")]
mod handle;
#[cfg(feature = "transaction")]
mod health;
#[cfg(feature = "transaction")]
mod join;
#[cfg(feature = "transaction")]
mod live;
#[cfg(feature = "transaction")]
mod log;
#[cfg(feature = "transaction")]
mod mvcc;
#[cfg(feature = "transaction")]
mod offer;
#[cfg(feature = "transaction")]
mod opening;
#[cfg(feature = "transaction")]
mod past;
#[cfg(feature = "transaction")]
mod place;
#[cfg(feature = "transaction")]
mod recovery;
#[cfg(feature = "transaction")]
mod savepoints;
#[cfg(feature = "transaction")]
mod service;
#[cfg(feature = "transaction")]
mod tell;
#[cfg(feature = "transaction")]
mod transactions;
#[cfg(feature = "transaction")]
mod turns;

pub use id::{HostId, TransactionId};
pub use isolation::Isolation;
pub use participant::{
    AnyParticipant, Branch, Capabilities, Durability, Fault, Heuristic, Mark, Participant, Phase,
    Vote,
};

#[cfg(feature = "transaction")]
pub(crate) use backup::restore;
#[cfg(feature = "transaction")]
pub(crate) use ground::{GivenDisk, Ground};
#[cfg(feature = "transaction")]
pub(crate) use health::Trouble;

#[cfg(feature = "transaction")]
pub use self::{
    backup::Backup,
    change::Change,
    container::{BytesMap, BytesPair, BytesRange, Cell, Containers, Map, MapKey},
    coordinator::State,
    handle::{Transaction, TransactionBuilder},
    offer::Offer,
    service::{Participation, Status, TransactionService},
    transactions::{Transactions, current},
};
