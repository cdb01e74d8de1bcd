//! A disk that fails under a whole host: what was acknowledged is there, nothing more is acknowledged, and the host says so.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use tempfile::TempDir;
use weldkit::journal::{Loss, Operation, SimDisk};
use weldkit::monitoring::Severity;
use weldkit::testing::TestHost;
use weldkit::transaction::State;
use weldkit::{CallError, Code, Effect};

use super::power::{Pair, open};

async fn read(host: &TestHost) -> BTreeMap<u32, u32> {
    let pair = host.service::<dyn Pair>().unwrap();
    let [left, right] = <[_; 2]>::try_from(pair.read(&host.ctx()).await.unwrap()).unwrap();
    assert_eq!(left, right, "both or none");
    left
}

/// Writes a value on both sides in one transaction; how that ended, and where it is now.
async fn write(host: &TestHost, value: u32) -> (Result<(), CallError>, State) {
    let pair = host.service::<dyn Pair>().unwrap();
    let transaction = host.transaction().begin().unwrap().kept();
    let ctx = transaction.ctx();
    for is_left in [true, false] {
        let written = pair.write(&ctx, is_left, value, Some(value)).await;
        written.unwrap();
    }
    let ended = transaction.commit().await;
    (ended, transaction.state())
}

fn values(values: &[u32]) -> BTreeMap<u32, u32> {
    values.iter().map(|value| (*value, *value)).collect()
}

/// A host that has acknowledged one transaction, and whose disk is then harmed.
async fn harmed(state: &Path, harm: impl FnOnce(&SimDisk)) -> (SimDisk, TestHost) {
    let disk = SimDisk::default();
    let host = open(&disk, state).await.unwrap();
    write(&host, 1).await.0.unwrap();
    harm(&disk);
    (disk, host)
}

/// What is said of it: by the health of the host, and in the report. A restart is told to help only where it does.
async fn told(host: &TestHost, level: Severity) -> String {
    let report = host.health_report().await;
    let mut findings = report.findings.iter();
    let found = findings.find(|found| found.subject == "transactions");
    assert_eq!(found.map(|found| found.level), Some(level), "{report:?}");
    assert!(!report.is_ready, "{report:?}");
    assert_eq!(report.is_live, level != Severity::Dead, "{report:?}");
    host.health("weldkit").unwrap()
}

#[tokio::test]
async fn after_a_failed_write_or_sync_a_host_acknowledges_nothing_more_until_it_starts_again() {
    type Harm = fn(&SimDisk);
    let harms: [(&str, Harm); 3] = [
        ("write", |disk| {
            disk.fail(Operation::Write, 0, ErrorKind::Other)
        }),
        ("sync", |disk| {
            disk.fail(Operation::Sync, 0, ErrorKind::Other)
        }),
        ("read-only", |disk| disk.read_only(true)),
    ];
    for (name, harm) in harms {
        let state = TempDir::new().unwrap();
        let (disk, host) = harmed(state.path(), harm).await;
        let (ended, now) = write(&host, 2).await;
        let error = ended.unwrap_err();
        assert_eq!(*error.code(), Code::Internal, "{name}: {error}");
        assert_eq!(error.has_effect(), Effect::Possible, "{name}: {error}");
        assert_eq!(now, State::InDoubt, "{name}");
        assert_eq!(read(&host).await, values(&[1]), "{name}");
        // The file is as it was, also where the disk would take it again.
        let written = disk.written();
        for value in 3..6 {
            let (ended, now) = write(&host, value).await;
            let error = ended.unwrap_err();
            assert_eq!(*error.code(), Code::Unavailable, "{name}: {error}");
            assert_eq!(error.has_effect(), Effect::None, "{name}: {error}");
            assert_eq!(now, State::RolledBack, "{name}");
        }
        let pair = host.service::<dyn Pair>().unwrap();
        let alone = pair.write(&host.ctx(), true, 7, Some(7)).await;
        assert_eq!(*alone.unwrap_err().code(), Code::Unavailable, "{name}");
        let backup = host.backup(state.path().join("backup")).await;
        let backup = backup.unwrap_err().to_string();
        assert!(backup.contains("0000000001.segment"), "{name}: {backup}");
        assert_eq!(disk.written(), written, "{name}");
        assert_eq!(read(&host).await, values(&[1]), "{name}");
        let told = told(&host, Severity::Dead).await;
        for words in ["0000000001.segment", "until the host is started again"] {
            assert!(told.contains(words), "{name}: {told}");
        }
        let stopped = host.stop().await.unwrap_err().to_string();
        assert!(stopped.contains("0000000001.segment"), "{name}: {stopped}");

        let disk = disk.crash(Loss::All);
        disk.read_only(false);
        let again = TempDir::new().unwrap();
        let host = open(&disk, again.path()).await.unwrap();
        assert_eq!(read(&host).await, values(&[1]), "{name}");
        write(&host, 4).await.0.unwrap();
        assert_eq!(read(&host).await, values(&[1, 4]), "{name}");
    }
}

#[tokio::test]
async fn a_host_does_not_start_on_a_disk_that_cannot_be_written() {
    let state = TempDir::new().unwrap();
    let (disk, host) = harmed(state.path(), |disk| disk.read_only(true)).await;
    drop(host);
    let again = TempDir::new().unwrap();
    let refused = open(&disk, again.path()).await.unwrap_err().to_string();
    assert!(refused.contains(".segment"), "{refused}");
}

#[tokio::test]
async fn on_a_full_disk_transactions_fail_cleanly_and_go_on_when_there_is_room() {
    let state = TempDir::new().unwrap();
    // What is there has its room; nothing is left for another file of the journal.
    let (disk, host) = harmed(state.path(), |disk| disk.capacity(0)).await;
    let mut fine = vec![1];
    let refused = loop {
        // Keys of the script are few; what is written is the same again.
        let (ended, now) = write(&host, 2).await;
        match ended {
            Ok(()) => fine.push(2),
            Err(error) => break (error, now),
        }
        assert!(fine.len() < 1_000, "the disk is never full");
    };
    let (error, now) = refused;
    assert_eq!(*error.code(), Code::Unavailable, "{error}");
    assert!(error.is_retryable() && error.has_effect() == Effect::None);
    assert_eq!(now, State::RolledBack);
    fine.dedup();
    assert_eq!(read(&host).await, values(&fine));
    for _ in 0..2 {
        let told = told(&host, Severity::Failed).await;
        assert!(told.contains("until there is room"), "{told}");
    }
    disk.capacity(1 << 20);
    // Who is not ready is sent no calls: it must not take one to find out.
    let report = host.health_report().await;
    assert!(report.is_live && report.is_ready, "{report:?}");
    assert_eq!(report.findings, []);
    write(&host, 3).await.0.unwrap();
    assert_eq!(host.health("weldkit"), None);
    fine.push(3);
    assert_eq!(read(&host).await, values(&fine));
    host.stop().await.unwrap();
}
