//! A composite as a picture: Mermaid for pages, DOT for everything else.

use std::fmt::Write;

use super::definition::{Merge, Role};
use super::plan::{Graph, Node, Plan, Source};

/// The language of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// <https://mermaid.js.org/syntax/flowchart.html>
    Mermaid,
    /// <https://graphviz.org/doc/info/lang.html>
    Dot,
}

/// One arrow.
struct Arrow {
    from: String,
    to: String,
    label: String,
    /// What it leads to only observes, or stands in.
    is_dashed: bool,
}

/// One box.
struct Shape {
    id: String,
    lines: Vec<String>,
    is_round: bool,
}

/// Draws every method of a composite.
pub(crate) fn draw(plan: &Plan, language: Language) -> String {
    let mut text = match language {
        Language::Mermaid => "flowchart LR\n".to_owned(),
        Language::Dot => format!(
            "digraph {} {{\n  rankdir=LR;\n  node [shape=box];\n",
            quoted(plan.service.name)
        ),
    };
    for graph in &plan.graphs {
        let Picture { shapes, arrows, .. } = method(plan, graph);
        let title = format!("{}.{}", plan.service.name, graph.name);
        match language {
            Language::Mermaid => mermaid(&mut text, &graph.name, &title, (&shapes, &arrows)),
            Language::Dot => dot(&mut text, &graph.name, &title, (&shapes, &arrows)),
        }
    }
    if language == Language::Dot {
        text.push_str("}\n");
    }
    text
}

/// The boxes and arrows of one method.
struct Picture<'a> {
    plan: &'a Plan,
    graph: &'a Graph,
    shapes: Vec<Shape>,
    arrows: Vec<Arrow>,
}

fn method<'a>(plan: &'a Plan, graph: &'a Graph) -> Picture<'a> {
    let mut picture = Picture {
        plan,
        graph,
        shapes: Vec::new(),
        arrows: Vec::new(),
    };
    for name in ["input", "result"] {
        picture.shapes.push(round(picture.id(name), name));
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
        let to = picture.id("result");
        picture.arrow(picture.end(*source), to, label, false);
    }
    picture
}

impl Picture<'_> {
    fn id(&self, name: &str) -> String {
        format!("{}_{name}", self.graph.name)
    }

    fn end(&self, source: Source) -> String {
        match source {
            Source::Input => self.id("input"),
            Source::Node(node) => self.id(&format!("step_{}", self.graph.nodes[node].name)),
        }
    }

    fn arrow(&mut self, from: String, to: String, label: String, is_dashed: bool) {
        self.arrows.push(Arrow {
            from,
            to,
            label,
            is_dashed,
        });
    }

    fn step(&mut self, index: usize, node: &Node) {
        let here = self.end(Source::Node(index));
        self.shapes.push(Shape {
            id: here.clone(),
            lines: self.lines(node),
            is_round: false,
        });
        for edge in &node.inputs {
            let mut label = format!("{} to {}", whole(&edge.pointer), whole(&edge.to));
            if edge.map.is_some() {
                label.push_str(", jq");
            }
            if edge.each {
                label.push_str(", each");
            }
            self.arrow(self.end(edge.from), here.clone(), label, node.is_auxiliary);
        }
        for step in &node.after {
            let from = self.end(Source::Node(*step));
            self.arrow(from, here.clone(), "then".to_owned(), true);
        }
        for (number, emission) in node.emits.iter().enumerate() {
            let event = self.id(&format!("event_{}_{number}", node.name));
            self.shapes
                .push(round(event.clone(), &format!("event {}", emission.kind)));
            self.arrow(here.clone(), event, whole(&emission.pointer), false);
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

fn round(id: String, text: &str) -> Shape {
    Shape {
        id,
        lines: vec![text.to_owned()],
        is_round: true,
    }
}

fn whole(pointer: &str) -> String {
    if pointer.is_empty() {
        "all".to_owned()
    } else {
        pointer.to_owned()
    }
}

fn mermaid(text: &mut String, name: &str, title: &str, (shapes, arrows): (&[Shape], &[Arrow])) {
    // Names of our own grammar, and pointers: only quotes could end a label early.
    let safe = |text: &str| text.replace('"', "#quot;");
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "  subgraph {}[\"{}\"]",
        plain(&format!("m_{name}")),
        safe(title)
    );
    for shape in shapes {
        let label = safe(&shape.lines.join("<br/>"));
        let (open, close) = if shape.is_round {
            ("([", "])")
        } else {
            ("[", "]")
        };
        let _ = writeln!(text, "    {}{open}\"{label}\"{close}", plain(&shape.id));
    }
    for arrow in arrows {
        let line = if arrow.is_dashed { "-.->" } else { "-->" };
        let _ = writeln!(
            text,
            "    {} {line}|\"{}\"| {}",
            plain(&arrow.from),
            safe(&arrow.label),
            plain(&arrow.to)
        );
    }
    text.push_str("  end\n");
}

fn dot(text: &mut String, name: &str, title: &str, (shapes, arrows): (&[Shape], &[Arrow])) {
    let _ = writeln!(
        text,
        "  subgraph {} {{\n    label={};",
        quoted(&format!("cluster_{name}")),
        quoted(title)
    );
    for shape in shapes {
        let style = if shape.is_round { ", shape=oval" } else { "" };
        let _ = writeln!(
            text,
            "    {} [label={}{style}];",
            quoted(&shape.id),
            quoted(&shape.lines.join("\n"))
        );
    }
    for arrow in arrows {
        let style = if arrow.is_dashed {
            ", style=dashed"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "    {} -> {} [label={}{style}];",
            quoted(&arrow.from),
            quoted(&arrow.to),
            quoted(&arrow.label)
        );
    }
    text.push_str("  }\n");
}

/// An id of Mermaid: `-` would be read as the begin of an arrow.
fn plain(id: &str) -> String {
    id.replace('-', "__")
}

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}
