//! A disk that is full and one that cannot be written, as the kernel has them: a small file system of the test's own.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use weldkit::Host;
use weldkit::testing::TestHost;
use weldkit_data_processor::DataProcessor;
use weldkit_records_files::FileRecords;
use weldkit_report_html::HtmlReport;
use weldkit_storage::{Collection, Key, KeyRange, Storage};
use weldkit_storage_memory::MemoryStorage;
use weldkit_storage_redb::RedbStorage;
use weldkit_validation_jsonschema::JsonSchemaValidation;

use crate::docs::repository;

/// Where the disk is, for the test that runs again beside it.
const DISK: &str = "WELDKIT_TEST_DISK";

/// Mounts without privilege, seen by nobody else and gone with the process.
const MOUNT: &str = r#"mount -t tmpfs -o size=48m weldkit "$WELDKIT_TEST_DISK""#;

/// Runs the test of this name once more, in a name space with a disk of 48 MiB, and there its body.
fn with_disk(name: &str, body: impl FnOnce(&Path)) {
    if let Some(disk) = std::env::var_os(DISK) {
        return body(Path::new(&disk));
    }
    let folder = tempfile::tempdir().unwrap();
    let inside = |script: &str| {
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-c", script])
            .arg(std::env::current_exe().unwrap())
            .args([&format!("disk::{name}"), "--exact", "--nocapture"])
            .env(DISK, folder.path());
        command.output()
    };
    match inside(MOUNT) {
        Ok(output) if output.status.success() => {}
        Ok(output) => return skip(&String::from_utf8_lossy(&output.stderr)),
        Err(fault) => return skip(&format!("unshare: {fault}")),
    }
    let output = inside(&format!(r#"{MOUNT} && exec "$0" "$@""#)).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn skip(why: &str) {
    weldkit_xtask::skips::skip("disk", &format!("no disk of its own: {}", why.trim()));
}

/// Takes all room of the disk.
fn fill(disk: &Path) {
    let file = fs::File::create(disk.join("filler")).unwrap();
    let piece = vec![1; 64 * 1024];
    while std::io::Write::write_all(&mut &file, &piece).is_ok() {}
}

/// Gives back this many bytes of it.
fn leave(disk: &Path, room: u64) {
    let path = disk.join("filler");
    let filler = fs::File::options().write(true).open(&path).unwrap();
    let taken = fs::metadata(&path).unwrap().len();
    filler.set_len(taken - room).unwrap();
}

fn free(disk: &Path) {
    fs::remove_file(disk.join("filler")).unwrap();
}

fn make_read_only(disk: &Path) {
    let mount = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(disk)
        .status();
    assert!(mount.unwrap().success());
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

async fn redb(disk: &Path) -> weldkit::Result<Host> {
    let host = Host::builder().plugin::<RedbStorage>();
    host.state(disk.join("state")).start().await
}

/// Puts documents until one is refused, and gives the number of those before it.
async fn put_until_refused(host: &Host, from: usize) -> usize {
    let (storage, ctx) = (host.service::<dyn Storage>().unwrap(), host.ctx());
    let body = json!("x".repeat(256 * 1024));
    for number in from..1_000 {
        let (collection, key) = (Collection::new("c"), Key::new(format!("{number:04}")));
        let put = storage.put(&ctx, collection.unwrap(), key.unwrap(), body.clone());
        if let Err(error) = put.await {
            assert!(error.to_string().contains("No space left"), "{error}");
            return number;
        }
    }
    panic!("the disk has no end");
}

async fn count(host: &Host) -> usize {
    let (storage, ctx) = (host.service::<dyn Storage>().unwrap(), host.ctx());
    let all = storage.count(&ctx, Collection::new("c").unwrap(), KeyRange::default());
    usize::try_from(all.await.unwrap()).unwrap()
}

#[test]
fn a_full_disk_refuses_a_document_and_loses_none() {
    with_disk("a_full_disk_refuses_a_document_and_loses_none", |disk| {
        run(async {
            let host = redb(disk).await.unwrap();
            fill(disk);
            let first = put_until_refused(&host, 0).await;
            assert_eq!(count(&host).await, first, "what was refused is not there");
            free(disk);
            host.stop().await.unwrap();
            drop(host);
            let host = redb(disk).await.unwrap();
            assert_eq!(count(&host).await, first, "what was acknowledged is there");
            assert!(put_until_refused(&host, first).await > first);
            drop(host.stop().await);
        });
    });
}

/// The first rows of the bird strikes.
fn write_rows(root: &Path, count: usize) {
    let all = fs::read_to_string(repository().join("examples/bird-strikes/birdstrikes.csv"));
    let rows: String = all.unwrap().split_inclusive('\n').take(count + 1).collect();
    fs::write(root.join("rows.csv"), rows).unwrap();
}

async fn reporting(root: &Path) -> TestHost {
    let host = TestHost::new(|host| {
        host.plugin::<DataProcessor>()
            .plugin::<FileRecords>()
            .plugin::<HtmlReport>()
            .plugin::<MemoryStorage>()
            .plugin::<JsonSchemaValidation>()
            .settings("records", json!({ "root": root }))
    });
    host.await.unwrap()
}

async fn report(host: &TestHost, output: &Path) -> Result<Value, String> {
    let input = json!({ "source": "rows.csv", "output": output });
    let outcome = host.call("report.run", &input.to_string()).await;
    outcome.map_err(|error| {
        assert_eq!(error.code().as_str(), "output_failed", "{error}");
        error.to_string()
    })
}

fn files(folder: &Path) -> Vec<(OsString, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_full_disk_leaves_the_report_as_it_was() {
    with_disk("a_full_disk_leaves_the_report_as_it_was", |disk| {
        run(async {
            let root = tempfile::tempdir().unwrap();
            let output = disk.join("out");
            let host = reporting(root.path()).await;
            write_rows(root.path(), 100);
            report(&host, &output).await.unwrap();
            let before = files(&output);
            assert!(before.iter().any(|(name, _)| name == "report.html"));
            write_rows(root.path(), 400);
            fill(disk);
            for room in [0, 8 * 1024] {
                leave(disk, room);
                let error = report(&host, &output).await.unwrap_err();
                for words in ["No space left", "choose another disk with `output`"] {
                    assert!(error.contains(words), "{error}");
                }
                assert!(before == files(&output), "with room for {room} bytes");
            }
            free(disk);
            report(&host, &output).await.unwrap();
            assert!(before != files(&output));
            host.stop().await.unwrap();
        });
    });
}

#[test]
fn a_disk_that_cannot_be_written_is_named() {
    with_disk("a_disk_that_cannot_be_written_is_named", |disk| {
        run(async {
            make_read_only(disk);
            let error = redb(disk).await.unwrap_err().to_string();
            for words in ["cannot use the state folder", "Read-only file system"] {
                assert!(error.contains(words), "{error}");
            }
            let root = tempfile::tempdir().unwrap();
            write_rows(root.path(), 10);
            let host = reporting(root.path()).await;
            let error = report(&host, &disk.join("out")).await.unwrap_err();
            assert!(error.contains("a folder that may be written"), "{error}");
            let stored = host.call("storage.count", r#"{"collection": "strikes"}"#);
            assert_eq!(stored.await.unwrap(), 0, "told before the work");
            host.stop().await.unwrap();
        });
    });
}
