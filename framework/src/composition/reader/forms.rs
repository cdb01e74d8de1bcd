//! The short forms of a method: they become steps and bindings.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Reader;
use super::method::{Graph, only, step, whole};
use crate::composition::definition::{Merge, Outcome, Port, Step};

impl Reader<'_> {
    /// A call as it is: the composite's input is its input, its result the result.
    pub(super) fn single(&mut self, table: &Map<String, Value>, pointer: &str) -> Graph {
        let at = format!("{pointer}/call");
        let mut steps = BTreeMap::new();
        let call = self
            .text(table, "call", pointer)
            .and_then(|text| self.target(&text, &at));
        let mut bindings = Vec::new();
        let result = call.map(|call| {
            let name = call.slot.clone();
            let mut step = step(call, &at);
            step.with = self.with(table, pointer);
            if !step.with.is_empty() {
                bindings.push(whole(Port::input(), &name, &at));
            }
            steps.insert(name.clone(), step);
            only(&name, &at)
        });
        (steps, bindings, result)
    }

    /// Each result is the input of the next call.
    pub(super) fn chain(&mut self, table: &Map<String, Value>, pointer: &str) -> Graph {
        let (mut steps, mut bindings) = (BTreeMap::new(), Vec::new());
        let mut last: Option<String> = None;
        for (value, at) in self.array(table, "chain", pointer) {
            let Some(text) = value.as_str() else {
                self.problems.wrong_type("a string", value, &at);
                continue;
            };
            let Some(call) = self.target(text, &at) else {
                continue;
            };
            let name = fresh(&steps, &call.slot);
            if let Some(last) = &last {
                bindings.push(whole(Port::step(last), &name, &at));
            }
            steps.insert(name.clone(), step(call, &at));
            last = Some(name);
        }
        if last.is_none() {
            self.problems.add(
                "config_invalid_value",
                "a chain of nothing".to_owned(),
                &format!("{pointer}/chain"),
            );
        }
        let result = last.map(|last| only(&last, &format!("{pointer}/chain")));
        (steps, bindings, result)
    }

    /// All calls get the input; a rule makes one result of theirs.
    pub(super) fn fan_out(&mut self, table: &Map<String, Value>, pointer: &str) -> Graph {
        let at = format!("{pointer}/fan_out");
        let mut steps = BTreeMap::new();
        for (name, value, at) in self.entries(table, "fan_out", pointer) {
            self.named(&name, &at);
            let Some(text) = value.as_str() else {
                self.problems.wrong_type("a string", value, &at);
                continue;
            };
            if let Some(call) = self.target(text, &at) {
                steps.insert(name, step(call, &at));
            }
        }
        let merge = match self.text(table, "merge", pointer) {
            None => Merge::Named,
            Some(text) => self.merge(&text, &format!("{pointer}/merge")),
        };
        let ports = steps
            .keys()
            .map(|name| (name.clone(), Port::step(name)))
            .collect();
        let result = Outcome {
            merge,
            ports,
            map: None,
            pointer: at,
        };
        (steps, Vec::new(), Some(result))
    }

    fn merge(&mut self, text: &str, pointer: &str) -> Merge {
        let found = Merge::RULES.iter().find(|(name, _)| *name == text);
        found.map_or_else(
            || {
                let known = Merge::RULES.iter().map(|(name, _)| *name);
                self.problems.unknown("merge rule", text, pointer, known);
                Merge::Named
            },
            |(_, merge)| *merge,
        )
    }

    /// A call with others before and after it, or one that may answer instead.
    pub(super) fn wrap(&mut self, table: &Map<String, Value>, pointer: &str) -> Graph {
        let mut call = |field: &str| {
            let text = self.text(table, field, pointer)?;
            let at = format!("{pointer}/{field}");
            self.target(&text, &at).map(|target| (target, at))
        };
        let (wrapped, before, after, instead) =
            (call("wrap"), call("before"), call("after"), call("instead"));
        let (mut steps, mut bindings, mut last) = (BTreeMap::new(), Vec::new(), None::<String>);
        let Some((wrapped, at)) = wrapped else {
            return (steps, bindings, None);
        };
        let mut wrapped = step(wrapped, &at);
        wrapped.instead = instead.map(|(target, _)| target);
        let around = [
            before.map(|(target, at)| ("before", step(target, &at))),
            Some(("wrapped", wrapped)),
            after.map(|(target, at)| ("after", step(target, &at))),
        ];
        for (name, step) in around.into_iter().flatten() {
            if let Some(last) = &last {
                bindings.push(whole(Port::step(last), name, &step.pointer));
            }
            steps.insert(name.to_owned(), step);
            last = Some(name.to_owned());
        }
        (steps, bindings, last.map(|last| only(&last, &at)))
    }
}

/// The name, or one with a number where a step bears it already.
fn fresh(steps: &BTreeMap<String, Step>, name: &str) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names
        .find(|name| !steps.contains_key(name))
        .unwrap_or_default()
}
