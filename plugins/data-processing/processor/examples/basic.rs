//! Process, aggregate and look at the statistics, in a host with this one plugin.
//!
//! Run it with `cargo run -p weldkit-data-processor --example data-processing-basic`.

use serde_json::json;
use weldkit::Host;
use weldkit_data_processing::{Aggregate, DataProcessing, Grouping, Operation};
use weldkit_data_processor::DataProcessor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Host::builder().plugin::<DataProcessor>().start().await?;
    let processing = host.service::<dyn DataProcessing>()?;
    let ctx = host.ctx();

    let strikes = vec![
        json!({"species": "Canada goose", "repair": 144634, "other": 0}),
        json!({"species": "Rock pigeon", "repair": 0, "other": 137}),
        json!({"species": "Canada goose", "repair": 0, "other": 0}),
    ];
    let operations = vec![
        Operation::Derive {
            field: "cost".into(),
            expr: ".repair + .other".into(),
        },
        Operation::GroupBy(Grouping {
            by: vec!["species".into()],
            aggregates: [
                ("strikes".into(), Aggregate::Count { field: None }),
                (
                    "cost".into(),
                    Aggregate::Sum {
                        field: "cost".into(),
                    },
                ),
            ]
            .into(),
        }),
    ];
    let processed = processing
        .process_batch(&ctx, strikes, None, operations)
        .await?;
    for row in &processed.results {
        eprintln!("{row}");
    }

    // The same method for everyone else.
    let bytes = host
        .call_json(
            &ctx,
            "data_processing.process_batch",
            br#"{"data": [1, 2, 3, 4, 5]}"#,
        )
        .await?;
    eprintln!("{}", String::from_utf8(bytes)?);
    eprintln!("{:?}", processing.get_statistics(&ctx)?);
    host.stop().await?;
    Ok(())
}
