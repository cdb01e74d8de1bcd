//! The real rows, a second run, and what outlives the host.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use weldkit::testing::TestHost;
use weldkit::{Code, Host};
use weldkit_report::{Outcome, Report};
use weldkit_storage_memory::MemoryStorage;

use crate::{HEADER, bytes, host, plugins, row, run};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples/bird-strikes")
}

#[tokio::test]
async fn ten_thousand_real_rows_lose_none_and_a_second_run_changes_nothing() {
    let out = tempfile::tempdir().expect("a folder");
    let test = TestHost::new(|host| plugins(host, &examples()).plugin::<MemoryStorage>())
        .await
        .expect("the host starts");
    let report = test.service::<dyn Report>().expect("the service is there");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let ctx = test.ctx().with_progress(Arc::new(move |fraction, _: &str| {
        sink.lock().expect("a lock").push(fraction)
    }));
    let output = out.path().display().to_string();
    let once = || {
        report.run(
            &ctx,
            "birdstrikes.csv".into(),
            Some("broken-rows.csv".into()),
            Some(output.clone()),
            None,
        )
    };

    let first = once().await.expect("the job");
    check_first(&first, out.path());
    let files = bytes(out.path());

    let fractions = std::mem::take(&mut *seen.lock().expect("a lock"));
    assert!(
        fractions.len() > 100 && fractions.is_sorted() && fractions.last() == Some(&1.0),
        "{fractions:?}"
    );

    let again = once().await.expect("the job");
    assert!(again.files.iter().all(|file| !file.changed));
    assert_eq!(
        (again.rows, again.removed, &again.finding),
        (first.rows, 0, &first.finding)
    );
    assert_eq!(bytes(out.path()), files);
    check_stored(&test).await;
}

fn check_first(outcome: &Outcome, out: &Path) {
    let rows = outcome.rows;
    assert_eq!((rows.read, rows.stored), (10_008, 10_000));
    assert_eq!((rows.set_aside, rows.repeated), (8, 24));
    assert_eq!((outcome.cost_total, outcome.removed), (40_545_276, 0));
    assert!(outcome.finding.starts_with(
        "Canada goose is the costliest identified species: 1.9% of the strikes (190 of 10,000), but 38.0% of the cost"
    ));
    let json = fs::read(out.join("report.json")).expect("a file");
    let figures: Value = serde_json::from_slice(&json).expect("JSON");
    let aside = figures["set_aside"].as_array().expect("rows");
    let places = aside
        .iter()
        .map(|row| (row["source"].as_str(), row["line"].as_u64()));
    let expected = (2..10).map(|line| (Some("broken-rows.csv"), Some(line)));
    assert!(places.eq(expected), "{aside:?}");
    compare_with_naive_sums(&figures);
}

/// Each line is one document, equal rows included.
async fn check_stored(test: &TestHost) {
    let count = test
        .call("storage.count", r#"{"collection": "strikes"}"#)
        .await;
    assert_eq!(count.expect("a count"), json!(10_000));
    let key = r#"{"collection": "strikes", "key": "birdstrikes.csv/0000000002"}"#;
    let document = test.call("storage.get", key).await.expect("a document");
    assert_eq!(document["body"]["species"], "Turkey vulture");
}

/// The file by hand: no field of it is quoted.
fn compare_with_naive_sums(figures: &Value) {
    let text = fs::read_to_string(examples().join("birdstrikes.csv")).expect("the rows");
    for (table, column) in [(0, 8), (1, 0), (2, 6), (4, 3)] {
        let mut expected: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for line in text.lines().skip(1) {
            let cells: Vec<_> = line.split(',').collect();
            let key = if table == 4 {
                &cells[column][..7]
            } else {
                cells[column]
            };
            let sums = expected.entry(key).or_default();
            sums.0 += 1;
            sums.1 += cells[12].parse::<u64>().expect("a cost");
        }
        let rows = figures["tables"][table]["rows"].as_array().expect("rows");
        let counted: BTreeMap<_, _> = rows
            .iter()
            .map(|row| {
                (
                    row[0].as_str().expect("a name"),
                    (
                        row[1].as_u64().expect("a count"),
                        row[3].as_u64().expect("a cost"),
                    ),
                )
            })
            .collect();
        assert_eq!(counted, expected, "table {table}");
    }
}

#[tokio::test]
async fn rows_outlive_the_host() {
    let (folder, state) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    fs::write(
        folder.path().join("rows.csv"),
        format!("{HEADER}{}", row("Gull", 1, 0)),
    )
    .expect("the rows");
    let start = || {
        plugins(Host::builder(), folder.path())
            .plugin::<weldkit_storage_redb::RedbStorage>()
            .state(state.path())
            .start()
    };
    let out = folder.path().join("out");
    for changed in [true, false] {
        let host = start().await.expect("the host starts");
        let stored = host
            .call_json(
                &host.ctx(),
                "storage.count",
                br#"{"collection": "strikes"}"#,
            )
            .await
            .expect("a count");
        assert_eq!(stored, if changed { b"0" } else { b"1" });
        let outcome = run(&host, &out).await.expect("the job");
        assert!(outcome.files.iter().all(|file| file.changed == changed));
        host.stop().await.expect("the host stops");
    }
}

#[tokio::test]
async fn figures_can_be_rendered_again() {
    let (test, folder) = host(&row("Gull", 1, 0)).await;
    let out = folder.path().join("out");
    run(&test, &out).await.expect("the job");
    let json = fs::read_to_string(out.join("report.json")).expect("a file");
    let rendered = test
        .call("report.render", &format!("{{\"figures\": {json}}}"))
        .await
        .expect("the forms");
    assert_eq!(rendered["json"], json!(json));
    assert_eq!(
        rendered["html"],
        json!(fs::read_to_string(out.join("report.html")).expect("a page"))
    );

    for (change, pointer) in [
        (json!([["a", 1, 2]]), "/figures/tables/0/rows/0"),
        (json!([[1, 2, 3, 4, 5], [1]]), "/figures/tables/0/rows/1"),
    ] {
        let mut figures: Value = serde_json::from_str(&json).expect("JSON");
        figures["tables"][0]["rows"] = change;
        let error = test
            .call("report.render", &json!({"figures": figures}).to_string())
            .await
            .expect_err("a refusal");
        assert_eq!(*error.code(), Code::InvalidParameter);
        assert_eq!(error.detail().expect("details")["pointer"], pointer);
    }
}
