//! The host: fitting together, starting, replacing and stopping.

use std::time::Duration;

use serde_json::json;
use weldkit::host::{Folder, State};
use weldkit::{Code, ErrorKind, Host, HostBuilder};
use weldkit_storage::{Collection, Key, Storage};
use weldkit_storage_redb::RedbStorage;

use crate::fixture::{Librarian, Notes, Shelf};
use crate::wait::until;

fn with(mood: &str) -> HostBuilder {
    let state = std::env::temp_dir().join(format!("weldkit-host-{}-{mood}", std::process::id()));
    let host = Host::builder()
        .plugin::<Shelf>()
        .plugin::<Librarian>()
        .state(state);
    host.settings("shelf", json!({ "mood": mood }))
        .deadlines(Duration::from_millis(200), Duration::from_millis(300))
}

/// What does not fit: code and message of each problem.
fn problems(host: &HostBuilder) -> Vec<(&'static str, String)> {
    let error = host.check().expect_err("does not fit");
    assert_eq!(error.kind(), ErrorKind::Graph);
    error
        .list()
        .iter()
        .map(|problem| {
            (
                problem.code,
                format!(
                    "{} {}",
                    problem.message,
                    problem.help.clone().unwrap_or_default()
                ),
            )
        })
        .collect()
}

#[test]
fn every_problem_is_reported_at_once() {
    let choices = weldkit::registry::Choices {
        known: &[("shelf", &["notes@1"]), ("librarian", &["reader@0.1"])],
        chosen: &["librarian"],
        ..Default::default()
    };
    let host = Host::builder()
        .choices(choices)
        .plugin::<Librarian>()
        .plugin::<Librarian>()
        .instance("Bad Name", "librarian")
        .instance("more", "libarian")
        .disable("nobody");
    let host = host
        .provider("reader", "librarianx")
        .limit("reader.reed", weldkit::host::Limit::default())
        .grant("x", &["Bad"]);
    let found = problems(&host);
    let expected = [
        ("duplicate_plugin", "librarian"),
        ("unknown_plugin", "nobody"),
        ("bad_name", "Bad Name"),
        ("unknown_plugin", "`librarian`"),
        (
            "missing_service",
            "plugin `shelf` provides it: cargo xtask build --plugins librarian,shelf",
        ),
        ("unknown_instance", "did you mean `librarian`"),
        ("bad_permission", "`B`"),
        ("unknown_method", "reader.read"),
    ];
    for (code, said) in expected {
        assert!(
            found
                .iter()
                .any(|(found, message)| *found == code && message.contains(said)),
            "{code} {said}: {found:#?}"
        );
    }
}

#[test]
fn ambiguous_providers_are_settled_by_choice() {
    let host = Host::builder()
        .plugin::<Shelf>()
        .plugin::<Librarian>()
        .disable("shelf")
        .instance("a", "shelf")
        .instance("b", "shelf");
    let found = problems(&host);
    assert!(
        found
            .iter()
            .any(|(code, message)| *code == "ambiguous_provider"
                && message.contains("notes = \"a\"")),
        "{found:?}"
    );
    let plan = host.clone().provider("notes", "b").check().unwrap();
    let bound = |plan: &weldkit::registry::Plan| {
        plan.instances
            .iter()
            .find(|instance| instance.name == "librarian")
            .unwrap()
            .bindings[0]
            .provider
            .clone()
    };
    assert_eq!(bound(&plan), "b");
    let plan = host
        .provider("notes", "b")
        .provider("librarian.notes", "a")
        .check()
        .unwrap();
    assert_eq!(bound(&plan), "a");
}

