//! Composites of a configuration: listed, described, called, checked with their places, drawn.

use serde_json::json;

use super::{Place, parsed};

const GREET: &str = "[composites.greet]
description = 'Says things.'
[composites.greet.slots]
voice = { service = 'echo' }
[composites.greet.methods.loudly]
description = 'Says it loudly.'
call = 'voice.say'
with = { loud = true }
[composites.greet.methods.exactly]
result = { number = 'one', again = 'two' }
steps = { one = 'voice.exact', two = 'voice.exact' }
[[composites.greet.methods.exactly.bindings]]
from = 'input#/n'
to = 'one#/value'
[[composites.greet.methods.exactly.bindings]]
from = 'one'
to = 'two#/value'
";

#[test]
fn a_composite_of_the_configuration_is_listed_described_and_called() {
    let place = Place::new().file(GREET);
    let list = place.run(&["list"]);
    assert!(list.fine().contains("greet@1.0.0"), "{list:?}");
    let described = place
        .run(&["describe", "greet.loudly", "--format", "json"])
        .json();
    assert_eq!(
        described["method"]["parameters"],
        json!(["the_text", "times"])
    );
    assert_eq!(described["method"]["docs"], "Says it loudly.");
    let said = place.run(&["call", "greet.loudly", "--the-text", "hello"]);
    assert!(
        parsed(said.fine())[0].as_str().unwrap().contains("HELLO"),
        "{said:?}"
    );
    let said = place.run(&["call", "greet.exactly", "--n", "7"]);
    assert_eq!(parsed(said.fine()), json!({"number": 7, "again": 7}));
    let wrong = place.run(&["call", "greet.exactly", "--input", r#"{"n": "x"}"#]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.err.contains("/n"), "{wrong:?}");
    let check = place.run(&["compose", "check"]);
    assert!(check.fine().contains("fits"), "{check:?}");
    let list = place.run(&["compose", "list", "--format", "json"]).json();
    assert_eq!(
        list["composites"][0]["methods"][0],
        json!({"name": "exactly", "is_stream": false, "steps": ["one", "two"]})
    );
    assert_eq!(list["composites"][0]["slots"][0]["role"], "primary");
}

/// The four answers of `workflow check`: never taken is an error, perhaps not taken a warning that shows a value.
#[test]
fn a_check_answers_for_every_binding_and_shows_what_is_refused() {
    let mapped = |map: &str| Place::new().file(&format!("{GREET}map = '{map}'\n"));
    let answers = |place: &Place| {
        let check = place.run(&["compose", "check", "--format", "json"]);
        parsed(&check.out)["composites"][0]["answers"].clone()
    };
    let place = Place::new().file(GREET);
    let all = json!({"yes": 3, "no": 0, "may_fail": 0, "unknown": 0});
    assert_eq!(answers(&place), all);
    let place = mapped("if . > 5 then null else . end");
    assert_eq!(answers(&place)["may_fail"], 1);
    let check = place.run(&["compose", "check"]);
    let warning = "warning[may_fail]: composite `greet`: what `one` (voice.exact) gives to `two#/value` (voice.exact) \
                   may be `null` when its expression sees `";
    assert!(check.fine().contains(warning), "{check:?}");
    assert!(check.out.contains("weldkit.toml:18:1"), "{check:?}");
    let check = mapped("tostring").run(&["compose", "check"]);
    check.failed(3, &[]);
    let error = "error[incompatible_interface]: composite `greet`: what `one` (voice.exact) gives to `two#/value` \
                 (voice.exact) is string";
    assert!(check.out.contains(error), "{check:?}");
}

#[test]
fn what_does_not_fit_is_refused_with_its_line() {
    let place = Place::new().file(
        &GREET
            .replace("voice.exact', two", "voice.exat', two")
            .replace("'echo'", "'eco'"),
    );
    let check = place.run(&["compose", "check"]);
    assert_eq!(check.code, Some(3));
    assert!(
        check.out.contains("weldkit.toml:4:") && check.out.contains("did you mean `echo`?"),
        "{check:?}"
    );
    let place = Place::new().file(&GREET.replace("voice.exact', two", "voice.exat', two"));
    let check = place.run(&["check", "--format", "json"]);
    assert_eq!(check.code, Some(3));
    let problems = parsed(&check.out)["problems"].clone();
    assert_eq!(problems[0]["code"], "method_not_found");
    assert_eq!(problems[0]["place"], "weldkit.toml:11:11");
    // What is wrong with a composite is no obstacle to other calls.
    let said = place.run(&["call", "echo.exact", "--value", "3"]);
    assert_eq!(parsed(said.fine()), 3);
    let refused = place.run(&["call", "greet.loudly", "--the-text", "x"]);
    assert_ne!(refused.code, Some(0));
}

#[test]
fn a_composite_is_drawn_as_mermaid_and_as_dot() {
    let place = Place::new().file(GREET);
    let mermaid = place.run(&["compose", "graph", "greet"]);
    let wanted = [
        "flowchart LR",
        "[\"greet.exactly\"]",
        "[\"one<br/>voice.exact\"]",
        "-->|\"/n to /value\"|",
        "-->|\"all as again\"|",
    ];
    for line in wanted {
        assert!(mermaid.fine().contains(line), "no `{line}` in {mermaid:?}");
    }
    let dot = place.run(&["compose", "graph", "greet", "--to", "dot"]);
    assert!(dot.fine().contains("[label=\"all to /value\"];"), "{dot:?}");
    let none = place.run(&["compose", "graph", "gret"]);
    assert!(none.err.contains("did you mean `greet`?"), "{none:?}");
}

#[test]
fn the_ports_of_a_service_are_described() {
    let place = Place::new();
    let described = place.run(&["describe", "echo", "--format", "json"]).json();
    let ports = &described["service"]["composition"];
    assert_eq!(ports["supports_composition"], true);
    assert_eq!(
        ports["composition_roles"],
        json!(["primary", "secondary", "auxiliary"])
    );
    assert_eq!(ports["binding_types"], json!(["data_flow", "event_flow"]));
    let has = |kind: &str, port: &str| ports[kind].as_array().unwrap().contains(&json!(port));
    assert!(
        has("input_ports", "exact#/value") && has("output_ports", "exact"),
        "{ports}"
    );
}

#[test]
fn events_of_the_running_host_are_printed_line_by_line() {
    let place = Place::new().file(&format!(
        "{GREET}[[composites.greet.methods.exactly.bindings]]\nfrom = 'two'\nto = 'event:greet.said'\ntype = 'event_flow'\n"
    ));
    let nobody = place.run(&["events", "tail"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.err.contains("`serve` starts one"), "{nobody:?}");
    let serving = place.serve(&[]);
    let tail = place
        .command(
            super::APP,
            &["events", "tail", "--type", "greet.*", "--count", "2"],
        )
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut tail = tail;
    // It subscribes at its own time; whoever is late has missed what was.
    for number in 0..500 {
        let called = place.run(&["call", "greet.exactly", "--n", &number.to_string()]);
        called.fine();
        if tail.try_wait().unwrap().is_some() {
            break;
        }
    }
    let output = tail.wait_with_output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let events: Vec<serde_json::Value> = lines.lines().map(parsed).collect();
    assert_eq!(events.len(), 2, "{lines}");
    assert_eq!(
        (&events[0]["type"], &events[0]["source"]),
        (&json!("greet.said"), &json!("greet"))
    );
    assert_eq!(
        events[1]["data"].as_i64().unwrap(),
        events[0]["data"].as_i64().unwrap() + 1
    );
    drop(serving);
}
