//! A serving host: found by other commands, alone on its folder, stopped by signals.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;

use serde_json::json;

use super::socket::Line;
use super::{APP, Place, Ran};

#[test]
fn a_running_host_answers_every_command_and_stops_at_a_signal() {
    let place = Place::new();
    let serving = place.serve(&[]);
    let socket = std::fs::metadata(place.path().join("state/control.sock")).unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    let listed = place.run(&["list", "--format", "json"]).json();
    let states: Vec<_> = listed["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["state"].clone())
        .collect();
    assert_eq!(states, vec![json!("running"); 4]);
    assert_eq!(
        place.run(&["call", "keeper.put", "--text", "kept"]).fine(),
        "null\n"
    );
    assert_eq!(place.run(&["call", "keeper.get"]).fine(), "\"kept\"\n");
    assert_eq!(
        place
            .run(&["call", "echo.exact", "--value", "9007199254740993"])
            .fine(),
        "9007199254740993\n"
    );
    assert_eq!(
        place.run(&["call", "echo.count", "--up-to", "3"]).fine(),
        "1\n2\n3\n"
    );
    let ran = place.run(&["call", "echo.count", "--up-to", "3", "--fail-after", "1"]);
    ran.failed(1, &["error[forbidden_word]"]);
    assert!(ran.out.starts_with("1\n{\"error\":"), "{ran:?}");
    let doctor = place.run(&["doctor"]);
    for word in [
        "a host answers on",
        "held by a running process",
        "instance echo",
        "nothing is wrong",
    ] {
        assert!(doctor.fine().contains(word), "{word}: {doctor:?}");
    }
    serving.signal("TERM");
    let (code, said) = serving.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("stopping"), "{said}");
    assert!(!place.path().join("state/control.sock").exists());
    assert_eq!(
        place.run(&["call", "keeper.get"]).fine(),
        "\"kept\"\n",
        "in process, on the same folder"
    );
}

#[test]
fn bad_input_is_refused_by_a_running_host_as_in_process() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    let check = |input: &str, code: &str| {
        place
            .run(&["call", "echo.say", "--input", input])
            .failed(1, &[code]);
    };
    check("{", "error[invalid_parameter]");
    check("[]", "error[invalid_parameter]");
    check(r#"{"the_text":"a","tims":1}"#, "error[unknown_parameter]");
    check(r#"{"the_text":"a","times":9}"#, "--> /times");
    let pretty = "{\n  \"the_text\": \"a\\nb\"\r\n}";
    assert_eq!(
        place.run(&["call", "echo.say", "--input", pretty]).json(),
        json!(["a\nb"])
    );
    place.write(
        "huge.json",
        format!("{{\"value\":\"{}\"}}", "x".repeat(64 << 20)),
    );
    place
        .run(&["call", "echo.any", "--input", "@huge.json"])
        .failed(1, &["error[limit]"]);
}

#[test]
fn a_second_process_on_one_state_folder_is_refused() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    place.run(&["serve"]).failed(
        1,
        &[
            "another process uses the state folder `./state`",
            "--state DIR",
        ],
    );
    let other = place.serve(&["--state", "other"]);
    let far = Place::new();
    let state = place.path().join("other");
    let called = far.run(&["call", "echo.whoami", "--state", state.to_str().unwrap()]);
    assert_eq!(called.json()["principal"], "operator");
    other.signal("INT");
    assert_eq!(other.ended().0, Some(0));
}

#[test]
fn a_folder_with_a_long_path_has_a_socket_all_the_same() {
    let place = Place::new();
    let state = format!("{}/state", place.path().join("x".repeat(120)).display());
    let serving = place.serve(&["--state", &state]);
    let called = place.run(&["call", "echo.whoami", "--state", &state]);
    assert_eq!(called.json()["principal"], "operator");
    let listed = place.run(&["list", "--state", &state]);
    assert!(listed.fine().contains("running"), "{listed:?}");
    serving.signal("TERM");
    assert_eq!(serving.ended().0, Some(0));
}

