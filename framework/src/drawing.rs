//! A picture of boxes and arrows as text that other programs draw: Mermaid and the DOT language of Graphviz.

/// The language of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// <https://mermaid.js.org/syntax/flowchart.html>
    Mermaid,
    /// <https://graphviz.org/doc/info/lang.html>
    Dot,
}

/// Where arrows lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Towards {
    Below,
    TheRight,
}

/// Boxes, arrows, and frames around boxes.
#[derive(Debug)]
pub(crate) struct Drawing {
    name: String,
    towards: Towards,
    shapes: Vec<Shape>,
    frames: Vec<Frame>,
    arrows: Vec<Arrow>,
}

/// How a box looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Where it begins and ends.
    Round,
    /// Something is done.
    Square,
    /// It is decided where to go on.
    Diamond,
}

#[derive(Debug)]
struct Shape {
    label: String,
    look: Look,
    frame: Option<usize>,
}

#[derive(Debug)]
struct Frame {
    label: String,
    within: Option<usize>,
}

#[derive(Debug)]
struct Arrow {
    from: usize,
    to: usize,
    label: String,
    is_dashed: bool,
}

impl Drawing {
    pub(crate) fn new(name: String, towards: Towards) -> Self {
        Self {
            name,
            towards,
            shapes: Vec::new(),
            frames: Vec::new(),
            arrows: Vec::new(),
        }
    }

    /// The picture as text.
    pub(crate) fn text(&self, language: Language) -> String {
        match language {
            Language::Mermaid => self.mermaid(),
            Language::Dot => self.dot(),
        }
    }

    /// A box; lines of the label are apart by `\n`.
    pub(crate) fn shape(&mut self, label: String, look: Look, frame: Option<usize>) -> usize {
        self.shapes.push(Shape { label, look, frame });
        self.shapes.len() - 1
    }

    /// A frame, perhaps within another.
    pub(crate) fn frame(&mut self, label: String, within: Option<usize>) -> usize {
        self.frames.push(Frame { label, within });
        self.frames.len() - 1
    }

    /// An arrow between two boxes.
    pub(crate) fn arrow(&mut self, from: usize, to: usize, label: &str, is_dashed: bool) {
        self.arrows.push(Arrow {
            from,
            to,
            label: label.to_owned(),
            is_dashed,
        });
    }

    fn mermaid(&self) -> String {
        let mut text = match self.towards {
            Towards::Below => "flowchart TD\n".to_owned(),
            Towards::TheRight => "flowchart LR\n".to_owned(),
        };
        self.frames_of(
            &mut text,
            None,
            1,
            &|text, indent, index, frame| {
                line(
                    text,
                    indent,
                    &format!("subgraph f{index}[\"{}\"]", plain(&frame.label)),
                );
                "end"
            },
            &|shape, index| {
                let label = plain(&shape.label);
                match shape.look {
                    Look::Round => format!("n{index}([\"{label}\"])"),
                    Look::Square => format!("n{index}[\"{label}\"]"),
                    Look::Diamond => format!("n{index}{{\"{label}\"}}"),
                }
            },
        );
        for arrow in &self.arrows {
            let line_style = if arrow.is_dashed { "-.->" } else { "-->" };
            let label = match &*arrow.label {
                "" => String::new(),
                label => format!("|\"{}\"|", plain(label)),
            };
            line(
                &mut text,
                1,
                &format!("n{} {line_style}{label} n{}", arrow.from, arrow.to),
            );
        }
        text
    }

    fn dot(&self) -> String {
        let mut text = format!("digraph {} {{\n", quoted(&self.name));
        if self.towards == Towards::TheRight {
            line(&mut text, 1, "rankdir=LR;");
        }
        line(&mut text, 1, "node [shape=box fontname=\"sans-serif\"];");
        line(&mut text, 1, "edge [fontname=\"sans-serif\" fontsize=10];");
        self.frames_of(
            &mut text,
            None,
            1,
            &|text, indent, index, frame| {
                line(text, indent, &format!("subgraph cluster_{index} {{"));
                line(
                    text,
                    indent + 1,
                    &format!("label={};", quoted(&frame.label)),
                );
                "}"
            },
            &|shape, index| {
                let look = match shape.look {
                    Look::Round => " shape=oval",
                    Look::Square => "",
                    Look::Diamond => " shape=diamond",
                };
                format!("n{index} [label={}{look}];", quoted(&shape.label))
            },
        );
        for arrow in &self.arrows {
            let mut how = Vec::new();
            if !arrow.label.is_empty() {
                how.push(format!("label={}", quoted(&arrow.label)));
            }
            if arrow.is_dashed {
                how.push("style=dashed".to_owned());
            }
            let how = match &how[..] {
                [] => String::new(),
                how => format!(" [{}]", how.join(" ")),
            };
            line(
                &mut text,
                1,
                &format!("n{} -> n{}{how};", arrow.from, arrow.to),
            );
        }
        text.push_str("}\n");
        text
    }

    /// What is in a frame, its frames included; `open` begins one and says how it ends.
    fn frames_of(
        &self,
        text: &mut String,
        within: Option<usize>,
        indent: usize,
        open: &dyn Fn(&mut String, usize, usize, &Frame) -> &'static str,
        shown: &dyn Fn(&Shape, usize) -> String,
    ) {
        for (index, shape) in self.shapes.iter().enumerate() {
            if shape.frame == within {
                line(text, indent, &shown(shape, index));
            }
        }
        for (index, frame) in self.frames.iter().enumerate() {
            if frame.within == within {
                let end = open(text, indent, index, frame);
                self.frames_of(text, Some(index), indent + 1, open, shown);
                line(text, indent, end);
            }
        }
    }
}

fn line(text: &mut String, indent: usize, what: &str) {
    text.push_str(&"  ".repeat(indent));
    text.push_str(what);
    text.push('\n');
}

/// A label of Mermaid: nothing in it is markup.
fn plain(label: &str) -> String {
    let mut text = String::with_capacity(label.len());
    for c in label.chars() {
        match c {
            '\n' => text.push_str("<br/>"),
            '"' => text.push_str("#quot;"),
            '<' => text.push_str("#lt;"),
            '>' => text.push_str("#gt;"),
            '&' => text.push_str("#amp;"),
            '#' => text.push_str("#35;"),
            '`' => text.push_str("#96;"),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text
}

/// A string of DOT.
fn quoted(label: &str) -> String {
    let label = label.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", label.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_markup() {
        let mut drawing = Drawing::new("x".to_owned(), Towards::Below);
        let nasty = "a\"];\n<script> & `b` #1 \\".to_owned();
        let frame = drawing.frame(nasty.clone(), None);
        let shape = drawing.shape(nasty.clone(), Look::Square, Some(frame));
        drawing.arrow(shape, shape, &nasty, true);
        let mermaid = drawing.text(Language::Mermaid);
        let label = "a#quot;];<br/>#lt;script#gt; #amp; #96;b#96; #35;1 \\";
        assert_eq!(
            mermaid,
            format!(
                "flowchart TD\n  subgraph f0[\"{label}\"]\n    n0[\"{label}\"]\n  end\n  n0 -.->|\"{label}\"| n0\n"
            )
        );
        let dot = drawing.text(Language::Dot);
        assert!(
            dot.contains(r#"n0 [label="a\"];\n<script> & `b` #1 \\"];"#),
            "{dot}"
        );
    }
}
