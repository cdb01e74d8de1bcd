//! The plugin behind a host: streams typed and as JSON, real data, and what may not be read.

use std::path::PathBuf;

use serde_json::{Value, json};
use weldkit::testing::TestHost;
use weldkit_records::{BadReason, ColumnType, ReadOptions, Records, RecordsError, Source};
use weldkit_records_files::FileRecords;

/// The data of the example: 10,000 rows as they came, and a few broken ones.
fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../examples/bird-strikes")
}

async fn host() -> TestHost {
    let settings = json!({"root": data(), "bad_rows_max": 8});
    let build =
        |host: weldkit::HostBuilder| host.plugin::<FileRecords>().settings("records", settings);
    TestHost::new(build).await.expect("the host starts")
}

#[tokio::test]
async fn every_row_of_real_data_is_a_record() {
    let host = host().await;
    let records = host.service::<dyn Records>().expect("records is provided");
    let options = ReadOptions {
        batch_size: Some(700),
        ..ReadOptions::default()
    };
    let mut stream = records.read(&host.ctx(), Source::path("birdstrikes.csv"), options);
    let (mut lines, mut cost, mut empty_speeds) = (Vec::new(), 0, 0);
    while let Some(batch) = stream.next().await {
        let batch = batch.expect("a batch");
        assert!(
            batch.bad.is_empty() && batch.len() <= 700,
            "{:?}",
            batch.bad
        );
        assert_eq!(
            batch.records.last().map(|record| record.line),
            Some(batch.line_last)
        );
        for record in batch.records {
            lines.push(record.line);
            cost += record.values["Cost Total $"].as_i64().expect("an integer");
            empty_speeds += u32::from(record.values["Speed IAS in knots"].is_null());
        }
    }
    assert_eq!(
        lines,
        (2..=10_001).collect::<Vec<u64>>(),
        "every line once, equal ones too"
    );
    assert_eq!((cost, empty_speeds), (TOTAL_COST, 2_836));
}

/// Summed up by another tool.
const TOTAL_COST: i64 = 40_545_276;

#[tokio::test]
async fn broken_rows_are_kept_aside() {
    let host = host().await;
    let records = host.service::<dyn Records>().expect("records is provided");
    let options = ReadOptions::default()
        .typed("Cost Total $", ColumnType::Integer)
        .typed("Speed IAS in knots", ColumnType::Integer);
    let stream = records.read(&host.ctx(), Source::path("broken-rows.csv"), options);
    let batches = stream.collect().await.expect("the whole file");
    let bad: Vec<(u64, BadReason)> = batches
        .iter()
        .flat_map(|batch| &batch.bad)
        .map(|bad| (bad.line, bad.reason))
        .collect();
    let expected = [
        (2, BadReason::Ragged),
        (3, BadReason::Ragged),
        (6, BadReason::Type),
        (8, BadReason::Encoding),
        (9, BadReason::Type),
    ];
    assert_eq!(bad, expected);
    let good: Vec<u64> = batches
        .iter()
        .flat_map(|batch| &batch.records)
        .map(|record| record.line)
        .collect();
    assert_eq!(good, [4, 5, 7]);
}

#[tokio::test]
async fn a_description_fits_the_data() {
    let host = host().await;
    let description = host
        .call("records.describe", r#"{"source": "birdstrikes.csv"}"#)
        .await
        .expect("describe");
    assert_eq!(
        (&description["format"], &description["delimiter"]),
        (&json!("csv"), &json!(","))
    );
    assert_eq!(
        (&description["record_count"], &description["bad_count"]),
        (&json!(10_000), &json!(0))
    );
    let columns = description["columns"].as_array().expect("columns");
    let types: Vec<&Value> = columns.iter().map(|column| &column["type"]).collect();
    assert_eq!(types[..10], vec![&json!("string"); 10]);
    assert_eq!(types[10..], vec![&json!("integer"); 4]);
    assert_eq!(columns[13]["counts"]["empty"], json!(2_836));
}

#[tokio::test]
async fn json_is_the_same_call() {
    let host = host().await;
    let input =
        json!({"source": {"text": "a,b\n1,x\n2\n"}, "options": {"batch_size": 10}}).to_string();
    let answer = host
        .call_json(&host.ctx(), "records.read", input.as_bytes())
        .await
        .expect("read");
    let text = String::from_utf8(answer).expect("text");
    let batch: Value =
        serde_json::from_str(text.trim().trim_start_matches('[').trim_end_matches(']'))
            .expect("a batch");
    assert_eq!(
        batch["records"],
        json!([{"line": 2, "values": {"a": 1, "b": "x"}}])
    );
    assert_eq!(batch["bad"][0]["line"], json!(3));
    assert_eq!(batch["bad"][0]["reason"], json!("ragged"));
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let host = host().await;
    let check = async |input: Value, code: &str, expected: &str| {
        let error = host
            .call("records.describe", &input.to_string())
            .await
            .expect_err("refused");
        assert_eq!(error.code().as_str(), code, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(
        json!({"source": "../../Cargo.toml"}),
        "security_violation",
        "leaves the folder",
    )
    .await;
    check(
        json!({"source": "/etc/passwd"}),
        "security_violation",
        "leaves the folder",
    )
    .await;
    check(
        json!({"source": "nothing.csv"}),
        "not_found",
        "there is no file `nothing.csv`",
    )
    .await;
    check(
        json!({"source": {"text": ""}, "options": {"batch_size": 0}}),
        "invalid_parameter",
        "batch_size",
    )
    .await;
    check(
        json!({"source": {"text": "a\n"}, "options": {"types": {"b": "integer"}}}),
        "unknown_column",
        "`a`",
    )
    .await;
    check(
        json!({"source": {"text": "a\n"}, "options": {"tipes": {}}}),
        "invalid_parameter",
        "tipes",
    )
    .await;
}

#[tokio::test]
async fn too_many_bad_rows_end_the_stream() {
    let host = host().await;
    let records = host.service::<dyn Records>().expect("records is provided");
    let text = format!("a,b\n1,2\n{}", "x\n".repeat(9));
    let mut stream = records.read(&host.ctx(), Source::text(text), ReadOptions::default());
    let batch = stream
        .next()
        .await
        .expect("a batch")
        .expect("what was good");
    assert_eq!((batch.records.len(), batch.bad.len()), (1, 8));
    let error = stream.next().await.expect("the end").expect_err("too many");
    assert!(
        matches!(
            error,
            RecordsError::TooManyBadRows {
                limit: 8,
                line: 11,
                ..
            }
        ),
        "{error}"
    );
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_missing_root_is_named_at_start() {
    let settings = json!({"root": "/nowhere/at/all"});
    let build =
        |host: weldkit::HostBuilder| host.plugin::<FileRecords>().settings("records", settings);
    let error = TestHost::new(build)
        .await
        .expect_err("no such folder")
        .to_string();
    assert!(
        error.contains("the folder `/nowhere/at/all` of the setting `root` cannot be read"),
        "{error}"
    );
}
