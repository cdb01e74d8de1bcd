//! Monitoring: alerts that come and go, health, the history, metrics of a plugin's own, and what is never told.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use weldkit::event::Subscription;
use weldkit::metrics::{Counter, Histogram, Labelled, TextFormat, Value};
use weldkit::monitoring::{ALERT_CLEARED, ALERT_RAISED, Bound, HealthReport, Rule, Severity};
use weldkit::testing::TestHost;
use weldkit::{CallError, Ctx, Secret, Settings};

use crate::fixture::Shelf;

/// What the meter maid sees.
#[weldkit::service(version = "1.0")]
trait Parking {
    /// Notes a car.
    #[method(read_only)]
    fn note(&self, ctx: &Ctx, plate: String, secret: String) -> Result<(), CallError>;
}

/// Cars and how long they stay.
#[derive(Debug, weldkit::Metrics)]
struct Cars {
    /// Cars that were seen.
    seen: Counter,
    /// How long they stay.
    #[metric(unit = "seconds")]
    stay: Arc<Histogram>,
    /// Cars by plate.
    #[metric(labels("plate"))]
    by_plate: Labelled<Counter, 1>,
}

#[weldkit::data]
struct MaidSettings {
    /// Opens the barrier.
    token: Secret<String>,
}

#[derive(Debug)]
struct Maid {
    cars: Cars,
    token: Secret<String>,
}

#[weldkit::plugin(id = "maid", provides(Parking), categories("Tests"))]
impl Maid {
    async fn start(cars: Cars, settings: Settings<MaidSettings>) -> weldkit::Result<Self> {
        let token = settings.into_inner().token;
        Ok(Self { cars, token })
    }
}

impl Parking for Maid {
    fn note(&self, _: &Ctx, plate: String, secret: String) -> Result<(), CallError> {
        self.cars.seen.add(1);
        self.cars.stay.record_duration(Duration::from_millis(1_500));
        self.cars.by_plate.with([&plate]).add(1);
        if secret == *self.token.reveal() {
            return Ok(());
        }
        Err(CallError::not_found(format!("no car {plate}")))
    }
}

const CANARY: &str = "canary-7f3a9c";

async fn start(more: impl FnOnce(weldkit::HostBuilder) -> weldkit::HostBuilder) -> TestHost {
    let settings = json!({ "token": CANARY });
    TestHost::new(|host| {
        more(
            host.plugin::<Maid>()
                .settings("maid", settings)
                .plugin::<Shelf>(),
        )
    })
    .await
    .unwrap()
}

async fn note(test: &TestHost, plate: &str, secret: &str) {
    let input = json!({ "plate": plate, "secret": secret }).to_string();
    test.call("parking.note", &input).await.ok();
}

#[tokio::test]
async fn a_struct_of_metrics_is_asked_for_and_told() {
    let test = start(|host| host).await;
    for plate in ["a", "b", "a"] {
        note(&test, plate, CANARY).await;
    }
    let snapshot = test.metrics();
    assert_eq!(
        snapshot.value("maid_seen", &[("instance", "maid")]),
        Some(&Value::Counter(3))
    );
    assert_eq!(
        snapshot.value("maid_by_plate", &[("plate", "a")]),
        Some(&Value::Counter(2))
    );
    let family = snapshot.family("maid_stay_seconds").unwrap();
    assert_eq!(
        (&*family.unit, &*family.help),
        ("seconds", "How long they stay.")
    );
    let text = snapshot.text(TextFormat::OpenMetrics);
    assert!(
        text.contains("maid_stay_seconds_sum{instance=\"maid\"} 4.5\n"),
        "{text}"
    );
    assert!(
        text.contains("maid_by_plate_total{instance=\"maid\",plate=\"b\"} 1\n"),
        "{text}"
    );
}

