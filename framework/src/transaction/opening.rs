//! From the files of a state folder to a store that holds what they say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde::Deserialize;

use super::TransactionId;
use super::backup::CONTAINERS;
use super::checkpoint::Checkpoint;
use super::coordinator::{Decision, Entry, Recovery};
use super::durable::{Decided, Durable, Named, kind};
use super::ground::Ground;
use super::mvcc::{Store, decode};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Journal, Record};

/// What a replay finds beside the writes.
pub(super) struct Found {
    pub(super) recovery: Recovery<String>,
    pub(super) named: Option<Named>,
}

/// Opens journal and checkpoint, and replays into an empty store what the checkpoint does not hold. Blocks.
///
/// # Errors
///
/// Files that cannot be used, and records of a later version.
pub(super) fn open(store: &Arc<Store>, ground: &Ground) -> Result<(Durable, Found)> {
    let (checkpoint, at) = Checkpoint::open(&ground.folder.join(CONTAINERS))?;
    store.start_at(at);
    let mut found = Found {
        recovery: Recovery::new(),
        named: None,
    };
    let mut placed = VecDeque::new();
    let mut replay = |record: Record<'_>| match record.kind {
        kind::COMMIT => {
            let commit = decode(record.payload)?;
            if let Some(decision) = &commit.decision {
                found.decided(decision)?;
            }
            placed.push_back((commit.ts, record.position));
            store.replay(commit, |name| checkpoint.base(name));
            Ok(())
        }
        kind::DECISION => found.decided(record.payload),
        kind::END => found.ended(record.payload),
        kind::HOST => {
            found.named = Some(parsed(record.payload)?);
            Ok(())
        }
        later => Err(Error::new(
            ErrorKind::State,
            format!(
                "the journal has a record of kind {}, which this version does not know; use the version that wrote it",
                later.0
            ),
        )),
    };
    let (disk, options) = ground.disk()?;
    let journal = Journal::open(disk.clone(), options, &mut replay)
        .map_err(|failure| Error::new(ErrorKind::State, failure.to_string()))?;
    let durable = Durable {
        journal,
        disk,
        folder: ground.folder.clone(),
        checkpoint,
        placed: Arc::new(Mutex::new(placed)),
        pinned: Mutex::default(),
        named: Named { host: 0, run: 0 },
        checkpointing: tokio::sync::Mutex::default(),
        grown: Arc::default(),
        emptied: Arc::default(),
    };
    Ok((durable, found))
}

impl Found {
    fn decided(&mut self, text: &[u8]) -> Result<()> {
        let decided: Decided = parsed(text)?;
        let entry = Entry {
            decision: if decided.c {
                Decision::Commit
            } else {
                Decision::Abort
            },
            local: decided.l,
            parties: decided.p,
        };
        self.recovery.entry(decided.t, entry);
        Ok(())
    }

    fn ended(&mut self, text: &[u8]) -> Result<()> {
        let id = std::str::from_utf8(text)
            .ok()
            .and_then(|id| id.parse().ok());
        let id: TransactionId = id.ok_or_else(|| damaged("an end names no transaction"))?;
        self.recovery.end(id);
        Ok(())
    }
}

pub(super) fn parsed<T: for<'de> Deserialize<'de>>(text: &[u8]) -> Result<T> {
    serde_json::from_slice(text).map_err(|fault| damaged(&fault.to_string()))
}

fn damaged(what: &str) -> Error {
    Error::new(
        ErrorKind::State,
        format!(
            "a record of the journal is damaged: {what}; restore the state folder from a backup"
        ),
    )
}
