//! `workflow`: checked, run, started in a serving host, looked after.

use serde_json::json;

use super::{Place, parsed};
use crate::transactions::recovery::{crash_after_the_decision, free};

const GREET: &str = r#"
document: { dsl: 1.0.3, namespace: test, name: greet, version: 1.0.0 }
do:
  - say: { call: echo.say, with: { the_text: "${ .name }" } }
  - tell: { set: { said: "${ . }" } }
"#;

#[test]
fn a_workflow_is_run_to_its_end_and_its_output_is_printed() {
    let place = Place::new();
    place.write("greet.yaml", GREET);
    let ran = place.run(&[
        "workflow",
        "run",
        "greet.yaml",
        "--input",
        r#"{"name":"Ada"}"#,
    ]);
    let said = parsed(ran.fine());
    assert!(said["said"].to_string().contains("Ada"), "{said}");
    let list = place.run(&["workflow", "list", "--format", "json"]).json();
    assert_eq!(list["runs"][0]["state"], json!("completed"));
    let run = list["runs"][0]["run"].as_str().unwrap();
    let history = place
        .run(&["workflow", "history", run, "--format", "json"])
        .json();
    assert_eq!(history["history"].as_array().unwrap().len(), 1);
    assert_eq!(place.run(&["workflow", "forget", run]).code, Some(0));
    assert_eq!(place.run(&["workflow", "show", run]).code, Some(1));
}

#[test]
fn a_wrong_workflow_is_refused_with_every_place_before_anything_starts() {
    let place = Place::new();
    place.write("greet.yaml", GREET);
    let wrong = GREET
        .replace("echo.say", "echo.sey")
        .replace("the_text", "text");
    place.write("wrong.yaml", wrong);
    let fine = place.run(&["workflow", "check", "greet.yaml"]);
    assert!(fine.fine().contains("test/greet/1.0.0"), "{fine:?}");
    let refused = place.run(&["workflow", "check", "wrong.yaml", "greet.yaml"]);
    assert_eq!(refused.code, Some(3));
    assert!(refused.out.contains("wrong.yaml:4:18"), "{refused:?}");
    assert!(
        refused.out.contains("did you mean `echo.say`?"),
        "{refused:?}"
    );
    let missing = place.run(&["workflow", "check", "none.yaml"]);
    assert_eq!(missing.code, Some(3));
    let faulted = GREET.replace("${ .name }", "${ .name + 1 }");
    place.write("faulted.yaml", faulted);
    let ran = place.run(&[
        "workflow",
        "run",
        "faulted.yaml",
        "--input",
        r#"{"name":"Ada"}"#,
    ]);
    assert_eq!((ran.code, &*ran.out), (Some(1), ""));
    assert!(ran.err.contains("/do/0/say"), "{ran:?}");
}

/// What does not fit whatever the input is refused; what may not fit only by `--strict`.
#[test]
fn a_check_answers_for_every_parameter_and_says_how_often() {
    let place = Place::new();
    let typed = GREET.replace(
        "do:",
        "input: { schema: { document: { type: object, required: [id], properties: { id: { type: integer }, name: { type: string, minLength: 1, maxLength: 9 } } } } }\ndo:",
    );
    let answers = |name: &str, expression: &str, strict: bool| {
        let file = format!("{name}.yaml");
        place.write(&file, typed.replace("${ .name }", expression));
        let mut line = vec!["workflow", "check", &*file, "--format", "json"];
        line.extend(strict.then_some("--strict"));
        let ran = place.run(&line);
        (ran.code, parsed(&ran.out))
    };
    for (name, expression, strict, code, share, codes) in [
        ("yes", "${ .name // \\\"you\\\" }", true, 0, "yes", (0, 0)),
        ("no", "${ .id }", false, 3, "no", (1, 0)),
        ("may", "${ .name }", false, 0, "may_fail", (0, 1)),
        ("may", "${ .name }", true, 3, "may_fail", (0, 1)),
        ("unknown", "${ .other }", false, 0, "unknown", (0, 1)),
        ("unknown", "${ .other }", true, 3, "unknown", (0, 1)),
    ] {
        let (found, said) = answers(name, expression, strict);
        assert_eq!(found, Some(code), "{name}: {said}");
        let mut expected = json!({"yes": 0, "no": 0, "may_fail": 0, "unknown": 0});
        expected[share] = json!(1);
        assert_eq!(said["answers"], expected, "{name}: {said}");
        let count = |list: &str| said[list].as_array().unwrap().len();
        assert_eq!((count("problems"), count("open")), codes, "{name}: {said}");
    }
    let table = place.run(&["workflow", "check", "may.yaml"]);
    assert!(
        table
            .fine()
            .contains("warning[may_fail]: the parameter `the_text` of `echo.say` may be `null`"),
        "{table:?}"
    );
    assert!(table.out.contains("MAY FAIL"), "{table:?}");
}