/// Lets the task that looks have its turn.
async fn look(test: &TestHost, by: Duration) {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    test.clock().advance(by);
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_alert_is_raised_and_cleared_by_an_event_and_health_knows_it() {
    let rule = Rule {
        name: "many-errors".to_owned(),
        metric: "weldkit_calls_failed".to_owned(),
        labels: [("instance".to_owned(), "maid".to_owned())].into(),
        of: Some("weldkit_calls_finished".to_owned()),
        percentile: None,
        bound: Bound::Above(0.5),
        window: Duration::from_secs(10),
    };
    let test = start(|host| host.alert(rule)).await;
    let mut events = test
        .events()
        .subscribe(Subscription::new("operator").kind("weldkit.*"))
        .unwrap();
    note(&test, "a", CANARY).await;
    note(&test, "a", "wrong").await;
    look(&test, Duration::from_secs(5)).await;
    assert!(
        !test.alerts()[0].is_raised,
        "half of the calls is not above a half: {:?}",
        test.alerts()
    );
    note(&test, "a", "wrong").await;
    look(&test, Duration::from_secs(5)).await;
    let raised = events.next().await.unwrap();
    let data: Json = serde_json::to_value(&*raised).unwrap()["data"].clone();
    assert_eq!(
        (raised.kind(), &data["name"], &data["is_raised"]),
        (ALERT_RAISED, &json!("many-errors"), &json!(true))
    );
    assert!(
        (data["value"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9,
        "{data}"
    );
    let report = test.health_report().await;
    assert!(report.is_live && report.is_ready);
    assert_eq!(
        (report.findings.len(), &*report.findings[0].subject),
        (1, "alert many-errors")
    );
    for _ in 0..3 {
        look(&test, Duration::from_secs(5)).await;
    }
    assert_eq!(events.next().await.unwrap().kind(), ALERT_CLEARED);
    assert_eq!(
        test.health_report().await,
        HealthReport {
            is_live: true,
            is_ready: true,
            findings: Vec::new()
        }
    );
    let history = test.history();
    assert_eq!(history.len(), 5);
    let calls: Vec<u64> = history
        .iter()
        .map(|delta| {
            delta
                .method("maid", "parking.note")
                .map_or(0, |note| note.finished)
        })
        .collect();
    assert_eq!(calls, [2, 1, 0, 0, 0]);
    assert!(history.iter().all(|delta| delta.span_ms == 5_000));
}

/// What a plugin counts is known only when it runs, so that a wrong name of it is told by the report.
#[tokio::test]
async fn an_alert_on_a_metric_that_nobody_tells_is_in_the_report() {
    let rule = |name: &str, metric: &str| Rule {
        name: name.to_owned(),
        metric: metric.to_owned(),
        labels: [].into(),
        of: None,
        percentile: None,
        bound: Bound::Above(1e9),
        window: Duration::from_secs(10),
    };
    let test = start(|host| {
        host.alert(rule("right", "maid_seen"))
            .alert(rule("wrong", "maid_sen"))
    })
    .await;
    let report = test.health_report().await;
    assert!(report.is_live && report.is_ready);
    let told: Vec<_> = report
        .findings
        .iter()
        .map(|found| (&*found.subject, &*found.message))
        .collect();
    let [("alert wrong", message)] = told[..] else {
        panic!("{told:?}");
    };
    assert!(message.contains("no metric `maid_sen`"), "{message}");
    assert!(message.contains("`maid_seen`"), "{message}");
}

#[tokio::test]
async fn monitoring_at_an_interval_keeps_a_bounded_history_and_ends() {
    let test = start(|host| host).await;
    assert_eq!(test.history(), []);
    test.start_monitoring(Duration::from_secs(1));
    for _ in 0..weldkit::limit::MONITOR_HISTORY + 10 {
        look(&test, Duration::from_secs(1)).await;
    }
    assert_eq!(test.history().len(), weldkit::limit::MONITOR_HISTORY);
    test.stop_monitoring();
    let last = test.history().last().unwrap().taken_ms;
    look(&test, Duration::from_secs(5)).await;
    assert_eq!(test.history().last().unwrap().taken_ms, last);
}

#[tokio::test]
async fn a_plugin_that_is_not_well_is_in_the_report() {
    let test = start(|host| host.settings("shelf", json!({ "mood": "ill" }))).await;
    let report = test.health_report().await;
    assert!(report.is_live && report.is_ready);
    let finding = &report.findings[0];
    assert_eq!(
        (finding.level, &*finding.subject, &*finding.message),
        (Severity::Degraded, "instance shelf", "it creaks")
    );
    for _ in 0..weldkit::limit::PANICS {
        test.call("notes.act", r#"{"how":"panic"}"#)
            .await
            .unwrap_err();
    }
    let report = test.health_report().await;
    assert!(report.is_live && !report.is_ready);
    assert_eq!(
        (report.findings[0].level, &*report.findings[0].message),
        (Severity::Failed, "it is quarantined")
    );
}

/// A secret of the configuration, an argument and an error that quotes it: none of them is in anything that is told.
#[tokio::test]
async fn a_canary_is_in_no_output() {
    let test = start(|host| host.monitor(Duration::from_secs(1))).await;
    note(&test, "a", CANARY).await;
    note(&test, "a", "canary-7f3a9c-and-more").await;
    look(&test, Duration::from_secs(1)).await;
    let mut outputs = Vec::new();
    for call in ["snapshot", "text", "history", "alerts", "health"] {
        outputs.push(
            test.call(&format!("weldkit.monitoring.{call}"), "{}")
                .await
                .unwrap()
                .to_string(),
        );
    }
    outputs.push(
        test.call("weldkit.monitoring.text", r#"{"format":"openmetrics"}"#)
            .await
            .unwrap()
            .to_string(),
    );
    outputs.push(format!("{:?} {:?}", test.metrics(), test.history()));
    assert!(outputs[2].contains("parking.note"), "{}", outputs[2]);
    for output in outputs {
        assert!(!output.contains("canary"), "{output}");
    }
}
