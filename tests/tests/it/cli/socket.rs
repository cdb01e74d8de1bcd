//! The control socket, spoken to line by line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::serve::wait_until;
use super::{Place, parsed};

/// One connection.
pub(super) struct Line {
    from: BufReader<UnixStream>,
    to: UnixStream,
}

impl Line {
    pub(super) fn to(place: &Place) -> Self {
        Self::at(place, "state")
    }

    /// The same to the host of another state folder.
    pub(super) fn at(place: &Place, state: &str) -> Self {
        // The path of a test's folder may be too long for an address; that of its descriptor is not.
        let folder = std::fs::File::open(place.path().join(state)).unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&folder);
        let to = UnixStream::connect(format!("/proc/self/fd/{number}/control.sock")).unwrap();
        Self {
            from: BufReader::new(to.try_clone().unwrap()),
            to,
        }
    }

    fn say(&mut self, text: &str) {
        self.to.write_all(text.as_bytes()).unwrap();
        self.to.write_all(b"\n").unwrap();
    }

    #[track_caller]
    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        parsed(&line)
    }

    /// The answer; `None` when the host has gone.
    pub(super) fn try_ask(&mut self, request: &Value) -> Option<Value> {
        self.to.write_all(format!("{request}\n").as_bytes()).ok()?;
        let mut line = String::new();
        let read = self.from.read_line(&mut line).ok()?;
        (read > 0 && line.ends_with('\n')).then(|| parsed(&line))
    }

    #[track_caller]
    pub(super) fn ask(&mut self, request: &Value) -> Value {
        self.say(&request.to_string());
        self.hear()
    }
}

#[test]
fn requests_of_one_connection_are_answered_one_after_the_other() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    let mut line = Line::to(&place);
    let answer =
        line.ask(&json!({ "method": "echo.any", "params": { "value": { "b": 1, "a": [null] } } }));
    assert_eq!(answer.to_string(), r#"{"result":{"b":1,"a":[null]}}"#);
    line.say("{\"method\":\"echo.exact\",\"params\":{\"value\":1}}\n\n{\"method\":\"echo.exact\",\"params\":{\"value\":2}}");
    assert_eq!(
        (line.hear(), line.hear()),
        (json!({ "result": 1 }), json!({ "result": 2 }))
    );
    assert_eq!(
        line.ask(&json!({ "method": "echo.any", "params": { "value": null } })),
        json!({ "result": null })
    );
    assert_eq!(
        line.ask(&json!({ "method": "echo.count", "params": { "up_to": 3 } })),
        json!({ "result": [1, 2, 3] })
    );
    assert_eq!(
        line.ask(&json!({ "method": "echo.given_up" })),
        json!({ "result": 0 })
    );
}

#[test]
fn what_is_no_request_is_refused_and_the_connection_goes_on() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    let mut line = Line::to(&place);
    for (text, code, words) in [
        ("{", "invalid_parameter", "one JSON object on a line"),
        (
            "\u{0}\u{1}",
            "invalid_parameter",
            "one JSON object on a line",
        ),
        ("[1]", "invalid_parameter", "one JSON object on a line"),
        ("{}", "invalid_parameter", "either `method` or `control`"),
        (
            r#"{"metod":"echo.whoami"}"#,
            "unknown_parameter",
            "did you mean `method`?",
        ),
        (
            r#"{"method":"echo.whoami","method":"echo.whoami"}"#,
            "invalid_parameter",
            "duplicate",
        ),
        (
            r#"{"method":"echo.whoami","transaction":"t1"}"#,
            "invalid_parameter",
            "is not the id of a transaction",
        ),
        (
            r#"{"method":"echo.whoami","transaction":"0000002a-7"}"#,
            "not_found",
            "there is no transaction",
        ),
        (
            r#"{"method":"echo.whoami","traceparent":"x"}"#,
            "invalid_parameter",
            "W3C traceparent",
        ),
        (
            r#"{"method":"echo.whoami","deadline_ms":"soon"}"#,
            "invalid_parameter",
            "`deadline_ms` is to be a whole number",
        ),
        (
            r#"{"method":"echo.whoam"}"#,
            "method_not_found",
            "did you mean `whoami`?",
        ),
        (
            r#"{"method":"ecko.whoami"}"#,
            "service_not_found",
            "did you mean `echo`?",
        ),
        (
            r#"{"method":"echo.exact","params":{"value":1,"value":2}}"#,
            "invalid_parameter",
            "duplicate",
        ),
        (
            r#"{"method":"echo.exact","params":{"value":1.5}}"#,
            "invalid_parameter",
            "",
        ),
        (
            r#"{"method":"echo.slow","params":{"ms":9000},"deadline_ms":20}"#,
            "timeout",
            "deadline",
        ),
        (
            r#"{"control":"relod"}"#,
            "invalid_parameter",
            "did you mean `reload`?",
        ),
        (
            r#"{"control":"cancel"}"#,
            "invalid_parameter",
            "no call is under way",
        ),
    ] {
        line.say(text);
        let error = line.hear();
        assert_eq!(error["error"]["code"], code, "{text}: {error}");
        assert!(
            error["error"]["message"].as_str().unwrap().contains(words),
            "{text}: {error}"
        );
    }
    assert_eq!(
        line.ask(&json!({ "method": "echo.exact", "params": { "value": 1 } })),
        json!({ "result": 1 })
    );
}

