use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use redb::backends::FileBackend;
use redb::{BackendError, Builder, ReadableDatabase, StorageBackend, TableDefinition};
use tempfile::TempDir;
use weldkit_storage::{Collection, Key};

use super::*;
use crate::{documents, open};

const CACHE: usize = 1024 * 1024;

fn put(text: &str) -> impl FnOnce(&Database) -> Result<(), Fault> + Send + 'static {
    let texts = [(Key::new("k").unwrap(), text.as_bytes().to_vec())];
    move |database| documents::put(database, &Collection::new("c").unwrap(), &texts)
}

fn get(database: &Database) -> Result<Option<String>, Fault> {
    let found = documents::get(
        database,
        &Collection::new("c").unwrap(),
        Key::new("k").unwrap(),
    )?;
    Ok(found.map(|document| document.body.to_string()))
}

fn open_path(path: &Path) -> Result<Arc<Store>, String> {
    Store::open(open::file(path.to_owned(), CACHE))
        .map(Arc::new)
        .map_err(|error| error.to_string())
}

/// What the disk does wrong from now on.
#[derive(Debug, Default)]
struct Faults {
    full: AtomicBool,
    sync: AtomicBool,
}

#[derive(Debug)]
struct Faulty(FileBackend, Arc<Faults>);

impl StorageBackend for Faulty {
    fn len(&self) -> Result<u64, io::Error> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        if self.1.sync.load(SeqCst) {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            self.0.sync_data()
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        if self.1.full.load(SeqCst) {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            self.0.write(offset, data)
        }
    }

    fn close(&self) -> Result<(), io::Error> {
        self.0.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.unlock_range(start, end)
    }
}

/// A store on a disk that can be told to fail.
fn faulty(folder: &TempDir) -> (Arc<Store>, Arc<Faults>) {
    let faults = Arc::new(Faults::default());
    let (path, told) = (folder.path().join("s.redb"), Arc::clone(&faults));
    let opener: Opener = Box::new(move || {
        let file = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        open::database(
            &path,
            Faulty(FileBackend::new(file)?, Arc::clone(&told)),
            CACHE,
        )
    });
    (Arc::new(Store::open(opener).unwrap()), faults)
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_may_pass() {
    let folder = TempDir::new().unwrap();
    let (store, faults) = faulty(&folder);
    store.write(put("1")).await.unwrap();
    faults.full.store(true, SeqCst);
    let error = store.write(put("2")).await.unwrap_err();
    assert!(matches!(error, StorageError::Full { .. }), "{error:?}");
    assert!(matches!(store.health(), Health::Degraded(_)));
    let error = store.read(get).await.unwrap_err();
    assert!(
        matches!(error, StorageError::Unavailable { .. }),
        "{error:?}"
    );
    faults.full.store(false, SeqCst);
    assert_eq!(store.read(get).await.unwrap().as_deref(), Some("1"));
    assert!(matches!(store.health(), Health::Ready));
    store.write(put("3")).await.unwrap();
    assert_eq!(store.read(get).await.unwrap().as_deref(), Some("3"));
}

#[tokio::test]
async fn nothing_is_acknowledged_after_a_failed_sync() {
    let folder = TempDir::new().unwrap();
    let (store, faults) = faulty(&folder);
    store.write(put("1")).await.unwrap();
    faults.sync.store(true, SeqCst);
    let error = store.write(put("2")).await.unwrap_err();
    assert!(matches!(error, StorageError::Failed { .. }), "{error:?}");
    assert!(
        error.to_string().contains("forcing the file to disk"),
        "{error}"
    );
    faults.sync.store(false, SeqCst);
    let error = store.write(put("3")).await.unwrap_err();
    assert!(
        matches!(error, StorageError::Unavailable { .. }),
        "{error:?}"
    );
    assert!(matches!(store.health(), Health::Failed(_)));
    store.stop().await.unwrap();
    let again = open_path(&folder.path().join("s.redb")).unwrap();
    let found = again.read(get).await.unwrap();
    assert!(matches!(found.as_deref(), Some("1" | "2")), "{found:?}");
}

#[tokio::test]
async fn stop_waits_for_work_and_releases_the_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("s.redb");
    let store = open_path(&path).unwrap();
    let refused = open_path(&path).unwrap_err();
    assert!(
        refused.contains("is in use by another process or instance"),
        "{refused}"
    );
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let work = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let work = move |database: &Database| {
                begun.send(()).unwrap();
                may_go_on.recv().unwrap();
                put("1")(database)
            };
            store.write(work).await
        })
    };
    tokio::task::spawn_blocking(move || has_begun.recv())
        .await
        .unwrap()
        .unwrap();
    // The caller gives up; the write that has begun goes on.
    work.abort();
    let stopping = Arc::clone(&store);
    let stop = tokio::spawn(async move { stopping.stop().await });
    go_on.send(()).unwrap();
    stop.await.unwrap().unwrap();
    let error = store.read(get).await.unwrap_err();
    assert!(
        matches!(error, StorageError::Unavailable { .. }),
        "{error:?}"
    );
    let again = open_path(&path).unwrap();
    assert_eq!(again.read(get).await.unwrap().as_deref(), Some("1"));
    drop(store);
}

#[test]
fn what_is_not_ours_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let check = |name: &str, expected: &str| {
        let refused = open_path(&folder.path().join(name)).unwrap_err();
        assert!(
            refused.contains(expected) && refused.contains(name),
            "{refused}"
        );
    };
    let make = |name: &str, table: &str, value: u64| {
        let database = Builder::new().create(folder.path().join(name)).unwrap();
        let writer = database.begin_write().unwrap();
        writer
            .open_table(TableDefinition::<&str, u64>::new(table))
            .unwrap()
            .insert("format", value)
            .unwrap();
        writer.commit().unwrap();
    };
    make("newer", "weldkit_storage", open::FORMAT + 1);
    check(
        "newer",
        "has storage format 2 and this version of storage-redb reads up to 1",
    );
    make("zero", "weldkit_storage", 0);
    check("zero", "has storage format 0, which no version has written");
    make("foreign", "theirs", 1);
    check("foreign", "is a redb database of another program");
    std::fs::write(folder.path().join("text"), "not a database\n".repeat(1000)).unwrap();
    check("text", "it is no storage file");
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    check("folder", "it is a folder; name a file in `path`");
    check("text/below", "a part of its path is a file");
}

#[test]
fn a_new_file_bears_its_format() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("deep/er/s.redb");
    drop(open_path(&path).unwrap());
    let database = Builder::new().open(&path).unwrap();
    let about = database
        .begin_read()
        .unwrap()
        .open_table(TableDefinition::<&str, u64>::new("weldkit_storage"))
        .unwrap();
    assert_eq!(about.get("format").unwrap().unwrap().value(), open::FORMAT);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    // Where even root may not write.
    let refused = open_path(Path::new("/proc/sys/s.redb")).unwrap_err();
    assert!(refused.contains("/proc/sys/s.redb"), "{refused}");
    let explained = open::explain_io(
        Path::new("s.redb"),
        &io::ErrorKind::ReadOnlyFilesystem.into(),
    )
    .to_string();
    assert!(
        explained.contains("make its folder writable or choose another `path`"),
        "{explained}"
    );
}
