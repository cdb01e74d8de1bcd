//! Reads features: the part of Gherkin that the kit of the specification uses, and our own scenarios too.

use serde_json::Value;

/// A step of a scenario with the text below it.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) block: Option<String>,
}

pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
}

/// Reads the part of Gherkin that the features use: scenarios, steps, texts in `"""`.
pub(super) fn scenarios(text: &str) -> Vec<Scenario> {
    let mut found: Vec<Scenario> = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for line in text.lines() {
        let words = line.trim();
        if words.starts_with("\"\"\"") {
            match block.take() {
                None => block = Some((line.len() - line.trim_start().len(), String::new())),
                Some((_, text)) => {
                    let scenario = found.last_mut().expect("a block is in a scenario");
                    scenario.lines.last_mut().unwrap().block = Some(text);
                }
            }
        } else if let Some((indent, text)) = &mut block {
            text.push_str(line.get(*indent..).unwrap_or(""));
            text.push('\n');
        } else if let Some(name) = words.strip_prefix("Scenario: ") {
            found.push(Scenario {
                name: name.to_owned(),
                lines: Vec::new(),
            });
        } else if let Some(scenario) = found.last_mut() {
            let steps = ["Given ", "When ", "Then ", "And "];
            if let Some(step) = steps.iter().find_map(|step| words.strip_prefix(step)) {
                scenario.lines.push(Line {
                    text: step.to_owned(),
                    block: None,
                });
            }
        }
    }
    found
}

/// YAML as the reader of documents reads it.
pub(super) fn yaml(text: &str) -> Value {
    let mut document = String::new();
    document.push_str("document:\n  dsl: 1.0.3\n  namespace: test\n  name: value\n  version: 1.0.0\n  metadata:\n    value:\n");
    for line in text.lines() {
        document.push_str(&format!("      {line}\n"));
    }
    document.push_str("do:\n  - nothing: { set: { a: 1 } }\n");
    let read = weldkit::orchestration::definition::read(&document, "value.yaml").unwrap();
    read.value["document"]["metadata"]["value"].clone()
}

/// The one thing in quotes.
pub(super) fn quoted(text: &str) -> Vec<&str> {
    text.split('\'').skip(1).step_by(2).collect()
}
