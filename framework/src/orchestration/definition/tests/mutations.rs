//! The official schema as an oracle: what it refuses is never read.

use serde_json::{Value, json};

use super::super::{faults::Faults, read, yaml};
use super::{examples, fixtures};

pub(super) fn schema() -> jsonschema::Validator {
    let text = std::fs::read_to_string(fixtures().join("schema/workflow.yaml")).unwrap();
    let mut faults = Faults::new("workflow.yaml");
    let value = yaml::load(&text, &mut faults).unwrap().to_json();
    assert!(faults.is_empty(), "{faults:?}");
    jsonschema::validator_for(&value).unwrap()
}

/// Where an expression may stand although the schema refuses it: how the pointer ends, and why.
const LOOSER: [(&str, &str); 4] = [
    ("/oauth2/authority", "a secret may name the authority"),
    ("/oidc/authority", "a secret may name the authority"),
    (
        "/getPet/with",
        "all arguments of a function or method may be computed at once",
    ),
    (
        "/workflow/input",
        "all of the input of a workflow may be computed at once",
    ),
];

/// All pointers into a value, the value itself left out.
fn pointers(value: &Value, around: &str, all: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(items) => (0..).map(|at: usize| at.to_string()).zip(items).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        _ => return,
    };
    for (token, value) in inner {
        let pointer = format!("{around}/{token}");
        all.push(pointer.clone());
        pointers(value, &pointer, all);
    }
}

/// The document without what the pointer names.
fn deleted(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let (around, token) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(around).unwrap() {
        Value::Array(items) => drop(items.remove(token.parse().unwrap())),
        Value::Object(map) => {
            map.shift_remove(&token.replace("~1", "/").replace("~0", "~"))
                .unwrap();
        }
        _ => unreachable!("only lists and objects have something in them"),
    }
    document
}

/// The document with another name for what the pointer names.
fn renamed(document: &Value, pointer: &str) -> Option<Value> {
    let (around, _) = pointer.rsplit_once('/')?;
    let value = document.pointer(pointer)?.clone();
    let mut document = deleted(document, pointer);
    document
        .pointer_mut(around)?
        .as_object_mut()?
        .insert("renamed".into(), value);
    Some(document)
}

#[test]
fn what_the_schema_refuses_is_never_read() {
    let schema = schema();
    let others = [
        json!("changed"),
        json!("${ .changed }"),
        json!(7),
        json!(-1.5),
        json!(true),
        json!(null),
        json!([]),
        json!({}),
        json!({"renamed": 1}),
    ];
    let (mut tried, mut refused, mut wrong) = (0, 0, Vec::new());
    for (name, text) in examples() {
        let document = yaml::load(&text, &mut Faults::new(&name))
            .unwrap()
            .to_json();
        let mut all = Vec::new();
        pointers(&document, "", &mut all);
        for pointer in all {
            let mut mutants = vec![deleted(&document, &pointer)];
            mutants.extend(renamed(&document, &pointer));
            mutants.extend(others.iter().map(|other| {
                let mut document = document.clone();
                *document.pointer_mut(&pointer).unwrap() = other.clone();
                document
            }));
            for mutant in mutants {
                tried += 1;
                if schema.is_valid(&mutant) {
                    continue;
                }
                refused += 1;
                let is_read = read(&mutant.to_string(), &name).is_ok();
                let is_expression = mutant.pointer(&pointer) == Some(&others[1]);
                let is_listed =
                    is_expression && LOOSER.iter().any(|(end, _)| pointer.ends_with(end));
                if is_read && !is_listed {
                    wrong.push(format!("{name}{pointer}: {:?}", mutant.pointer(&pointer)));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 10_000 && refused > 5_000, "{tried} {refused}");
}
