//! Durable workflows: the conformance features of the specification, and what they do not cover.

mod bad;
mod bird_strikes;
mod conformance;
mod crash;
mod engine;
mod generated;
mod gherkin;
mod kept;
mod late;
#[path = "../../../fixtures/crash/notes.rs"]
mod notes;
mod probed;
mod scenarios;
mod tally;

use serde_json::{Value, json};
use weldkit::orchestration::{Status, Terms};
use weldkit::{Host, HostBuilder};

/// Reads a document and runs it to its end.
async fn run(host: &Host, document: &str, input: Value) -> Status {
    let id = host.workflows().register(document, "test.yaml").unwrap();
    let terms = Terms {
        input,
        ..Terms::default()
    };
    let started = host.workflows().start(&host.ctx(), &id, terms).await;
    host.workflows().wait(&started.unwrap().run).await.unwrap()
}

/// A document of these tasks.
fn document(name: &str, tasks: &str) -> String {
    format!(
        "document: {{ dsl: 1.0.3, namespace: test, name: {name}, version: 1.0.0 }}\ndo:\n{tasks}"
    )
}

/// What a workflow of these tasks gives.
async fn output(host: &Host, tasks: &str, input: Value) -> Value {
    let status = run(host, &document("under-test", tasks), input).await;
    assert_eq!(status.state, "completed", "{:?}", status.error);
    status.output.unwrap()
}

/// A host in a folder, in real time.
async fn host_in(folder: &std::path::Path, build: impl FnOnce(HostBuilder) -> HostBuilder) -> Host {
    build(Host::builder().state(folder)).start().await.unwrap()
}

fn no_input() -> Value {
    json!({})
}
