//! Transactions over participants: who is told what, what callers hear, and what a crash leaves.

mod backup;
mod hermitage;
mod histories;
mod ledger;
mod order;
mod power;
mod probed;
mod protocol;
mod recovery;
mod use_;
