//! A backup is one commit, whatever goes on meanwhile; a restore gives all of it, or refuses.

#[path = "../../../fixtures/bank/bank.rs"]
pub(super) mod bank;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use tempfile::TempDir;
use weldkit::Host;
use weldkit::host::Folder;
use weldkit::journal::{Options, SystemDisk};
use weldkit::transaction::Isolation;

use bank::{ACCOUNTS, Accounts, Bank, FIRST};

const CLIENTS: u64 = 4;
const TOTAL: i64 = ACCOUNTS as i64 * FIRST;

/// So small that files of the journal are full, freed and used again while a backup is made.
pub(super) const SMALL: Options = Options {
    segment_bytes: 8 * 1024,
    quota_bytes: 64 * 1024 * 1024,
    spares: 2,
};
use crate::wait::until;

pub(super) async fn start(state: &Path) -> weldkit::Result<Host> {
    let builder = Host::builder().plugin::<Accounts>();
    builder.state(state).start().await
}

async fn start_small(state: &Path) -> weldkit::Result<Host> {
    let disk = SystemDisk::new(state.join("journal")).unwrap();
    let builder = Host::builder().plugin::<Accounts>();
    let builder = builder.disk(Arc::new(disk), SMALL);
    builder.state(state).start().await
}

/// What clients have done: how far each has asked, and how far it was answered.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    asked: [AtomicU64; CLIENTS as usize],
    answered: [AtomicU64; CLIENTS as usize],
}

impl Load {
    /// Clients that move money until they are told to end.
    fn begin(self: &Arc<Self>, host: &Host) -> Vec<tokio::task::JoinHandle<()>> {
        let client = |client: u64| {
            let (load, host) = (self.clone(), host.clone());
            tokio::spawn(async move {
                let bank = host.service::<dyn Bank>().unwrap();
                let at = usize::try_from(client).unwrap();
                for number in bank.last(&host.ctx(), client).await.unwrap() + 1.. {
                    if load.is_over.load(SeqCst) {
                        return;
                    }
                    load.asked[at].store(number, SeqCst);
                    let moved = bank.transfer(&host.ctx(), client, number).await;
                    moved.unwrap();
                    load.answered[at].store(number, SeqCst);
                }
            })
        };
        (0..CLIENTS).map(client).collect()
    }

    fn seen(counts: &[AtomicU64; CLIENTS as usize]) -> Vec<u64> {
        counts.iter().map(|count| count.load(SeqCst)).collect()
    }
}

