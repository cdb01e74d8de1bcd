//! A picture of boxes and arrows as text that other programs draw: Mermaid and the DOT language of Graphviz.

/// Boxes, arrows, and frames around boxes.
#[derive(Debug, Default)]
pub(crate) struct Drawing {
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

    /// As Mermaid's flowchart, which web pages and editors draw.
    pub(crate) fn mermaid(&self) -> String {
        let mut text = String::from("flowchart TD\n");
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

    /// In the DOT language.
    pub(crate) fn dot(&self, name: &str) -> String {
        let mut text = format!("digraph {} {{\n", quoted(name));
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
