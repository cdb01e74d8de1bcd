//! The invariants of ARCHITECTURE.md that no other test is named after.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use weldkit::testing::TestHost;
use weldkit::{CallError, Ctx, Host};
use weldkit_data_processor::DataProcessor;
use weldkit_records_files::FileRecords;
use weldkit_report_html::HtmlReport;
use weldkit_storage_memory::MemoryStorage;
use weldkit_validation_jsonschema::JsonSchemaValidation;

use crate::docs::repository;

/// Every Rust file under these folders, relative to the repository, with its text.
pub(crate) fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let root = repository();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let mut sources = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let shown = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                sources.push((shown, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort();
    sources
}

/// A provider is reached through the generation of its slot, and only the gate takes it from there to call it.
#[test]
fn nothing_but_the_gate_invokes_a_provider() {
    let takes: Vec<String> = sources(&["framework/src"])
        .into_iter()
        .filter(|(_, text)| text.contains("generation.provider"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        takes,
        [
            "framework/src/call/calling.rs",
            "framework/src/call/gate.rs"
        ],
        "the two files of the gate"
    );
}

#[test]
fn the_order_of_registration_means_nothing() {
    let forwards = Host::builder()
        .plugin::<DataProcessor>()
        .plugin::<FileRecords>()
        .plugin::<HtmlReport>()
        .plugin::<MemoryStorage>()
        .plugin::<JsonSchemaValidation>();
    let backwards = Host::builder()
        .plugin::<JsonSchemaValidation>()
        .plugin::<MemoryStorage>()
        .plugin::<HtmlReport>()
        .plugin::<FileRecords>()
        .plugin::<DataProcessor>();
    let [one, other] = [forwards, backwards].map(|host| {
        let plan = host.check().unwrap();
        let names = plan.instances.into_iter().map(|planned| planned.name);
        (names.collect::<Vec<_>>(), plan.defaults)
    });
    assert_eq!(one, other);
    assert_eq!(
        one.0.last().map(String::as_str),
        Some("report"),
        "after what it needs"
    );
}

/// Asks back.
#[weldkit::service]
trait Mirror {
    /// What the host says of itself while it is inside of this call.
    async fn look(&self, ctx: &Ctx, depth: u32) -> Result<u64, CallError>;
}

#[derive(Default)]
struct LookingGlass(OnceLock<Host>);

impl Mirror for LookingGlass {
    async fn look(&self, ctx: &Ctx, depth: u32) -> Result<u64, CallError> {
        let host = self.0.get().expect("the test has put it there");
        let under_way = host
            .instances()
            .iter()
            .map(|instance| instance.in_flight)
            .sum();
        drop((host.counts(), host.metrics(), host.services(), host.watch()));
        if depth == 0 {
            return Ok(under_way);
        }
        let input = format!(r#"{{"depth":{}}}"#, depth - 1);
        let inner = Box::pin(host.call_json(ctx, "mirror.look", input.as_bytes())).await?;
        serde_json::from_slice(&inner).map_err(|fault| CallError::internal(fault.to_string()))
    }
}

/// A lock held around the call would stop this test for good.
#[tokio::test]
async fn nothing_of_the_host_is_locked_while_plugin_code_runs() {
    let glass = Arc::new(LookingGlass::default());
    let test = TestHost::new(|host| host.provide::<dyn Mirror>("glass", glass.clone()))
        .await
        .unwrap();
    glass.0.set((*test).clone()).unwrap();
    let seen = test.call("mirror.look", r#"{"depth":3}"#).await.unwrap();
    assert_eq!(
        seen, 4,
        "four calls were under way, one inside of the other"
    );
    test.stop().await.unwrap();
}

/// The manifests of all crates of the repository; templates and what Cargo makes are none.
fn manifests() -> Vec<PathBuf> {
    let (mut open, mut manifests) = (vec![repository()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                let is_made = ["target", "dist", "templates"].contains(&name.as_str());
                if !is_made && !name.starts_with('.') {
                    open.push(path);
                }
            } else if name == "Cargo.toml" {
                manifests.push(path);
            }
        }
    }
    manifests
}

/// What is forbidden cannot be allowed again by any attribute below it.
#[test]
fn unsafe_code_is_forbidden_in_every_crate() {
    let manifests = manifests();
    assert!(manifests.len() > 15, "{manifests:?}");
    for path in manifests {
        let manifest: toml::Table = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let forbids = |lints: Option<&toml::Value>| {
            lints.and_then(|lints| lints.get("rust")?.get("unsafe_code")?.as_str())
                == Some("forbid")
        };
        let workspace = manifest.get("workspace").and_then(|it| it.get("lints"));
        let own = manifest.get("lints");
        let inherits = own.and_then(|lints| lints.get("workspace")?.as_bool()) == Some(true);
        assert!(
            inherits || forbids(workspace) || forbids(own),
            "{} does not forbid it",
            path.display()
        );
    }
}
