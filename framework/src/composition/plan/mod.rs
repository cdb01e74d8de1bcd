//! A definition that has been compared with the contracts of what it is made of: what runs, and the contract it has.

mod contract;
mod fits;
mod graph;
mod slots;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use self::fits::Through;
use super::definition::{Composite, Listen, Merge, OnFailure, Slot};
use super::problems::Problems;
use crate::contract::ServiceDescriptor;
use crate::contract::types::Shares;
use crate::error::Problem;
use crate::orchestration::definition::{Expr, Source as Jq};
use crate::orchestration::expression::Program;
use crate::registry::PluginEntry;

/// A composite, ready to start.
pub(crate) struct Plan {
    pub(crate) composite: Composite,
    pub(crate) service: &'static ServiceDescriptor,
    pub(crate) slots: Vec<PlannedSlot>,
    /// One a method, in the order of the contract.
    pub(crate) graphs: Vec<Graph>,
    pub(crate) listens: Vec<PlannedListen>,
    pub(crate) program: Program,
    /// Whether what is given fits what is taken, over all bindings.
    #[cfg_attr(
        not(feature = "cli"),
        expect(dead_code, reason = "`compose check` tells it")
    )]
    pub(crate) answers: Shares,
    /// What may fail with some values, or cannot be told: `may_fail`, `unknown_type`.
    #[cfg_attr(
        not(feature = "cli"),
        expect(dead_code, reason = "`compose check` tells it")
    )]
    pub(crate) open: Vec<Problem>,
}

/// A slot and the services that fill it.
pub(crate) struct PlannedSlot {
    pub(crate) name: String,
    pub(crate) service: &'static ServiceDescriptor,
    pub(crate) slot: Slot,
    /// The slots that take over, and after which time they are asked as well.
    pub(crate) stand_ins: Vec<(usize, Option<Duration>)>,
}

/// The calls of one method.
pub(crate) struct Graph {
    pub(crate) name: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) result: Gathered,
}

/// One call.
pub(crate) struct Node {
    pub(crate) name: String,
    /// Slot, and method of its service.
    pub(crate) call: (usize, usize),
    pub(crate) instead: Option<(usize, usize)>,
    /// What it waits for without taking anything from it.
    pub(crate) after: Vec<usize>,
    pub(crate) with: Map<String, Value>,
    pub(crate) inputs: Vec<Edge>,
    pub(crate) emits: Vec<Emission>,
    pub(crate) is_auxiliary: bool,
    pub(crate) on_failure: OnFailure,
    /// Its failure is that of the whole.
    pub(crate) must: bool,
    /// Somebody takes what it gives: another step, or the result.
    pub(crate) is_read: bool,
}

/// What a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Input,
    Node(usize),
}

/// A binding to parameters.
pub(crate) struct Edge {
    pub(crate) from: Source,
    pub(crate) pointer: String,
    pub(crate) map: Option<Expr>,
    pub(crate) to: String,
    pub(crate) on_failure: OnFailure,
    pub(crate) each: bool,
}

/// A binding to events.
pub(crate) struct Emission {
    pub(crate) kind: String,
    pub(crate) pointer: String,
    pub(crate) map: Option<Expr>,
}

/// What the result is made of.
pub(crate) struct Gathered {
    pub(crate) merge: Merge,
    pub(crate) ports: Vec<(String, Source, String)>,
    pub(crate) map: Option<Expr>,
}

/// Events that are answered with a call.
pub(crate) struct PlannedListen {
    pub(crate) listen: Listen,
    pub(crate) method: usize,
    pub(crate) map: Option<Expr>,
}

/// What composites may be made of.
pub(crate) struct Parts<'a> {
    /// The plugins that are linked.
    pub(crate) entries: &'a [PluginEntry],
    /// Further instances: name to plugin.
    pub(crate) instances: &'a BTreeMap<String, String>,
    /// What is granted to each principal.
    pub(crate) grants: &'a BTreeMap<String, Vec<String>>,
}

