//! The ends of bindings, and what their whole must not be: a circle, a stream that is read twice.

use super::{Call, Calls};
use crate::composition::definition::{Binding, End, Method, Port};
use crate::composition::plan::{Node, Planner, Source};
use crate::composition::schema::{At, Shape};

impl Planner<'_> {
    /// What a binding takes its value from.
    pub(super) fn source(&mut self, binding: &Binding, calls: &Calls<'_>) -> Option<Source> {
        let source = self.giver(&binding.from, calls, &format!("{}/from", binding.pointer))?;
        let Source::Node(step) = source else {
            return Some(source);
        };
        let feeds_observer = match &binding.to.end {
            End::Step(to) => calls
                .iter()
                .any(|call| call.name == to && is_auxiliary(call)),
            End::Event(_) | End::Input => false,
        };
        if is_auxiliary(&calls[step]) && !feeds_observer {
            let message = format!(
                "`{}` only observes: nothing can hang on its result",
                calls[step].name
            );
            self.problems.add(
                "incompatible_interface",
                message,
                &format!("{}/from", binding.pointer),
            );
            return None;
        }
        Some(source)
    }

    /// The port's step or input, if what it points to can be there.
    pub(super) fn giver(&mut self, port: &Port, calls: &Calls<'_>, at: &str) -> Option<Source> {
        match &port.end {
            End::Input => Some(Source::Input),
            End::Step(name) => {
                let step = self.step(name, calls, at)?;
                if let At::Nothing(name, known) = Shape::of(&calls[step].output).at(&port.pointer) {
                    let what = format!("field in what `{}` gives called", calls[step].said());
                    self.problems
                        .unknown_as("unknown_field", &what, &name, at, known);
                    return None;
                }
                Some(Source::Node(step))
            }
            End::Event(kind) => {
                let message = format!("`event:{kind}` cannot be waited for inside of a call");
                let help = "answer it with a method: `[[composites.NAME.listens]]`";
                self.problems
                    .add_with("incompatible_interface", message, at, help);
                None
            }
        }
    }

    pub(super) fn step(&mut self, name: &str, calls: &Calls<'_>, at: &str) -> Option<usize> {
        let found = calls.iter().position(|call| call.name == name);
        if found.is_none() {
            let known = calls.iter().map(|call| call.name).chain(["input"]);
            self.problems
                .unknown_as("step_not_found", "step", name, at, known);
        }
        found
    }

    /// Data that flows in a circle, with its path.
    pub(super) fn circle(&mut self, nodes: &[Node], method: &str, pointer: &str) {
        let feeders = |node: usize| {
            let inputs = nodes[node].inputs.iter();
            let inputs = inputs.filter_map(|edge| match edge.from {
                Source::Node(step) => Some(step),
                Source::Input => None,
            });
            inputs.chain(nodes[node].after.iter().copied())
        };
        // Whatever waits only for what is done is done; what is left waits in a circle, or for one.
        let mut done = vec![false; nodes.len()];
        loop {
            let ready: Vec<usize> = (0..nodes.len())
                .filter(|node| !done[*node] && feeders(*node).all(|step| done[step]))
                .collect();
            if ready.is_empty() {
                break;
            }
            ready.into_iter().for_each(|node| done[node] = true);
        }
        let Some(start) = done.iter().position(|done| !done) else {
            return;
        };
        let mut path = vec![start];
        loop {
            let last = path[path.len() - 1];
            let Some(next) = feeders(last).find(|step| !done[*step]) else {
                return;
            };
            if let Some(at) = path.iter().position(|node| *node == next) {
                let circle = path[at..].iter();
                let mut names: Vec<&str> = circle.map(|node| nodes[*node].name.as_str()).collect();
                names.reverse();
                let first = (0..names.len()).min_by_key(|at| names[*at]).unwrap_or(0);
                names.rotate_left(first);
                names.push(names[0]);
                let message = format!(
                    "data flows in a circle in `{method}`: {}",
                    names.join(" -> ")
                );
                self.problems
                    .add("cycle", message, &format!("{pointer}/bindings"));
                return;
            }
            path.push(next);
        }
    }

    /// A stream is read once, and only a stream is read item by item.
    pub(super) fn streams(&mut self, nodes: &[Node], calls: &Calls<'_>, method: &Method) {
        for (index, node) in nodes.iter().enumerate() {
            let each: Vec<_> = node.inputs.iter().filter(|edge| edge.each).collect();
            let at = &calls[index].step.pointer;
            if each.len() > 1 {
                let message = format!("`{}` is called for each item of two streams", node.name);
                self.problems.add("incompatible_interface", message, at);
            }
            for edge in each {
                let gives =
                    matches!(edge.from, Source::Node(step) if calls[step].gives_stream(method));
                if !gives {
                    let message = format!(
                        "`{}` is called for each item of what is no stream",
                        node.name
                    );
                    self.problems.add("incompatible_interface", message, at);
                }
            }
            let edges = nodes.iter().flat_map(|other| &other.inputs);
            let readers = edges
                .filter(|edge| edge.from == Source::Node(index))
                .count();
            let ports = method.result.ports.iter();
            let results = ports
                .filter(|(_, port)| port.end == End::Step(node.name.clone()))
                .count();
            let readers = readers + results;
            if calls[index].gives_stream(method) && readers > 1 {
                let message = format!(
                    "the stream of `{}` is read {readers} times; it is there once",
                    node.name
                );
                self.problems.add("incompatible_interface", message, at);
            }
            if calls[index].is_stream() && node.inputs.iter().any(|edge| edge.each) {
                let message = format!("`{}` gives a stream for each item of one", node.name);
                self.problems.add("incompatible_interface", message, at);
            }
        }
    }
}

fn is_auxiliary(call: &Call<'_>) -> bool {
    call.slot.slot.role == crate::composition::definition::Role::Auxiliary
}
