//! The texts for monitoring systems: their names are a golden file, and the parsers of others read them.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;
use weldkit::metrics::{Family, Kind, Labels, Snapshot, TextFormat};
use weldkit::testing::TestHost;

use crate::docs::repository;
use crate::fixture::{Librarian, Shelf};

/// What a host counts that has done a little of everything.
async fn busy() -> Snapshot {
    let test = TestHost::new(|host| host.plugin::<Shelf>().plugin::<Librarian>())
        .await
        .unwrap();
    for id in [3, 12] {
        let input = json!({ "id": id }).to_string();
        test.call("notes.get", &input).await.ok();
    }
    let events = test.events();
    let mut heard = events
        .subscribe(weldkit::event::Subscription::new("listener"))
        .unwrap();
    let event = events.event("test.happened", None, None).unwrap();
    events.emit(&test.ctx(), event).await.unwrap();
    heard.next().await.unwrap();
    let begun = test.call("weldkit.transactions.begin", "{}").await.unwrap();
    let id = json!({ "transaction": begun["transaction"] }).to_string();
    test.call("weldkit.transactions.commit", &id).await.unwrap();
    let document = "{document: {dsl: 1.0.3, namespace: test, name: one, version: 1.0.0}, do: [{a: {set: {b: 1}}}, {c: {wait: {hours: 1}}}]}";
    let workflow = json!({ "document": document }).to_string();
    test.call("weldkit.workflows.register", &workflow)
        .await
        .unwrap();
    let run = json!({ "workflow": "test/one/1.0.0", "durable": true }).to_string();
    test.call("weldkit.workflows.start", &run).await.unwrap();
    test.metrics()
}

#[tokio::test]
async fn names_do_not_change_by_accident() {
    let mut lines = BTreeSet::new();
    for family in busy().await.all_families() {
        let series = family.series.iter();
        let labels: BTreeSet<&str> = series
            .flat_map(|series| series.labels.iter().map(|(name, _)| name))
            .collect();
        let labels = labels.into_iter().collect::<Vec<_>>().join(",");
        let kind = format!("{:?}", family.kind).to_lowercase();
        let unit = if family.unit.is_empty() {
            "-"
        } else {
            &family.unit
        };
        lines.insert(format!(
            "{} {kind} {unit} [{labels}] {}",
            family.name, family.help
        ));
    }
    let got = lines.into_iter().collect::<Vec<_>>().join("\n") + "\n";
    let path = repository().join("tests/tests/it/metrics/names.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &got).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        got, expected,
        "other names break dashboards; if that is meant, renew names.txt with UPDATE_GOLDEN=1"
    );
    // An alert may name each of them before a host has started.
    let names = got.lines().filter_map(|line| line.split(' ').next());
    let own = names.filter(|name| !name.starts_with("shelf_"));
    let alerts = own.map(|name| format!("[alerts.{name}]\nmetric = '{name}'\nabove = 1\n"));
    let alerts = alerts.collect::<String>();
    let catalog = std::sync::Arc::new(weldkit::config::Catalog::default());
    let sources = weldkit::config::Sources::new("").file_content("weldkit.toml", alerts.as_str());
    let config = weldkit::config::Config::load(&sources, catalog);
    assert!(config.problems().is_empty(), "{:?}", config.problems());
    assert!(config.alerts().len() > 40, "{}", config.alerts().len());
}

/// A snapshot that makes it hard for whoever reads its text.
async fn hard() -> Snapshot {
    let mut snapshot = busy().await;
    let mut odd = Family::new(
        Kind::Gauge,
        "odd_values",
        "",
        "With \"quotes\", a \\ and\na new line",
    );
    for (at, value) in [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e-300,
        1e300,
        -0.0,
    ]
    .into_iter()
    .enumerate()
    {
        let label = format!("\"{at}\" \\ \n {{}},= ü");
        odd.add(Labels::new([("odd", label.as_str())]), value);
    }
    snapshot.families.push(odd);
    snapshot
}

/// Runs a program on a text. `None` where there is no such program.
fn accepted_by(program: &str, arguments: &[&str], text: &str) -> Option<Result<String, String>> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.ok()?;
    // It may have said no before it has read everything.
    drop(child.stdin.take().unwrap().write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(if output.status.success() {
        Ok(said(&output.stdout))
    } else {
        Err(said(&output.stdout) + &said(&output.stderr))
    })
}

#[tokio::test]
async fn promtool_has_nothing_against_the_text() {
    let text = hard().await.text(TextFormat::Prometheus);
    match accepted_by("promtool", &["check", "metrics"], &text) {
        Some(said) => assert_eq!(said.as_deref(), Ok(""), "{text}"),
        None => weldkit_xtask::skips::skip(
            "promtool",
            "there is no promtool: install the Debian package `prometheus`",
        ),
    }
}

/// Reads a text with the parser of that module and prints its samples.
const READ: &str = "
import sys, math
from prometheus_client.%s import text_string_to_metric_families as read
for family in read(sys.stdin.read()):
    for sample in family.samples:
        print(family.type, family.unit, sample.name, sorted(sample.labels.items()), float(sample.value))
";

#[tokio::test]
async fn the_parsers_of_the_python_client_read_the_same() {
    let has = accepted_by("python3", &["-c", "import prometheus_client"], "");
    if has.is_none_or(|said| said.is_err()) {
        weldkit_xtask::skips::skip(
            "prometheus_client",
            "Python has no module `prometheus_client`",
        );
        return;
    }
    let snapshot = hard().await;
    for (format, parser) in [
        (TextFormat::Prometheus, "parser"),
        (TextFormat::OpenMetrics, "openmetrics.parser"),
    ] {
        let text = snapshot.text(format);
        let script = READ.replace("%s", parser);
        let read = accepted_by("python3", &["-c", &script], &text).unwrap();
        let read = read.unwrap_or_else(|fault| panic!("{parser}: {fault}\n{text}"));
        let unit = if format == TextFormat::OpenMetrics {
            "seconds"
        } else {
            ""
        };
        for line in [
            "weldkit_calls_finished_total [('instance', 'shelf'), ('line', '1'), ('method', 'notes.get')] 2.0".to_owned(),
            format!("summary {unit} weldkit_call_duration_seconds_count [('instance', 'shelf'), ('line', '1'), ('method', 'notes.get')] 2.0"),
            r#"[('odd', '"1" \\ \n {},= ü')] inf"#.to_owned(),
            "weldkit_events_delivered_total [('subscriber', 'listener')] 1.0".to_owned(),
        ] {
            assert!(read.contains(&line), "{parser}: no `{line}` in\n{read}");
        }
    }
}

#[test]
fn the_format_is_what_the_reader_accepts() {
    for (accept, expected) in [
        ("", TextFormat::Prometheus),
        ("text/plain", TextFormat::Prometheus),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            TextFormat::OpenMetrics,
        ),
        (
            "text/plain, application/openmetrics-text; q=0",
            TextFormat::Prometheus,
        ),
        ("*/*", TextFormat::Prometheus),
        (
            "text/plain,application/openmetrics-text;q=0.1",
            TextFormat::Prometheus,
        ),
        (
            "application/openmetrics-text;version=2.0.0",
            TextFormat::Prometheus,
        ),
        (
            "Application/OpenMetrics-Text; Version=1.0.0",
            TextFormat::OpenMetrics,
        ),
        // What Prometheus 3 sends.
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            TextFormat::OpenMetrics,
        ),
    ] {
        assert_eq!(TextFormat::accepted(accept), expected, "{accept}");
    }
}
