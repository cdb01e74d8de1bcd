//! A composite as a picture: Mermaid for pages, DOT for everything else.

use std::fmt::Write;

use super::definition::{Merge, Role};
use super::plan::{Graph, Plan, Source};

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
        let (shapes, arrows) = method(plan, graph);
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

fn method(plan: &Plan, graph: &Graph) -> (Vec<Shape>, Vec<Arrow>) {
    let id = |name: &str| format!("{}_{name}", graph.name);
    let end = |source: Source| match source {
        Source::Input => id("input"),
        Source::Node(node) => id(&format!("step_{}", graph.nodes[node].name)),
    };
    let mut shapes = vec![round(id("input"), "input"), round(id("result"), "result")];
    let mut arrows = Vec::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let slot = &plan.slots[node.call.0];
        let here = end(Source::Node(index));
        let called = format!("{}.{}", slot.name, slot.service.methods[node.call.1].name);
        let mut lines = vec![node.name.clone(), called];
        if slot.slot.role == Role::Auxiliary {
            lines.push("observes".to_owned());
        }
        for (stand_in, _) in &slot.stand_ins {
            lines.push(format!("else {}", plan.slots[*stand_in].name));
        }
        if let Some((slot, method)) = node.instead {
            let slot = &plan.slots[slot];
            lines.push(format!(
                "unless {}.{}",
                slot.name, slot.service.methods[method].name
            ));
        }
        shapes.push(Shape {
            id: here.clone(),
            lines,
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
            arrows.push(Arrow {
                from: end(edge.from),
                to: here.clone(),
                label,
                is_dashed: node.is_auxiliary,
            });
        }
        for step in &node.after {
            arrows.push(Arrow {
                from: end(Source::Node(*step)),
                to: here.clone(),
                label: "then".to_owned(),
                is_dashed: true,
            });
        }
        for (number, emission) in node.emits.iter().enumerate() {
            let event = id(&format!("event_{}_{number}", node.name));
            shapes.push(round(event.clone(), &format!("event {}", emission.kind)));
            arrows.push(Arrow {
                from: here.clone(),
                to: event,
                label: whole(&emission.pointer),
                is_dashed: false,
            });
        }
    }
    for (name, source, pointer) in &graph.result.ports {
        let label = match graph.result.merge {
            Merge::Only => whole(pointer),
            Merge::First => "first".to_owned(),
            Merge::Named | Merge::List | Merge::Combine => format!("{} as {name}", whole(pointer)),
        };
        arrows.push(Arrow {
            from: end(*source),
            to: id("result"),
            label,
            is_dashed: false,
        });
    }
    (shapes, arrows)
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
