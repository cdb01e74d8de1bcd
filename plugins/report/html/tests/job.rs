//! The whole job over real providers: the real rows, strange rows, rows that are gone, faults, and refusals.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use weldkit::testing::TestHost;
use weldkit::{CallError, Code, Host, HostBuilder};
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
    let permissions = ["records.read", "validation.*", "storage.*"];
    host.plugin::<FileRecords>()
        .plugin::<JsonSchemaValidation>()
        .plugin::<DataProcessor>()
        .plugin::<HtmlReport>()
        .settings("records", json!({"root": root}))
        .grant("plugin:report", &permissions)
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
    assert_eq!(
        (
            first.rows.read,
            first.rows.stored,
            first.rows.set_aside,
            first.rows.repeated
        ),
        (10_008, 10_000, 8, 24)
    );
    assert_eq!((first.cost_total, first.removed), (40_545_276, 0));
    assert!(first.finding.starts_with(
        "Canada goose is the costliest identified species: 1.9% of the strikes (190 of 10,000), but 38.0% of the cost"
    ));
    let files = bytes(out.path());
    let figures: Value =
        serde_json::from_slice(&files[&out.path().join("report.json")]).expect("JSON");
    for place in ["broken-rows.csv", "\"line\": 9"] {
        assert!(
            files[&out.path().join("report.json")]
                .windows(place.len())
                .any(|window| window == place.as_bytes()),
            "{place}"
        );
    }
    compare_with_naive_sums(&figures);

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
    let stored = test
        .call("storage.count", r#"{"collection": "strikes"}"#)
        .await
        .expect("a count");
    assert_eq!(
        stored,
        json!(10_000),
        "each line is one document, equal rows included"
    );
    let goose = test
        .call(
            "storage.get",
            r#"{"collection": "strikes", "key": "birdstrikes.csv/0000000002"}"#,
        )
        .await;
    assert_eq!(
        goose.expect("a document")["body"]["species"],
        "Turkey vulture"
    );
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
async fn texts_of_strangers_stay_texts() {
    let evil = row("<script>alert(1)</script>", 10, 0)
        + &row("=HYPERLINK(\"\"http://example.invalid\"\")", 5, 0)
        + &row("\u{1b}[31mRed\u{202E}", 1, 0);
    let (test, folder) = host(&evil).await;
    let out = folder.path().join("out");
    let outcome = run(&test, &out).await.expect("the job");
    let html = fs::read_to_string(out.join("report.html")).expect("a page");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !html.contains("<script"));
    let csv = fs::read_to_string(out.join("species.csv")).expect("a table");
    assert!(
        csv.lines().any(|line| line.starts_with("\"'=HYPERLINK(")),
        "{csv}"
    );
    for text in [&html, &csv, &outcome.table] {
        assert!(
            text == &csv || !text.contains(['\u{1b}', '\u{202E}']),
            "{text}"
        );
    }
    assert!(
        outcome.table.contains("<script>alert(1)</script>"),
        "a terminal runs no markup, so it is shown"
    );
}

