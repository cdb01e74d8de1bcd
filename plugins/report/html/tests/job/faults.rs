//! Faults and refusals: no half report, and the code of what failed.

use serde_json::{Value, json};
use weldkit::{CallError, Code, Effect};

use weldkit::testing::TestHost;
use weldkit_storage_memory::MemoryStorage;

use crate::{bytes, host, plugins, row, run};

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
    assert_eq!(error.has_effect(), Effect::None);
    let error = call(json!({"source": "rows.csv", "also": "./rows.csv"})).await;
    assert_eq!(error.code().as_str(), "same_name");
    let error = call(json!({"source": "rows.csv", "collection": "Not A Name"})).await;
    assert_eq!(*error.code(), Code::InvalidParameter);
    assert!(bytes(&folder.path().join("out")).is_empty());
}

#[tokio::test]
async fn a_principal_needs_the_permissions_of_the_whole_job() {
    let (_, folder) = host(&row("Gull", 1, 0)).await;
    let out = folder.path().join("out");
    let input = json!({"source": "rows.csv", "output": out}).to_string();
    let all = [
        "report.run",
        "records.read",
        "data_processing",
        "validation.*",
        "storage.*",
    ];
    let test = TestHost::new(|host| {
        plugins(host, folder.path())
            .plugin::<MemoryStorage>()
            .grant("run:night", &all)
            .grant("run:half", &all[..2])
    });
    let test = test.await.expect("the host starts");
    for principal in ["run:stranger", "run:half"] {
        let refused = test.call_as(principal, "report.run", &input).await;
        let error = refused.expect_err("a refusal");
        assert_eq!(*error.code(), Code::PermissionDenied, "{error}");
        assert!(!out.join("report.json").exists(), "{principal}");
    }
    let outcome = test.call_as("run:night", "report.run", &input).await;
    assert_eq!(outcome.expect("the job")["rows"]["stored"], 1);
}
