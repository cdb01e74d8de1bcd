//! Who runs the server: PostgreSQL refuses to be root.

use std::path::Path;
use std::process::Command;

use crate::cargo;
use crate::error::{Error, Result};

/// Accounts that root hands the server to, the best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The account of the server's processes and files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Account {
    /// Whoever runs us.
    Own,
    /// Another one, since we are root.
    Other {
        /// Its name.
        name: String,
        /// Its number.
        user: u32,
        /// The number of its group.
        group: u32,
    },
}

impl Account {
    /// The account to use here.
    ///
    /// # Errors
    /// Fails when we are root and nobody else is there.
    pub(super) fn choose() -> Result<Self> {
        if !is_root() {
            return Ok(Self::Own);
        }
        let found = UNPRIVILEGED.iter().find_map(|name| {
            Some(Self::Other {
                name: (*name).to_owned(),
                user: id(&["-u", name])?,
                group: id(&["-g", name])?,
            })
        });
        found.ok_or_else(|| {
            Error::failed("root may not run PostgreSQL, and there is neither an account `postgres` nor `nobody`")
                .help("run the command as an ordinary user")
        })
    }

    /// The command run by this account, in a folder that it can enter.
    #[cfg(unix)]
    pub(super) fn take(&self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        if let Self::Other { user, group, .. } = self {
            command.uid(*user).gid(*group);
        }
    }

    #[cfg(not(unix))]
    pub(super) fn take(&self, _: &mut Command) {}

    /// Gives it a folder.
    #[cfg(unix)]
    pub(super) fn own(&self, folder: &Path) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other { name, user, group } => {
                std::os::unix::fs::chown(folder, Some(*user), Some(*group)).map_err(|e| {
                    Error::failed(format!("give {} to `{name}`: {e}", folder.display()))
                })
            }
        }
    }

    #[cfg(not(unix))]
    pub(super) fn own(&self, _: &Path) -> Result<()> {
        Ok(())
    }

    /// Whether it can enter a folder: one above may be closed to it.
    pub(super) fn reaches(&self, folder: &Path) -> bool {
        let mut command = Command::new("test");
        command.arg("-x").arg(folder).current_dir("/");
        self.take(&mut command);
        command.status().is_ok_and(|status| status.success())
    }
}

/// Whether we are root.
pub(super) fn is_root() -> bool {
    id(&["-u"]) == Some(0)
}

fn id(arguments: &[&str]) -> Option<u32> {
    let text = cargo::output(Command::new("id").args(arguments)).ok()?;
    text.trim().parse().ok()
}