#[tokio::test]
async fn rows_that_do_not_fit_are_set_aside_with_their_lines() {
    let rows = row("Gull", 1, 2)
        + &row("", 1, 2)
        + "LOGAN INTL,A-320,None,2001-02-06,X,Y,Climb,Small,Gull,Day,1,2,4,140\n"
        + "too,short\n"
        + &row("Gull", 0, 0).replace("140", "");
    let (test, folder) = host(&rows).await;
    let out = folder.path().join("out");
    let outcome = run(&test, &out).await.expect("the job");
    assert_eq!(
        (
            outcome.rows.read,
            outcome.rows.stored,
            outcome.rows.set_aside
        ),
        (5, 2, 3)
    );
    let figures: Value =
        serde_json::from_slice(&fs::read(out.join("report.json")).expect("a file")).expect("JSON");
    let aside: Vec<_> = figures["set_aside"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            (
                row["line"].as_u64(),
                row["reason"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        aside.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
        [Some(3), Some(4), Some(5)]
    );
    assert!(aside[0].1.contains("/Wildlife Species"), "{aside:?}");
    assert!(aside[1].1.contains("make 3"), "{aside:?}");
    let html = fs::read_to_string(out.join("report.html")).expect("a page");
    assert!(html.contains("Rows set aside") && html.contains("too,short"));
}

#[tokio::test]
async fn a_file_without_rows_gives_a_report() {
    let (test, folder) = host("").await;
    let outcome = run(&test, &folder.path().join("out"))
        .await
        .expect("the job");
    assert_eq!(outcome.finding, "There are no strikes to report on.");
}

#[tokio::test]
async fn rows_that_are_gone_leave_the_collection() {
    let (test, folder) = host(&(row("Gull", 1, 0) + &row("Gull", 2, 0) + &row("Gull", 3, 0))).await;
    let out = folder.path().join("out");
    run(&test, &out).await.expect("the job");
    fs::write(
        folder.path().join("rows.csv"),
        format!("{HEADER}{}too,short\n", row("Hawk", 7, 0)),
    )
    .expect("the rows");
    let outcome = run(&test, &out).await.expect("the job");
    assert_eq!((outcome.removed, outcome.rows.stored), (2, 1));
    assert_eq!(
        test.call("storage.count", r#"{"collection": "strikes"}"#)
            .await
            .expect("a count"),
        json!(1)
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_before_the_work() {
    let (test, folder) = host(&row("Gull", 1, 0)).await;
    let error = run(&test, &folder.path().join("rows.csv/out"))
        .await
        .expect_err("a file is in the way");
    assert!(error.to_string().contains("`output`"), "{error}");
    assert_eq!(
        test.call("storage.count", r#"{"collection": "strikes"}"#)
            .await
            .expect("a count"),
        json!(0)
    );
}

#[tokio::test]
async fn a_fault_in_the_middle_leaves_no_half_report_and_can_be_repeated() {
    let rows: String = (0..250).map(|n| row("Gull", n, 0)).collect();
    let (test, folder) = host(&rows).await;
    let out = folder.path().join("out");
    for method in [
        "storage.put_batch",
        "validation.validate_batch",
        "data_processing.aggregate",
        "data_processing.tables",
    ] {
        test.fail(method, CallError::unavailable("down for a moment"), 1);
        let error = run(&test, &out).await.expect_err("the fault");
        let weldkit_report::ReportError::Call(error) = error else {
            panic!("another error: {error}")
        };
        assert_eq!(*error.code(), Code::Unavailable, "{error}");
        assert!(
            error.message().contains("ing: down for a moment"),
            "{error}"
        );
        assert!(bytes(&out).is_empty(), "{method}");
    }
    assert_eq!(run(&test, &out).await.expect("the job").rows.stored, 250);
}

#[tokio::test]
async fn what_cannot_be_read_keeps_its_code() {
    let (test, folder) = host("").await;
    let call = |input: Value| {
        let out = folder.path().join("out");
        let mut input = input;
        input["output"] = json!(out);
        let test = &test;
        async move {
            test.call("report.run", &input.to_string())
                .await
                .expect_err("a refusal")
        }
    };
    let error = call(json!({"source": "nowhere.csv"})).await;
    assert_eq!(*error.code(), Code::NotFound, "{error}");
    let error = call(json!({"source": "rows.csv", "also": "./rows.csv"})).await;
    assert_eq!(error.code().as_str(), "same_name");
    let error = call(json!({"source": "rows.csv", "collection": "Not A Name"})).await;
    assert_eq!(*error.code(), Code::InvalidParameter);
    assert!(bytes(&folder.path().join("out")).is_empty());
}

#[tokio::test]
async fn a_plugin_without_grants_and_a_stranger_are_refused() {
    let (test, folder) = host(&row("Gull", 1, 0)).await;
    let input = json!({"source": "rows.csv", "output": folder.path().join("out")}).to_string();
    let error = test
        .call_as("run:stranger", "report.run", &input)
        .await
        .expect_err("a refusal");
    assert_eq!(*error.code(), Code::PermissionDenied, "{error}");
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
