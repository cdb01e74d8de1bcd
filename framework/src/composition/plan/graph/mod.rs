//! One method: whether its bindings fit, and what follows from them.

mod ends;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::contract::Derived;
use super::{Edge, Emission, Gathered, Graph, Node, PlannedSlot, Planner, Source};
use crate::composition::compatible::{Answer, compatible};
use crate::composition::definition::{Binding, End, Merge, Method, OnFailure, Role, Step};
use crate::composition::schema::{At, Shape, steps};
use crate::contract::{MethodDescriptor, MethodKind, escape};
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
        let mut written: BTreeMap<(usize, &str), &str> = BTreeMap::new();
        for binding in &method.bindings {
            let Some(from) = self.source(binding, &calls) else {
                continue;
            };
            match &binding.to.end {
                End::Event(kind) => self.emission(binding, from, kind, &mut nodes),
                End::Step(to) => {
                    let Some(to) = self.step(to, &calls, &format!("{}/to", binding.pointer)) else {
                        continue;
                    };
                    if let Some(other) = written.insert((to, &binding.to.pointer), &binding.pointer)
                    {
                        let message = format!(
                            "`{}` and `{other}` both write `{}`",
                            binding.pointer, binding.to
                        );
                        let at = format!("{}/to", binding.pointer);
                        self.problems.add_with(
                            "duplicate_binding",
                            message,
                            &at,
                            "keep one of them, or merge their values in a step between",
                        );
                        continue;
                    }
                    self.binding(binding, from, (&calls, to), &mut derived, &mut nodes);
                }
                End::Input => {
                    let message =
                        "nothing can be bound to `input`: it is what the caller gives".to_owned();
                    self.problems.add(
                        "incompatible_interface",
                        message,
                        &format!("{}/to", binding.pointer),
                    );
                }
            }
        }
        for (index, call) in calls.iter().enumerate() {
            if nodes[index].inputs.is_empty() && call.step.with.is_empty() {
                nodes[index].inputs.push(all_of_the_input());
                derived.reads("", call, "");
            }
            self.constants(call);
            self.missing(&nodes[index], &calls, index);
        }
        self.circle(&nodes, name, &pointer);
        self.streams(&nodes, &calls);
        let result = self.result(method, &calls, &mut derived);
        let descriptor = self.descriptor(name, method, &calls, derived)?;
        let result = result?;
        for index in 0..nodes.len() {
            nodes[index].must = is_needed(index, &nodes, &result);
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
            let (from, to) = (&slot.name, &other.name);
            let wanted = found.input.get().to_value();
            if let Answer::No(why) = compatible(Shape::of(&input), Shape::of(&wanted)) {
                let message = format!(
                    "what `{from}.{}` takes does not fit `{to}.{}`: {why}",
                    method.name, found.name
                );
                self.problems
                    .add("incompatible_interface", message, &pointer);
            }
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

    #[expect(
        clippy::type_complexity,
        reason = "indices, slot and method of one call"
    )]
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

    /// A binding to parameters of a step.
    fn binding(
        &mut self,
        binding: &Binding,
        from: Source,
        (calls, to): (&Calls<'_>, usize),
        derived: &mut Derived<'_>,
        nodes: &mut [Node],
    ) {
        let call = &calls[to];
        let at = format!("{}/to", binding.pointer);
        if !self.parameter(call, &binding.to.pointer, &at) {
            return;
        }
        let target = match Shape::of(&call.input).at(&binding.to.pointer) {
            At::Schema(schema) => Some(Shape::of(&call.input).with(schema)),
            At::Anything => None,
            At::Nothing(name, known) => {
                let what = format!("field of `{}` called", call.said());
                self.problems
                    .unknown_as("unknown_field", &what, &name, &at, known);
                return;
            }
        };
        match from {
            Source::Input if binding.map.is_some() => derived.open(&binding.from.pointer),
            Source::Input => derived.reads(&binding.from.pointer, call, &binding.to.pointer),
            Source::Node(_) => {}
        }
        let on_failure = match (&binding.on_failure, from) {
            (Some(own), _) => own.clone(),
            (None, Source::Node(step)) => calls[step].step.on_failure.clone(),
            (None, Source::Input) => OnFailure::Fail,
        };
        let required = Shape::of(&call.input).is_required(&binding.to.pointer);
        if on_failure == OnFailure::Skip && required && !binding.to.pointer.is_empty() {
            let message = format!("`{}` may not be left out of `{}`", binding.to, call.said());
            let help = "write on_failure = { default = VALUE }, or let the call fail";
            self.problems.add_with(
                "missing_parameter",
                message,
                &format!("{}/on_failure", binding.pointer),
                help,
            );
        }
        let full = call.step.with.is_empty() && nodes[to].inputs.is_empty();
        if binding.map.is_none() {
            self.flow(binding, from, (calls, to), target, full);
        }
        let map = binding
            .map
            .as_ref()
            .map(|map| self.expression(map, &format!("{}/map", binding.pointer)));
        nodes[to].inputs.push(Edge {
            from,
            pointer: binding.from.pointer.clone(),
            map,
            to: binding.to.pointer.clone(),
            on_failure,
            each: binding.each,
        });
    }

    /// Whether what one end gives fits what the other takes.
    fn flow(
        &mut self,
        binding: &Binding,
        from: Source,
        (calls, to): (&Calls<'_>, usize),
        target: Option<Shape<'_>>,
        full: bool,
    ) {
        let (Source::Node(step), Some(target)) = (from, target) else {
            return;
        };
        let giver = &calls[step];
        let whole = Shape::of(&giver.output);
        let At::Schema(given) = whole.at(&binding.from.pointer) else {
            return;
        };
        let collected;
        let given = if giver.is_stream() && !binding.each {
            let mut array = json!({ "type": "array", "items": given });
            array["$defs"] = giver
                .output
                .get("$defs")
                .cloned()
                .unwrap_or_else(|| json!({}));
            collected = array;
            Shape::of(&collected)
        } else {
            whole.with(given)
        };
        let loose;
        // Of several sources none has to bring everything.
        let target = if binding.to.pointer.is_empty() && !full {
            let mut schema = target.schema.clone();
            if let Value::Object(schema) = &mut schema {
                schema.remove("required");
            }
            loose = schema;
            Shape {
                root: target.root,
                schema: &loose,
            }
        } else {
            target
        };
        match compatible(given, target) {
            Answer::Yes => {}
            Answer::No(why) => {
                let (ends, taker) = (format!("`{}` ({})", binding.from, giver.said()), &calls[to]);
                let message = format!(
                    "{ends} does not fit `{}` ({}): {why}",
                    binding.to,
                    taker.said()
                );
                let help = "bind another field, or say how with `map`";
                self.problems
                    .add_with("incompatible_interface", message, &binding.pointer, help);
            }
            Answer::Unknown => self
                .undecided
                .push(format!("{} -> {}", binding.from, binding.to)),
        }
    }

    /// Whether a pointer begins with a parameter of the method.
    fn parameter(&mut self, call: &Call<'_>, pointer: &str, at: &str) -> bool {
        let Some(first) = steps(pointer).next() else {
            return true;
        };
        let known = call.method.parameters;
        if known.contains(&first.as_str()) {
            return true;
        }
        let what = format!("parameter of `{}` called", call.said());
        self.problems.unknown_as(
            "unknown_parameter",
            &what,
            &first,
            at,
            known.iter().copied(),
        );
        false
    }

    /// Whether the parameters that are always the same are parameters, and fit.
    fn constants(&mut self, call: &Call<'_>) {
        for (name, value) in &call.step.with {
            let at = format!("{}/with/{}", call.step.pointer, escape(name));
            let pointer = format!("/{}", escape(name));
            if !self.parameter(call, &pointer, &at) {
                continue;
            }
            let shape = Shape::of(&call.input);
            let At::Schema(schema) = shape.at(&pointer) else {
                continue;
            };
            let given = json!({ "const": value });
            if let Answer::No(why) = compatible(Shape::of(&given), shape.with(schema)) {
                let message = format!("`{}` cannot take `{name}`: {why}", call.said());
                self.problems.add("invalid_parameter", message, &at);
            }
        }
    }

    /// Parameters that a method must have, and nobody brings.
    fn missing(&mut self, node: &Node, calls: &Calls<'_>, index: usize) {
        let call = &calls[index];
        for name in Shape::of(&call.input).required() {
            let brought = node.inputs.iter().any(|edge| match steps(&edge.to).next() {
                Some(first) => first == name,
                // All of something: what is in it has been compared, or is the caller's to bring.
                None => match edge.from {
                    Source::Node(step)
                        if edge.pointer.is_empty()
                            && edge.map.is_none()
                            && node.inputs.len() > 1 =>
                    {
                        Shape::of(&calls[step].output)
                            .properties()
                            .is_none_or(|has| has.contains_key(name))
                    }
                    Source::Node(_) | Source::Input => true,
                },
            });
            if !brought && !call.step.with.contains_key(name) {
                let message = format!(
                    "`{}` needs the parameter `{name}`, which nothing brings",
                    call.said()
                );
                let help = format!(
                    "bind something to `{}#/{name}`, or give it in `with`",
                    call.name
                );
                self.problems
                    .add_with("missing_parameter", message, &call.step.pointer, help);
            }
        }
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
            .map(|map| self.expression(map, &format!("{at}/map")));
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
        with: Map::clone(&call.step.with),
        inputs: Vec::new(),
        emits: Vec::new(),
        is_auxiliary: call.slot.slot.role == Role::Auxiliary,
        on_failure: call.step.on_failure.clone(),
        must: false,
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
    feeds.iter().any(|edge| edge.on_failure == OnFailure::Fail)
        || (is_port && fails && result.merge != Merge::First)
        || (!is_port && feeds.is_empty() && fails)
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
