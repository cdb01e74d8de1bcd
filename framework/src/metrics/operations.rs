use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::snapshot::{MethodMetrics, Snapshot};

/// All calls of one instance in five figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Operations {
    /// Milliseconds since the instance was started or replaced.
    pub uptime_ms: u64,
    /// Calls that ended.
    pub total_operations: u64,
    /// Those of them that ended in an error.
    pub error_count: u64,
    /// The share of those without one; 1 where there were no calls.
    pub success_rate: f64,
    /// The mean latency in milliseconds, estimated from the timed calls; 0 where there are none.
    pub average_response_time: f64,
}

impl Snapshot {
    /// All calls of an instance in five figures; `None` where there is no such instance.
    pub fn operations(&self, instance: &str) -> Option<Operations> {
        let plugin = self
            .plugins
            .iter()
            .find(|plugin| plugin.instance == instance)?;
        let methods = self
            .methods
            .iter()
            .filter(|method| method.instance == instance);
        let methods: Vec<&MethodMetrics> = methods.collect();
        let total: u64 = methods.iter().map(|method| method.finished).sum();
        let errors: u64 = methods.iter().map(|method| method.errors()).sum();
        let timed = methods.iter().filter(|method| method.latency_ns.count > 0);
        // A method counts by its calls, not by how many of them were timed.
        let (nanos, calls) = timed.fold((0.0, 0.0), |(nanos, calls), method| {
            let finished = method.finished as f64;
            (nanos + method.latency_ns.mean * finished, calls + finished)
        });
        Some(Operations {
            uptime_ms: plugin.uptime_ms,
            total_operations: total,
            error_count: errors,
            success_rate: if total == 0 {
                1.0
            } else {
                (total - errors) as f64 / total as f64
            },
            average_response_time: if calls == 0.0 {
                0.0
            } else {
                nanos / calls / 1e6
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Histogram, PluginMetrics};

    fn method(instance: &str, finished: u64, errors: u64, nanos: u64) -> MethodMetrics {
        let histogram = Histogram::default();
        histogram.record(nanos);
        MethodMetrics {
            instance: instance.to_owned(),
            started: finished,
            finished,
            failed: [("timeout".to_owned(), errors)].into(),
            latency_ns: histogram.read(),
            ..MethodMetrics::default()
        }
    }

    #[test]
    fn an_instance_without_calls_has_only_succeeded() {
        let plugin = PluginMetrics {
            instance: "a".to_owned(),
            uptime_ms: 7,
            ..PluginMetrics::default()
        };
        let mut snapshot = Snapshot {
            plugins: vec![plugin],
            ..Snapshot::default()
        };
        let idle = snapshot.operations("a").unwrap();
        assert_eq!(
            (
                idle.uptime_ms,
                idle.total_operations,
                idle.success_rate,
                idle.average_response_time
            ),
            (7, 0, 1.0, 0.0)
        );
        assert_eq!(snapshot.operations("b"), None);
        snapshot.methods = vec![
            method("a", 90, 10, 1_000_000),
            method("a", 10, 0, 11_000_000),
            method("b", 5, 5, 1),
        ];
        let busy = snapshot.operations("a").unwrap();
        assert_eq!(
            (busy.total_operations, busy.error_count, busy.success_rate),
            (100, 10, 0.9)
        );
        assert!((busy.average_response_time - 2.0).abs() < 1e-9, "{busy:?}");
    }
}
