//! `metrics`: what the running host counts.

use std::time::Duration;

use serde_json::json;

use super::args::{Metrics, Shape};
use super::failure::Failure;
use super::host_door::HostDoor;
use super::output::table;
use super::platform::{Signal, Signals};
use super::session::Session;
use super::workers;
use crate::clock;
use crate::error::CallError;
use crate::metrics::{Labels, MethodMetrics, Snapshot, TextFormat, Value};

const SNAPSHOT: &str = "weldkit.monitoring.snapshot";

pub(super) fn run(session: &Session, wish: &Metrics) -> Result<u8, Failure> {
    let door = HostDoor::open(session.load());
    workers::wait(async {
        let mut door = door.await?;
        let shown = if wish.watch {
            watch(&mut door, session, wish.every).await
        } else {
            let snapshot = snapshot(&mut door).await;
            snapshot.and_then(|snapshot| show(session, &snapshot))
        };
        door.close().await?;
        shown
    })?;
    Ok(0)
}

/// Everything once, then what has happened in each pause, until a signal comes.
async fn watch(door: &mut HostDoor, session: &Session, every: Duration) -> Result<(), Failure> {
    if let HostDoor::Own(..) = door {
        return Err(CallError::unavailable("no host serves on this state folder, so nothing happens that could be watched; start one with `serve`").into());
    }
    let mut signals = Signals::new(Signal::Stop)?;
    let mut last = snapshot(door).await?;
    show(session, &last)?;
    loop {
        tokio::select! {
            _ = signals.next() => return Ok(()),
            () = clock::sleep(every) => {}
        }
        let now = snapshot(door).await?;
        show(session, &now.since(&last))?;
        last = now;
    }
}

pub(super) async fn snapshot(door: &mut HostDoor) -> Result<Snapshot, Failure> {
    let answer = door.call(SNAPSHOT, &json!({})).await?;
    let unreadable = |fault: serde_json::Error| {
        CallError::internal(format!("`{SNAPSHOT}` answered something else: {fault}"))
    };
    Ok(serde_json::from_slice(&answer).map_err(unreadable)?)
}

fn show(session: &Session, snapshot: &Snapshot) -> Result<(), Failure> {
    let output = session.output;
    match session.globals.format.unwrap_or_default() {
        Shape::Table => output.text(&text(snapshot)),
        Shape::Json => output.json(&json!(snapshot)),
        Shape::Prometheus => output.text(&snapshot.text(TextFormat::Prometheus)),
        Shape::Openmetrics => output.text(&snapshot.text(TextFormat::OpenMetrics)),
    }
}

fn text(snapshot: &Snapshot) -> String {
    let called = snapshot.methods.iter().filter(|method| method.started > 0);
    let row = |method: &MethodMetrics| {
        let latency = &method.latency_ns;
        let mark = if method.is_sampled { "~" } else { "" };
        let percentile = |ns: u64| {
            if latency.count == 0 {
                "-".to_owned()
            } else {
                format!("{mark}{}", nanoseconds(ns))
            }
        };
        [
            method.instance.clone(),
            method.method.clone(),
            method.started.to_string(),
            method.in_flight.to_string(),
            method.errors().to_string(),
            percentile(latency.p50),
            percentile(latency.p99),
            percentile(latency.max),
        ]
    };
    let header = [
        "INSTANCE", "METHOD", "CALLS", "OPEN", "ERRORS", "P50", "P99", "MAX",
    ];
    let mut text = table(header, called.map(row));
    if snapshot
        .methods
        .iter()
        .any(|method| method.started > 0 && method.is_sampled)
    {
        text.push_str("~ of a sample of the calls\n");
    }
    text.push('\n');
    let plugins = snapshot.plugins.iter().map(|plugin| {
        [
            plugin.instance.clone(),
            plugin.state.to_string(),
            nanoseconds(plugin.uptime_ms.saturating_mul(1_000_000)),
            plugin.restarts.to_string(),
            plugin.panics.to_string(),
            plugin.blocked.to_string(),
        ]
    });
    let header = ["INSTANCE", "STATE", "UP", "RESTARTS", "PANICS", "BLOCKED"];
    text.push_str(&table(header, plugins));
    text.push('\n');
    let others = snapshot.families.iter().flat_map(|family| {
        let series = family
            .series
            .iter()
            .filter_map(|series| value(&family.unit, &series.value).map(|value| (series, value)));
        series.map(|(series, value)| [family.name.to_string(), labels(&series.labels), value])
    });
    text.push_str(&table(["METRIC", "LABELS", "VALUE"], others));
    text
}

pub(super) fn labels(labels: &Labels) -> String {
    let all: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if all.is_empty() {
        "-".to_owned()
    } else {
        all.join(" ")
    }
}

/// A value for people; nothing where nothing has happened.
pub(super) fn value(unit: &str, value: &Value) -> Option<String> {
    let is_time = unit == "seconds";
    match value {
        Value::Counter(0) => None,
        Value::Counter(count) => Some(count.to_string()),
        Value::Gauge(value) => Some(value.to_string()),
        Value::Summary(read) if read.count == 0 => None,
        Value::Summary(read) => {
            let shown = |value: u64| {
                if is_time {
                    nanoseconds(value)
                } else {
                    value.to_string()
                }
            };
            Some(format!(
                "{} times, p50 {}, p99 {}, max {}",
                read.count,
                shown(read.p50),
                shown(read.p99),
                shown(read.max)
            ))
        }
    }
}

/// A duration with three digits and its unit.
pub(super) fn nanoseconds(ns: u64) -> String {
    const UNITS: [(f64, &str); 3] = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    let value = ns as f64;
    let Some((size, unit)) = UNITS.into_iter().find(|(size, _)| value >= *size) else {
        return format!("{ns} ns");
    };
    let value = value / size;
    let digits = if value < 10.0 {
        2
    } else {
        usize::from(value < 100.0)
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        for (ns, expected) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.50 µs"),
            (15_000, "15.0 µs"),
            (250_000_000, "250 ms"),
            (3_600_000_000_000, "3600 s"),
        ] {
            assert_eq!(nanoseconds(ns), expected);
        }
    }
}
