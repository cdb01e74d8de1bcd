//! The job of the demo: as a workflow, and as one method in Rust.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use weldkit::composition::Composite;
use weldkit::orchestration::Terms;
use weldkit::testing::TestHost;
use weldkit_data_processor::DataProcessor;
use weldkit_records_files::FileRecords;
use weldkit_report_html::HtmlReport;
use weldkit_storage_memory::MemoryStorage;
use weldkit_validation_jsonschema::JsonSchemaValidation;

use crate::docs::repository;

const SOURCES: [&str; 2] = [
    "examples/bird-strikes/birdstrikes.csv",
    "examples/bird-strikes/broken-rows.csv",
];

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let named = entries.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read(entry.path()).unwrap())
    });
    named.collect()
}

/// The composite that the workflow calls.
fn strike_profile() -> Composite {
    let file = repository().join("examples/bird-strikes/strike_profile.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let configuration: toml::Table = toml::from_str(&text).unwrap();
    let declared = toml::to_string(&configuration["composites"]["strike_profile"]).unwrap();
    Composite::parse("strike_profile", &declared).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workflow_and_the_method_give_the_same_report_to_the_last_byte() {
    let host = TestHost::new(|host| {
        host.plugin::<DataProcessor>()
            .plugin::<FileRecords>()
            .plugin::<HtmlReport>()
            .plugin::<MemoryStorage>()
            .plugin::<JsonSchemaValidation>()
            .settings("records", json!({ "root": repository() }))
            .instance("spare", "data-processing")
            .provider("data_processing", "data-processing")
            .composite(strike_profile())
    })
    .await
    .unwrap();
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [by_method, by_workflow] = folders.each_ref().map(tempfile::TempDir::path);

    let input = json!({
        "source": SOURCES[0], "also": SOURCES[1], "output": by_method, "collection": "by-method",
    });
    let method = host.call("report.run", &input.to_string()).await.unwrap();

    let file = repository().join("examples/bird-strikes/workflow.yaml");
    let document = std::fs::read_to_string(file).unwrap();
    // Larger batches than the demo's, and each far below its deadline where the machine is slow.
    let input = json!({"sources": SOURCES, "output": by_workflow, "batch": 500});
    let workflows = host.workflows();
    let id = workflows.register(&document, "workflow.yaml").unwrap();
    // What is stored in memory is in no transaction with what is kept of a durable run.
    let terms = Terms {
        input,
        durable: false,
        ..Terms::default()
    };
    let started = workflows.start(&host.ctx(), &id, terms).await.unwrap();
    let ended = workflows.wait(&started.run).await.unwrap();
    let workflow = ended.output.unwrap_or_else(|| panic!("{:?}", ended.error));

    for part in ["finding", "rows", "cost_total", "table"] {
        assert_eq!(workflow[part], method[part], "{part}");
    }
    assert_eq!(
        workflow["rows"]["set_aside"],
        json!(8),
        "the catch was taken"
    );
    assert!(files(by_workflow) == files(by_method), "the files differ");
    let count = json!({"collection": "strikes"}).to_string();
    assert_eq!(
        host.call("storage.count", &count).await.unwrap(),
        json!(10_000)
    );
    let count = json!({"collection": "counted"}).to_string();
    assert_eq!(host.call("storage.count", &count).await.unwrap(), json!(0));
    host.stop().await.unwrap();
}
