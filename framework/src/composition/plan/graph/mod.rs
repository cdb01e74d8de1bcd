//! One method: whether its bindings fit, and what follows from them.

mod ends;
mod flow;

use serde_json::{Map, Value};

use super::contract::Derived;
use super::{Edge, Emission, Gathered, Graph, Node, PlannedSlot, Planner, Source};
use crate::composition::definition::{Binding, End, Merge, Method, OnFailure, Role, Step};
use crate::composition::plan::fits::{taker, without_null};
use crate::composition::schema::Shape;
use crate::contract::types::{Origin, read};
use crate::contract::{MethodDescriptor, MethodKind};
use crate::limit;

/// A step and what it calls, while a method is looked at.
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) step: &'a Step,
    pub(super) slot: &'a PlannedSlot,
    pub(super) at: (usize, usize),
    pub(super) method: &'static MethodDescriptor,
    pub(super) instead: Option<(usize, usize)>,
    pub(super) input: Value,
    pub(super) output: Value,
}

impl Call<'_> {
    pub(super) fn is_stream(&self) -> bool {
        self.method.kind == MethodKind::Stream
    }

    /// Whether what the step gives comes item by item.
    pub(super) fn gives_stream(&self, method: &Method) -> bool {
        let is_each = |binding: &Binding| {
            binding.each && matches!(&binding.to.end, End::Step(step) if step == self.name)
        };
        self.is_stream() || method.bindings.iter().any(is_each)
    }

    /// What an item becomes when the call for it fails; a method that streams by itself fails as a whole.
    pub(super) fn stands_in_for_an_item(&self) -> Option<&Value> {
        match &self.step.on_failure {
            OnFailure::Default(value) if !self.is_stream() => Some(value),
            OnFailure::Default(_) | OnFailure::Skip | OnFailure::Fail => None,
        }
    }

    pub(super) fn said(&self) -> String {
        format!("{}.{}", self.slot.name, self.method.name)
    }
}

/// All calls of a method, in the order of their names.
pub(super) type Calls<'a> = Vec<Call<'a>>;