#[test]
fn a_socket_that_a_dead_process_left_behind_is_replaced() {
    let place = Place::new();
    let state = place.path().join("state");
    std::fs::create_dir(&state).unwrap();
    drop(UnixListener::bind(state.join("control.sock")).unwrap());
    let doctor = place.run(&["doctor"]);
    assert!(
        doctor
            .fine()
            .contains("left behind by a process that is gone"),
        "{doctor:?}"
    );
    assert_eq!(
        place.run(&["call", "echo.exact", "--value", "1"]).fine(),
        "1\n",
        "in process"
    );
    let mut killed = place.serve(&[]);
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();
    assert!(state.join("control.sock").exists());
    let _serving = place.serve(&[]);
    assert!(place.run(&["list"]).fine().contains("running"));
}

/// Read-only is read-only for a user that is not root, so such a one runs the command.
#[test]
fn a_read_only_folder_is_refused_by_name() {
    let place = Place::new();
    let folder = place.path().join("locked");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    // The program may stand where only its owner can reach it.
    let program = place.path().join("app");
    std::fs::copy(APP, &program).unwrap();
    let is_root =
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(place.path()).unwrap()) == 0;
    let run = |arguments: &[&str]| {
        let mut command = place.command(program.to_str().unwrap(), arguments);
        if is_root {
            command.uid(65534);
        }
        Ran::of(command.args(["--state", "locked/state"]).spawn().unwrap())
    };
    for arguments in [&["serve"][..], &["call", "keeper.get"]] {
        run(arguments).failed(
            1,
            &["cannot use the state folder `locked/state`", "--state DIR"],
        );
    }
    assert_eq!(run(&["call", "echo.exact", "--value", "1"]).fine(), "1\n");
    let doctor = run(&["doctor"]);
    doctor.failed(1, &[]);
    assert!(
        doctor.out.contains("`locked/state` cannot be used"),
        "{doctor:?}"
    );
}

