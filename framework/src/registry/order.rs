//! In which order instances start, and what cycles look like. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::PlannedInstance;
use crate::error::Problem;

/// Providers first, then by name; or every cycle with its path.
pub(crate) fn order(planned: Vec<PlannedInstance>) -> Result<Vec<PlannedInstance>, Vec<Problem>> {
    let mut waiting: BTreeMap<String, PlannedInstance> = planned
        .into_iter()
        .map(|instance| (instance.name.clone(), instance))
        .collect();
    let mut ordered: Vec<PlannedInstance> = Vec::with_capacity(waiting.len());
    loop {
        let ready: Vec<String> = waiting
            .iter()
            .filter(|(_, instance)| {
                instance
                    .bindings
                    .iter()
                    .all(|binding| !waiting.contains_key(&binding.provider))
            })
            .map(|(name, _)| name.clone())
            .collect();
        if ready.is_empty() {
            break;
        }
        ordered.extend(ready.iter().filter_map(|name| waiting.remove(name)));
    }
    if waiting.is_empty() {
        Ok(ordered)
    } else {
        Err(cycles(&waiting))
    }
}

/// Each cycle among what cannot start, once, with its path.
fn cycles(waiting: &BTreeMap<String, PlannedInstance>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut told = BTreeSet::new();
    for start in waiting.keys() {
        let mut path: Vec<(&str, &str)> = Vec::new();
        let mut at = start.as_str();
        let begin = loop {
            if let Some(begin) = path.iter().position(|(name, _)| *name == at) {
                break begin;
            }
            // Everything that waits has something that waits before it, so the walk ends in a cycle.
            let Some(next) = waiting[at]
                .bindings
                .iter()
                .find(|binding| waiting.contains_key(&binding.provider))
            else {
                break path.len();
            };
            path.push((at, next.service.name));
            at = &next.provider;
        };
        let cycle = &path[begin..];
        let members: BTreeSet<&str> = cycle.iter().map(|(name, _)| *name).collect();
        if cycle.is_empty() || !told.insert(members) {
            continue;
        }
        let mut text = String::new();
        for (name, service) in cycle {
            text.push_str(&format!("`{name}` asks for `{service}` of "));
        }
        text.push_str(&format!("`{}`", cycle[0].0));
        problems.push(Problem::new("cycle", format!("plugins wait for each other: {text}")).help("make one of them work without the other's service, or choose another provider in [services]"));
    }
    problems
}