#[tokio::test]
async fn instances_of_one_plugin_have_settings_of_their_own() {
    let host = with("")
        .instance("second", "shelf")
        .settings("second", json!({ "prefix": "2nd " }))
        .provider("librarian.notes", "second");
    let host = host.start().await.unwrap();
    assert_eq!(
        host.call_json(&host.ctx(), "notes.get", br#"{"id":1}"#)
            .await
            .unwrap(),
        br#"{"text":"1","stars":1}"#
    );
    assert_eq!(
        host.call_json(&host.ctx(), "reader.read", br#"{"id":1}"#)
            .await
            .unwrap(),
        br#""2nd 1""#
    );
    let states: Vec<_> = host
        .instances()
        .iter()
        .map(|status| (status.instance.clone(), status.id, status.state))
        .collect();
    assert_eq!(
        states,
        [
            ("librarian".to_owned(), "librarian", State::Running),
            ("second".to_owned(), "shelf", State::Running),
            ("shelf".to_owned(), "shelf", State::Running)
        ]
    );
    host.stop().await.unwrap();
    assert!(
        host.watch()
            .borrow()
            .values()
            .all(|state| *state == State::Stopped)
    );
}

#[tokio::test]
async fn a_failed_start_says_why() {
    for (mood, said) in [
        ("fail", "`shelf` did not start: out of wood"),
        ("panic", "its constructor panicked: no hammer"),
        ("hang", "took longer than 200ms"),
    ] {
        let error = with(mood).start().await.expect_err(mood);
        assert!(error.to_string().contains(said), "{mood}: {error}");
    }
    let error = Host::builder()
        .plugin::<Shelf>()
        .settings("shelf", json!({ "mood": 5 }))
        .start()
        .await
        .unwrap_err();
    assert!(
        error.kind() == ErrorKind::Configuration
            && error.to_string().contains("settings of `shelf`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_plugin_that_does_not_stop_is_named_and_the_others_stop() {
    for (mood, said) in [
        ("fail-stop", "a nail is stuck"),
        ("panic-stop", "panicked when it stopped: the shelf fell"),
        ("hang-stop", "did not stop before the deadline"),
    ] {
        let host = with(mood).start().await.unwrap();
        let error = host.stop().await.expect_err(mood);
        assert!(error.to_string().contains(said), "{mood}: {error}");
        let states = host.watch().borrow().clone();
        assert_eq!(
            (states["shelf"], states["librarian"]),
            (State::Failed, State::Stopped)
        );
    }
}

#[tokio::test]
async fn a_provider_is_replaced_while_it_is_called() {
    let host = with("").start().await.unwrap();
    let (notes, ctx) = (host.service::<dyn Notes>().unwrap(), host.ctx());
    let caller = {
        let (notes, ctx) = (notes.clone(), ctx.clone());
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..2_000 {
                answers.push(
                    notes
                        .act(&ctx, "yield".into())
                        .await
                        .expect("no call is lost"),
                );
                tokio::task::yield_now().await;
            }
            answers.len()
        })
    };
    for round in 0..5 {
        tokio::task::yield_now().await;
        let done = host
            .reload(&[("shelf".to_owned(), json!({ "prefix": format!("{round}-") }))].into())
            .await
            .unwrap();
        assert_eq!(
            (done.replaced, done.kept),
            (vec!["shelf".to_owned()], vec![])
        );
        assert_eq!(notes.get(&ctx, 1).await.unwrap().text, format!("{round}-1"));
    }
    assert_eq!(caller.await.unwrap(), 2_000);
    let again = host
        .reload(&[("shelf".to_owned(), json!({ "prefix": "4-" }))].into())
        .await
        .unwrap();
    assert_eq!(
        again.replaced,
        Vec::<String>::new(),
        "what has not changed is not replaced"
    );
    host.stop().await.unwrap();
}

#[tokio::test]
async fn a_replacement_that_does_not_start_leaves_the_old_one() {
    let host = with("").start().await.unwrap();
    let done = host
        .reload(&[("shelf".to_owned(), json!({ "mood": "fail" }))].into())
        .await
        .unwrap();
    assert!(
        done.replaced.is_empty() && done.kept[0].1.contains("out of wood"),
        "{done:?}"
    );
    assert!(
        host.call_json(&host.ctx(), "notes.get", br#"{"id":1}"#)
            .await
            .is_ok()
    );
    assert_eq!(host.watch().borrow()["shelf"], State::Running);
    let error = host
        .reload(&[("nobody".to_owned(), json!({}))].into())
        .await
        .unwrap_err();
    assert_eq!(error.list()[0].code, "unknown_instance");
    host.stop().await.unwrap();
    let error = host
        .call_json(&host.ctx(), "notes.get", br#"{"id":1}"#)
        .await
        .unwrap_err();
    assert!(
        error.code() == &Code::Unavailable && error.message().contains("has stopped"),
        "{error}"
    );
}

#[tokio::test]
async fn two_hosts_do_not_share_a_state_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = with("").state(folder.path()).start().await.unwrap();
    let error = with("").state(folder.path()).start().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("another process uses the state folder"),
        "{error}"
    );
    first.stop().await.unwrap();
    drop(first);
    with("")
        .state(folder.path())
        .start()
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = with("").state(&file).start().await.unwrap_err();
    assert!(error.to_string().contains("--state DIR"), "{error}");
}

#[test]
fn linked_plugins_are_found_in_order() {
    let ids: Vec<&str> = weldkit::registry::linked()
        .iter()
        .map(|entry| entry.descriptor.id)
        .collect();
    assert!(
        ids.is_sorted() && ids.contains(&"librarian") && ids.contains(&"shelf"),
        "{ids:?}"
    );
}

/// A stopped host held its folder until the last of its clients was dropped, and a restart in one process failed.
#[tokio::test]
async fn a_host_that_has_stopped_lets_its_folder_go_whoever_still_holds_it() {
    let state = tempfile::TempDir::new().unwrap();
    let builder = || Host::builder().plugin::<RedbStorage>().state(state.path());
    let folder = || Folder::new(state.path());
    let (collection, key) = (Collection::new("c").unwrap(), Key::new("k").unwrap());
    let place = || (collection.clone(), key.clone());
    let mut kept = Vec::new();
    for round in 0..4 {
        let host = builder().start().await.unwrap();
        let (storage, ctx) = (host.service::<dyn Storage>().unwrap(), host.ctx());
        let (c, k) = place();
        storage.put(&ctx, c, k, json!(round)).await.unwrap();
        let (mut export, walk) = (storage.export(&ctx, None), storage.export(&ctx, None));
        let first = export.next().await.unwrap().unwrap();
        assert_eq!(first.body, json!(round));
        assert!(folder().is_held());
        host.stop().await.unwrap();
        assert!(!folder().is_held());
        // Nothing that is still held gets at it any more.
        let (c, k) = place();
        storage.put(&ctx, c, k, json!("late")).await.unwrap_err();
        host.backup(state.path().join("late")).await.unwrap_err();
        host.reload(&Default::default()).await.unwrap_err();
        host.stop().await.unwrap();
        assert!(!folder().is_held());
        kept.push((host, storage, export, walk));
    }

    // Who has locked it before keeps it.
    let ours = folder();
    ours.open().unwrap();
    let host = builder().folder(ours.clone()).start().await.unwrap();
    host.stop().await.unwrap();
    assert!(folder().is_held());
    drop((host, ours));
    until(async || !folder().is_held()).await;

    // Who has not stopped as it should may still write.
    let host = with("fail-stop")
        .plugin::<RedbStorage>()
        .state(state.path());
    let host = host.start().await.unwrap();
    host.stop().await.unwrap_err();
    assert!(folder().is_held());
    drop(host);
    until(async || !folder().is_held()).await;
}
