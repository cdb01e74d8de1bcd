//! Where the reader is: a value, its pointer and what people call it.

use std::sync::Arc;

use super::super::node::{Content, Mark, Node};

/// A value of the document and the way to it.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'d> {
    pub(super) node: &'d Node,
    /// A JSON pointer into the document.
    pub(super) pointer: String,
    /// For messages.
    pub(super) label: String,
    /// Where its name is written, when it has one.
    name: Option<Mark>,
}

impl<'d> Cursor<'d> {
    pub(super) fn root(node: &'d Node) -> Self {
        Self {
            node,
            pointer: String::new(),
            label: "the document".into(),
            name: None,
        }
    }

    /// The property of that name, if there is one.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let entry = self.node.entry(key)?;
        Some(self.property(&entry.key, entry.at, &entry.value))
    }

    /// All properties; none unless it is an object.
    pub(super) fn properties(&self) -> Vec<(Arc<str>, Self)> {
        let Content::Object(entries) = &self.node.content else {
            return Vec::new();
        };
        let cursors = entries.iter().map(|entry| {
            let cursor = self.property(&entry.key, entry.at, &entry.value);
            (entry.key.clone(), cursor)
        });
        cursors.collect()
    }

    /// All elements; none unless it is a list.
    pub(super) fn elements(&self) -> Vec<Self> {
        let Content::List(items) = &self.node.content else {
            return Vec::new();
        };
        let cursors = items.iter().enumerate().map(|(index, node)| Self {
            node,
            pointer: format!("{}/{index}", self.pointer),
            label: format!("entry {} of {}", index + 1, self.label),
            name: None,
        });
        cursors.collect()
    }

    /// The value when it is text.
    pub(super) fn text(&self) -> Option<&'d Arc<str>> {
        match &self.node.content {
            Content::Text(text) => Some(text),
            Content::Plain(_) | Content::List(_) | Content::Object(_) => None,
        }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.node.content, Content::Object(_))
    }

    /// Where a problem of it is shown: a list or object at its name, all else where it starts.
    pub(super) fn mark(&self) -> Mark {
        match &self.node.content {
            Content::Plain(_) | Content::Text(_) => self.node.at,
            Content::List(_) | Content::Object(_) => self.name.unwrap_or(self.node.at),
        }
    }

    /// Where its name is written, or else where it starts.
    pub(super) fn name_mark(&self) -> Mark {
        self.name.unwrap_or(self.node.at)
    }

    fn property(&self, key: &str, name: Mark, node: &'d Node) -> Self {
        let token = key.replace('~', "~0").replace('/', "~1");
        Self {
            node,
            pointer: format!("{}/{token}", self.pointer),
            label: format!("`{key}`"),
            name: Some(name),
        }
    }
}

/// An object whose unknown properties have been told.
#[derive(Debug)]
pub(super) struct Fields<'d> {
    pub(super) at: Cursor<'d>,
}

impl<'d> Fields<'d> {
    pub(super) fn get(&self, key: &str) -> Option<Cursor<'d>> {
        self.at.get(key)
    }
}
