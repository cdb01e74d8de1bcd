//! Power is cut under runs: at every operation of the journal's disk, so at every event of a run. After each cut the run
//! goes on, and what it gives and what it has done is what it would have been without the cut.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use weldkit::journal::{Loss, Options, SimDisk};
use weldkit::orchestration::{Status, Terms};
use weldkit::testing::TestHost;

use super::notes::{CALLS, FAILS, GOES_WELL, Notebook, PART};

/// Files of the journal are full and freed while a run goes on.
const SMALL: Options = Options {
    segment_bytes: 16 * 1024,
    quota_bytes: 16 * 1024 * 1024,
    spares: 2,
};
const RUN: &str = "the-run";

async fn open(disk: &SimDisk, state: &TempDir, has_plugin: bool) -> TestHost {
    let disk = Arc::new(disk.clone());
    let opened = TestHost::new(|host| {
        let host = host.disk(disk, SMALL).state(state.path());
        if has_plugin {
            host.plugin::<Notebook>()
        } else {
            host
        }
    });
    opened.await.unwrap()
}

/// Starts the run, unless it is there, and gives it what it waits for until it has ended.
async fn to_its_end(host: &TestHost, document: &str) -> Status {
    let workflows = host.workflows();
    let id = workflows.register(document, "crash.yaml").unwrap();
    let terms = Terms {
        id: Some(RUN.to_owned()),
        input: json!({"name": "Ada"}),
        ..Terms::default()
    };
    workflows.start(&host.ctx(), &id, terms).await.unwrap();
    loop {
        let status = workflows.status(RUN).await.unwrap();
        if status.is_over() {
            return status;
        }
        if status.waiting.iter().any(|key| key.ends_with("/hear")) {
            let go = json!({"id": "1", "source": "test", "type": "crash.go", "data": {}});
            drop(workflows.signal(RUN, go).await);
        }
        host.clock().advance(Duration::from_millis(50));
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// What a run has come to: its state, its output or error, and what it has done.
async fn outcome(host: &TestHost, status: &Status) -> Value {
    let done = host.call("notes.all", "{}").await.unwrap();
    json!([status.state, status.output, status.error, done])
}

/// The keys of calls that a run has kept as done, groups and what they hold included.
async fn kept(disk: &SimDisk) -> BTreeSet<String> {
    let state = TempDir::new().unwrap();
    let host = open(disk, &state, false).await;
    let mut done = BTreeSet::new();
    for run in [RUN.to_owned(), format!("{RUN}~do.6.within")] {
        let Ok(history) = host.workflows().history(&run).await else {
            continue;
        };
        for entry in history.iter().filter(|entry| entry["is"] == "done") {
            let key = entry["key"].as_str().unwrap();
            // Without the tries: the key of the call is the same for all.
            let key = key.split('#').next().unwrap();
            done.insert(format!("{run}{key}"));
        }
    }
    host.stop().await.unwrap();
    done
}

/// Whether a call is one that was kept as done, or within a group that was.
fn is_kept(call: &str, kept: &BTreeSet<String>) -> bool {
    kept.iter().any(|done| {
        let rest = call.strip_prefix(done.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("/do/"))
    })
}

/// Cuts the power at every moment of a run; how many cuts there were.
async fn cut_everywhere(document: &str, state: &str) -> usize {
    let (disk, folder) = (SimDisk::default(), TempDir::new().unwrap());
    let host = open(&disk, &folder, true).await;
    let part = host.workflows().register(PART, "part.yaml").unwrap();
    host.workflows().keep(&part, PART).await.unwrap();
    disk.trace();
    let status = to_its_end(&host, document).await;
    assert_eq!(status.state, state, "{status:?}");
    let moments = disk.moments();
    let undisturbed = outcome(&host, &status).await;
    let history = host.workflows().history(RUN).await.unwrap().len();
    host.stop().await.unwrap();
    // Each event is written and forced.
    assert!(
        moments.len() > 2 * history,
        "{} of {history}",
        moments.len()
    );
    let mut cuts = 0;
    for (number, moment) in moments.iter().enumerate() {
        let losses = match moment.unforced() {
            0 => vec![Loss::All],
            _ => vec![Loss::All, Loss::None, Loss::Random(number as u64)],
        };
        for loss in losses {
            cuts += 1;
            let kept = kept(&moment.crash(loss)).await;
            let state = TempDir::new().unwrap();
            CALLS.lock().unwrap().clear();
            let host = open(&moment.crash(loss), &state, true).await;
            let ended = tokio::time::timeout(Duration::from_secs(60), to_its_end(&host, document));
            let at = format!("cut {number} with {loss:?}");
            let status = ended.await.unwrap_or_else(|_| panic!("{at} does not end"));
            assert_eq!(outcome(&host, &status).await, undisturbed, "{at}");
            for call in CALLS.lock().unwrap().iter() {
                assert!(!is_kept(call, &kept), "{at}: `{call}` was done already");
            }
            host.stop().await.unwrap();
        }
    }
    println!(
        "{cuts} cuts at {} moments of {history} events",
        moments.len()
    );
    cuts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_at_any_event_changes_nothing_of_a_run() {
    // One after the other: the calls of the process are counted.
    for (document, state) in [(GOES_WELL, "completed"), (FAILS, "faulted")] {
        assert!(cut_everywhere(document, state).await > 50);
    }
}
