//! A composite as a picture: a frame for each method, a box for each step.

use super::definition::{Merge, Role};
use super::plan::{Graph, Node, Plan, Source};
use crate::drawing::{Drawing, Look, Towards};

/// Draws every method of a composite.
pub(crate) fn draw(plan: &Plan) -> Drawing {
    let mut drawing = Drawing::new(plan.service.name.to_owned(), Towards::TheRight);
    for graph in &plan.graphs {
        method(&mut drawing, plan, graph);
    }
    drawing
}

/// One method while it is drawn.
struct Picture<'a> {
    plan: &'a Plan,
    drawing: &'a mut Drawing,
    frame: usize,
    input: usize,
    /// By step.
    steps: Vec<usize>,
}

fn method(drawing: &mut Drawing, plan: &Plan, graph: &Graph) {
    let frame = drawing.frame(format!("{}.{}", plan.service.name, graph.name), None);
    let input = drawing.shape("input".to_owned(), Look::Round, Some(frame));
    let result = drawing.shape("result".to_owned(), Look::Round, Some(frame));
    let mut picture = Picture {
        plan,
        drawing,
        frame,
        input,
        steps: Vec::new(),
    };
    for node in &graph.nodes {
        let label = picture.lines(node).join("\n");
        let step = picture.drawing.shape(label, Look::Square, Some(frame));
        picture.steps.push(step);
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        picture.step(index, node);
    }
    for (name, source, pointer) in &graph.result.ports {
        let label = match graph.result.merge {
            Merge::Only => whole(pointer),
            Merge::First => "first".to_owned(),
            Merge::Named | Merge::List | Merge::Combine => format!("{} as {name}", whole(pointer)),
        };
        let from = picture.end(*source);
        picture.drawing.arrow(from, result, &label, false);
    }
}

impl Picture<'_> {
    fn end(&self, source: Source) -> usize {
        match source {
            Source::Input => self.input,
            Source::Node(node) => self.steps[node],
        }
    }

    fn step(&mut self, index: usize, node: &Node) {
        let here = self.steps[index];
        for edge in &node.inputs {
            let mut label = format!("{} to {}", whole(&edge.pointer), whole(&edge.to));
            if edge.map.is_some() {
                label.push_str(", jq");
            }
            if edge.each {
                label.push_str(", each");
            }
            let from = self.end(edge.from);
            self.drawing.arrow(from, here, &label, node.is_auxiliary);
        }
        for step in &node.after {
            self.drawing.arrow(self.steps[*step], here, "then", true);
        }
        for emission in &node.emits {
            let label = format!("event {}", emission.kind);
            let event = self.drawing.shape(label, Look::Round, Some(self.frame));
            self.drawing
                .arrow(here, event, &whole(&emission.pointer), false);
        }
    }

    /// What stands in the box of a step.
    fn lines(&self, node: &Node) -> Vec<String> {
        let slots = &self.plan.slots;
        let called = |(slot, method): (usize, usize)| {
            let slot = &slots[slot];
            format!("{}.{}", slot.name, slot.service.methods[method].name)
        };
        let slot = &slots[node.call.0];
        let mut lines = vec![node.name.clone(), called(node.call)];
        if slot.slot.role == Role::Auxiliary {
            lines.push("observes".to_owned());
        }
        let stand_ins = slot.stand_ins.iter();
        lines.extend(stand_ins.map(|(stand_in, _)| format!("else {}", slots[*stand_in].name)));
        lines.extend(
            node.instead
                .map(|instead| format!("unless {}", called(instead))),
        );
        lines
    }
}

fn whole(pointer: &str) -> String {
    if pointer.is_empty() {
        "all".to_owned()
    } else {
        pointer.to_owned()
    }
}
