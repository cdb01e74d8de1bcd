//! YAML, of which JSON is a part, into a tree of [`Node`]s.
//!
//! What would let a small text grow is bounded: an alias counts as much as what it repeats. Merge
//! keys, tags of one's own and keys that are not text are refused.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::Value;

use super::faults::Faults;
use super::node::{Content, Entry, Mark, Node};
use super::scalar::{self, Scalar};
use crate::error::Problem;
use crate::limit;

type Fatal = (Mark, Problem);

/// The tree of the text; `None` when it is none at all. What is wrong is in `faults`.
pub(super) fn load(text: &str, faults: &mut Faults<'_>) -> Option<Node> {
    if text.len() > limit::WORKFLOW_BYTES {
        let (is, most) = (text.len(), limit::WORKFLOW_BYTES);
        let message = format!("the document has {is} bytes; at most {most} are read");
        faults.add(START, Problem::new("limit", message));
        return None;
    }
    let mut loader = Loader {
        open: Vec::new(),
        anchors: BTreeMap::new(),
        values: 0,
        repeated: 0,
        root: None,
        faults,
    };
    let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    while let Some(step) = parser.next_event() {
        let step = step.map_err(|error| {
            let message = format!("this is not YAML: {}", error.info());
            (mark(*error.marker()), Problem::new("syntax", message))
        });
        let step = step.and_then(|(event, span)| loader.event(event, span));
        if let Err((at, problem)) = step {
            loader.faults.add(at, problem);
            return None;
        }
    }
    let root = loader.root;
    if root.is_none() {
        faults.add(START, Problem::new("syntax", "the document is empty"));
    }
    root
}

const START: Mark = Mark { line: 1, column: 1 };

fn mark(marker: saphyr_parser::Marker) -> Mark {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Mark {
        line: number(marker.line()).max(1),
        column: number(marker.col()).saturating_add(1),
    }
}

struct Loader<'f, 'd> {
    open: Vec<Frame>,
    anchors: BTreeMap<usize, Node>,
    /// Values so far, repeated ones included.
    values: usize,
    /// Bytes that aliases have repeated.
    repeated: usize,
    root: Option<Node>,
    faults: &'f mut Faults<'d>,
}

/// A list or an object whose end has not come.
struct Frame {
    at: Mark,
    anchor: usize,
    inner: Inner,
}

enum Inner {
    List(Vec<Node>),
    Object {
        entries: Vec<Entry>,
        keys: BTreeMap<Arc<str>, Mark>,
        key: Option<(Arc<str>, Mark)>,
    },
}

impl Inner {
    fn awaits_key(&self) -> bool {
        matches!(self, Inner::Object { key: None, .. })
    }
}

