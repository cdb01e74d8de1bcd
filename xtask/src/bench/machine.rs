//! What the figures are of: the machine, the compiler, the peers.

use crate::cargo;
use crate::error::{Error, Problem, Result};

/// What the framework is compared with: packages that `benches/Cargo.lock` has the versions of.
const PEERS: [&str; 9] = [
    "dashmap",
    "fjall",
    "jsonrpsee",
    "prometheus-client",
    "redb",
    "rusqlite",
    "tarpc",
    "tokio",
    "tower",
];

/// Where it was measured, and what compiled it.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    pub(super) cores: usize,
    pub(super) processor: String,
    pub(super) kernel: String,
    pub(super) rustc: String,
}

impl Machine {
    /// Asks the kernel and the compiler; what the kernel does not tell is `unknown`.
    pub(super) fn look() -> Result<Self> {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: processor(&read("/proc/cpuinfo")),
            kernel: known(&[
                read("/proc/sys/kernel/ostype").trim(),
                read("/proc/sys/kernel/osrelease").trim(),
            ]),
            rustc: cargo::compiler()?.version,
        })
    }
}

fn processor(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let model = line.and_then(|line| line.split_once(':'));
    known(&[model.map_or("", |(_, model)| model.trim())])
}

fn known(words: &[&str]) -> String {
    let text = words.join(" ");
    match text.trim() {
        "" => "unknown".to_owned(),
        text => text.to_owned(),
    }
}

/// The peers and their versions; of several versions in the lock file, the newest is the one that is asked for.
///
/// # Errors
/// Where one is not in the lock file.
pub(super) fn peers(lock: &str) -> Result<Vec<(&'static str, semver::Version)>> {
    let lock: toml_edit::DocumentMut = lock
        .parse()
        .map_err(|e| Error::failed(format!("read benches/Cargo.lock: {e}")))?;
    let packages = lock
        .get("package")
        .and_then(|item| item.as_array_of_tables());
    let version = |peer: &str| {
        let same = packages
            .into_iter()
            .flatten()
            .filter(|package| package.get("name").and_then(|name| name.as_str()) == Some(peer));
        same.filter_map(|package| package.get("version")?.as_str()?.parse().ok())
            .max()
    };
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for peer in PEERS {
        match version(peer) {
            Some(version) => found.push((peer, version)),
            None => problems.push(Problem::new(format!("benches/Cargo.lock has no `{peer}`"))),
        }
    }
    if problems.is_empty() {
        Ok(found)
    } else {
        Err(Error::Failed(problems))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_is_in_the_lock_file() {
        let lock = include_str!("../../../benches/Cargo.lock");
        let peers = peers(lock).unwrap();
        assert_eq!(peers.len(), PEERS.len());
        let without = lock.replace("name = \"redb\"", "name = \"rebd\"");
        let error = super::peers(&without).unwrap_err();
        assert_eq!(
            error.problems()[0].message,
            "benches/Cargo.lock has no `redb`"
        );
    }

    #[test]
    fn the_processor_is_named_where_the_kernel_tells() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2.10GHz\n";
        assert_eq!(processor(text), "Some CPU @ 2.10GHz");
        assert_eq!(processor("processor\t: 0\n"), "unknown");
    }
}
