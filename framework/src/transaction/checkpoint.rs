//! What durable containers held at the last checkpoint, in one redb file: the base under their rows.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use redb::{
    Database, Durability, ReadOnlyTable, ReadTransaction, ReadableDatabase, TableDefinition,
    TableError, WriteTransaction,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::mvcc::{Base, Most, Piece};
use crate::call::BoxFuture;
use crate::error::{CallError, Error, ErrorKind, Result};

/// The format that this version writes. A file of a later one is refused.
const FORMAT: u64 = 1;

/// What the file says about itself.
pub(super) const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("\0weldkit");

/// A key of a container, and what it holds from now on.
pub(super) type Change = (Arc<[u8]>, Option<Arc<[u8]>>);

/// The file.
#[derive(Clone)]
pub(super) struct Checkpoint {
    pub(super) file: Shelf,
    /// Given out to the open file: whoever gets it has waited until that has gone.
    gone: Arc<Semaphore>,
}

/// The open file, for as long as somebody works on it.
pub(super) struct OpenFile {
    pub(super) database: Database,
    /// Given back behind the database.
    _held: OwnedSemaphorePermit,
}

/// The open file, until it is closed: whatever else of a stopped host is still held must not hold it.
pub(super) type Shelf = Arc<Mutex<Option<Arc<OpenFile>>>>;

pub(super) fn opened(shelf: &Shelf) -> Result<Arc<OpenFile>, redb::Error> {
    let file = shelf.lock().unwrap_or_else(PoisonError::into_inner);
    let closed = || redb::Error::Io(std::io::Error::other("the host has stopped"));
    file.clone().ok_or_else(closed)
}

impl Checkpoint {
    /// Opens the file, or makes it, and says up to which commit it holds everything. Blocks.
    ///
    /// # Errors
    ///
    /// A file of another program or of a later version, or one that cannot be used.
    pub(super) fn open(path: &Path) -> Result<(Self, u64)> {
        let refuse =
            |what: String| Error::new(ErrorKind::State, format!("`{}` {what}", path.display()));
        let unusable = |fault: &dyn std::fmt::Display| {
            refuse(format!(
                "cannot be used: {fault}; restore the state folder from a backup, or choose another with `--state DIR`"
            ))
        };
        let database = Database::create(path).map_err(|fault| unusable(&fault))?;
        let gone = Arc::new(Semaphore::new(1));
        let held = gone.clone().try_acquire_owned();
        let file = OpenFile {
            database,
            _held: held.expect("nobody else has it"),
        };
        let checkpoint = Self {
            file: Arc::new(Mutex::new(Some(Arc::new(file)))),
            gone,
        };
        let about = checkpoint.about().map_err(|fault| unusable(&fault))?;
        match about.get("format") {
            Some(&FORMAT) => {}
            Some(later) => {
                return Err(refuse(format!(
                    "has the format {later}, and this version reads {FORMAT}; use the version that wrote it"
                )));
            }
            None => checkpoint
                .apply(&BTreeMap::new(), 0)
                .map_err(|fault| unusable(&fault))?,
        }
        let at = about.get("commit").copied().unwrap_or(0);
        Ok((checkpoint, at))
    }

    fn about(&self) -> Result<BTreeMap<String, u64>, redb::Error> {
        about(&opened(&self.file)?.database.begin_read()?)
    }

    /// Takes in what has changed up to a commit, by container: all of it, forced to disk, or nothing. Blocks.
    pub(super) fn apply(
        &self,
        changes: &BTreeMap<Arc<str>, Vec<Change>>,
        commit: u64,
    ) -> Result<(), redb::Error> {
        let file = opened(&self.file)?;
        let writer = begin(&file.database, Durability::Immediate)?;
        write_about(&writer, commit)?;
        for (name, changes) in changes {
            let mut table = writer.open_table(definition(name))?;
            for (key, value) in changes {
                match value {
                    Some(value) => drop(table.insert(&key[..], &value[..])?),
                    None => drop(table.remove(&key[..])?),
                }
            }
        }
        writer.commit()?;
        Ok(())
    }

    /// Lets the file go. Reads that are under way end first, and [`gone`](Self::gone) waits for them.
    pub(super) fn close(&self) {
        let file = self
            .file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(file);
    }

    /// Completes when nobody works on the file any more.
    pub(super) async fn gone(&self) {
        drop(self.gone.acquire().await);
    }

    /// The base of one container.
    pub(super) fn base(&self, name: &str) -> Arc<dyn Base> {
        Arc::new(Table {
            file: self.file.clone(),
            name: name.into(),
        })
    }
}

/// What a file says about itself; nothing where it is new.
pub(super) fn about(reader: &ReadTransaction) -> Result<BTreeMap<String, u64>, redb::Error> {
    let table = match reader.open_table(ABOUT) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(BTreeMap::new()),
        Err(fault) => return Err(fault.into()),
    };
    let mut about = BTreeMap::new();
    for entry in redb::ReadableTable::iter(&table)? {
        let (name, value) = entry?;
        about.insert(name.value().to_owned(), value.value());
    }
    Ok(about)
}

/// Says of a file, in a write of it, that it is of this format and holds everything up to a commit.
pub(super) fn write_about(writer: &WriteTransaction, commit: u64) -> Result<(), redb::Error> {
    let mut about = writer.open_table(ABOUT)?;
    about.insert("format", FORMAT)?;
    about.insert("commit", commit)?;
    Ok(())
}

