//! `workflow`: checked, run, started in a serving host, looked after.

use serde_json::json;

use super::{Place, parsed};

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
