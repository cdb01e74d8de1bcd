//! Strange rows: texts of strangers, rows that do not fit, rows that are gone.

use std::fs;

use serde_json::{Value, json};

use crate::{HEADER, host, row, run};

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
