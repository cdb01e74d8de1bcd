//! While a backup copies the journal nothing of it is freed, and a host that stops waits for it.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use tempfile::TempDir;
use weldkit::Host;
use weldkit::host::Folder;
use weldkit::journal::{Disk, File, Position, SystemDisk};

use super::backup::bank::{Accounts, Bank};
use super::backup::{SMALL, looked_at, start};
use crate::wait::until;

/// Commits in the time in which a checkpoint could do harm: far more than one takes, and many files of the journal.
const MANY: u64 = 300;

/// Where a copy is in the way that it takes through the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    /// The next copy waits behind its list of the files.
    Closed,
    /// One waits.
    Reached,
}

/// The machine's disk, on which a copy of the journal can be held half-way.
struct HeldDisk {
    disk: SystemDisk,
    gate: Arc<(Mutex<Gate>, Condvar)>,
}

impl Disk for HeldDisk {
    /// At work nobody but a copy asks which files there are.
    fn list(&self) -> io::Result<Vec<String>> {
        let names = self.disk.list();
        let (gate, changed) = &*self.gate;
        let mut gate = gate.lock().unwrap();
        if *gate == Gate::Closed {
            *gate = Gate::Reached;
            drop(
                changed
                    .wait_while(gate, |gate| *gate != Gate::Open)
                    .unwrap(),
            );
        }
        names
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        self.disk.create(name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        self.disk.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.disk.sync_names()
    }

    fn place(&self, name: &str) -> String {
        self.disk.place(name)
    }
}

/// Opens the gate at the latest when a test has failed, which would wait for the copy otherwise.
struct Opener(Arc<(Mutex<Gate>, Condvar)>);

impl Opener {
    fn open(&self) {
        *self.0.0.lock().unwrap() = Gate::Open;
        self.0.1.notify_all();
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        self.open();
    }
}

/// A host with a few commits, and a backup of it that is held in the middle of its copy.
struct Held {
    host: Host,
    gate: Opener,
    backup: tokio::task::JoinHandle<weldkit::Result<weldkit::transaction::Backup>>,
}

impl Held {
    async fn new(place: &Path) -> Self {
        let state = place.join("state");
        let gate = Arc::new((Mutex::new(Gate::Open), Condvar::new()));
        let disk = HeldDisk {
            disk: SystemDisk::new(state.join("journal")).unwrap(),
            gate: gate.clone(),
        };
        let builder = Host::builder().plugin::<Accounts>();
        let builder = builder.disk(Arc::new(disk), SMALL).state(state);
        let host = builder.start().await.unwrap();
        commit(&host, 1..=20).await;
        *gate.0.lock().unwrap() = Gate::Closed;
        let backup = begun(&host, place.join("first"));
        until(async || *gate.0.lock().unwrap() == Gate::Reached).await;
        let gate = Opener(gate);
        Self { host, gate, backup }
    }

    /// The oldest record that the journal still has.
    fn oldest(&self) -> Position {
        self.host.transactions().journal().unwrap().oldest()
    }
}

fn begun(
    host: &Host,
    folder: impl AsRef<Path> + Send + 'static,
) -> tokio::task::JoinHandle<weldkit::Result<weldkit::transaction::Backup>> {
    let host = host.clone();
    tokio::spawn(async move { host.backup(folder).await })
}

async fn commit(host: &Host, numbers: std::ops::RangeInclusive<u64>) {
    let bank = host.service::<dyn Bank>().unwrap();
    for number in numbers {
        bank.transfer(&host.ctx(), 0, number).await.unwrap();
    }
}

async fn restored(place: &Path, backup: &str) -> u64 {
    let state = place.join(format!("from-{backup}"));
    let made = Folder::new(&state).restore(place.join(backup)).await;
    let host = start(&state).await.unwrap();
    let counts = looked_at(&host).await;
    assert_eq!(counts[0], made.unwrap().commit);
    host.stop().await.unwrap();
    counts[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_freed_while_a_backup_copies_the_journal() {
    let place = TempDir::new().unwrap();
    let held = Held::new(place.path()).await;
    let oldest = held.oldest();
    // It begins with a checkpoint, which takes in what the first one is about to copy.
    let second = begun(&held.host, place.path().join("second"));
    commit(&held.host, 21..=20 + MANY).await;
    assert_eq!(held.oldest(), oldest);
    assert!(!second.is_finished());
    held.gate.open();
    assert_eq!(held.backup.await.unwrap().unwrap().commit, 20);
    assert_eq!(second.await.unwrap().unwrap().commit, 20 + MANY);
    held.host.stop().await.unwrap();
    assert_eq!(restored(place.path(), "first").await, 20);
    assert_eq!(restored(place.path(), "second").await, 20 + MANY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_stops_keeps_its_folder_until_a_backup_has_ended() {
    let place = TempDir::new().unwrap();
    let held = Held::new(place.path()).await;
    let stopping = tokio::spawn({
        let host = held.host.clone();
        async move { host.stop().await }
    });
    held.host.stopping().await;
    let folder = Folder::new(place.path().join("state"));
    assert!(folder.is_held());
    held.gate.open();
    stopping.await.unwrap().unwrap();
    assert!(!folder.is_held());
    assert_eq!(held.backup.await.unwrap().unwrap().commit, 20);
    assert_eq!(restored(place.path(), "first").await, 20);
}
