//! Commands that start nothing: what they print, and what they leave behind.

use serde_json::{Value, json};

use super::{LOST, Place, Ran, parsed};

#[test]
fn an_application_works_in_an_empty_folder_and_leaves_nothing_behind() {
    let place = Place::new();
    let commands: &[&[&str]] = &[
        &["list"],
        &["describe", "echo"],
        &["describe", "echo.say"],
        &["check"],
        &["config", "schema"],
        &["config", "sample"],
        &["config", "show", "--origins"],
        &["doctor"],
        &["explain", "timeout"],
        &["build-info"],
        &["completions", "bash"],
        &["metadata"],
        &["call", "echo.say", "--the-text", "hi"],
    ];
    for command in commands {
        let ran = place.run(command);
        assert!(!ran.fine().is_empty(), "{command:?}");
        assert_eq!(ran.err, "", "{command:?}");
    }
    assert!(place.files().is_empty(), "{:?}", place.files());
}

#[test]
fn every_json_text_but_that_of_a_call_is_in_an_envelope() {
    let place = Place::new();
    let commands: &[&[&str]] = &[
        &["list"],
        &["describe", "echo"],
        &["describe", "echo.say"],
        &["describe", "echo.say", "--schema", "input"],
        &["check"],
        &["config", "schema"],
        &["config", "sample"],
        &["config", "show", "--origins"],
        &["doctor"],
        &["explain", "timeout"],
        &["build-info"],
        &["metadata"],
    ];
    for command in commands {
        let before = [&["--format", "json"], *command].concat();
        let after = [*command, &["--format", "json"]].concat();
        let (one, other) = (place.run(&before).json(), place.run(&after).json());
        assert_eq!(one["format"], 1, "{command:?}");
        // Free space changes from run to run; the names of what is told do not.
        let keys = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&one), keys(&other), "{command:?}");
    }
    let call = ["call", "echo.exact", "--value", "1", "--format", "json"];
    assert_eq!(place.run(&call).fine(), "1\n");
}

#[test]
fn list_shows_what_is_linked() {
    let listed = Place::new().run(&["list", "--format", "json"]).json();
    let keys: Vec<&String> = listed["plugins"][0].as_object().unwrap().keys().collect();
    let expected = [
        "id",
        "instance",
        "version",
        "description",
        "provides",
        "requires",
        "stability",
        "state",
    ];
    assert_eq!(keys, expected);
    assert_eq!(listed["plugins"].as_array().unwrap().len(), 4);
    let relay = &listed["plugins"][2];
    let expected = json!({
        "id": "relay", "instance": "relay", "version": "0.1.0", "description": "The integration tests of weldkit",
        "provides": ["relay@0.3.0"], "requires": ["echo@1"], "stability": "beta", "state": "linked",
    });
    assert_eq!(*relay, expected);
    let table = Place::new().run(&["list"]);
    assert!(table.fine().starts_with("PLUGIN"), "{table:?}");
    assert!(!table.out.contains('\u{1b}'), "colour in a pipe: {table:?}");
}

