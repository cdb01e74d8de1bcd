//! What a host counts, as everybody reads it.

mod snapshot;
mod text;
