//! The table of each view.

use std::cmp::Ordering;

use super::state::{SPARKS, State, View};
use crate::app::metrics::{labels, nanoseconds, value};
use crate::metrics::MethodMetrics;

/// A table.
pub(super) struct Rows {
    pub(super) header: Vec<&'static str>,
    /// How wide each column is; the first takes what is left.
    pub(super) widths: Vec<u16>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// What stands in one place, and how it is sorted: texts by the alphabet, numbers with the largest first.
pub(super) enum Cell {
    Text(String),
    Number(f64, String),
}

impl Cell {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(_, text) => text,
        }
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one, _), Self::Number(other, _)) => other.total_cmp(one),
            (one, other) => one.text().cmp(other.text()),
        }
    }
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn count(count: u64) -> Cell {
    Cell::Number(count as f64, count.to_string())
}

fn time(ns: u64) -> Cell {
    Cell::Number(
        ns as f64,
        if ns == 0 {
            "-".to_owned()
        } else {
            nanoseconds(ns)
        },
    )
}

/// The rows of a view, as they come.
pub(super) fn of(state: &State) -> Rows {
    match state.view {
        View::Methods => methods(state),
        View::Plugins => plugins(state),
        #[cfg(feature = "orchestration")]
        View::Runs => runs(state),
        #[cfg(feature = "transaction")]
        View::Transactions => transactions(state),
        View::Metrics => metrics(state),
    }
}

/// How many a second, over the last pause.
pub(super) fn rate(count: u64, span_ms: u64) -> f64 {
    count as f64 * 1e3 / span_ms.max(1) as f64
}

fn methods(state: &State) -> Rows {
    let row = |method: &MethodMetrics| {
        let rate = rate(method.finished, state.delta.span_ms);
        let share = method.errors() as f64 / method.finished.max(1) as f64;
        vec![
            text(state.name(method)),
            Cell::Number(rate, format!("{rate:.1}")),
            Cell::Number(
                share,
                if share == 0.0 {
                    "-".to_owned()
                } else {
                    format!("{:.1} %", share * 100.0)
                },
            ),
            count(method.in_flight),
            time(method.latency_ns.p50),
            time(method.latency_ns.p99),
            text(state.sparks(method)),
        ]
    };
    let ever = |method: &&MethodMetrics| {
        let all = state
            .sight
            .snapshot
            .method(&method.instance, &method.method);
        all.is_some_and(|all| all.started > 0)
    };
    Rows {
        header: vec!["METHOD", "CALLS/S", "ERR", "OPEN", "P50", "P99", "ACTIVITY"],
        widths: vec![0, 8, 6, 5, 7, 7, SPARKS],
        rows: state.delta.methods.iter().filter(ever).map(row).collect(),
    }
}

fn plugins(state: &State) -> Rows {
    let row = |plugin: &crate::metrics::PluginMetrics| {
        vec![
            text(&plugin.instance),
            text(plugin.state.to_string()),
            time(plugin.uptime_ms.saturating_mul(1_000_000)),
            count(plugin.restarts),
            count(plugin.panics),
            count(plugin.blocked),
            count(plugin.in_flight),
        ]
    };
    Rows {
        header: vec![
            "INSTANCE", "STATE", "UP", "RESTARTS", "PANICS", "BLOCKED", "OPEN",
        ],
        widths: vec![0, 12, 9, 8, 7, 7, 5],
        rows: state.sight.snapshot.plugins.iter().map(row).collect(),
    }
}

#[cfg(feature = "orchestration")]
fn runs(state: &State) -> Rows {
    let row = |run: &crate::orchestration::Status| {
        let progress = run
            .progress
            .map_or_else(|| "-".to_owned(), |part| format!("{:.0} %", part * 100.0));
        vec![
            text(&run.run),
            text(&run.workflow),
            text(&run.state),
            count(run.tasks_done),
            text(progress),
            text(run.waiting.first().cloned().unwrap_or_default()),
        ]
    };
    Rows {
        header: vec!["RUN", "WORKFLOW", "STATE", "DONE", "PROGRESS", "WAITS FOR"],
        widths: vec![0, 24, 12, 5, 8, 14],
        rows: state.sight.runs.iter().map(row).collect(),
    }
}

#[cfg(feature = "transaction")]
fn transactions(state: &State) -> Rows {
    let row = |transaction: &crate::transaction::Status| {
        let left = transaction
            .remaining_ms
            .unwrap_or(0)
            .saturating_mul(1_000_000);
        let parties = transaction
            .participants
            .iter()
            .map(|party| party.instance.as_str());
        vec![
            text(transaction.transaction.to_string()),
            text(transaction.state.as_str()),
            text(transaction.principal.clone().unwrap_or_default()),
            time(left),
            text(parties.collect::<Vec<_>>().join(", ")),
        ]
    };
    Rows {
        header: vec!["ID", "STATE", "PRINCIPAL", "LEFT", "PARTICIPANTS"],
        widths: vec![0, 13, 16, 8, 28],
        rows: state.sight.transactions.iter().map(row).collect(),
    }
}

fn metrics(state: &State) -> Rows {
    let families = state.sight.snapshot.families.iter();
    let rows = families.flat_map(|family| {
        let series = family.series.iter();
        let shown = series.filter_map(|series| Some((series, value(&family.unit, &series.value)?)));
        shown.map(|(series, value)| {
            vec![
                text(&*family.name),
                text(labels(&series.labels)),
                text(value),
            ]
        })
    });
    Rows {
        header: vec!["METRIC", "LABELS", "VALUE"],
        widths: vec![0, 22, 22],
        rows: rows.collect(),
    }
}
