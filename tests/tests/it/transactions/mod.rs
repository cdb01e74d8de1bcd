//! Transactions over participants: who is told what, and what callers hear.

mod hermitage;
mod ledger;
mod protocol;
mod recovery;
mod use_;
