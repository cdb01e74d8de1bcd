//! `postgres`: a private PostgreSQL for tests, and where tests find one.
//!
//! The server belongs to one working copy: its own folder, its own port on the loopback, its own
//! account. Nothing of a server that the machine may run already is touched.

mod account;
mod cluster;
mod install;
mod programs;
mod schemas;
mod server;

use std::path::Path;

use crate::error::Result;
use crate::talk;
use crate::workspace::Workspace;

pub(crate) use cluster::fingerprint;
pub use cluster::{Cluster, Stop};
pub use schemas::drop_schemas;
pub use server::{NEED, URL, own, server, wanted};

/// Where the server of a working copy lives, below its root.
pub const FOLDER: &str = "target/postgres";

/// What is done.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub enum What {
    /// Install Debian's package `postgresql` where the programs are missing (needs root)
    Install,
    /// Start the private server, make it first where there is none, and print its URL
    Start,
    /// Stop the private server; its data stay
    Stop,
    /// Say whether it runs, and where
    Status,
}

/// The command.
///
/// # Errors
/// Fails with what the programs of PostgreSQL said.
pub fn command(folder: &Path, what: What) -> Result<()> {
    if let What::Install = what {
        return install::command();
    }
    let root = Workspace::load(folder)?.root;
    let cluster = Cluster::at(&root.join(FOLDER))?;
    match what {
        What::Install => {}
        What::Start => {
            let url = cluster.start(&[])?;
            talk::step("Started", format_args!("{}", cluster.place().display()));
            talk::data(url);
        }
        What::Stop => {
            cluster.stop(Stop::Fast)?;
            talk::step("Stopped", format_args!("{}", cluster.place().display()));
        }
        What::Status => match cluster.url()? {
            Some(url) => talk::data(url),
            None => talk::data("not running"),
        },
    }
    Ok(())
}
