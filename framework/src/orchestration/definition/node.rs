//! A document as a tree of values that know where they are written.

use std::sync::Arc;

use serde_json::{Map, Value};

/// A place in a text, both counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Mark {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A value and where it is written. A clone is cheap: what an alias repeats is shared.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Mark,
    pub(super) content: Content,
    pub(super) weight: Weight,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Nothing, a truth value or a number.
    Plain(Value),
    Text(Arc<str>),
    List(Arc<[Node]>),
    Object(Arc<[Entry]>),
}

/// One property of an object.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: Arc<str>,
    pub(super) at: Mark,
    pub(super) value: Node,
}

/// How much a node is once all aliases in it are written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Weight {
    pub(super) values: usize,
    pub(super) bytes: usize,
    pub(super) depth: usize,
}

impl Weight {
    /// What a list or object of these weighs.
    fn around(inner: impl Iterator<Item = Weight>) -> Self {
        let empty = Self {
            values: 1,
            bytes: 0,
            depth: 1,
        };
        inner.fold(empty, |sum, one| Self {
            values: sum.values.saturating_add(one.values),
            bytes: sum.bytes.saturating_add(one.bytes),
            depth: sum.depth.max(one.depth.saturating_add(1)),
        })
    }
}

impl Node {
    pub(super) fn plain(at: Mark, value: Value) -> Self {
        Self::leaf(at, Content::Plain(value), 0)
    }

    pub(super) fn text(at: Mark, text: &str) -> Self {
        Self::leaf(at, Content::Text(text.into()), text.len())
    }

    pub(super) fn list(at: Mark, items: Vec<Node>) -> Self {
        let weight = Weight::around(items.iter().map(|item| item.weight));
        Self {
            at,
            content: Content::List(items.into()),
            weight,
        }
    }

    pub(super) fn object(at: Mark, entries: Vec<Entry>) -> Self {
        let weight = Weight::around(entries.iter().map(|entry| Weight {
            bytes: entry.value.weight.bytes.saturating_add(entry.key.len()),
            ..entry.value.weight
        }));
        Self {
            at,
            content: Content::Object(entries.into()),
            weight,
        }
    }

    fn leaf(at: Mark, content: Content, bytes: usize) -> Self {
        Self {
            at,
            content,
            weight: Weight {
                values: 1,
                bytes,
                depth: 1,
            },
        }
    }

    /// The property of that name, when this is an object that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.content {
            Content::Object(entries) => entries.iter().find(|entry| &*entry.key == key),
            Content::Plain(_) | Content::Text(_) | Content::List(_) => None,
        }
    }

    /// What kind of value it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.content {
            Content::Plain(Value::Null) => "empty",
            Content::Plain(Value::Bool(_)) => "a truth value",
            Content::Plain(_) => "a number",
            Content::Text(_) => "text",
            Content::List(_) => "a list",
            Content::Object(_) => "an object",
        }
    }

    /// The value in JSON.
    pub(super) fn to_json(&self) -> Value {
        match &self.content {
            Content::Plain(value) => value.clone(),
            Content::Text(text) => Value::String(text.to_string()),
            Content::List(items) => items.iter().map(Node::to_json).collect(),
            Content::Object(entries) => entries
                .iter()
                .map(|entry| (entry.key.to_string(), entry.value.to_json()))
                .collect::<Map<_, _>>()
                .into(),
        }
    }
}
