//! Transactions over participants: who is told what, what callers hear, and what a crash leaves.

mod backup;
mod copying;
mod faults;
mod hermitage;
mod histories;
mod ledger;
mod order;
mod portable;
mod power;
mod probed;
mod protocol;
pub(crate) mod recovery;
mod use_;
