//! Where the programs of PostgreSQL are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use crate::cargo;
use crate::error::{Error, Result};

/// Where Debian puts them, one folder a major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The programs of one version.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// The newest ones of Debian, else those on the path.
    pub(super) fn find() -> Option<Self> {
        let folder = folders().into_iter().find(|folder| {
            ["initdb", "pg_ctl", "postgres"]
                .iter()
                .all(|name| folder.join(name).is_file())
        })?;
        Some(Self { folder })
    }

    /// The same, or how to get them.
    ///
    /// # Errors
    /// Fails when there are none.
    pub(super) fn expect() -> Result<Self> {
        Self::find().ok_or_else(|| {
            Error::failed(format!(
                "there is no PostgreSQL here, neither below {DEBIAN} nor on the path"
            ))
            .help("install it: cargo xtask postgres install")
        })
    }

    /// Runs one of them as an account, and gives what it prints. Nothing of the caller's own
    /// connection settings reaches it.
    ///
    /// # Errors
    /// Fails with what it said.
    pub(super) fn run(
        &self,
        name: &str,
        account: &Account,
        place: &Path,
        arguments: &[OsString],
    ) -> Result<String> {
        let mut command = Command::new(self.folder.join(name));
        command.args(arguments).current_dir(place);
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("PG") {
                command.env_remove(key);
            }
        }
        account.take(&mut command);
        cargo::output(&mut command)
    }

    /// What it is, such as `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
    ///
    /// # Errors
    /// Fails when it does not run.
    pub(super) fn version(&self) -> Result<String> {
        let text = cargo::output(Command::new(self.folder.join("postgres")).arg("--version"))?;
        Ok(text.trim().to_owned())
    }
}

/// One program by itself.
pub(super) fn named(name: &str) -> Option<PathBuf> {
    let mut all = folders().into_iter().map(|folder| folder.join(name));
    all.find(|path| path.is_file())
}

/// Where to look for them, the best first.
fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH");
    let mut folders = debian();
    folders.extend(path.iter().flat_map(std::env::split_paths));
    folders
}

/// The folders of Debian's versions, the newest first.
fn debian() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}