impl Planner<'_> {
    /// The graph of a method and its contract; nothing where a step calls what is not there.
    pub(super) fn graph(
        &mut self,
        name: &str,
        method: &Method,
        slots: &[PlannedSlot],
    ) -> Option<(Graph, MethodDescriptor)> {
        let pointer = format!("/methods/{name}");
        if method.steps.len() > limit::COMPOSITE_STEPS {
            let message = format!(
                "`{name}` has {} steps; at most {}",
                method.steps.len(),
                limit::COMPOSITE_STEPS
            );
            self.problems.add("limit", message, &pointer);
            return None;
        }
        let mut calls: Calls<'_> = Vec::new();
        for (name, step) in &method.steps {
            calls.extend(self.call(name, step, slots));
        }
        if calls.len() < method.steps.len() {
            return None;
        }
        let mut derived = Derived::new(method, &calls);
        let mut nodes: Vec<Node> = calls.iter().map(node).collect();
        self.bindings(method, &calls, &mut derived, &mut nodes);
        for (index, call) in calls.iter().enumerate() {
            if nodes[index].inputs.is_empty() && call.step.with.is_empty() {
                nodes[index].inputs.push(all_of_the_input());
                derived.reads("", call, "");
            }
            let at = format!("{}/after", call.step.pointer);
            let after = call.step.after.iter();
            let after = after.filter_map(|name| self.step(name, &calls, &at));
            nodes[index].after = after.collect();
            self.constants(call);
            self.missing(&nodes[index], &calls, index);
        }
        self.circle(&nodes, name, &pointer);
        self.streams(&nodes, &calls, method);
        let result = self.result(name, method, &calls, &mut derived);
        let descriptor = self.descriptor(name, method, &calls, &derived)?;
        let result = result?;
        self.promised(name, &derived, result.map);
        for index in 0..nodes.len() {
            nodes[index].must = is_needed(index, &nodes, &result);
            nodes[index].is_read = is_read(index, &nodes, &result);
        }
        Some((
            Graph {
                name: name.to_owned(),
                nodes,
                result,
            },
            descriptor,
        ))
    }

    fn call<'c>(
        &mut self,
        name: &'c str,
        step: &'c Step,
        slots: &'c [PlannedSlot],
    ) -> Option<Call<'c>> {
        let (at, slot, method) =
            self.target(&step.call.slot, &step.call.method, slots, &step.pointer)?;
        self.stand_ins(slot, slots, method, &step.pointer);
        let mut instead = None;
        let (input, output) = (
            method.input.get().to_value(),
            method.output.get().to_value(),
        );
        if let Some(target) = &step.instead {
            let pointer = format!("{}/instead", step.pointer);
            let (at, other, found) = self.target(&target.slot, &target.method, slots, &pointer)?;
            instead = Some(at);
            let wanted = found.input.get().to_value();
            let what = format!(
                "the input of `{}.{}`, which `{}.{}` gets first,",
                slot.name, method.name, other.name, found.name
            );
            let answer = taker(Shape::of(&wanted)).judge(&read(&input, Origin::Taken));
            let help = "ask a method first that takes the same";
            self.answered(answer, &what, &pointer, help);
            let what = format!(
                "what `{}.{}` answers in place of `{}.{}`",
                other.name, found.name, slot.name, method.name
            );
            let given = read(&found.output.get().to_value(), Origin::Written);
            let answer = taker(Shape::of(&output)).judge(&without_null(&given));
            let help = "ask a method first that gives the same, or null";
            self.answered(answer, &what, &pointer, help);
        }
        Some(Call {
            name,
            step,
            slot,
            at,
            method,
            instead,
            input,
            output,
        })
    }

    fn target<'s>(
        &mut self,
        slot: &str,
        method: &str,
        slots: &'s [PlannedSlot],
        pointer: &str,
    ) -> Option<((usize, usize), &'s PlannedSlot, &'static MethodDescriptor)> {
        let (index, slot) = self.slot(slot, slots, pointer)?;
        let Some(found) = slot.service.method(method) else {
            let known = slot.service.methods.iter().map(|method| method.name);
            let what = format!("method of `{}` called", slot.service.name);
            self.problems
                .unknown_as("method_not_found", &what, method, pointer, known);
            return None;
        };
        let descriptor = &slot.service.methods[found];
        self.permission(slot.service, descriptor, pointer);
        Some(((index, found), slot, descriptor))
    }

    fn emission(&mut self, binding: &Binding, from: Source, kind: &str, nodes: &mut [Node]) {
        let Source::Node(step) = from else {
            let message = "only what a step gives becomes an event".to_owned();
            self.problems.add(
                "incompatible_interface",
                message,
                &format!("{}/from", binding.pointer),
            );
            return;
        };
        if kind.is_empty() || kind.contains('*') {
            let message = format!("`{kind}` is no type of events: write `event:shop.order.placed`");
            self.problems.add(
                "config_invalid_value",
                message,
                &format!("{}/to", binding.pointer),
            );
            return;
        }
        let map = binding
            .map
            .as_ref()
            .map(|map| self.expression(map, &format!("{}/map", binding.pointer)));
        nodes[step].emits.push(Emission {
            kind: kind.to_owned(),
            pointer: binding.from.pointer.clone(),
            map,
        });
    }

    fn result(
        &mut self,
        name: &str,
        method: &Method,
        calls: &Calls<'_>,
        derived: &mut Derived<'_>,
    ) -> Option<Gathered> {
        let at = &method.result.pointer;
        let mut ports = Vec::new();
        for (name, port) in &method.result.ports {
            let source = self.giver(port, calls, at)?;
            if let Source::Node(step) = source
                && calls[step].slot.slot.role == Role::Auxiliary
            {
                let message = format!(
                    "`{}` only observes: its result cannot be part of one",
                    calls[step].name
                );
                self.problems.add("incompatible_interface", message, at);
            }
            derived.gives(name, source, &port.pointer, calls);
            ports.push((name.clone(), source, port.pointer.clone()));
        }
        let map = method
            .result
            .map
            .as_ref()
            .map(|map| self.expression(map, &format!("/methods/{name}/map")));
        Some(Gathered {
            merge: method.result.merge,
            ports,
            map,
        })
    }
}

fn node(call: &Call<'_>) -> Node {
    Node {
        name: call.name.to_owned(),
        call: call.at,
        instead: call.instead,
        after: Vec::new(),
        with: Map::clone(&call.step.with),
        inputs: Vec::new(),
        emits: Vec::new(),
        is_auxiliary: call.slot.slot.role == Role::Auxiliary,
        on_failure: call.step.on_failure.clone(),
        must: false,
        is_read: false,
    }
}

/// Whether the failure of a step is that of the whole: one that it feeds, or the result, cannot do without it.
fn is_needed(index: usize, nodes: &[Node], result: &Gathered) -> bool {
    let node = &nodes[index];
    if node.is_auxiliary {
        return false;
    }
    let feeds: Vec<&Edge> = nodes
        .iter()
        .filter(|other| !other.is_auxiliary)
        .flat_map(|other| &other.inputs)
        .filter(|edge| edge.from == Source::Node(index))
        .collect();
    let is_port = result
        .ports
        .iter()
        .any(|(_, source, _)| *source == Source::Node(index));
    let fails = node.on_failure == OnFailure::Fail;
    let waited_for = nodes
        .iter()
        .any(|other| !other.is_auxiliary && other.after.contains(&index));
    feeds.iter().any(|edge| edge.on_failure == OnFailure::Fail)
        || (is_port && fails && result.merge != Merge::First)
        || (waited_for && fails)
        || (!is_port && feeds.is_empty() && fails)
}

fn is_read(index: usize, nodes: &[Node], result: &Gathered) -> bool {
    let source = Source::Node(index);
    let mut edges = nodes.iter().flat_map(|other| &other.inputs);
    edges.any(|edge| edge.from == source) || result.ports.iter().any(|(_, from, _)| *from == source)
}

/// What a step gets that nothing else is said of.
fn all_of_the_input() -> Edge {
    Edge {
        from: Source::Input,
        pointer: String::new(),
        map: None,
        to: String::new(),
        on_failure: OnFailure::Fail,
        each: false,
    }
}
