//! What a host counts: every method and instance, and what its layers and plugins add.

use std::sync::Weak;

use super::instance::Running;
use super::{Host, Inner, State};
use crate::metrics::{
    Family, Kind, Labels, MethodCounts, MethodMetrics, PluginMetrics, Snapshot, Source, Told,
};

/// The instances of a host, which the metrics do not keep alive.
pub(super) struct Instances(pub(super) Weak<Inner>);

impl Host {
    /// Everything that is counted, at this moment. Reading waits for no caller, and no caller waits for it.
    pub fn metrics(&self) -> Snapshot {
        self.0.sources.snapshot()
    }
}

impl Source for Instances {
    fn tell(&self, into: &mut Snapshot) {
        let Some(host) = self.0.upgrade().map(Host) else {
            return;
        };
        let states = host.0.states.borrow().clone();
        let now = host.0.setup.clock.now();
        let mut told = Told::default();
        for running in host.running() {
            let (planned, plugin) = (&running.planned, running.planned.entry.descriptor);
            let methods = methods(&running);
            let sum = |count: fn(&MethodMetrics) -> u64| methods.iter().map(count).sum();
            let up = now.saturating_duration_since(running.since);
            let state = states.get(&planned.name).copied().unwrap_or(State::Waiting);
            into.plugins.push(PluginMetrics {
                instance: planned.name.clone(),
                plugin: plugin.id.to_owned(),
                state: state.as_str().into(),
                uptime_ms: u64::try_from(up.as_millis()).unwrap_or(u64::MAX),
                restarts: running.restarts,
                panics: sum(|method| method.panics),
                blocked: sum(|method| method.blocked),
                in_flight: sum(|method| method.in_flight),
            });
            into.methods.extend(methods);
            running.meter.tell(plugin.id, &planned.name, &mut told);
        }
        told.into(into);
    }
}

/// Every method of an instance; what its predecessors did is in it.
fn methods(running: &Running) -> Vec<MethodMetrics> {
    let mut all = Vec::new();
    for slot in &running.slots {
        let (service, generations) = (slot.service(), slot.gates());
        for (index, method) in service.methods.iter().enumerate() {
            let counts: Vec<MethodCounts> = generations
                .iter()
                .map(|gates| gates[index].lanes.counts())
                .collect();
            let name = format!("{}.{}", service.name, method.name);
            let line = service.line().to_string();
            all.push(MethodMetrics::of(
                &running.planned.name,
                name,
                line,
                &counts,
            ));
        }
    }
    all
}

/// What the operating system says of the process.
pub(super) struct Process;

impl Source for Process {
    fn tell(&self, into: &mut Snapshot) {
        let version = Labels::new([("version", env!("CARGO_PKG_VERSION"))]);
        let build = Family::new(
            Kind::Gauge,
            "weldkit_build_info",
            "",
            "Which version of weldkit is linked in",
        );
        into.families.push(build.and(version, 1.0));
        // Linux alone tells it in a file: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if let Some(kibibytes) = resident(&status) {
            let memory = Family::new(
                Kind::Gauge,
                "process_resident_memory_bytes",
                "bytes",
                "Memory of the process that is in use",
            );
            into.families
                .push(memory.and(Labels::default(), kibibytes * 1024.0));
        }
    }
}

fn resident(status: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_what_linux_writes() {
        let status = "Name:\tapp\nVmPeak:\t  100 kB\nVmRSS:\t    5124 kB\n";
        assert_eq!(resident(status), Some(5124.0));
        assert_eq!(resident("VmRSS:\t many\n"), None);
    }
}
