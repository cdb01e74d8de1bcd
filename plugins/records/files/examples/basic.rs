//! A CSV as a stream of typed records, with its bad rows kept aside.
//!
//! `cargo run -p weldkit-records-files --example records-basic`

use weldkit::Host;
use weldkit_records::{ColumnType, ReadOptions, Records, Source};
use weldkit_records_files::FileRecords;

const STRIKES: &str =
    "airport,species,cost\nBOS,Herring gull,120\nDEN,Killdeer,a lot\nBOS,Herring gull,120\nDFW\n";

#[tokio::main]
async fn main() -> weldkit::Result<()> {
    let host = Host::builder().plugin::<FileRecords>().start().await?;
    let records = host.service::<dyn Records>()?;

    let options = ReadOptions::default().typed("cost", ColumnType::Integer);
    let mut stream = records.read(&host.ctx(), Source::text(STRIKES), options);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        for record in batch.records {
            eprintln!(
                "line {}: {}",
                record.line,
                serde_json::Value::Object(record.values)
            );
        }
        for bad in batch.bad {
            eprintln!("line {} is set aside: {}", bad.line, bad.message);
        }
    }
    host.stop().await
}
