//! What a host counts, as everybody reads it.

mod monitoring;
mod snapshot;
mod spans;
mod text;