/// The counts of all clients, once the sum is known to be right.
pub(super) async fn looked_at(host: &Host) -> Vec<u64> {
    let bank = host.service::<dyn Bank>().unwrap();
    assert_eq!(bank.sum(&host.ctx()).await.unwrap(), TOTAL);
    let mut counts = Vec::new();
    for client in 0..CLIENTS {
        counts.push(bank.last(&host.ctx(), client).await.unwrap());
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_one_commit_with_all_that_was_acknowledged_before_it() {
    let place = TempDir::new().unwrap();
    let host = start_small(&place.path().join("state")).await.unwrap();
    let load = Arc::<Load>::default();
    let clients = load.begin(&host);
    let mut checked = Vec::new();
    for round in 0..6 {
        let wanted = 20 * (round + 1);
        until(async || {
            Load::seen(&load.answered)
                .iter()
                .all(|count| *count >= wanted)
        })
        .await;
        // A snapshot that is held keeps the checkpoint behind: then a part of it all is in the journal only.
        let snapshot = host.transaction().isolation(Isolation::RepeatableRead);
        let snapshot = snapshot.begin().unwrap();
        let bank = host.service::<dyn Bank>().unwrap();
        if round % 2 == 1 {
            bank.last(&snapshot.ctx(), 0).await.unwrap();
        }
        // Two at once: the checkpoint of the one frees files that the other may be reading.
        let backup = async |name: &str| {
            let before = Load::seen(&load.answered);
            let folder = place.path().join(format!("{name}-{round}"));
            let made = host.backup(&folder).await.unwrap();
            (folder, made, before, Load::seen(&load.asked))
        };
        let (first, second) = tokio::join!(backup("first"), backup("second"));
        checked.extend([first, second]);
        drop(snapshot);
    }
    load.is_over.store(true, SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    host.stop().await.unwrap();
    for (folder, made, before, after) in checked {
        let state = folder.with_extension("restored");
        let restored = Folder::new(&state).restore(&folder).await.unwrap();
        assert_eq!((restored.commit, restored.bytes), (made.commit, made.bytes));
        let host = start(&state).await.unwrap();
        let counts = looked_at(&host).await;
        for (client, count) in counts.iter().enumerate() {
            assert!(
                (before[client]..=after[client]).contains(count),
                "client {client} is at {count}, was answered {} and had asked for {}",
                before[client],
                after[client]
            );
        }
        // Every transfer is one commit: nothing else was ever committed here.
        assert_eq!(counts.iter().sum::<u64>(), made.commit);
        // It goes on from there.
        let bank = host.service::<dyn Bank>().unwrap();
        bank.transfer(&host.ctx(), 0, counts[0] + 1).await.unwrap();
        looked_at(&host).await;
        host.stop().await.unwrap();
    }
}

/// A state folder with some commits, and its backup.
async fn backed_up(place: &Path) -> PathBuf {
    let state = place.join("state");
    let host = start(&state).await.unwrap();
    let bank = host.service::<dyn Bank>().unwrap();
    for number in 1..=20 {
        bank.transfer(&host.ctx(), 0, number).await.unwrap();
    }
    let refused = Folder::new(&state).backup(place.join("other")).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("another process uses"), "{refused}");
    host.stop().await.unwrap();
    // No host that works: the folder alone.
    let folder = place.join("backup");
    let made = Folder::new(&state).backup(&folder).await.unwrap();
    assert_eq!((made.commit, made.left_out.len()), (20, 0));
    folder
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}

/// Restores into a new folder, which must be as empty as before.
async fn refused(backup: &Path) -> String {
    let state = TempDir::new().unwrap();
    let refused = Folder::new(state.path()).restore(backup).await;
    let left = files(state.path());
    assert_eq!(left, [state.path().join("lock")]);
    let refused = refused.expect_err("a restore of damage");
    let problems = refused.list().iter().map(ToString::to_string);
    let problems: Vec<String> = problems.collect();
    format!("{refused}; {}", problems.join("; "))
}

#[tokio::test]
async fn a_backup_that_is_damaged_at_any_byte_or_of_a_later_version_is_refused() {
    let place = TempDir::new().unwrap();
    let backup = backed_up(place.path()).await;
    let all = files(&backup);
    let names: Vec<_> = all.iter().map(|file| file.file_name().unwrap()).collect();
    assert_eq!(
        names,
        ["backup.json", "containers.redb", "0000000001.segment"]
    );
    for path in &all[1..] {
        let whole = fs::read(path).unwrap();
        // Every so many bytes, and each part of the first of them.
        let places = (0..16).chain((16..whole.len()).step_by(whole.len() / 40));
        for at in places {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            fs::write(path, &damaged).unwrap();
            let why = refused(&backup).await;
            assert!(why.contains("is not what was written to it"), "{at}: {why}");
        }
        fs::write(path, &whole[..whole.len() / 2]).unwrap();
        assert!(refused(&backup).await.contains("bytes, not"));
        fs::remove_file(path).unwrap();
        assert!(refused(&backup).await.contains("cannot be copied"));
        fs::write(path, &whole).unwrap();
    }
    // All that is wrong, at once.
    let wholes = [fs::read(&all[1]).unwrap(), fs::read(&all[2]).unwrap()];
    fs::write(&all[1], "x").unwrap();
    fs::write(&all[2], "x").unwrap();
    let why = refused(&backup).await;
    assert!(
        why.contains("containers.redb") && why.contains("0000000001.segment"),
        "{why}"
    );
    fs::write(&all[1], &wholes[0]).unwrap();
    fs::write(&all[2], &wholes[1]).unwrap();

    let about = fs::read_to_string(&all[0]).unwrap();
    for (from, to, expected) in [
        (
            "\"format\": 1",
            "\"format\": 2",
            "has the format 2, and this version reads 1",
        ),
        (
            "\"commit\": 20",
            "\"commit\": 21",
            "says that it holds commit 21",
        ),
        ("containers.redb", "../containers.redb", "names a file"),
        ("{", "", "is damaged"),
    ] {
        assert!(about.contains(from), "{about}");
        fs::write(&all[0], about.replacen(from, to, 1)).unwrap();
        let why = refused(&backup).await;
        assert!(why.contains(expected), "{expected}: {why}");
    }
    fs::remove_file(&all[0]).unwrap();
    assert!(refused(&backup).await.contains("is no backup"));
    fs::write(&all[0], &about).unwrap();
    let state = place.path().join("fine");
    Folder::new(&state).restore(&backup).await.unwrap();
}

#[tokio::test]
async fn a_folder_in_use_is_neither_backed_up_to_nor_restored_into() {
    let place = TempDir::new().unwrap();
    let backup = backed_up(place.path()).await;
    let state = place.path().join("state");
    let again = Folder::new(&state).backup(&backup).await.unwrap_err();
    assert!(again.message().contains("is not empty, `"), "{again}");
    assert_eq!(files(&backup).len(), 3);
    let into = Folder::new(&state).restore(&backup).await.unwrap_err();
    assert!(
        into.message().contains("is not empty, `containers.redb`"),
        "{into}"
    );
    let nothing = place.path().join("nothing");
    let none = Folder::new(&nothing).backup(place.path().join("x")).await;
    assert!(
        none.unwrap_err()
            .message()
            .contains("no host has kept anything")
    );
    assert!(!nothing.exists());

    let restored = place.path().join("restored");
    Folder::new(&restored).restore(&backup).await.unwrap();
    let host = start(&restored).await.unwrap();
    let held = Folder::new(&restored).restore(&backup).await.unwrap_err();
    assert!(held.message().contains("another process uses"), "{held}");
    assert_eq!(looked_at(&host).await, [20, 0, 0, 0]);
    host.stop().await.unwrap();
}

/// Half of a backup would open as well as all of it: a host must not start on it.
#[tokio::test]
async fn a_restore_that_was_cut_off_is_no_state_to_start_on_and_can_be_done_again() {
    let place = TempDir::new().unwrap();
    let backup = backed_up(place.path()).await;
    let state = place.path().join("restored");
    fs::create_dir(&state).unwrap();
    fs::write(state.join("restoring"), "").unwrap();
    fs::copy(
        backup.join("containers.redb"),
        state.join("containers.redb"),
    )
    .unwrap();
    let refused = start(&state).await.unwrap_err();
    assert!(
        refused.to_string().contains("a restore was cut off"),
        "{refused}"
    );
    until(async || !Folder::new(&state).is_held()).await;
    Folder::new(&state).restore(&backup).await.unwrap();
    let host = start(&state).await.unwrap();
    assert_eq!(looked_at(&host).await, [20, 0, 0, 0]);
    host.stop().await.unwrap();
}
