//! What a host counts, as everybody reads it.

mod monitoring;
mod snapshot;
mod text;
