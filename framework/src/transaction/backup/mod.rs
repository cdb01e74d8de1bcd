//! Backups: everything that is durable, as of one commit, in a folder of its own; and the way back.
//!
//! ```text
//! running host ── checkpoint ──┬── containers.redb   a moment of the checkpoint, whatever is written to it meanwhile
//!                              ├── journal/          what came after that moment, up to a record that is forced
//!                              └── backup.json       last: what belongs to it, with checksums
//! ```
//!
//! A prefix of the journal is what a crash leaves, so a backup is opened as after a crash: with the decisions about
//! foreign participants that stood there. What plugins keep in files of their own is none of it, and is named.

mod about;
mod containers;
mod restore;

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::Transactions;
use super::durable::{Durable, Named, kind};
use super::engine::Engine;
use super::ground::Ground;
use super::mvcc::{Store, decode};
use super::opening::{open, parsed};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{self, Disk, Options, Position, State, SystemDisk};
use crate::limit;

use about::About;
use containers::Moment;

pub(crate) use restore::restore;
pub(super) use restore::whole;

/// The checkpoint, in a state folder and in a backup.
pub(super) const CONTAINERS: &str = "containers.redb";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backup {
    /// The last commit in it; commits of a host are counted from one, over all its starts.
    pub commit: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// What stands in the state folder and is none of it: plugins keep it in files of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// What has been copied of the journal.
struct Copied {
    commit: u64,
    named: Option<Named>,
}

impl Durable {
    /// Writes a backup into a folder that is empty or not there. Commits go on meanwhile, and are in it or not.
    pub(super) async fn back_up(&self, engine: &Engine, into: &Path) -> Result<Backup> {
        let folder = into.to_owned();
        blocking(move || about::make_empty(&folder)).await?;
        let made = self.write_backup(engine, into).await;
        if made.is_err() {
            // It was empty: what is there now is ours. What cannot be removed is no backup, for want of its description.
            let folder = into.to_owned();
            drop(spawn_blocking(move || about::empty(&folder)).await);
        }
        made
    }

    async fn write_backup(&self, engine: &Engine, into: &Path) -> Result<Backup> {
        // What the checkpoint takes in need not be copied record by record.
        self.checkpoint(engine).await?;
        let (moment, copied) = self.copy_journal(into).await?;
        let (folder, state) = (into.to_owned(), self.folder.clone());
        blocking(move || {
            let path = folder.join(CONTAINERS);
            let (at, keys) = moment.copy(&path)?;
            let expected = Expected {
                commit: at.max(copied.commit),
                named: copied.named,
            };
            containers::check(&path, keys)?;
            expected.check(&folder)?;
            let about = About::of(&folder, &expected)?;
            about.write(&folder)?;
            Ok(Backup {
                commit: expected.commit,
                bytes: about.bytes(),
                left_out: about::left_out(&state)?,
            })
        })
        .await
    }

    /// The checkpoint as it is now, and a copy of the records that are forced by now.
    async fn copy_journal(&self, into: &Path) -> Result<(Moment, Copied)> {
        // Nothing is released as long as this is held, and the checkpoint takes in nothing.
        let _alone = self.checkpointing.lock().await;
        if let State::Failed(failure) = self.journal.state() {
            return Err(failed(format!("no backup is made: {failure}")));
        }
        let moment = Moment::of(&self.checkpoint)?;
        // Looked at second: every commit that the checkpoint holds was forced before this record.
        let until = self.journal.stats().next();
        let (disk, path) = (self.disk.clone(), into.join(Transactions::JOURNAL));
        let copied = blocking(move || copy(&*disk, until, &path)).await?;
        Ok((moment, copied))
    }
}

fn copy(disk: &dyn Disk, until: Position, path: &Path) -> Result<Copied> {
    let target = SystemDisk::new(path).map_err(|fault| unusable(path, &fault))?;
    let options = Options {
        segment_bytes: limit::BACKUP_SEGMENT_BYTES,
        quota_bytes: u64::MAX,
        spares: 0,
    };
    let mut copied = Copied {
        commit: 0,
        named: None,
    };
    let mut seen = |record: journal::Record<'_>| {
        match record.kind {
            kind::COMMIT => copied.commit = decode(record.payload)?.ts,
            kind::HOST => copied.named = Some(parsed(record.payload)?),
            _ => {}
        }
        Ok(())
    };
    journal::copy(disk, until, (Arc::new(target), options), &mut seen)
        .map_err(|failure| failed(format!("the journal cannot be copied: {failure}")))?;
    Ok(copied)
}

/// What has to be found when a backup is opened.
struct Expected {
    commit: u64,
    named: Option<Named>,
}

impl Expected {
    /// Opens everything as a start does, and changes nothing.
    fn check(&self, folder: &Path) -> Result<()> {
        let store = Store::new(Clock::System);
        let (durable, found) = open(&store, &Ground::new(folder.to_owned(), None))?;
        durable.let_go();
        let commit = store.visible();
        let host = found.named.map(|named| named.host);
        if (commit, host) == (self.commit, self.named.map(|named| named.host)) {
            return Ok(());
        }
        Err(failed(format!(
            "`{}` holds what it should not: commit {commit} where {} was written",
            folder.display(),
            self.commit
        )))
    }
}

/// Works where waiting for a disk holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(ended) => Err(failed(ended.to_string())),
    }
}

fn failed(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::State, what.into())
}

fn unusable(path: &Path, fault: &dyn std::fmt::Display) -> Error {
    failed(format!("`{}` cannot be used: {fault}", path.display()))
}