#[test]
fn ctrl_c_gives_up_a_call_wherever_it_runs() {
    let place = Place::new();
    let give_up = |arguments: &[&str]| {
        let mut child = place.command(APP, arguments).spawn().unwrap();
        wait_until(|| place.path().join("begun").exists());
        std::fs::remove_file(place.path().join("begun")).unwrap();
        let sent = std::process::Command::new("kill")
            .args(["-s", "INT", &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        drop(child.stdin.take());
        let ran = Ran::of(child);
        ran.failed(1, &["error[cancelled]: the caller gave up"]);
    };
    give_up(&["call", "echo.slow", "--ms", "20000"]);
    let _serving = place.serve(&[]);
    give_up(&["call", "echo.slow", "--ms", "20000"]);
    wait_until(|| place.run(&["call", "echo.given_up"]).fine() == "1\n");
}

/// Waits for what another process does; a minute is for ever.
#[track_caller]
pub(super) fn wait_until(mut done: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if done() {
            return;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
    panic!("it never happened");
}

#[test]
fn a_host_that_does_not_answer_keeps_nobody_from_what_is_linked() {
    let place = Place::new();
    let state = place.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let listener = UnixListener::bind(state.join("control.sock")).unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let listed = place.run(&["list"]);
    listed.failed(
        1,
        &["error[unavailable]", "the running host cannot be talked to"],
    );
    assert!(listed.out.contains("unknown"), "{listed:?}");
    let doctor = place.run(&["doctor"]);
    doctor.failed(1, &[]);
    assert!(
        doctor.out.contains("the plugins fit together"),
        "{doctor:?}"
    );
    place
        .run(&["call", "echo.exact", "--value", "1"])
        .failed(1, &["error[unavailable]"]);
}

/// What no log may hold: it comes as an argument, and as a secret.
const CANARY: &str = "canary-7f3e";

/// What a host says while it is asked for a line in a call, for one after a wait, and for a refusal; the first under the trace
/// `a…`, the others under `b…`.
fn said_in_calls(place: &Place) -> String {
    let serving = place.serve(&[]);
    for (method, params, trace) in [
        ("echo.whoami", json!({}), "a"),
        ("echo.slow", json!({ "ms": 1 }), "b"),
        ("echo.say", json!({ "the_text": CANARY, "times": 9 }), "b"),
    ] {
        Line::to(place).ask(&json!({
            "method": method,
            "params": params,
            "idempotency_key": CANARY,
            "traceparent": format!("00-{}-00f067aa0ba902b7-01", trace.repeat(32)),
        }));
    }
    serving.signal("TERM");
    let (_, said) = serving.ended();
    assert!(!said.contains(CANARY), "{said}");
    said
}

fn line_with<'s>(said: &'s str, part: &str) -> &'s str {
    let line = said.lines().find(|line| line.contains(part));
    line.unwrap_or_else(|| panic!("no `{part}` in {said}"))
}

/// What a plugin writes inside of a call is in the log with the call's trace, also after it has waited; and at `debug` every call.
#[test]
fn a_line_that_is_written_in_a_call_has_its_trace() {
    let (first, second) = (json!("a".repeat(32)), json!("b".repeat(32)));
    let place = Place::new().file("[host]\nlog_format = 'json'\nlog = 'debug'\n");
    let said = said_in_calls(&place);
    let line = super::parsed(line_with(&said, "somebody asks"));
    assert_eq!(line["trace_id"], first, "{line}");
    assert_eq!(line["target"], json!("fixture_app::echo"), "{line}");
    assert_eq!(line["fields"], json!({ "key": "***" }), "{line}");
    let line = super::parsed(line_with(&said, "took its time"));
    assert_eq!(line["trace_id"], second, "{line}");
    let ended = |method: &str| {
        let line = super::parsed(line_with(&said, &format!("\"method\":\"{method}\"")));
        assert_eq!(
            (&line["level"], &line["message"]),
            (&json!("debug"), &json!("call ended"))
        );
        line
    };
    let (whoami, slow, say) = (ended("whoami"), ended("slow"), ended("say"));
    assert_eq!(whoami["trace_id"], first, "{whoami}");
    assert_eq!(slow["trace_id"], second, "{slow}");
    assert_eq!(slow["fields"]["service"], json!("echo"), "{slow}");
    assert!(
        slow["fields"]["duration_ms"].as_f64().unwrap() >= 1.0,
        "{slow}"
    );
    let outcomes = [whoami, slow, say].map(|line| line["fields"]["outcome"].clone());
    assert_eq!(
        outcomes,
        ["ok", "ok", "invalid_parameter"].map(|code| json!(code))
    );
}

#[test]
fn a_line_for_people_has_its_trace_and_no_call_is_told_at_info() {
    let said = said_in_calls(&Place::new());
    let expected = format!(
        "info: fixture_app::echo: somebody asks who it is key=\"***\" trace_id={}",
        "a".repeat(32)
    );
    assert_eq!(line_with(&said, "somebody asks"), expected);
    assert!(!said.contains("call ended"), "{said}");
}

/// Every line of the log for programs is an object, also the last one of a host that does not start; and what may be a secret
/// under a name with a typing error is in none.
#[test]
fn a_log_for_programs_is_one_object_a_line() {
    let place = Place::new().file("[host]\nlog_format = 'json'\n");
    let mut serving = place.serve(&[]);
    serving.signal("HUP");
    let mut said = serving.hear("nothing was replaced");
    serving.signal("TERM");
    let (code, last) = serving.ended();
    assert_eq!(code, Some(0));
    said.push_str(&last);
    let lines: Vec<_> = said.lines().map(super::parsed).collect();
    let messages: Vec<_> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages.last(), Some(&"stopping"), "{said}");
    for line in &lines {
        assert_eq!(line["level"], json!("info"), "{line}");
        let time = line["time"].as_str().unwrap();
        assert!(
            time.len() == 24 && time.ends_with('Z') && time.starts_with("20"),
            "{line}"
        );
    }

    let canary = "canary-51ce";
    let text = format!("[host]\nlog_format = 'json'\n[plugins.echo]\ngreting = '{canary}'\n");
    let place = Place::new().file(&text);
    let refused = place.run(&["serve"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(3), ""));
    let line = super::parsed(refused.err.trim_end());
    assert_eq!(line["level"], json!("error"), "{line}");
    assert!(
        line["error"]["problems"].to_string().contains("greting"),
        "{line}"
    );
    assert!(!refused.err.contains(canary), "{line}");
}
