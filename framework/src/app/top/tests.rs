//! The screens at 80x24, as goldens in `goldens/`; renewed by `UPDATE_GOLDEN=1`.

use std::path::Path;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::screen;
use super::state::{Sight, State};
use crate::metrics::{Histogram, MethodMetrics, PluginMetrics, Snapshot};

fn method(instance: &str, method: &str, calls: u64, failed: u64, nanos: u64) -> MethodMetrics {
    let histogram = Histogram::default();
    for call in 0..calls {
        histogram.record(nanos + call * nanos / 100);
    }
    let failed = [("not_found".to_owned(), failed)]
        .into_iter()
        .filter(|(_, count)| *count > 0);
    MethodMetrics {
        instance: instance.to_owned(),
        method: method.to_owned(),
        line: "1".to_owned(),
        started: calls + 1,
        finished: calls,
        in_flight: 1,
        failed: failed.collect(),
        input_bytes: calls * 20,
        output_bytes: calls * 300,
        latency_ns: histogram.read(),
        ..MethodMetrics::default()
    }
}

fn sight(second: u64) -> Sight {
    let plugin = |instance: &str, state: &'static str| PluginMetrics {
        instance: instance.to_owned(),
        plugin: instance.to_owned(),
        state: state.into(),
        uptime_ms: second * 1_000,
        ..PluginMetrics::default()
    };
    let mut snapshot = Snapshot {
        taken_ms: second * 1_000,
        uptime_ms: second * 1_000,
        span_ms: second * 1_000,
        plugins: vec![
            plugin("data-processing", "running"),
            plugin("storage-redb", "quarantined"),
        ],
        methods: vec![
            method(
                "data-processing",
                "data_processing.process_batch",
                second * second,
                second,
                1_500_000,
            ),
            method("storage-redb", "storage.get", second * 40, 0, 800),
            MethodMetrics {
                instance: "storage-redb".to_owned(),
                method: "storage.list".to_owned(),
                ..MethodMetrics::default()
            },
        ],
        ..Snapshot::default()
    };
    snapshot.counter("weldkit_events_published", "", second);
    Sight {
        snapshot,
        ..Sight::default()
    }
}

fn state() -> State {
    let mut state = State::new(sight(1));
    (2..12).for_each(|second| state.see(sight(second)));
    state
}

fn press(state: &mut State, keys: &str) {
    for char in keys.chars() {
        let code = match char {
            '\t' => KeyCode::Tab,
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            '↓' => KeyCode::Down,
            char => KeyCode::Char(char),
        };
        assert!(
            !state.key(KeyEvent::new(code, KeyModifiers::NONE)),
            "{char:?} ends it"
        );
    }
}

#[track_caller]
fn check(name: &str, state: &State) {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| screen::draw(frame, state)).unwrap();
    let lines = terminal.backend().to_string();
    let lines = lines.lines().map(|line| line.trim_matches('"').trim_end());
    let got = lines.collect::<Vec<_>>().join("\n") + "\n";
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/app/top/goldens/{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &got).unwrap();
    }
    assert_eq!(
        got,
        std::fs::read_to_string(&path).unwrap_or_default(),
        "renew with UPDATE_GOLDEN=1"
    );
}

#[test]
fn methods_are_sorted_by_calls_and_by_what_is_asked_for() {
    let mut state = state();
    check("methods", &state);
    press(&mut state, "sss");
    assert_eq!(
        state.rows().rows[0][0].text(),
        "data_processing.process_batch"
    );
    check("methods_by_median", &state);
}

#[test]
fn a_filter_leaves_what_fits() {
    let mut state = state();
    press(&mut state, "↓/STORage");
    check("filter_typed", &state);
    press(&mut state, "\n");
    assert_eq!((state.rows().rows.len(), state.selected), (1, 0));
    press(&mut state, "/q/\n");
    check("filter_without_rows", &state);
    press(&mut state, "\u{1b}");
    assert_eq!(state.rows().rows.len(), 2);
}

#[test]
fn a_method_is_opened_and_every_view_is_shown() {
    let mut state = state();
    press(&mut state, "↓\n");
    check("method", &state);
    press(&mut state, "\u{1b}\t");
    check("plugins", &state);
    press(&mut state, "\t\t\t");
    check("metrics", &state);
    press(&mut state, "\t");
    assert!(state.view == super::state::View::Methods);
}

#[test]
fn q_and_control_c_end_it() {
    let mut state = state();
    assert!(state.key(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE)));
    press(&mut state, "/");
    assert!(state.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
}

#[test]
fn a_small_screen_is_no_fault() {
    let state = state();
    for (width, height) in [(1, 1), (20, 5), (300, 100)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| screen::draw(frame, &state)).unwrap();
    }
}