impl Loader<'_, '_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Fatal> {
        let at = mark(span.start);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_none() => Ok(()),
            Event::DocumentStart(_) => {
                let problem = Problem::new("syntax", "a second document starts in the same text");
                Err((at, problem.help("keep each workflow in a file of its own")))
            }
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::Scalar(text, style, anchor, tag) => {
                let node = if self.awaits_key() {
                    self.key_text(&text, style, at)
                } else {
                    self.scalar(&text, style, tag, at)
                };
                self.count(1, at)?;
                self.done(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(Inner::List(Vec::new()), anchor, (tag, "seq"), at)
            }
            Event::MappingStart(anchor, tag) => {
                let inner = Inner::Object {
                    entries: Vec::new(),
                    keys: BTreeMap::new(),
                    key: None,
                };
                self.start(inner, anchor, (tag, "map"), at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
        }
    }

    fn awaits_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|frame| frame.inner.awaits_key())
    }

    fn count(&mut self, values: usize, at: Mark) -> Result<(), Fatal> {
        self.values = self.values.saturating_add(values);
        if self.values > limit::WORKFLOW_VALUES {
            let most = limit::WORKFLOW_VALUES;
            let message = format!("the document has more than {most} values, aliases written out");
            return Err((at, Problem::new("limit", message)));
        }
        Ok(())
    }

    fn deep(&self, depth: usize, at: Mark) -> Result<(), Fatal> {
        if self.open.len() + depth > limit::WORKFLOW_DEPTH {
            let most = limit::WORKFLOW_DEPTH;
            let message = format!("more than {most} values lie in each other here");
            return Err((at, Problem::new("limit", message)));
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, at: Mark) -> Result<(), Fatal> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            let problem = Problem::new("syntax", "the alias stands within what it repeats");
            return Err((at, problem));
        };
        self.count(node.weight.values, at)?;
        self.deep(node.weight.depth, at)?;
        self.repeated = self.repeated.saturating_add(node.weight.bytes);
        if self.repeated > limit::WORKFLOW_BYTES {
            let most = limit::WORKFLOW_BYTES;
            let message = format!("the aliases of the document repeat more than {most} bytes");
            return Err((at, Problem::new("limit", message)));
        }
        if self.awaits_key() && !matches!(node.content, Content::Text(_)) {
            return Err((at, no_text_key()));
        }
        self.done(node, 0)
    }

    fn start(
        &mut self,
        inner: Inner,
        anchor: usize,
        (tag, expected): (Option<Cow<'_, Tag>>, &str),
        at: Mark,
    ) -> Result<(), Fatal> {
        if self.awaits_key() {
            return Err((at, no_text_key()));
        }
        self.count(1, at)?;
        self.deep(1, at)?;
        if let Some(tag) = tag.filter(|tag| !is_core(tag, &[expected])) {
            self.faults.add(at, unknown_tag(&tag));
        }
        self.open.push(Frame { at, anchor, inner });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fatal> {
        let Some(frame) = self.open.pop() else {
            return Ok(());
        };
        let node = match frame.inner {
            Inner::List(items) => Node::list(frame.at, items),
            Inner::Object { entries, .. } => Node::object(frame.at, entries),
        };
        self.done(node, frame.anchor)
    }

    /// Puts a whole value where it belongs.
    fn done(&mut self, node: Node, anchor: usize) -> Result<(), Fatal> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|frame| &mut frame.inner) {
            None => self.root = Some(node),
            Some(Inner::List(items)) => items.push(node),
            Some(Inner::Object { key, entries, keys }) => match (key.take(), node.content) {
                (None, Content::Text(text)) => *key = Some((text, node.at)),
                (None, _) => return Err((node.at, no_text_key())),
                (Some((name, at)), content) => {
                    let value = Node { content, ..node };
                    if let Some(first) = keys.insert(name.clone(), at) {
                        let line = first.line;
                        let message = format!("`{name}` stands twice in one object");
                        let problem = Problem::new("duplicate_key", message);
                        let help = format!("the first is in line {line}; remove one of them");
                        self.faults.add(at, problem.help(help));
                    } else {
                        entries.push(Entry {
                            key: name,
                            at,
                            value,
                        });
                    }
                }
            },
        }
        Ok(())
    }

    fn key_text(&mut self, text: &str, style: ScalarStyle, at: Mark) -> Node {
        if text == "<<" && style == ScalarStyle::Plain {
            let problem = Problem::new("unsupported", "merge keys (`<<`) are not read");
            let help =
                "YAML 1.2 has none; repeat what is to be merged, or use an alias for a whole value";
            self.faults.add(at, problem.help(help));
        }
        Node::text(at, text)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<Cow<'_, Tag>>,
        at: Mark,
    ) -> Node {
        let is_plain = style == ScalarStyle::Plain;
        match &tag {
            None if !is_plain => return Node::text(at, text),
            Some(tag) if is_core(tag, &["str"]) => return Node::text(at, text),
            Some(tag) if !is_core(tag, &["null", "bool", "int", "float"]) => {
                self.faults.add(at, unknown_tag(tag));
                return Node::text(at, text);
            }
            None | Some(_) => {}
        }
        match (scalar::resolve(text), tag) {
            (Scalar::Plain(value), None) => Node::plain(at, value),
            (Scalar::Plain(value), Some(tag)) if fits(&tag, &value) => Node::plain(at, value),
            (Scalar::Text, None) => Node::text(at, text),
            (Scalar::Unfit, None) => {
                let problem =
                    Problem::new("invalid_value", format!("`{text}` is no number of JSON"));
                let help = "whole numbers have at most 64 bits; quote it if it is text";
                self.faults.add(at, problem.help(help));
                Node::plain(at, Value::Null)
            }
            (Scalar::Plain(_) | Scalar::Text | Scalar::Unfit, Some(tag)) => {
                let message = format!("`{text}` is not what its tag `!!{}` says", tag.suffix);
                self.faults.add(at, Problem::new("invalid_value", message));
                Node::plain(at, Value::Null)
            }
        }
    }
}

fn is_core(tag: &Tag, suffixes: &[&str]) -> bool {
    let is_plain_text = tag.handle.is_empty() && tag.suffix == "!" && suffixes.contains(&"str");
    is_plain_text || tag.is_yaml_core_schema() && suffixes.contains(&tag.suffix.as_str())
}

fn fits(tag: &Tag, value: &Value) -> bool {
    match tag.suffix.as_str() {
        "null" => value.is_null(),
        "bool" => value.is_boolean(),
        "int" => value.is_i64() || value.is_u64(),
        _ => value.is_number(),
    }
}

fn unknown_tag(tag: &Tag) -> Problem {
    let message = format!("the tag `{tag}` is not read");
    Problem::new("unsupported", message)
        .help("a document has the types of JSON only; remove the tag")
}

fn no_text_key() -> Problem {
    Problem::new("syntax", "the name of a property is text; this is none")
        .help("quote a value that starts with `{`, `[`, `*` or `&`")
}