#[test]
fn list_knows_instances_and_what_is_disabled() {
    let place =
        Place::new().file("[host]\ndisable = ['trouble']\n[instances.second]\nplugin = 'echo'");
    let listed = place.run(&["list", "--format", "json"]).json();
    let rows: Vec<(&str, &str, &str)> = listed["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["id"].as_str().unwrap(),
                row["instance"].as_str().unwrap(),
                row["state"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("echo", "echo", "linked"),
        ("keeper", "keeper", "linked"),
        ("relay", "relay", "linked"),
        ("echo", "second", "linked"),
        ("trouble", "trouble", "disabled"),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn describe_shows_services_methods_and_schemas() {
    let place = Place::new();
    let service = place.run(&["describe", "echo"]);
    for word in [
        "echo 1.2.0",
        "Gives back what it gets.",
        "echo.say",
        "the_text, times, loud",
        "read only, idempotent",
    ] {
        assert!(service.fine().contains(word), "{word}: {service:?}");
    }
    let method = place.run(&["describe", "echo.say"]);
    for word in [
        "Says a text a number of times.",
        "the_text",
        "required",
        "What to say.",
        "array of string",
        "timeout 30s",
    ] {
        assert!(method.fine().contains(word), "{word}: {method:?}");
    }
    let input = place
        .run(&["describe", "echo.say", "--schema", "input"])
        .json();
    assert_eq!(input["properties"]["times"]["maximum"], 5);
    let output = place
        .run(&["describe", "echo.count", "--schema", "output"])
        .json();
    assert_eq!(output["type"], "integer");
    let error = place.run(&["describe", "echo.say", "--schema", "error"]);
    assert!(error.fine().contains("forbidden_word"), "{error:?}");
    let whole = place
        .run(&["describe", "echo.say", "--format", "json"])
        .json();
    assert_eq!(whole["method"]["input"], input);
}

#[test]
fn a_typo_anywhere_suggests_the_nearest_name() {
    let place = Place::new();
    let check = |arguments: &[&str], code: i32, nearest: &str| {
        place.run(arguments).failed(code, &[nearest]);
    };
    check(&["lst"], 2, "'list'");
    check(&["list", "--fromat", "json"], 2, "'--format'");
    check(&["list", "--format", "jsno"], 2, "'json'");
    check(&["describe", "ehco"], 1, "`echo`");
    check(&["describe", "echo.sya"], 1, "`sya`");
    check(&["describe", "echo.sayy"], 1, "did you mean `say`?");
    check(&["call", "ecko.say"], 1, "did you mean `echo`?");
    check(&["call", "echo.gret"], 1, "did you mean `greet`?");
    check(
        &["call", "echo.say", "--the-txt", "hi"],
        2,
        "did you mean `--the-text`?",
    );
    check(
        &["call", "echo.say", "--x", "hi"],
        2,
        "`--the-text`, `--times`, `--loud`",
    );
    check(
        &["call", "echo.say", "--tiemout", "1s"],
        2,
        "did you mean `--timeout`?",
    );
    check(
        &["call", "echo.say", "--input", r#"{"teh_text":"hi"}"#],
        1,
        "did you mean `the_text`?",
    );
    check(&["explain", "timeot"], 1, "did you mean `timeout`?");
    check(
        &["check", "--set", "plugins.echo.greetin=x"],
        3,
        "did you mean `greeting`?",
    );
    check(
        &["check", "--set", "plugins.ehco.greeting=x"],
        3,
        "did you mean `echo`?",
    );
    check(
        &["check", "--set", "hots.state=x"],
        3,
        "did you mean `host`?",
    );
    check(&["completions", "bahs"], 2, "'bash'");
}

#[test]
fn usage_errors_exit_with_2() {
    let place = Place::new();
    for arguments in [
        &[][..],
        &["call"],
        &["describe"],
        &["config"],
        &["call", "--bogus", "echo.say"],
        &["call", "echo.say", "stray"],
        &["call", "echo.say", "--times", "1", "--times", "2"],
        &["call", "echo.say", "--input", "{}", "--times", "2"],
        &["call", "echo.say", "--timeout", "soon"],
        &["describe", "echo.say", "--schema", "inputs"],
        &["describe", "echo", "--schema", "input"],
    ] {
        place.run(arguments).failed(2, &[]);
        let ran = place.run(&[arguments, &["--format", "json"]].concat());
        ran.failed(2, &[]);
        let told: Value = serde_json::from_str(&ran.err).unwrap();
        assert_eq!(told["format"], 1, "{told}");
        assert_eq!(told["error"]["code"], "usage", "{told}");
    }
    let ran = place.run(&["call", "ehco.say", "--format", "json"]);
    ran.failed(1, &[r#"{"format":1,"error":{"code":"service_not_found""#]);
}

#[test]
fn explain_knows_the_codes_of_host_configuration_graph_and_services() {
    let place = Place::new();
    for (code, words) in [
        ("permission_denied", "permission"),
        ("config_unknown_name", "No section"),
        ("missing_service", "nobody provides"),
        ("forbidden_word", "The word may not be said"),
    ] {
        let ran = place.run(&["explain", code]);
        assert!(ran.fine().contains(words), "{ran:?}");
    }
    let explained = place
        .run(&["explain", "timeout", "--format", "json"])
        .json();
    assert_eq!(explained["retryable"], true);
}

#[test]
fn build_info_and_metadata_tell_what_is_inside() {
    let place = Place::new();
    let info = place.run(&["build-info", "--format", "json"]).json();
    assert_eq!(info["app"], "weldkit-tests");
    assert_eq!(info["panic"], "unwind");
    assert_eq!(info["build"], Value::Null);
    assert_eq!(info["plugins"].as_array().unwrap().len(), 4);
    let metadata = place.run(&["metadata"]).json();
    assert_eq!(metadata["format"], 1);
    assert_eq!(metadata["plugins"][0]["id"], "echo");
    assert_eq!(
        metadata["plugins"][0]["service_contracts"][0]["name"],
        "echo"
    );
    let broken = place.run(&["metadata", "--config", "no-such-file"]);
    assert_eq!(broken.json(), metadata);
}

#[test]
fn a_badly_built_application_is_refused_with_the_command_that_repairs_it() {
    let place = Place::new();
    let run = |arguments: &[&str]| Ran::of(place.command(LOST, arguments).spawn().unwrap());
    let words = [
        "plugin `maps` was chosen for this binary, but is not linked in",
        "cargo xtask tidy --fix",
        "`planner` asks for the service `weather` 1, which nobody provides",
        "cargo xtask build --plugins maps,planner,weather",
        "2 problems",
    ];
    for arguments in [&["check"][..], &["serve"], &["call", "trips.go"]] {
        run(arguments).failed(3, &words);
    }
    let report = run(&["check", "--format", "json"]);
    assert_eq!(report.code, Some(3));
    let report = parsed(&report.out);
    assert_eq!(report["ok"], false);
    let codes: Vec<&Value> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| &problem["code"])
        .collect();
    assert_eq!(codes, ["plugin_not_linked", "missing_service"]);
    run(&["call", "weather.now"]).failed(
        1,
        &[
            "service_not_found",
            "plugin `weather`",
            "--plugins maps,planner,weather",
        ],
    );
    assert!(run(&["list"]).fine().contains("planner"));
    let doctor = run(&["doctor"]);
    doctor.failed(1, &[]);
    assert!(doctor.out.contains("3 things are wrong"), "{doctor:?}");
    assert!(place.files().is_empty());
}

#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    use std::process::Stdio;
    let place = Place::new();
    let mut child = place
        .command(super::APP, &["call", "echo.count", "--up-to", "100000"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::of(child);
    assert_eq!(ran.fine(), "");
    assert_eq!(ran.err, "");
}
