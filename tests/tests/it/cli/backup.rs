//! `backup` of a host that works, `restore`, and the restored one killed at work.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use serde_json::json;

use super::serve::wait_until;
use super::socket::Line;
use super::{BANK, Place, Ran};

const CLIENTS: usize = 3;
const TOTAL: &str = "10000\n";

fn run(place: &Place, arguments: &[&str]) -> Ran {
    Ran::of(place.command(BANK, arguments).spawn().unwrap())
}

/// Moves money over the socket of `state` until `work` returns; what each client was told, and what `work` gives.
fn under_load<T>(
    place: &Place,
    state: &str,
    work: impl FnOnce(&[AtomicU64]) -> T,
) -> (Vec<u64>, T) {
    let is_over = AtomicBool::new(false);
    let told: Vec<AtomicU64> = (0..CLIENTS).map(|_| AtomicU64::new(0)).collect();
    let client = |client: usize| {
        let mut line = Line::at(place, state);
        let last = line.ask(&json!({ "method": "bank.last", "params": { "client": client } }));
        for number in last["result"].as_u64().unwrap() + 1.. {
            let params = json!({ "client": client, "number": number });
            let asked = line.try_ask(&json!({ "method": "bank.transfer", "params": params }));
            // A host that is killed answers nothing more.
            let Some(answer) = asked else { return };
            assert!(answer["result"].is_null(), "{answer}");
            told[client].store(number, SeqCst);
            if is_over.load(SeqCst) {
                return;
            }
        }
    };
    let done = std::thread::scope(|scope| {
        let client = &client;
        for number in 0..CLIENTS {
            scope.spawn(move || client(number));
        }
        let done = work(&told);
        is_over.store(true, SeqCst);
        done
    });
    (seen(&told), done)
}

fn seen(told: &[AtomicU64]) -> Vec<u64> {
    told.iter().map(|told| told.load(SeqCst)).collect()
}

fn last(place: &Place, state: &str) -> Vec<u64> {
    let sum = run(place, &["call", "bank.sum", "--state", state]);
    assert_eq!(sum.fine(), TOTAL);
    let last = |client: usize| {
        let client = client.to_string();
        let ran = run(
            place,
            &["call", "bank.last", "--client", &client, "--state", state],
        );
        ran.json().as_u64().unwrap()
    };
    (0..CLIENTS).map(last).collect()
}

/// Waits until every client was told of this many more.
fn more(told: &[AtomicU64], count: u64) {
    let before = seen(told);
    wait_until(|| {
        seen(told)
            .iter()
            .zip(&before)
            .all(|(now, before)| *now >= before + count)
    });
}

#[test]
fn a_host_under_load_is_backed_up_restored_and_killed_and_loses_nothing() {
    let place = Place::new();
    let mut serving = place.serving(BANK, &[]);
    let (_, backups) = under_load(&place, "state", |told| {
        let backup = |name: &'static str| {
            more(told, 10);
            let before = seen(told);
            let made = run(&place, &["backup", name, "--format", "json"]).json();
            (name, before, made)
        };
        let all: Vec<_> = ["first", "second"].into_iter().map(backup).collect();
        run(&place, &["backup", "first"]).failed(1, &["`", "first` is not empty"]);
        run(&place, &["restore", "first"]).failed(1, &["another process uses the state folder"]);
        all
    });
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    for (name, before, made) in backups {
        let state = format!("from-{name}");
        let restored = run(
            &place,
            &["restore", name, "--state", &state, "--format", "json"],
        );
        assert_eq!(
            restored.json()["backup"]["commit"],
            made["backup"]["commit"]
        );
        let there = last(&place, &state);
        assert!(
            there
                .iter()
                .zip(&before)
                .all(|(there, before)| there >= before),
            "{there:?} {before:?}"
        );
        assert_eq!(json!(there.iter().sum::<u64>()), made["backup"]["commit"]);
        // Killed at work, the restored one loses nothing either.
        for _ in 0..3 {
            let mut serving = place.serving(BANK, &["--state", &state]);
            let (told, ()) = under_load(&place, &state, |told| {
                more(told, 5);
                serving.child.kill().unwrap();
                serving.child.wait().unwrap();
            });
            let there = last(&place, &state);
            assert!(
                there
                    .iter()
                    .zip(&told)
                    .all(|(there, told)| (*told..=told + 1).contains(there)),
                "{there:?} {told:?}"
            );
        }
    }
    // The one that was killed: backed up where no host runs.
    let alone = run(&place, &["backup", "alone"]);
    assert!(
        alone
            .fine()
            .starts_with("backed up to `alone`: everything up to commit"),
        "{alone:?}"
    );
    run(&place, &["restore", "alone"]).failed(1, &["the state folder `./state` is not empty"]);
    run(&place, &["restore", "alone", "--state", "third"]).fine();
    assert_eq!(last(&place, "third"), last(&place, "state"));
}

#[test]
fn files_of_plugins_are_named_since_they_are_not_in_the_backup() {
    let place = Place::new();
    let serving = place.serving(BANK, &[]);
    run(
        &place,
        &["call", "bank.transfer", "--client", "0", "--number", "1"],
    )
    .fine();
    place.write("state/notes", "of a plugin");
    let made = run(&place, &["backup", "there"]);
    made.fine();
    assert!(
        made.err
            .contains("warning: plugins keep files of their own"),
        "{made:?}"
    );
    assert!(made.err.contains("notes"), "{made:?}");
    serving.signal("TERM");
    assert_eq!(serving.ended().0, Some(0));
    run(&place, &["backup", "x", "--state", "nowhere"])
        .failed(1, &["no host has kept anything in `nowhere`"]);
    run(&place, &["restore", "nowhere"]).failed(1, &["`nowhere` is no backup"]);
}