/// Begins a write.
pub(super) fn begin(
    database: &Database,
    durability: Durability,
) -> Result<WriteTransaction, redb::Error> {
    let mut writer = database.begin_write()?;
    writer
        .set_durability(durability)
        .map_err(|fault| redb::Error::Corrupted(fault.to_string()))?;
    Ok(writer)
}

pub(super) fn definition(name: &str) -> TableDefinition<'_, &'static [u8], &'static [u8]> {
    TableDefinition::new(name)
}

/// One container in the file.
struct Table {
    file: Shelf,
    name: Arc<str>,
}

type Opened = Option<ReadOnlyTable<&'static [u8], &'static [u8]>>;

impl Table {
    /// Works on the table off the workers: a read may have to wait for the disk.
    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(Opened) -> Result<T, redb::Error> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, CallError>> {
        let (file, name) = (self.file.clone(), self.name.clone());
        Box::pin(async move {
            let read = spawn_blocking(move || {
                let file = opened(&file)?;
                let reader = file.database.begin_read()?;
                let table = match reader.open_table(definition(&name)) {
                    Ok(table) => Some(table),
                    Err(TableError::TableDoesNotExist(_)) => None,
                    Err(fault) => return Err(fault.into()),
                };
                work(table)
            });
            let unreadable = |fault: &dyn std::fmt::Display| {
                CallError::internal(format!("the containers' file cannot be read: {fault}"))
            };
            match read.await {
                Ok(read) => read.map_err(|fault| unreadable(&fault)),
                Err(ended) => Err(unreadable(&ended)),
            }
        })
    }
}

impl Base for Table {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Arc<[u8]>>, CallError>> {
        let key = key.to_vec();
        self.read(move |table| {
            let Some(table) = table else { return Ok(None) };
            let found = table.get(&key[..])?;
            Ok(found.map(|value| value.value().into()))
        })
    }

    fn range<'a>(
        &'a self,
        (from, until): (Bound<&'a [u8]>, Bound<&'a [u8]>),
        most: Most,
    ) -> BoxFuture<'a, Result<Piece, CallError>> {
        let (from, until) = (from.map(<[u8]>::to_vec), until.map(<[u8]>::to_vec));
        self.read(move |table| {
            let Some(table) = table else {
                return most.take(std::iter::empty());
            };
            let range = (
                from.as_ref().map(Vec::as_slice),
                until.as_ref().map(Vec::as_slice),
            );
            let pairs = table.range::<&[u8]>(range)?.map(|entry| {
                let (key, value) = entry?;
                Ok((key.value().into(), value.value().into()))
            });
            most.take(pairs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: &str, value: Option<&str>) -> Change {
        (
            key.as_bytes().into(),
            value.map(|value| value.as_bytes().into()),
        )
    }

    fn changes(name: &str, all: Vec<Change>) -> BTreeMap<Arc<str>, Vec<Change>> {
        BTreeMap::from([(name.into(), all)])
    }

    #[tokio::test]
    async fn a_checkpoint_holds_what_was_applied_up_to_its_commit() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("containers.redb");
        {
            let (checkpoint, at) = Checkpoint::open(&path).unwrap();
            assert_eq!(at, 0);
            let first = vec![change("a", Some("1")), change("b", Some("2"))];
            checkpoint.apply(&changes("x/y", first), 7).unwrap();
            let second = vec![change("a", None), change("c", Some("3"))];
            checkpoint.apply(&changes("x/y", second), 9).unwrap();
        }
        let (checkpoint, at) = Checkpoint::open(&path).unwrap();
        assert_eq!(at, 9);
        let base = checkpoint.base("x/y");
        assert_eq!(base.get(b"a").await.unwrap(), None);
        assert_eq!(base.get(b"b").await.unwrap().as_deref(), Some(&b"2"[..]));
        let most = Most {
            pairs: 9,
            bytes: 100,
        };
        let all = base
            .range((Bound::Unbounded, Bound::Unbounded), most)
            .await
            .unwrap();
        assert!(!all.is_cut);
        let keys: Vec<_> = all.pairs.iter().map(|(key, _)| &key[..]).collect();
        assert_eq!(keys, [b"b", b"c"]);
        let one = base
            .range((Bound::Included(b"c"), Bound::Unbounded), most)
            .await
            .unwrap();
        assert_eq!(one.pairs.len(), 1);
        let few = Most { bytes: 1, ..most };
        let cut = base
            .range((Bound::Unbounded, Bound::Unbounded), few)
            .await
            .unwrap();
        assert_eq!((cut.pairs.len(), cut.is_cut), (1, true));
        assert_eq!(checkpoint.base("none").get(b"a").await.unwrap(), None);
    }

    #[test]
    fn a_later_format_is_refused_by_name() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("containers.redb");
        drop(Checkpoint::open(&path).unwrap());
        let database = Database::create(&path).unwrap();
        let writer = database.begin_write().unwrap();
        writer
            .open_table(ABOUT)
            .unwrap()
            .insert("format", 2)
            .unwrap();
        writer.commit().unwrap();
        drop(database);
        let error = Checkpoint::open(&path).err().unwrap();
        assert!(error.message().contains("has the format 2"), "{error}");
    }
}
