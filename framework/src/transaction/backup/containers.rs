//! The checkpoint in a backup: copied from one moment of it.

use std::path::Path;
use std::sync::Arc;

use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    TableHandle,
};

use super::unusable;
use crate::error::Result;
use crate::limit;
use crate::transaction::checkpoint::{
    ABOUT, Checkpoint, OpenFile, about, begin, definition, opened, write_about,
};

/// A checkpoint as it was; what is written to it later is not seen.
pub(super) struct Moment {
    reader: ReadTransaction,
    /// Whoever closes the file waits for us.
    _file: Arc<OpenFile>,
}

impl Moment {
    pub(super) fn of(checkpoint: &Checkpoint) -> Result<Self> {
        let read = || {
            let file = opened(&checkpoint.file)?;
            let reader = file.database.begin_read()?;
            Ok::<_, redb::Error>(Self {
                reader,
                _file: file,
            })
        };
        read().map_err(|fault| unusable(Path::new(super::CONTAINERS), &fault))
    }

    /// Writes all of it into a new file, forced to disk; up to which commit that is everything, and how many keys it has.
    pub(super) fn copy(&self, path: &Path) -> Result<(u64, u64)> {
        self.try_copy(path).map_err(|fault| unusable(path, &fault))
    }

    fn try_copy(&self, path: &Path) -> std::result::Result<(u64, u64), redb::Error> {
        let database = Database::create(path)?;
        let mut keys = 0;
        for name in names(&self.reader)? {
            keys += self.copy_table(&name, &database)?;
        }
        let about = about(&self.reader)?;
        let commit = about.get("commit").copied().unwrap_or(0);
        let writer = begin(&database, Durability::Immediate)?;
        write_about(&writer, commit)?;
        writer.commit()?;
        Ok((commit, keys))
    }

    /// In pieces, so that memory is bounded whatever a container holds. Forced with the last one of all.
    fn copy_table(&self, name: &str, database: &Database) -> std::result::Result<u64, redb::Error> {
        let source = self.reader.open_table(definition(name))?;
        let (mut pairs, mut keys) = (source.iter()?, 0);
        let mut is_done = false;
        while !is_done {
            let writer = begin(database, Durability::None)?;
            {
                let mut target = writer.open_table(definition(name))?;
                let mut bytes = 0;
                while bytes < limit::BACKUP_BATCH_BYTES {
                    let Some(pair) = pairs.next() else {
                        is_done = true;
                        break;
                    };
                    let (key, value) = pair?;
                    bytes += key.value().len() + value.value().len();
                    target.insert(key.value(), value.value())?;
                    keys += 1;
                }
            }
            writer.commit()?;
        }
        Ok(keys)
    }
}

/// The tables of containers.
fn names(reader: &ReadTransaction) -> std::result::Result<Vec<String>, redb::Error> {
    let all = reader.list_tables()?;
    let named = all.map(|table| table.name().to_owned());
    Ok(named
        .filter(|name| name != TableHandle::name(&ABOUT))
        .collect())
}

/// Reads every byte of a file that was written, and counts its keys.
pub(super) fn check(path: &Path, expected: u64) -> Result<()> {
    let read = || {
        let mut database = Database::open(path)?;
        let is_whole = database.check_integrity()?;
        let reader = database.begin_read()?;
        let mut keys = 0;
        for name in names(&reader)? {
            keys += reader.open_table(definition(&name))?.len()?;
        }
        Ok::<_, redb::Error>((is_whole, keys))
    };
    match read().map_err(|fault| unusable(path, &fault))? {
        (true, keys) if keys == expected => Ok(()),
        (true, keys) => Err(unusable(
            path,
            &format!("it holds {keys} keys where {expected} were written"),
        )),
        (false, _) => Err(unusable(path, &"it is damaged, as it was written just now")),
    }
}
