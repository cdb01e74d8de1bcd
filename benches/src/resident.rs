//! What the kernel says of this process's memory.

/// Most megabytes that were resident at once, where `/proc` says so.
pub fn peak() -> Option<f64> {
    megabytes("VmHWM:")
}

/// Megabytes that are resident, where `/proc` says so.
pub fn now() -> Option<f64> {
    megabytes("VmRSS:")
}

fn megabytes(key: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
