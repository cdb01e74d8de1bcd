//! Every official example is read, or is refused for a reason that is named here.

use super::super::{faults::Faults, read, yaml};
use super::{examples, fixtures};

/// The examples that are refused: name, code, place. All others are read.
const REFUSED: [(&str, &str, &str); 10] = [
    (
        "call-asyncapi-subscribe-consume-amount.yaml",
        "unsupported",
        ":14:9",
    ),
    (
        "call-asyncapi-subscribe-consume-forever-foreach.yaml",
        "unsupported",
        ":13:9",
    ),
    (
        "call-asyncapi-subscribe-consume-until.yaml",
        "unsupported",
        ":13:9",
    ),
    (
        "call-asyncapi-subscribe-consume-while.yaml",
        "unsupported",
        ":13:9",
    ),
    ("call-custom-function-cataloged.yaml", "unsupported", ":8:7"),
    ("mock-service-extension.yaml", "unsupported", ":7:3"),
    ("schedule-cron.yaml", "unsupported", ":6:1"),
    ("schedule-event-driven.yaml", "unsupported", ":6:1"),
    ("set-expression.yaml", "unsupported", ":6:1"),
    ("set.yaml", "unsupported", ":6:1"),
];

#[test]
fn every_example_is_read_or_refused_as_listed() {
    let mut refused = Vec::new();
    for (name, text) in examples() {
        if let Err(problems) = read(&text, &name) {
            for problem in problems {
                refused.push((name.clone(), problem.code, problem.place.unwrap()));
            }
        }
    }
    let refused: Vec<_> = refused
        .iter()
        .map(|(name, code, place)| {
            (
                name.as_str(),
                *code,
                place.strip_prefix(name.as_str()).unwrap(),
            )
        })
        .collect();
    assert_eq!(refused, REFUSED);
}

#[test]
fn every_feature_is_read() {
    let folder = std::fs::read_dir(fixtures().join("features")).unwrap();
    let mut documents = 0;
    for file in folder {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for block in text.split("\"\"\"yaml").skip(1) {
            let block = block.split("\"\"\"").next().unwrap();
            if block.contains("document:") {
                documents += 1;
                let read = read(block, &path.display().to_string());
                assert!(read.is_ok(), "{read:?}\n{block}");
            }
        }
    }
    assert_eq!(documents, 14);
}

#[test]
fn every_example_is_valid_by_the_official_schema() {
    let schema = super::mutations::schema();
    for (name, text) in examples() {
        let mut faults = Faults::new(&name);
        let value = yaml::load(&text, &mut faults).unwrap().to_json();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        assert!(schema.is_valid(&value), "{name}");
    }
}

#[test]
fn an_example_means_the_same_in_json_and_with_other_line_ends() {
    let mut compared = 0;
    for (name, text) in examples() {
        let Ok(document) = read(&text, &name) else {
            continue;
        };
        compared += 1;
        for other in [
            document.value.to_string(),
            format!("{:#}", document.value),
            text.replace('\n', "\r\n"),
            format!("\u{feff}---\n{text}\n...\n"),
        ] {
            let other = read(&other, &name).map(|other| other.definition);
            assert_eq!(other.as_ref(), Ok(&document.definition), "{name}");
        }
    }
    assert_eq!(compared, examples().len() - REFUSED.len());
}
