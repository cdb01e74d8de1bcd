//! The whole job over real providers: the real rows, strange rows, rows that are gone, faults, and refusals.

mod faults;
mod real;
mod rows;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use weldkit::testing::TestHost;
use weldkit::{Host, HostBuilder};
use weldkit_data_processor::DataProcessor;
use weldkit_records_files::FileRecords;
use weldkit_report::{Outcome, Report};
use weldkit_report_html::HtmlReport;
use weldkit_storage_memory::MemoryStorage;
use weldkit_validation_jsonschema::JsonSchemaValidation;

const HEADER: &str = "Airport Name,Aircraft Make Model,Effect Amount of damage,Flight Date,Aircraft Airline Operator,\
    Origin State,Phase of flight,Wildlife Size,Wildlife Species,Time of day,Cost Other,Cost Repair,Cost Total $,\
    Speed IAS in knots\n";

/// All plugins of the job, reading below `root`.
fn plugins(host: HostBuilder, root: &Path) -> HostBuilder {
    host.plugin::<FileRecords>()
        .plugin::<JsonSchemaValidation>()
        .plugin::<DataProcessor>()
        .plugin::<HtmlReport>()
        .settings("records", json!({"root": root}))
}

/// A host with the job over storage in memory, and a folder with a file of these rows.
async fn host(rows: &str) -> (TestHost, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("rows.csv"), format!("{HEADER}{rows}")).expect("the rows");
    let host = TestHost::new(|host| plugins(host, folder.path()).plugin::<MemoryStorage>()).await;
    (host.expect("the host starts"), folder)
}

async fn run(host: &Host, output: &Path) -> Result<Outcome, weldkit_report::ReportError> {
    let report = host.service::<dyn Report>().expect("the service is there");
    let output = output.display().to_string();
    report
        .run(&host.ctx(), "rows.csv".into(), None, Some(output), None)
        .await
}

fn row(species: &str, other: u64, repair: u64) -> String {
    let total = other + repair;
    format!(
        "LOGAN INTL,A-320,None,2001-05-06,JETBLUE,Massachusetts,Climb,Small,\"{species}\",Day,{other},{repair},{total},140\n"
    )
}

/// Every file of a folder with its bytes.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path());
    files
        .map(|path| (path.clone(), fs::read(path).expect("a file")))
        .collect()
}
