//! What happened between two snapshots.

use std::collections::BTreeMap;

use super::Labels;
use super::snapshot::{Family, MethodMetrics, PluginMetrics, Series, Snapshot, Value};

impl Snapshot {
    /// What happened after `earlier`: counters and distributions by how much they have grown, everything else as it is
    /// now. What is not in `earlier`, or has begun anew since, counts in full.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let key = |method: &MethodMetrics| {
            (
                method.instance.clone(),
                method.method.clone(),
                method.line.clone(),
            )
        };
        let methods: BTreeMap<_, _> = earlier
            .methods
            .iter()
            .map(|method| (key(method), method))
            .collect();
        let plugins: BTreeMap<_, _> = earlier
            .plugins
            .iter()
            .map(|plugin| (&plugin.instance, plugin))
            .collect();
        let families: BTreeMap<_, _> = earlier
            .families
            .iter()
            .map(|family| (&family.name, family))
            .collect();
        let method = |now: &MethodMetrics| match methods.get(&key(now)) {
            Some(before) if before.started <= now.started => now.after(before),
            _ => now.clone(),
        };
        let plugin = |now: &PluginMetrics| match plugins.get(&now.instance) {
            Some(before) => now.after(before),
            None => now.clone(),
        };
        let family = |now: &Family| match families.get(&now.name) {
            Some(before) => now.after(before),
            None => now.clone(),
        };
        Self {
            format: self.format,
            taken_ms: self.taken_ms,
            uptime_ms: self.uptime_ms,
            span_ms: self.taken_ms.saturating_sub(earlier.taken_ms),
            plugins: self.plugins.iter().map(plugin).collect(),
            methods: self.methods.iter().map(method).collect(),
            families: self.families.iter().map(family).collect(),
        }
    }
}

#[cfg(feature = "monitoring")]
impl Snapshot {
    /// The same without methods that nobody called, and without counters and distributions in which nothing came.
    #[must_use]
    pub(crate) fn without_silence(mut self) -> Self {
        self.methods
            .retain(|method| method.started + method.finished + method.in_flight > 0);
        for family in &mut self.families {
            family.series.retain(|series| match &series.value {
                Value::Counter(count) => *count > 0,
                Value::Summary(read) => read.count > 0,
                Value::Gauge(_) => true,
            });
        }
        self.families.retain(|family| !family.series.is_empty());
        self
    }
}

impl MethodMetrics {
    fn after(&self, before: &Self) -> Self {
        let failed = self.failed.iter().map(|(code, count)| {
            let before = before.failed.get(code).copied().unwrap_or(0);
            (code.clone(), count.saturating_sub(before))
        });
        Self {
            started: self.started - before.started,
            finished: self.finished.saturating_sub(before.finished),
            failed: failed.filter(|(_, count)| *count > 0).collect(),
            timeouts: self.timeouts.saturating_sub(before.timeouts),
            panics: self.panics.saturating_sub(before.panics),
            blocked: self.blocked.saturating_sub(before.blocked),
            input_bytes: self.input_bytes.saturating_sub(before.input_bytes),
            output_bytes: self.output_bytes.saturating_sub(before.output_bytes),
            latency_ns: self.latency_ns.since(&before.latency_ns),
            ..self.clone()
        }
    }
}

impl PluginMetrics {
    fn after(&self, before: &Self) -> Self {
        Self {
            restarts: self.restarts.saturating_sub(before.restarts),
            panics: self.panics.saturating_sub(before.panics),
            blocked: self.blocked.saturating_sub(before.blocked),
            ..self.clone()
        }
    }
}

impl Family {
    fn after(&self, before: &Self) -> Self {
        let known: BTreeMap<&Labels, &Value> = before
            .series
            .iter()
            .map(|series| (&series.labels, &series.value))
            .collect();
        let after = |series: &Series| {
            let value = match (&series.value, known.get(&series.labels)) {
                (Value::Counter(now), Some(Value::Counter(before))) if before <= now => {
                    Value::Counter(now - before)
                }
                (Value::Summary(now), Some(Value::Summary(before))) => {
                    Value::Summary(now.since(before))
                }
                (now, _) => now.clone(),
            };
            Series {
                labels: series.labels.clone(),
                value,
            }
        };
        Self {
            series: self.series.iter().map(after).collect(),
            ..self.clone()
        }
    }
}
