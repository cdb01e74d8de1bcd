use std::fmt::Write as _;

use weldkit::Contract;
use weldkit::orchestration::{Surroundings, check};
use weldkit_storage::Storage;

use crate::{Claim, Outcome, Reading, clock};

pub(super) const TITLE: &str = "check of a workflow of 200 tasks";

const PROVEN: &str = "every value proven to fit";
const DOUBTFUL: &str = "100 values that may not fit, each with an example";

const HEAD: &str = "
document: { dsl: 1.0.3, namespace: bench, name: big, version: 1.0.0 }
input:
  schema:
    document:
      type: object
      required: [id, n]
      properties:
        id: { type: string, minLength: 1, maxLength: 100 }
        nick: { type: string }
        n: { type: integer, minimum: 0, maximum: 9 }
do:
";

/// What it takes to compare a long workflow with the contracts of what it calls, before anything runs.
pub(super) fn outcome(rounds: usize) -> Outcome {
    // The two differ in the key of each call: `.nick` may be missing, and then it is no string.
    let documents = [
        (document("${ .id }"), false),
        (document("${ .nick }"), true),
    ];
    let mut readings = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for ((document, doubtful), readings) in documents.iter().zip(&mut readings) {
            let took = clock::time(|| checked(document, *doubtful));
            readings.push(took.as_secs_f64() * 1e3);
        }
    }
    Outcome {
        title: TITLE.to_owned(),
        unit: "ms",
        readings: [PROVEN, DOUBTFUL]
            .into_iter()
            .zip(readings)
            .filter_map(|(name, rounds)| Reading::of(name, rounds))
            .collect(),
        claims: [PROVEN, DOUBTFUL]
            .map(|case| Claim::alone(case, 50.0))
            .into(),
    }
}

/// A check that finds something else is not the one that is measured.
fn checked(document: &str, doubtful: bool) {
    let services = [<dyn Storage as Contract>::DESCRIPTOR];
    let report = check(document, "big.yaml", &Surroundings::of(&services));
    assert!(report.problems.is_empty(), "{:?}", report.problems.first());
    assert_eq!(
        !report.open.is_empty(),
        doubtful,
        "{:?}",
        report.open.first()
    );
}

/// Fifty times: write, read, decide, remember.
fn document(key: &str) -> String {
    let mut text = HEAD.to_owned();
    for round in 0..50 {
        let call = format!("with: {{ collection: notes, key: '{key}'");
        // Writing to memory does not fail.
        write!(
            text,
            "  - put{round}: {{ call: storage.put, {call}, body: '${{ {{a: .id, b: (.n + 1), c: [.nick, \"\\(.id)-\\($workflow.id)\"]}} }}' }}, output: {{ as: '${{ $input }}' }} }}
  - get{round}: {{ call: storage.get, {call} }}, output: {{ as: '${{ $input }}' }}, export: {{ as: '${{ {{last: $output.id}} }}' }} }}
  - when{round}: {{ switch: [ {{ big: {{ when: '${{ .n > 3 and .nick != null }}', then: set{round} }} }}, {{ other: {{ then: set{round} }} }} ] }}
  - set{round}: {{ set: {{ id: '${{ .id }}', nick: '${{ .nick // .id }}', n: '${{ .n }}' }}, if: '${{ .n < 9 }}' }}
"
        )
        .ok();
    }
    text
}
