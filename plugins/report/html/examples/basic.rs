//! The whole job in one process: rows in, a folder with a report out, the table on the terminal.
//!
//! Run it from the root of the repository:
//! `cargo run -p weldkit-report-html --example report-basic -- examples/bird-strikes/birdstrikes.csv report`

use std::sync::Arc;

use weldkit::Host;
use weldkit_data_processor::DataProcessor;
use weldkit_records_files::FileRecords;
use weldkit_report::Report;
use weldkit_report_html::HtmlReport;
use weldkit_storage_memory::MemoryStorage;
use weldkit_validation_jsonschema::JsonSchemaValidation;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let source = arguments
        .next()
        .unwrap_or("examples/bird-strikes/birdstrikes.csv".into());
    let output = arguments.next().unwrap_or("report".into());
    let also = arguments.next();

    let host = Host::builder()
        .plugin::<FileRecords>()
        .plugin::<JsonSchemaValidation>()
        .plugin::<DataProcessor>()
        .plugin::<MemoryStorage>()
        .plugin::<HtmlReport>()
        .grant("plugin:report", &["records.*", "validation.*", "storage.*"])
        .start()
        .await?;
    let ctx = host.ctx().with_progress(Arc::new(|fraction, message| {
        eprint!("\r{:3.0}% {message}    ", fraction * 100.0);
    }));
    let report = host.service::<dyn Report>()?;
    let outcome = report.run(&ctx, source, also, Some(output), None).await?;
    eprintln!("\n\n{}", outcome.table);
    for file in outcome.files {
        eprintln!("{}", file.path);
    }
    host.stop().await?;
    Ok(())
}
