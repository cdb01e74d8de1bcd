//! `postgres install`: Debian's server, where it is missing.

use std::process::Command;

use super::account;
use super::programs::Programs;
use crate::cargo;
use crate::error::{Error, Result};
use crate::talk;

/// The command.
///
/// # Errors
/// Fails without root, without apt, or with what apt said.
pub(super) fn command() -> Result<()> {
    if let Some(programs) = Programs::find() {
        talk::step("Found", programs.version()?);
        return Ok(());
    }
    let by_hand =
        "install PostgreSQL 13 or later by hand; `initdb` and `pg_ctl` on the path are enough";
    if !account::is_root() {
        return Err(Error::failed("installing PostgreSQL needs root").help(by_hand));
    }
    apt("Updating", &["update"]).map_err(|error| error.help(by_hand))?;
    // Without what it merely recommends: the tests speak to the server over the network alone.
    let install = ["install", "--yes", "--no-install-recommends", "postgresql"];
    apt("Installing", &install).map_err(|error| error.help(by_hand))?;
    talk::step("Installed", Programs::expect()?.version()?);
    Ok(())
}

fn apt(verb: &str, arguments: &[&str]) -> Result<()> {
    talk::step(verb, format_args!("apt-get {}", arguments.join(" ")));
    let mut command = Command::new("apt-get");
    command
        .arg("--quiet")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    // Its progress is of no use to anyone unless it fails.
    cargo::output(&mut command).map(drop)
}
