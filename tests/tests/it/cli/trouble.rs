//! A plugin that panics, hangs, blocks its thread, fails to start or fails to stop costs the others nothing.

use std::time::Instant;

use super::Place;

#[test]
fn a_call_ends_whatever_the_plugin_does() {
    let place = Place::new().variable("WELDKIT__HOST__STOP_DEADLINE", "500ms");
    place.run(&["call", "trouble.panic"]).failed(
        1,
        &["error[panicked]: `trouble.panic` of `trouble` panicked: as told"],
    );
    place
        .run(&["call", "trouble.hang"])
        .failed(1, &["error[timeout]"]);
    place
        .run(&["call", "trouble.block"])
        .failed(1, &["error[timeout]", "holds its worker past the deadline"]);
    let ran = place.run(&["call", "trouble.block_stream"]);
    ran.failed(1, &["error[timeout]", "holds its worker"]);
    assert!(ran.out.starts_with("1\n{\"error\":"), "{ran:?}");
}

#[test]
fn a_plugin_that_does_not_start_is_named() {
    let place = Place::new().variable("WELDKIT__HOST__START_DEADLINE", "300ms");
    for (how, words) in [
        ("fail", "no start today"),
        ("panic", "its constructor panicked: a panic at the start"),
        ("hang", "took longer than 300ms"),
    ] {
        let set = format!("plugins.trouble.start={how}");
        for command in [&["call", "trouble.hang"][..], &["serve"]] {
            let ran = place.run(&[command, &["--set", &set]].concat());
            ran.failed(1, &["`trouble` did not start", words]);
        }
        assert!(!place.path().join("state/control.sock").exists());
    }
}

#[test]
fn a_plugin_that_does_not_stop_is_named_and_the_others_have_stopped() {
    let place = Place::new().variable("WELDKIT__HOST__STOP_DEADLINE", "300ms");
    for (how, words) in [
        ("fail", "no stop today"),
        (
            "panic",
            "`trouble` panicked when it stopped: a panic at the stop",
        ),
        ("hang", "`trouble` did not stop before the deadline"),
    ] {
        let set = format!("plugins.trouble.stop={how}");
        let serving = place.serve(&["--set", &set]);
        let before = Instant::now();
        serving.signal("TERM");
        let (code, said) = serving.ended();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(words), "{said}");
        assert!(
            before.elapsed().as_secs() < 10,
            "stopped within the deadline"
        );
    }
}

#[test]
fn a_host_whose_every_worker_is_blocked_still_answers_and_stops() {
    let place = Place::new().variable("WELDKIT__HOST__STOP_DEADLINE", "500ms");
    let serving = place.serve(&[]);
    let workers = std::thread::available_parallelism().unwrap().get().max(2);
    for _ in 0..=workers {
        place
            .run(&["call", "trouble.block"])
            .failed(1, &["error[timeout]"]);
    }
    assert!(place.run(&["list"]).fine().contains("running"));
    let doctor = place.run(&["doctor"]);
    assert!(doctor.out.contains("blocked workers"), "{doctor:?}");
    place
        .run(&["call", "echo.slow", "--ms", "1", "--timeout", "300ms"])
        .failed(1, &["error[timeout]"]);
    serving.signal("TERM");
    let (code, said) = serving.ended();
    assert_eq!(code, Some(1), "{said}");
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let place = Place::new();
    let mut serving = place.serve(&[
        "--set",
        "plugins.trouble.stop=hang",
        "--set",
        "host.stop_deadline=1h",
    ]);
    serving.signal("INT");
    serving.hear("stopping");
    serving.signal("INT");
    let (code, said) = serving.ended();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("stopped at once"), "{said}");
}

#[test]
fn panics_lead_to_quarantine_and_a_reload_out_of_it() {
    let place = Place::new();
    let _serving = place.serve(&[]);
    for _ in 0..5 {
        place
            .run(&["call", "trouble.panic"])
            .failed(1, &["error[panicked]"]);
    }
    place
        .run(&["call", "trouble.panic"])
        .failed(1, &["error[unavailable]", "quarantined", "app reload"]);
    let listed = place.run(&["list"]);
    assert!(listed.fine().contains("quarantined"), "{listed:?}");
    let doctor = place.run(&["doctor"]);
    doctor.failed(1, &[]);
    assert!(doctor.out.contains("quarantined, 5 panics"), "{doctor:?}");
    assert_eq!(
        place.run(&["call", "echo.exact", "--value", "1"]).fine(),
        "1\n"
    );
    place.run(&["reload"]).failed(0, &["replaced: trouble"]);
    place
        .run(&["call", "trouble.panic"])
        .failed(1, &["error[panicked]"]);
}

#[test]
fn doctor_tells_of_health_and_of_a_check_that_says_nothing() {
    let check = |health: &str, code: i32, words: &str| {
        let place = Place::new();
        let _serving = place.serve(&[
            "--set",
            &format!("plugins.echo.health={health}"),
            "--set",
            "host.stop_deadline=100ms",
        ]);
        let doctor = place.run(&["doctor"]);
        doctor.failed(code, &[]);
        assert!(doctor.out.contains(words), "{doctor:?}");
        let report = super::parsed(&place.run(&["doctor", "--format", "json"]).out);
        assert_eq!(report["ok"], code == 0);
    };
    check("worse", 0, "running, degraded: hoarse");
    check("bad", 1, "running, failed: mute");
    check("silent", 1, "took longer than");
}
