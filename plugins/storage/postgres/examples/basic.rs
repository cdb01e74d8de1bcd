//! Documents that outlive the process, and two of them changed together: run it twice and the sums move.
//!
//! `cargo xtask postgres start`, then
//! `WELDKIT_POSTGRES_URL=… cargo run -p weldkit-storage-postgres --example storage-postgres-basic`
fn main() {}
