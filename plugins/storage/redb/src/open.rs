//! Opening the file: created when it is new, refused by name when it is not ours or from a later version.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{
    Builder, Database, DatabaseError, Durability, ReadableDatabase, StorageBackend,
    TableDefinition, TableError,
};
use weldkit::{Error, ErrorKind};

use crate::backend::MarkedSync;

/// The format that this version writes. A file of a later one is refused.
pub(crate) const FORMAT: u64 = 1;

/// What the file says about itself: `format` and nothing else so far.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("weldkit_storage");

/// How a database comes to be open, the first time and again after a failure.
pub(crate) type Opener = Box<dyn Fn() -> Result<Database, Error> + Send + Sync>;

/// The opener of a file.
pub(crate) fn file(path: PathBuf, cache_bytes: usize) -> Opener {
    Box::new(move || {
        let backend =
            FileBackend::new(open_file(&path)?).map_err(|error| explain(&path, error.into()))?;
        database(&path, backend, cache_bytes)
    })
}

/// Opens or makes the file itself, and its folder.
fn open_file(path: &Path) -> Result<File, Error> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let is_new = !path.exists();
    let open = || -> io::Result<File> {
        fs::create_dir_all(folder)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        if is_new && cfg!(unix) {
            // Without it a crash may take the name of the new file, and all that was committed to it.
            File::open(folder)?.sync_all()?;
        }
        Ok(file)
    };
    open().map_err(|error| explain_io(path, &error))
}

/// Opens the database in a file or in what stands in for one.
pub(crate) fn database(
    path: &Path,
    backend: impl StorageBackend,
    cache_bytes: usize,
) -> Result<Database, Error> {
    let database = Builder::new()
        .set_cache_size(cache_bytes)
        .create_with_backend(MarkedSync(backend))
        .map_err(|error| explain_open(path, error))?;
    check_format(path, &database)?;
    Ok(database)
}

/// Marks a new database as ours; refuses one of another program or of a later version.
fn check_format(path: &Path, database: &Database) -> Result<(), Error> {
    let fault = |error: redb::Error| explain(path, error);
    let reader = database.begin_read().map_err(|error| fault(error.into()))?;
    let format = match reader.open_table(ABOUT) {
        Ok(about) => about
            .get("format")
            .map_err(|error| fault(error.into()))?
            .map(|format| format.value()),
        Err(TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(fault(error.into())),
    };
    match format {
        Some(FORMAT) => Ok(()),
        Some(newer) if newer > FORMAT => Err(refuse(
            path,
            &format!(
                "has storage format {newer} and this version of storage-redb reads up to {FORMAT}; use the version that wrote it"
            ),
        )),
        Some(unknown) => Err(refuse(
            path,
            &format!("has storage format {unknown}, which no version has written"),
        )),
        None => {
            let has_tables = reader
                .list_tables()
                .map_err(|error| fault(error.into()))?
                .next()
                .is_some();
            if has_tables {
                return Err(refuse(
                    path,
                    "is a redb database of another program; choose another `path`",
                ));
            }
            write_format(database).map_err(fault)
        }
    }
}

fn write_format(database: &Database) -> Result<(), redb::Error> {
    let mut writer = database.begin_write()?;
    writer
        .set_durability(Durability::Immediate)
        .map_err(|error| redb::Error::Corrupted(error.to_string()))?;
    writer.open_table(ABOUT)?.insert("format", FORMAT)?;
    writer.commit()?;
    Ok(())
}

fn refuse(path: &Path, reason: &str) -> Error {
    Error::new(ErrorKind::State, format!("`{}` {reason}", path.display()))
}

fn explain_open(path: &Path, error: DatabaseError) -> Error {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => refuse(
            path,
            "is in use by another process or instance; stop that one or choose another `path`",
        ),
        DatabaseError::UpgradeRequired(format) => refuse(
            path,
            &format!(
                "has the old redb file format {format}; convert it with the redb version that wrote it"
            ),
        ),
        other => explain(path, other.into()),
    }
}

fn explain(path: &Path, error: redb::Error) -> Error {
    match error {
        redb::Error::Io(error) => explain_io(path, &error),
        redb::Error::Corrupted(reason) => refuse(
            path,
            &format!(
                "is damaged or from a later version of redb ({reason}); restore it from a backup"
            ),
        ),
        other => refuse(path, &format!("cannot be used: {other}")),
    }
}

pub(crate) fn explain_io(path: &Path, error: &io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make its folder writable or choose another `path`"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room on its disk or choose another `path`"
        }
        io::ErrorKind::InvalidData => "it is no storage file; choose another `path`",
        io::ErrorKind::IsADirectory => "it is a folder; name a file in `path`",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a part of its path is a file; choose another `path`"
        }
        _ => "check the setting `path`",
    };
    refuse(path, &format!("cannot be opened: {error}; {advice}"))
}