#[test]
fn a_check_asks_whether_the_calls_may_be_made() {
    let place = Place::new();
    place.write("greet.yaml", GREET);
    let refused = place.run(&["workflow", "check", "greet.yaml", "--as", "nobody"]);
    assert_eq!(refused.code, Some(3));
    let said = "greet.yaml:4:18";
    assert!(refused.out.contains("permission_denied"), "{refused:?}");
    assert!(refused.out.contains(said), "{refused:?}");
    assert!(refused.out.contains("[permissions]"), "{refused:?}");
}

#[test]
fn doctor_names_a_registered_workflow_that_no_longer_compiles() {
    let place = Place::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let state = place.path().join("state");
        let host = weldkit::Host::builder().state(state).start().await.unwrap();
        let id = host.workflows().register(GREET, "greet.yaml").unwrap();
        let wrong = GREET.replace("set:", "sett:");
        host.workflows().keep(&id, &wrong).await.unwrap();
        host.stop().await.unwrap();
    });
    let _serving = place.serve(&[]);
    let doctor = place.run(&["doctor"]);
    for word in [
        "workflow test/greet/1.0.0",
        "does not compile any more",
        "test/greet/1.0.0:5:5",
    ] {
        assert!(doctor.fine().contains(word), "{word}: {doctor:?}");
    }
}

/// What it has said cannot be taken back.
const PARKED: &str = r#"
document: { dsl: 1.0.3, namespace: test, name: parked, version: 1.0.0 }
do:
  - say:
      call: echo.say
      with: { the_text: done }
      metadata: { compensate: { call: trouble.panic } }
  - fail: { raise: { error: { type: "https://example.com/broken", status: 500 } } }
"#;

#[test]
fn doctor_names_a_parked_run_and_a_transaction_that_waits_for_its_participant() {
    let place = Place::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let waiting = runtime.block_on(async {
        let state = place.path().join("state");
        let waiting = crash_after_the_decision(&state, "doctor").await;
        free(&state).await;
        waiting.to_string()
    });
    place.write("parked.yaml", PARKED);
    place
        .run(&["workflow", "run", "parked.yaml", "--id", "p"])
        .failed(1, &["parked"]);
    let _serving = place.serve(&[]);
    let doctor = place.run(&["doctor"]);
    for words in [
        "run p",
        "it is parked and waits for an operator",
        "1 of the transactions wait for a participant or an operator: `app tx list`",
    ] {
        assert!(doctor.fine().contains(words), "{words}: {doctor:?}");
    }
    let listed = place.run(&["tx", "list"]);
    assert!(listed.fine().contains(&waiting), "{listed:?}");
    // The participant is not linked into this application.
    let shown = place.run(&["tx", "show", &waiting]);
    assert!(shown.fine().contains("iron"), "{shown:?}");
}

/// Its first task is undone slowly, its second waits for hours.
const PATIENT: &str = r#"
document: { dsl: 1.0.3, namespace: test, name: patient, version: 1.0.0 }
do:
  - say:
      call: echo.say
      with: { the_text: done }
      metadata: { compensate: { call: echo.slow, with: { ms: 1500 } } }
  - rest: { wait: { hours: 5 } }
"#;

#[test]
fn a_signal_cancels_a_run_and_a_second_one_leaves_it_to_the_next_host() {
    let place = Place::new();
    place.write("patient.yaml", PATIENT);
    let run = ["workflow", "run", "patient.yaml", "--id", "p"];
    let state = || {
        let shown = place.run(&["workflow", "show", "p", "--format", "json"]);
        shown.json()["run"]["state"].clone()
    };

    let mut running = place.begin(&run, "run `p` of test/patient/1.0.0");
    running.signal("INT");
    running.hear("cancelling run `p`");
    running.signal("INT");
    let (code, said) = running.ended();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("left as it is"), "{said}");

    // The next host goes on undoing, and the same command waits for it.
    place.run(&run).failed(1, &["cancelled"]);
    assert_eq!(state(), json!("cancelled"));
    assert_eq!(place.run(&["workflow", "forget", "p"]).code, Some(0));

    let running = place.begin(&run, "run `p` of");
    running.signal("INT");
    let (code, said) = running.ended();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is cancelled"), "{said}");
    assert_eq!(state(), json!("cancelled"));
}

#[test]
fn a_workflow_is_drawn_for_programs_that_make_pictures() {
    let place = Place::new();
    place.write("greet.yaml", GREET);
    let mermaid = place.run(&["workflow", "graph", "greet.yaml"]);
    assert!(mermaid.fine().starts_with("flowchart TD\n"), "{mermaid:?}");
    assert!(mermaid.out.contains("echo.say"), "{mermaid:?}");
    let dot = place.run(&["workflow", "graph", "greet.yaml", "--to", "dot"]);
    assert!(
        dot.fine().starts_with("digraph \"test/greet/1.0.0\" {\n"),
        "{dot:?}"
    );
    place.write("wrong.yaml", "document: {}");
    let wrong = place.run(&["workflow", "graph", "wrong.yaml"]);
    assert_eq!(wrong.code, Some(3));
}
