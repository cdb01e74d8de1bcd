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
