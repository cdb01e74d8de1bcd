//! The names under which methods and plugins are told to a monitoring system.

use super::Labels;
use super::snapshot::{Family, Kind, MethodMetrics, PluginMetrics, Snapshot, Value};

/// One number of every method or plugin.
struct Column<T> {
    kind: Kind,
    name: &'static str,
    unit: &'static str,
    help: &'static str,
    value: fn(&T) -> Value,
}

const fn counter<T>(name: &'static str, help: &'static str, value: fn(&T) -> Value) -> Column<T> {
    Column {
        kind: Kind::Counter,
        name,
        unit: "",
        help,
        value,
    }
}

const fn bytes<T>(name: &'static str, help: &'static str, value: fn(&T) -> Value) -> Column<T> {
    Column {
        kind: Kind::Counter,
        name,
        unit: "bytes",
        help,
        value,
    }
}

const fn gauge<T>(
    name: &'static str,
    unit: &'static str,
    help: &'static str,
    value: fn(&T) -> Value,
) -> Column<T> {
    Column {
        kind: Kind::Gauge,
        name,
        unit,
        help,
        value,
    }
}

const METHODS: [Column<MethodMetrics>; 8] = [
    counter("weldkit_calls_started", "Calls that began", |of| {
        of.started.into()
    }),
    counter(
        "weldkit_calls_finished",
        "Calls that ended, however they did",
        |of| of.finished.into(),
    ),
    gauge("weldkit_calls_in_flight", "", "Calls under way", |of| {
        whole(of.in_flight)
    }),
    counter(
        "weldkit_workers_blocked",
        "Times that a handler held a worker for too long",
        |of| of.blocked.into(),
    ),
    bytes(
        "weldkit_call_input_bytes",
        "Arguments of JSON calls",
        |of| of.input_bytes.into(),
    ),
    bytes("weldkit_call_output_bytes", "Results of JSON calls", |of| {
        of.output_bytes.into()
    }),
    Column {
        kind: Kind::Summary,
        name: "weldkit_call_duration_seconds",
        unit: "seconds",
        help: "Latency of the timed calls: all until there were 1,000, then a sample",
        value: |of| of.latency_ns.clone().into(),
    },
    gauge(
        "weldkit_call_duration_max_seconds",
        "seconds",
        "The longest of the timed calls",
        |of| seconds(of.latency_ns.max, 1e9),
    ),
];

const PLUGINS: [Column<PluginMetrics>; 4] = [
    gauge(
        "weldkit_plugin_uptime_seconds",
        "seconds",
        "Time since the instance was started or replaced",
        |of| seconds(of.uptime_ms, 1e3),
    ),
    counter(
        "weldkit_plugin_restarts",
        "Times that the instance was replaced",
        |of| of.restarts.into(),
    ),
    counter(
        "weldkit_plugin_panics",
        "Panics that were contained",
        |of| of.panics.into(),
    ),
    gauge(
        "weldkit_plugin_calls_in_flight",
        "",
        "Calls of the instance under way",
        |of| whole(of.in_flight),
    ),
];

#[expect(clippy::cast_precision_loss, reason = "a number of calls")]
fn whole(value: u64) -> Value {
    Value::Gauge(value as f64)
}

#[expect(clippy::cast_precision_loss, reason = "durations far below 100 days")]
fn seconds(value: u64, in_a_second: f64) -> Value {
    Value::Gauge(value as f64 / in_a_second)
}

fn columns<T>(columns: &[Column<T>], rows: &[T], labels: &[Labels]) -> Vec<Family> {
    let family = |column: &Column<T>| {
        let mut family = Family::new(column.kind, column.name, column.unit, column.help);
        for (row, labels) in rows.iter().zip(labels) {
            family.add(labels.clone(), (column.value)(row));
        }
        family
    };
    columns.iter().map(family).collect()
}

impl Snapshot {
    /// Everything as families: those of methods and plugins, then [`families`](Self::families).
    pub fn all_families(&self) -> Vec<Family> {
        let of_plugin = |plugin: &PluginMetrics| {
            Labels::new([("instance", &*plugin.instance), ("plugin", &*plugin.plugin)])
        };
        let of_method = |method: &MethodMetrics| {
            Labels::new([
                ("instance", &*method.instance),
                ("method", &*method.method),
                ("line", &*method.line),
            ])
        };
        let plugins: Vec<Labels> = self.plugins.iter().map(of_plugin).collect();
        let methods: Vec<Labels> = self.methods.iter().map(of_method).collect();
        let mut all = columns(&PLUGINS, &self.plugins, &plugins);
        let mut states = Family::new(
            Kind::Gauge,
            "weldkit_plugin_state",
            "",
            "1 for the state that the instance is in",
        );
        for (plugin, labels) in self.plugins.iter().zip(&plugins) {
            states.add(labels.and("state", &plugin.state), 1.0);
        }
        all.push(states);
        all.extend(columns(&METHODS, &self.methods, &methods));
        let mut failed = Family::new(
            Kind::Counter,
            "weldkit_calls_failed",
            "",
            "Calls that ended in an error",
        );
        for (method, labels) in self.methods.iter().zip(&methods) {
            for (code, count) in &method.failed {
                failed.add(labels.and("code", code), *count);
            }
        }
        all.push(failed);
        let up = Family::new(
            Kind::Gauge,
            "weldkit_uptime_seconds",
            "seconds",
            "Time since the host was started",
        );
        all.push(up.and(Labels::default(), seconds(self.uptime_ms, 1e3)));
        all.extend(self.families.iter().cloned());
        all
    }
}
