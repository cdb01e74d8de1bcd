//! Transactions over participants: who is told what, and what callers hear.

mod ledger;
mod protocol;
mod use_;