/// Compares composites with what they are made of, those first that others are made of.
///
/// What is wrong with one is no obstacle to the others.
pub(crate) fn make(composites: &[Composite], parts: &Parts<'_>) -> (Vec<Arc<Plan>>, Vec<Problem>) {
    let mut services = newest(parts.entries);
    let (mut plans, mut made, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    let taken: BTreeSet<&str> = parts
        .entries
        .iter()
        .map(|entry| entry.descriptor.id)
        .collect();
    let mut waiting: Vec<&Composite> = Vec::new();
    for (index, composite) in composites.iter().enumerate() {
        let twice = composites[..index]
            .iter()
            .any(|other| other.name == composite.name);
        let is_taken = taken.contains(composite.name.as_str())
            || services.contains_key(composite.name.as_str());
        if twice || is_taken {
            let mut found = Problems::new(&composite.name, &composite.places);
            let message =
                "there is a plugin, a service or a composite of that name already".to_owned();
            found.add_with(
                "duplicate_plugin",
                message,
                "",
                "give the composite another name",
            );
            problems.extend(found.into_list());
        } else {
            waiting.push(composite);
        }
    }
    let all: BTreeSet<&str> = waiting
        .iter()
        .map(|composite| composite.name.as_str())
        .collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    loop {
        let ready = |composite: &&Composite| {
            let asked = composite.slots.values().map(|slot| slot.service.as_str());
            asked
                .into_iter()
                .all(|service| !all.contains(service) || done.contains(service))
        };
        let (now, later): (Vec<&Composite>, Vec<&Composite>) = waiting.into_iter().partition(ready);
        waiting = later;
        if now.is_empty() {
            break;
        }
        for composite in now {
            done.insert(&composite.name);
            match plan(composite, &services, parts, &made) {
                Ok(plan) => {
                    services.insert(plan.service.name, plan.service);
                    made.push(plan.service);
                    plans.push(Arc::new(plan));
                }
                Err(found) => problems.extend(found),
            }
        }
    }
    problems.extend(circles(&waiting));
    (plans, problems)
}

/// Compares a composite that is declared anew with what runs, `made` being the contracts of all composites that do.
///
/// # Errors
///
/// Every problem of it.
pub(crate) fn remake(
    composite: &Composite,
    parts: &Parts<'_>,
    made: &[&'static ServiceDescriptor],
) -> Result<Arc<Plan>, Vec<Problem>> {
    let mut services = newest(parts.entries);
    services.extend(made.iter().map(|service| (service.name, *service)));
    plan(composite, &services, parts, made).map(Arc::new)
}

/// The newest line of every service.
fn newest(entries: &[PluginEntry]) -> BTreeMap<&'static str, &'static ServiceDescriptor> {
    let mut services: BTreeMap<&'static str, &'static ServiceDescriptor> = BTreeMap::new();
    for service in entries.iter().flat_map(|entry| entry.descriptor.provides) {
        let known = services.entry(service.name).or_insert(service);
        if known.version < service.version {
            *known = service;
        }
    }
    services
}

/// Composites that are made of each other, each circle with its path.
fn circles(waiting: &[&Composite]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for start in waiting {
        let mut path: Vec<&Composite> = vec![start];
        loop {
            let last = path[path.len() - 1];
            let next = last
                .slots
                .values()
                .find_map(|slot| waiting.iter().find(|other| other.name == slot.service));
            let Some(next) = next else {
                break;
            };
            if let Some(at) = path.iter().position(|known| known.name == next.name) {
                let circle = &path[at..];
                if circle
                    .iter()
                    .all(|known| !seen.contains(known.name.as_str()))
                {
                    let names: Vec<&str> = circle
                        .iter()
                        .map(|known| known.name.as_str())
                        .chain([next.name.as_str()])
                        .collect();
                    let mut found = Problems::new(&next.name, &next.places);
                    let message =
                        format!("composites are made of each other: {}", names.join(" -> "));
                    found.add_with("cycle", message, "/slots", "take one of them out of a slot");
                    problems.extend(found.into_list());
                }
                seen.extend(circle.iter().map(|known| known.name.as_str()));
                break;
            }
            path.push(next);
        }
    }
    problems
}

/// What the planning of one composite has at hand.
struct Planner<'a> {
    composite: &'a Composite,
    services: &'a BTreeMap<&'static str, &'static ServiceDescriptor>,
    parts: &'a Parts<'a>,
    /// The contracts of the composites that are ready: they may fill slots too.
    made: &'a [&'static ServiceDescriptor],
    problems: Problems<'a>,
    /// All expressions, by index.
    expressions: Vec<Jq>,
    /// Bindings that go through them.
    through: Vec<Through>,
    answers: Shares,
    /// What is not proven.
    open: Problems<'a>,
}

