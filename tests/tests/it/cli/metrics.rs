//! `metrics`: what the running host counts, for people, programs and monitoring systems.

use serde_json::json;

use super::Place;

#[test]
fn the_running_host_is_asked_for_what_it_counts() {
    let place = Place::new();
    let serving = place.serve(&[]);
    for _ in 0..3 {
        place
            .run(&["call", "echo.say", "--the-text", "hello"])
            .fine();
    }
    let snapshot = place.run(&["metrics", "--format", "json"]).json();
    assert_eq!(snapshot["format"], json!(1));
    let methods = snapshot["methods"].as_array().unwrap();
    let say = methods
        .iter()
        .find(|method| method["method"] == "echo.say")
        .unwrap();
    assert_eq!(
        (&say["started"], &say["finished"]),
        (&json!(3), &json!(3)),
        "{say}"
    );
    let table = place.run(&["metrics"]);
    assert!(table.fine().contains("echo.say"), "{table:?}");
    let prometheus = place.run(&["metrics", "--format", "prometheus"]);
    assert!(
        prometheus.fine().contains("weldkit_calls_finished_total{"),
        "{prometheus:?}"
    );
    let open = place.run(&["--format", "openmetrics", "metrics"]);
    assert!(open.fine().ends_with("# EOF\n"), "{open:?}");
    drop(serving);
}

#[test]
fn a_text_of_metrics_is_of_metrics_alone() {
    let place = Place::new();
    place
        .run(&["list", "--format", "prometheus"])
        .failed(2, &["of `metrics` alone"]);
    place
        .run(&["metrics", "--watch"])
        .failed(1, &["no host serves", "serve"]);
}

#[test]
fn doctor_shows_an_alert_that_is_raised() {
    let place = Place::new().file(
        "[host]\nmonitor = '100ms'\n[alerts.old]\nmetric = 'weldkit_uptime_seconds'\nabove = 0.05\n",
    );
    let _serving = place.serve(&[]);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let doctor = place.run(&["doctor", "--format", "json"]).json();
        let checks = doctor["checks"].as_array().unwrap();
        if let Some(alert) = checks.iter().find(|check| check["check"] == "alert old") {
            assert_eq!(alert["state"], json!("note"), "{alert}");
            assert!(
                alert["message"]
                    .as_str()
                    .unwrap()
                    .contains("weldkit_uptime_seconds"),
                "{alert}"
            );
            return;
        }
        assert!(std::time::Instant::now() < until, "no alert in {checks:#?}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn an_alert_without_a_bound_is_refused_before_anything_starts() {
    let place = Place::new().file("[alerts.old]\nmetric = 'weldkit_uptime_seconds'\n");
    place
        .run(&["check"])
        .failed(3, &["has no bound", "either `above` or `below`"]);
    let place = Place::new().file("[alerts.old]\nmetric = 'weldkit_uptime'\nabove = 1\n");
    place.run(&["check"]).failed(
        3,
        &["no metric named `weldkit_uptime`", "weldkit_uptime_seconds"],
    );
}
