//! The checkpoint in a backup: copied from one moment of it.

use std::path::Path;

use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    TableError, TableHandle,
};

use super::unusable;
use crate::error::Result;
use crate::limit;
use crate::transaction::checkpoint::{ABOUT, Checkpoint, FORMAT, definition, opened};

/// A checkpoint as it was; what is written to it later is not seen.
pub(super) struct Moment(ReadTransaction);

impl Moment {
    pub(super) fn of(checkpoint: &Checkpoint) -> Result<Self> {
        let read = || Ok::<_, redb::Error>(opened(&checkpoint.database)?.begin_read()?);
        let reader = read().map_err(|fault| unusable(Path::new(super::CONTAINERS), &fault))?;
        Ok(Self(reader))
    }

    /// Writes all of it into a new file, forced to disk; up to which commit that is everything, and how many keys it has.
    pub(super) fn copy(&self, path: &Path) -> Result<(u64, u64)> {
        self.try_copy(path).map_err(|fault| unusable(path, &fault))
    }

    fn try_copy(&self, path: &Path) -> std::result::Result<(u64, u64), redb::Error> {
        let database = Database::create(path)?;
        let mut keys = 0;
        for name in self.names()? {
            keys += self.copy_table(&name, &database)?;
        }
        let commit = match self.0.open_table(ABOUT) {
            Ok(about) => about.get("commit")?.map_or(0, |commit| commit.value()),
            Err(TableError::TableDoesNotExist(_)) => 0,
            Err(fault) => return Err(fault.into()),
        };
        let mut writer = database.begin_write()?;
        writer
            .set_durability(Durability::Immediate)
            .map_err(|fault| redb::Error::Corrupted(fault.to_string()))?;
        {
            let mut about = writer.open_table(ABOUT)?;
            about.insert("format", FORMAT)?;
            about.insert("commit", commit)?;
        }
        writer.commit()?;
        Ok((commit, keys))
    }

    fn names(&self) -> std::result::Result<Vec<String>, redb::Error> {
        names(&self.0)
    }

    /// In pieces, so that memory is bounded whatever a container holds. Forced with the last one of all.
    fn copy_table(&self, name: &str, database: &Database) -> std::result::Result<u64, redb::Error> {
        let source = self.0.open_table(definition(name))?;
        let (mut pairs, mut keys) = (source.iter()?, 0);
        let mut is_done = false;
        while !is_done {
            let mut writer = database.begin_write()?;
            writer
                .set_durability(Durability::None)
                .map_err(|fault| redb::Error::Corrupted(fault.to_string()))?;
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
