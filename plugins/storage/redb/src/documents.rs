//! The operations on an open database. All of them block.

use std::ops::Bound;

use redb::{Database, Durability, ReadOnlyTable, ReadableDatabase, TableDefinition, TableError};
use weldkit::Json;
use weldkit_storage::provider::{Entry, Scan};
use weldkit_storage::{Collection, Document, Key, KeyRange, Limit, Page, StorageError};

/// (collection, key) -> the document as JSON text.
const DOCUMENTS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("documents");

/// Why an operation did not do its work.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The database is well; the answer is no.
    Refused(StorageError),
    /// The database or its file failed.
    Database(redb::Error),
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        Self::Refused(error)
    }
}

impl From<weldkit_storage::Invalid> for Fault {
    fn from(error: weldkit_storage::Invalid) -> Self {
        Self::Refused(error.into())
    }
}

macro_rules! database_fault {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Self {
                Self::Database(error.into())
            }
        }
    )*};
}

database_fault!(
    StorageError,
    TableError,
    TransactionError,
    CommitError,
    SetDurabilityError
);

type Table = ReadOnlyTable<(&'static str, &'static str), &'static [u8]>;

/// The table as it is now; `None` before the first write.
fn table(database: &Database) -> Result<Option<Table>, Fault> {
    match database.begin_read()?.open_table(DOCUMENTS) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The name of a collection holds no NUL, so this sorts after all of its keys and before the next collection.
fn end(collection: &str) -> String {
    format!("{collection}\0")
}

fn decode(collection: &Collection, key: &str, text: &[u8]) -> Result<Json, StorageError> {
    serde_json::from_slice(text).map_err(|error| StorageError::Failed {
        reason: format!("the document under `{key}` in `{collection}` is damaged: {error}"),
    })
}

pub(crate) fn get(
    database: &Database,
    collection: &Collection,
    key: Key,
) -> Result<Option<Document>, Fault> {
    let Some(table) = table(database)? else {
        return Ok(None);
    };
    let Some(text) = table.get((collection.as_str(), key.as_str()))? else {
        return Ok(None);
    };
    let body = decode(collection, key.as_str(), text.value())?;
    Ok(Some(Document::new(key, body)))
}

/// Writes all of the texts in one durable commit.
pub(crate) fn put(
    database: &Database,
    collection: &Collection,
    texts: &[(Key, Vec<u8>)],
) -> Result<(), Fault> {
    commit(database, |table| {
        for (key, text) in texts {
            table.insert((collection.as_str(), key.as_str()), text.as_slice())?;
        }
        Ok(())
    })
}

pub(crate) fn delete(
    database: &Database,
    collection: &Collection,
    key: &Key,
) -> Result<bool, Fault> {
    let path = (collection.as_str(), key.as_str());
    // Nothing to remove, nothing to force to disk.
    match table(database)? {
        Some(table) if table.get(path)?.is_some() => {}
        _ => return Ok(false),
    }
    commit(database, |table| Ok(table.remove(path)?.is_some()))
}

/// One write transaction, on disk when this returns.
fn commit<T>(
    database: &Database,
    work: impl FnOnce(
        &mut redb::Table<'_, (&'static str, &'static str), &'static [u8]>,
    ) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut writer = database.begin_write()?;
    writer.set_durability(Durability::Immediate)?;
    let mut table = writer.open_table(DOCUMENTS)?;
    let answer = work(&mut table)?;
    drop(table);
    writer.commit()?;
    Ok(answer)
}

pub(crate) fn scan(
    database: &Database,
    collection: &Collection,
    scan: &Scan,
) -> Result<Page, Fault> {
    let Some(table) = table(database)? else {
        return scan.page(std::iter::empty());
    };
    let end = end(collection.as_str());
    let start = scan.start().map(|key| (collection.as_str(), key));
    let walk = table.range::<(&str, &str)>((start, Bound::Excluded((end.as_str(), ""))))?;
    scan.page(walk.map(|entry| {
        let (path, text) = entry?;
        let (key, text) = (path.value().1.to_owned(), text.value());
        let body = decode(collection, &key, text)?;
        Ok(Entry {
            key,
            length: text.len(),
            body,
        })
    }))
}

/// Counts a range. `is_cancelled` is asked now and then: a walk over everything may take long.
pub(crate) fn count(
    database: &Database,
    collection: &Collection,
    range: &KeyRange,
    is_cancelled: impl Fn() -> bool,
) -> Result<u64, Fault> {
    const ASK_EVERY: u64 = 4_096;
    let Some(table) = table(database)? else {
        return Ok(0);
    };
    let end = end(collection.as_str());
    let walk = table.range((collection.as_str(), range.start())..(end.as_str(), ""))?;
    let mut count = 0;
    for entry in walk {
        if !range.holds(entry?.0.value().1) || (count % ASK_EVERY == 0 && is_cancelled()) {
            break;
        }
        count += 1;
    }
    Ok(count)
}

/// Steps from collection to collection without walking their documents.
pub(crate) fn collections(
    database: &Database,
    after: Option<&Collection>,
    limit: Limit,
) -> Result<Vec<Collection>, Fault> {
    let Some(table) = table(database)? else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    let mut start = after.map_or_else(String::new, |after| end(after.as_str()));
    while names.len() < limit.get() {
        let Some(entry) = table.range((start.as_str(), "")..)?.next() else {
            break;
        };
        let name = Collection::new(entry?.0.value().0)?;
        start = end(name.as_str());
        names.push(name);
    }
    Ok(names)
}
