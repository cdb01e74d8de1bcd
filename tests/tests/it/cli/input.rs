//! What a call takes, good and bad, and how it comes out again.

use serde_json::json;

use super::{Place, parsed};

/// Calls with `--input` and gives the code of the error and its pointer.
#[track_caller]
fn refused(place: &Place, method: &str, input: &[u8]) -> (String, String, String) {
    let ran = place.run_with(&["call", method, "--input", "-", "--format", "json"], input);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.out, "");
    let error = parsed(&ran.err);
    assert_eq!(error["format"], 1);
    let text = |key: &str| error["error"][key].as_str().unwrap_or_default().to_owned();
    (text("code"), text("pointer"), text("message"))
}

#[test]
fn parameters_come_one_by_one_or_all_at_once() {
    let place = Place::new();
    let say = |arguments: &[&str]| {
        place
            .run(&[&["call", "echo.say"], arguments].concat())
            .json()
    };
    assert_eq!(say(&["--the-text", "hi"]), json!(["hi"]));
    assert_eq!(say(&["--the_text=hi", "--times", "2"]), json!(["hi", "hi"]));
    assert_eq!(say(&["--loud", "--the-text", "hi"]), json!(["HI"]));
    assert_eq!(say(&["--loud", "false", "--the-text", "12"]), json!(["12"]));
    assert_eq!(say(&["--the-text", "{\"a\":1}"]), json!(["{\"a\":1}"]));
    assert_eq!(say(&["--the-text", "null"]), json!(["null"]));
    assert_eq!(say(&["--the-text=--loud"]), json!(["--loud"]));
    assert_eq!(say(&["--input", r#"{"the_text":"hi"}"#]), json!(["hi"]));
    place.write("input.json", "{\n  \"the_text\": \"from a file\"\n}\n");
    assert_eq!(say(&["--input", "@input.json"]), json!(["from a file"]));
    let ran = place.run_with(
        &["call", "--input", "-", "echo.say"],
        br#"{"the_text":"from stdin"}"#,
    );
    assert_eq!(ran.json(), json!(["from stdin"]));
    let greeted = place.run(&[
        "call",
        "echo.greet",
        "--mood",
        "short",
        "--input.format",
        "12",
    ]);
    assert_eq!(greeted.json(), "welcome 12");
}

#[test]
fn help_of_a_call_comes_from_its_contract() {
    let ran = Place::new().run(&["call", "echo.say", "--help"]);
    for word in [
        "Says a text a number of times.",
        "--the-text <TEXT>",
        "What to say.",
        "default: 1",
        "required",
        "--timeout",
    ] {
        assert!(ran.fine().contains(word), "{word}: {}", ran.out);
    }
    let ran = Place::new().run(&["call", "echo.greet", "--help"]);
    assert!(ran.fine().contains("polite | short"), "{}", ran.out);
    let ran = Place::new().run(&["call", "echo.count", "--help"]);
    assert!(
        ran.fine().contains("one line of JSON for each item"),
        "{}",
        ran.out
    );
}

#[test]
fn numbers_come_through_digit_by_digit() {
    let place = Place::new();
    let exact = |value: &str| place.run(&["call", "echo.exact", "--value", value]);
    for value in [
        "9007199254740993",
        "-9007199254740993",
        "9223372036854775807",
        "0",
        "-5",
    ] {
        assert_eq!(exact(value).fine(), format!("{value}\n"));
    }
    assert_eq!(exact("623.0").fine(), "623\n");
    for value in [
        "623.5",
        "9223372036854775808",
        "1e400",
        "abc",
        "\"5\"",
        "null",
    ] {
        exact(value).failed(1, &["error[invalid_parameter]"]);
    }
    let any = |value: &str| place.run(&["call", "echo.any", "--value", value]);
    for value in [
        "18446744073709551615",
        "1.5",
        "\"a\"",
        "[1,{\"b\":null}]",
        "true",
        "null",
    ] {
        assert_eq!(any(value).fine(), format!("{value}\n"));
    }
    assert_eq!(any("word").fine(), "\"word\"\n");
    any("{\"a\":").failed(
        1,
        &[
            "error[invalid_parameter]",
            "`--value` is not JSON",
            "/value",
        ],
    );
}

#[test]
fn bad_input_is_refused_with_code_and_pointer() {
    let place = Place::new();
    let check = |method: &str, input: &str, code: &str, pointer: &str, words: &str| {
        let (was, at, message) = refused(&place, method, input.as_bytes());
        assert_eq!(
            (was.as_str(), at.as_str()),
            (code, pointer),
            "{input}: {message}"
        );
        assert!(message.contains(words), "{input}: {message}");
    };
    check("echo.say", "{", "invalid_parameter", "", "not JSON");
    check("echo.say", "[]", "invalid_parameter", "", "an array");
    check("echo.say", "{}", "invalid_parameter", "", "the_text");
    check(
        "echo.say",
        r#"{"the_text":7}"#,
        "invalid_parameter",
        "/the_text",
        "string",
    );
    check(
        "echo.say",
        r#"{"the_text":""}"#,
        "invalid_parameter",
        "/the_text",
        "",
    );
    check(
        "echo.say",
        r#"{"the_text":"a","times":9}"#,
        "invalid_parameter",
        "/times",
        "5",
    );
    check(
        "echo.say",
        r#"{"the_text":"a","tims":1}"#,
        "unknown_parameter",
        "/tims",
        "`times`",
    );
    check(
        "echo.exact",
        r#"{"value":1,"value":2}"#,
        "invalid_parameter",
        "/value",
        "duplicate",
    );
    check(
        "echo.exact",
        r#"{"value":1} {"value":2}"#,
        "invalid_parameter",
        "",
        "trailing",
    );
    check(
        "echo.greet",
        r#"{"mood":"polit","format":""}"#,
        "invalid_parameter",
        "/mood",
        "",
    );
    check(
        "echo.say",
        "{\"the_text\":\"\u{1}\"}",
        "invalid_parameter",
        "",
        "not JSON",
    );
    let (code, _, _) = refused(&place, "echo.say", b"{\"the_text\":\"\xff\"}");
    assert_eq!(code, "invalid_parameter");
}

#[test]
fn every_violation_is_told_at_once() {
    let ran = Place::new().run(&["call", "echo.say", "--the-text", "", "--times", "9"]);
    ran.failed(1, &["--> /the_text", "--> /times"]);
}

#[test]
fn huge_and_deep_input_is_refused_by_a_named_limit() {
    let place = Place::new();
    let huge = format!("{{\"value\":\"{}\"}}", "x".repeat(64 << 20));
    let (code, _, message) = refused(&place, "echo.any", huge.as_bytes());
    assert_eq!(code, "limit", "{message}");
    let deep = format!(
        "{{\"value\":{}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let (code, _, message) = refused(&place, "echo.any", deep.as_bytes());
    assert!(
        ["limit", "invalid_parameter"].contains(&code.as_str())
            && message.contains("recursion limit"),
        "{message}"
    );
    place
        .run(&["call", "echo.large", "--bytes", "70000000"])
        .failed(1, &["error[limit]"]);
    place
        .run(&["call", "echo.say", "--input", "@missing.json"])
        .failed(1, &["missing.json", "error[invalid_parameter]"]);
}

#[test]
fn a_stream_is_one_line_an_item_and_ends_with_its_error() {
    let place = Place::new();
    assert_eq!(
        place.run(&["call", "echo.count", "--up-to", "3"]).fine(),
        "1\n2\n3\n"
    );
    assert_eq!(
        place.run(&["call", "echo.count", "--up-to", "0"]).fine(),
        ""
    );
    let ran = place.run(&["call", "echo.count", "--up-to", "3", "--fail-after", "2"]);
    ran.failed(1, &["error[forbidden_word]"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[..2], ["1", "2"]);
    assert_eq!(parsed(lines[2])["error"]["code"], "forbidden_word");
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_result_goes_to_stdout_and_an_error_to_stderr() {
    let place = Place::new();
    let ran = place.run(&["call", "echo.say", "--the-text", "Macbeth"]);
    ran.failed(1, &["error[forbidden_word]: `Macbeth` is not said here"]);
    assert_eq!(ran.out, "");
    let ran = place.run(&[
        "call",
        "echo.say",
        "--the-text",
        "Macbeth",
        "--format",
        "json",
    ]);
    let error = &parsed(&ran.err)["error"];
    assert_eq!(error["details"]["word"], "Macbeth");
    assert_eq!(error["effect"], "none");
}
