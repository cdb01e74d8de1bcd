//! Cycles: plugins that wait for each other to start.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Problem;

/// Each cycle once, with its path, beginning at its smallest id.
pub(super) fn find(edges: &BTreeMap<&str, Vec<&str>>) -> Vec<Problem> {
    let mut cycles = BTreeSet::new();
    let mut done = BTreeSet::new();
    for start in edges.keys() {
        walk(start, edges, &mut Vec::new(), &mut done, &mut cycles);
    }
    cycles
        .into_iter()
        .map(|path: Vec<&str>| {
            Problem::new(format!(
                "plugins wait for each other: {} -> {}",
                path.join(" -> "),
                path.first().copied().unwrap_or_default()
            ))
            .help("leave one of them out, or let one work without the other and look it up when called")
        })
        .collect()
}

/// Depth first; the depth is bounded by the number of plugins.
fn walk<'a>(
    at: &'a str,
    edges: &BTreeMap<&'a str, Vec<&'a str>>,
    path: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
    cycles: &mut BTreeSet<Vec<&'a str>>,
) {
    if let Some(start) = path.iter().position(|id| *id == at) {
        let mut cycle = path[start..].to_vec();
        let smallest = (0..cycle.len()).min_by_key(|i| cycle[*i]).unwrap_or(0);
        cycle.rotate_left(smallest);
        cycles.insert(cycle);
        return;
    }
    if done.contains(at) {
        return;
    }
    path.push(at);
    for next in edges.get(at).into_iter().flatten() {
        walk(next, edges, path, done, cycles);
    }
    path.pop();
    done.insert(at);
}