fn plan(
    composite: &Composite,
    services: &BTreeMap<&'static str, &'static ServiceDescriptor>,
    parts: &Parts<'_>,
    made: &[&'static ServiceDescriptor],
) -> Result<Plan, Vec<Problem>> {
    let mut planner = Planner {
        composite,
        services,
        parts,
        made,
        problems: Problems::new(&composite.name, &composite.places),
        expressions: Vec::new(),
        through: Vec::new(),
        answers: Shares::default(),
        open: Problems::new(&composite.name, &composite.places),
    };
    let slots = planner.slots();
    let (mut graphs, mut methods) = (Vec::new(), Vec::new());
    for (name, method) in &composite.methods {
        if let Some((graph, descriptor)) = planner.graph(name, method, &slots) {
            graphs.push(graph);
            methods.push(descriptor);
        }
    }
    let listens = planner.listens(&slots);
    let program = planner.program();
    let (answers, open) = (planner.answers, planner.open.into_list());
    let problems = planner.problems.into_list();
    match program {
        Some(program) if problems.is_empty() => Ok(Plan {
            composite: composite.clone(),
            service: contract::service(composite, methods),
            slots,
            graphs,
            listens,
            program,
            answers,
            open,
        }),
        _ => Err(problems),
    }
}

impl Planner<'_> {
    /// Whether the composite itself may make the calls with which it answers events.
    fn granted(&mut self, listen: &Listen, slots: &[PlannedSlot]) {
        let Some(method) = self.composite.methods.get(&listen.method) else {
            return;
        };
        let mut needed = BTreeSet::from([self.composite.name.as_str()]);
        for step in method.steps.values() {
            for target in std::iter::once(&step.call).chain(&step.instead) {
                let slot = slots.iter().find(|slot| slot.name == target.slot);
                let method = slot.and_then(|slot| {
                    let index = slot.service.method(&target.method)?;
                    Some((slot.service.name, &slot.service.methods[index]))
                });
                needed.extend(method.map(|(service, method)| method.permission.unwrap_or(service)));
            }
        }
        let principal = format!("plugin:{}", self.composite.name);
        let granted = self.parts.grants.get(&principal).into_iter().flatten();
        let granted: Vec<_> = granted
            .filter_map(|text| crate::security::Permission::new(text).ok())
            .collect();
        let is_missing =
            |permission: &&str| !granted.iter().any(|pattern| pattern.covers(permission));
        let missing: Vec<&str> = needed.into_iter().filter(is_missing).collect();
        if missing.is_empty() {
            return;
        }
        let message = format!(
            "`{principal}` answers `{}` with `{}` and does not hold `{}`",
            listen.event,
            listen.method,
            missing.join("`, `")
        );
        let help = format!(
            "to grant it, add to the configuration:\n[permissions]\n\"{principal}\" = {missing:?}"
        );
        self.problems
            .add_with("missing_grant", message, &listen.pointer, help);
    }

    fn listens(&mut self, slots: &[PlannedSlot]) -> Vec<PlannedListen> {
        let methods: Vec<&str> = self.composite.methods.keys().map(String::as_str).collect();
        let mut planned = Vec::new();
        for listen in &self.composite.listens {
            let Some(method) = methods.iter().position(|name| *name == listen.method) else {
                let at = format!("{}/method", listen.pointer);
                self.problems.unknown_as(
                    "method_not_found",
                    "method",
                    &listen.method,
                    &at,
                    methods.iter().copied(),
                );
                continue;
            };
            let map = listen
                .map
                .as_ref()
                .map(|map| self.expression(map, &format!("{}/map", listen.pointer)));
            self.granted(listen, slots);
            planned.push(PlannedListen {
                listen: listen.clone(),
                method,
                map,
            });
        }
        planned
    }
}
