//! `backup` and `restore`: everything that is durable, out of a state folder and into one.

use serde_json::json;

use super::args::With;
use super::control::Client;
use super::failure::Failure;
use super::host_door::HostDoor;
use super::output::{envelope, list, say};
use super::session::Session;
use super::workers;
use crate::error::CallError;
use crate::host::Folder;
use crate::transaction::Backup;

/// Where a backup goes.
#[derive(Debug, clap::Args)]
pub(super) struct Into {
    /// A folder that is empty or not there
    #[arg(value_name = "DIR")]
    folder: String,
}

/// Where a backup is.
#[derive(Debug, clap::Args)]
pub(super) struct From {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    folder: String,
}

/// Lets the running host do it, or does it alone where none runs: no plugin starts for it.
pub(super) fn back_up(session: &Session, with: &With<Into>) -> Result<u8, Failure> {
    let folder = std::path::absolute(&with.command.folder)?;
    let loaded = session.load();
    let made: Backup = workers::wait(async {
        match Client::connect(loaded.state()).await? {
            Some(client) => {
                let mut door = HostDoor::Running(Box::new(client));
                let params = json!({ "folder": folder });
                let answer = door.call("weldkit.transactions.backup", &params);
                let unreadable = |fault| CallError::internal(format!("`backup`: {fault}"));
                Ok(serde_json::from_slice(&answer.await?).map_err(unreadable)?)
            }
            None => Ok(Folder::new(loaded.state()).backup(&folder).await?),
        }
    })?;
    if !made.left_out.is_empty() {
        say(&format!(
            "warning: plugins keep files of their own in the state folder, which are not in the backup: {}",
            list(&made.left_out)
        ));
    }
    shown(session, &made, "backed up to", &with.command.folder)
}

/// Puts a backup into the state folder, where no host is.
pub(super) fn restore(session: &Session, with: &With<From>) -> Result<u8, Failure> {
    let loaded = session.load();
    let folder = Folder::new(loaded.state());
    let restored = workers::wait(async { Ok(folder.restore(&with.command.folder).await?) })?;
    let into = loaded.state().display().to_string();
    shown(session, &restored, "restored to", &into)
}

fn shown(session: &Session, backup: &Backup, what: &str, place: &str) -> Result<u8, Failure> {
    let Backup { commit, bytes, .. } = backup;
    let text = || format!("{what} `{place}`: everything up to commit {commit}, {bytes} bytes\n");
    let json = || envelope([("backup", json!(backup)), ("folder", json!(place))]);
    session.output.either(text, json)?;
    Ok(0)
}