#[test]
fn what_stands_in_the_envelope_reaches_the_call() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = json!({
        "method": "echo.whoami", "params": {}, "as": "guest", "idempotency_key": "once", "deadline_ms": 5000,
        "traceparent": format!("00-{trace}-00f067aa0ba902b7-01"),
    });
    let expected = json!({ "result": { "principal": "guest", "trace": trace, "key": "once" } });
    assert_eq!(Line::to(&place).ask(&request), expected);
}

#[test]
fn items_and_progress_come_one_by_one_to_who_asks_for_them() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    let mut line = Line::to(&place);
    line.say(r#"{"method":"echo.count","params":{"up_to":2},"stream":true}"#);
    let lines = [line.hear(), line.hear(), line.hear()];
    assert_eq!(
        lines,
        [
            json!({ "item": 1 }),
            json!({ "item": 2 }),
            json!({ "end": true })
        ]
    );
    line.say(r#"{"method":"echo.count","params":{"up_to":2,"fail_after":1},"stream":true}"#);
    assert_eq!(line.hear(), json!({ "item": 1 }));
    assert_eq!(line.hear()["error"]["code"], "forbidden_word");
    line.say(r#"{"method":"echo.slow","params":{"ms":100},"stream":true}"#);
    assert_eq!(
        line.hear(),
        json!({ "progress": { "fraction": 0.25, "message": "a quarter" } })
    );
    let rest = [line.hear(), line.hear()];
    assert_eq!(rest[1], json!({ "result": "done" }), "{rest:?}");
}

#[test]
fn a_call_is_given_up_by_request_and_by_leaving() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    let slow = r#"{"method":"echo.slow","params":{"ms":20000},"stream":true}"#;
    let given_up = |count: u64| {
        wait_until(|| {
            Line::to(&place).ask(&json!({ "method": "echo.given_up" }))["result"] == count
        })
    };
    let mut line = Line::to(&place);
    line.say(slow);
    line.hear();
    line.say(r#"{"control":"cancel"}"#);
    assert_eq!(line.hear()["error"]["code"], "cancelled");
    given_up(1);
    line.say(slow);
    line.hear();
    drop(line);
    given_up(2);
}

#[test]
fn a_client_that_says_no_more_still_gets_its_answer() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    let mut line = Line::to(&place);
    line.to
        .write_all(br#"{"method":"echo.slow","params":{"ms":300}}"#)
        .unwrap();
    line.to.shutdown(Shutdown::Write).unwrap();
    assert_eq!(line.hear(), json!({ "result": "done" }));
    let mut rest = String::new();
    line.from.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn a_line_without_end_is_refused_by_limit() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    let mut line = Line::to(&place);
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..66 {
        // The host may close before it has been sent everything.
        if line.to.write_all(&chunk).is_err() {
            break;
        }
    }
    assert_eq!(line.hear()["error"]["code"], "limit");
    assert_eq!(
        Line::to(&place).ask(&json!({ "method": "echo.given_up" })),
        json!({ "result": 0 })
    );
}

#[test]
fn connections_beyond_the_limit_are_told_so() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    let mut lines: Vec<Line> = (0..64).map(|_| Line::to(&place)).collect();
    for line in &mut lines {
        assert_eq!(
            line.ask(&json!({ "method": "echo.given_up" })),
            json!({ "result": 0 })
        );
    }
    assert_eq!(Line::to(&place).hear()["error"]["code"], "limit");
    lines.pop();
    let mut answered = Value::Null;
    wait_until(|| {
        answered = Line::to(&place).ask(&json!({ "method": "echo.given_up" }));
        answered["error"].is_null()
    });
    assert_eq!(answered, json!({ "result": 0 }));
}

#[test]
fn control_verbs_answer_and_stop_stops() {
    let place = Place::new();
    let serving = place.serve(&[]);
    let mut line = Line::to(&place);
    let listed = line.ask(&json!({ "control": "list" }));
    assert_eq!(listed["result"][0]["instance"], "echo");
    assert_eq!(listed["result"][0]["state"], "running");
    let examined = line.ask(&json!({ "control": "doctor" }));
    assert_eq!(examined["result"][0]["blocked"], 0);
    let reloaded = line.ask(&json!({ "control": "reload" }));
    assert_eq!(reloaded["result"]["replaced"], json!([]));
    assert_eq!(
        line.ask(&json!({ "control": "stop" })),
        json!({ "result": "stopping" })
    );
    assert_eq!(serving.ended().0, Some(0));
}
