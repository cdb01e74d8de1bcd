//! The features of the specification (tag v1.0.3), as they are, each scenario by its name.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use weldkit::event::Subscription;
use weldkit::orchestration::{Status, Terms};
use weldkit::testing::TestHost;
use weldkit::{CallError, Ctx, Json};

use super::gherkin::{Line, Scenario, quoted, scenarios, yaml};

/// What calls a host on the network, where this test has a shelf of pets.
#[weldkit::service(name = "http", version = "1.0")]
trait Http {
    /// Make a request.
    async fn call(&self, ctx: &Ctx, method: String, endpoint: Json) -> Result<Json, CallError>;
}

/// Answers for the pet store of the features.
#[derive(Debug)]
struct PetStore;

#[weldkit::plugin(id = "pet-store", provides(Http))]
impl PetStore {
    #[expect(clippy::unused_async, reason = "the shape of a constructor")]
    async fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

impl Http for PetStore {
    async fn call(&self, _: &Ctx, method: String, endpoint: Json) -> Result<Json, CallError> {
        let uri = endpoint.get("uri").unwrap_or(&endpoint);
        let pet = uri
            .as_str()
            .and_then(|uri| uri.strip_prefix("https://petstore.swagger.io/v2/pet/"))
            .and_then(|id| id.parse::<u64>().ok());
        match (&*method.to_lowercase(), pet) {
            ("get", Some(id)) => Ok(json!({"id": id, "name": "Milou"})),
            _ => Err(CallError::not_found(format!("no pet at {uri}"))),
        }
    }
}

/// What came of a workflow, and its tasks in the order in which they began.
struct Outcome {
    status: Status,
    order: Vec<String>,
}

async fn execute(document: &str, input: Value) -> Outcome {
    let test = TestHost::new(|host| host.plugin::<PetStore>())
        .await
        .unwrap();
    let events = test.events();
    let started = Subscription::new("conformance").kind("io.serverlessworkflow.*");
    let mut watching = events.subscribe(started).unwrap();
    let order: Arc<Mutex<Vec<String>>> = Arc::default();
    let id = test.workflows().register(document, "feature.yaml").unwrap();
    let terms = Terms {
        input,
        ..Terms::default()
    };
    let run = test.workflows().start(&test.ctx(), &id, terms).await;
    let status = test.workflows().wait(&run.unwrap().run).await.unwrap();
    while let Some(event) = watching.next().await {
        let event = serde_json::to_value(&*event).unwrap();
        match event["type"].as_str().unwrap() {
            "io.serverlessworkflow.task.started.v1" => {
                let name = event["data"]["name"].as_str().unwrap().to_owned();
                order.lock().unwrap().push(name);
            }
            "io.serverlessworkflow.workflow.completed.v1"
            | "io.serverlessworkflow.workflow.faulted.v1" => break,
            _ => {}
        }
    }
    test.stop().await.unwrap();
    let order = order.lock().unwrap().clone();
    Outcome { status, order }
}

fn check(line: &Line, outcome: &Outcome) {
    let Outcome { status, order } = outcome;
    let block = || yaml(line.block.as_deref().expect("the step has a text"));
    let output = || status.output.clone().expect("the workflow has an output");
    let at = |name: &str| order.iter().position(|task| task == name);
    let text = &*line.text;
    if text == "the workflow should complete" {
        assert_eq!(status.state, "completed", "{:?}", status.error);
    } else if text == "the workflow should complete with output:" {
        assert_eq!(status.state, "completed", "{:?}", status.error);
        assert_eq!(output(), block());
    } else if text == "the workflow should fault with error:" {
        assert_eq!(status.state, "faulted");
        assert_eq!(status.error, Some(block()));
    } else if let Some(task) = text.strip_suffix(" should run first") {
        assert_eq!(at(task), Some(0), "{order:?}");
    } else if let Some(task) = text.strip_suffix(" should run last") {
        assert_eq!(at(task), Some(order.len() - 1), "{order:?}");
    } else if let Some((later, sooner)) = text.split_once(" should run after ") {
        assert!(at(sooner).unwrap() < at(later).unwrap(), "{order:?}");
    } else if text.starts_with("the workflow output should have properties") {
        for name in quoted(text) {
            assert!(output().get(name).is_some(), "`{name}` in {}", output());
        }
    } else if text.ends_with("property with value:") {
        assert_eq!(output()[quoted(text)[0]], block_or_text(line));
    } else if let Some(count) = text.strip_suffix(" items") {
        let wanted: usize = count.rsplit(' ').next().unwrap().parse().unwrap();
        assert_eq!(output()[quoted(text)[0]].as_array().unwrap().len(), wanted);
    } else {
        panic!("the step `{text}` is not known");
    }
}

fn block_or_text(line: &Line) -> Value {
    yaml(line.block.as_deref().expect("the step has a text"))
}

async fn play(scenario: &Scenario) {
    let mut document = None;
    let mut input = json!({});
    let mut outcome = None;
    for line in &scenario.lines {
        match &*line.text {
            "a workflow with definition:" => document = line.block.clone(),
            "given the workflow input is:" => input = block_or_text(line),
            "the workflow is executed" => {
                let document = document.as_deref().expect("a definition came first");
                outcome = Some(execute(document, input.clone()).await);
            }
            _ => check(line, outcome.as_ref().expect("it was executed")),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_features_of_the_specification_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/open-workflow/features");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut played = Vec::new();
    for file in files {
        for scenario in scenarios(&std::fs::read_to_string(&file).unwrap()) {
            play(&scenario).await;
            played.push(scenario.name);
        }
    }
    assert_eq!(
        played,
        [
            "Fork Task With Competing Concurrent Sub Tasks",
            "Input Filtering",
            "Output Filtering",
            "Use Non-object Output",
            "Task With Sequential Sub Tasks",
            "Emit Task",
            "Implicit Sequence Flow",
            "Explicit Sequence Flow",
            "For Task",
            "Raise task with inline error",
            "Set Task",
            "Switch task with matching case",
            "Switch task with implicit default case",
            "Switch task with explicit default case",
        ]
    );
}
