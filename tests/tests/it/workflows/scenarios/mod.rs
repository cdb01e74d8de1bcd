//! Our own scenarios, in the form of the specification's: what its features leave out.
//!
//! Beside the steps of the specification there are some for time, events and whoever operates a run; `stage` has them.

mod names;
mod stage;

use std::path::Path;
use std::time::Duration;

use super::gherkin::scenarios;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_scenarios_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/workflows");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "feature"))
        .collect();
    files.sort();
    let (mut played, mut wrong) = (Vec::new(), Vec::new());
    for file in files {
        for scenario in scenarios(&std::fs::read_to_string(&file).unwrap()) {
            let name = scenario.name.clone();
            // A task of its own: a step that does not hold must not hide the scenarios behind it.
            let playing = tokio::spawn(async move {
                let patience = Duration::from_secs(30);
                let playing = tokio::time::timeout(patience, stage::play(&scenario));
                playing.await.expect("it comes to its end");
            });
            if playing.await.is_err() {
                wrong.push(name.clone());
            }
            played.push(name);
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "each is told above");
    // By their names: none is left out without a word.
    assert_eq!(played, names::ALL);
}
