//! The tree that every layer becomes, and how two layers become one.
//!
//! Tables are merged name by name; everything else, arrays included, is replaced as a whole. [`merge`] is associative,
//! so it does not matter which layers meet first: a table that lands on something else remembers that it replaces.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::place::Place;

/// How deep configuration may nest. Everything that walks a tree recurses, so this bounds the stack.
pub(super) const DEPTH_MAX: usize = 64;

/// A value and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Text, number or truth value.
    Leaf(Value),
    Array(Vec<Node>),
    Table(Table),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) entries: BTreeMap<String, Node>,
    /// Takes the place of a lower table instead of joining it, because something that is no table stood between them.
    pub(super) replaces: bool,
}

impl Node {
    pub(super) fn leaf(place: Place, value: Value) -> Self {
        Self {
            place,
            kind: Kind::Leaf(value),
        }
    }

    pub(super) fn table(place: Place, entries: BTreeMap<String, Self>) -> Self {
        Self {
            place,
            kind: Kind::Table(Table {
                entries,
                replaces: false,
            }),
        }
    }

    pub(super) fn entries(&self) -> Option<&BTreeMap<String, Self>> {
        match &self.kind {
            Kind::Table(table) => Some(&table.entries),
            Kind::Leaf(_) | Kind::Array(_) => None,
        }
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Table(table) => table.entries.get(name),
            Kind::Array(items) => items.get(name.parse::<usize>().ok()?),
            Kind::Leaf(_) => None,
        }
    }

    /// The node at a JSON pointer.
    pub(super) fn at(&self, pointer: &str) -> Option<&Self> {
        segments(pointer).try_fold(self, |node, segment| node.child(&segment))
    }

    /// The node at a JSON pointer, or the nearest one above it that was written; nothing if not even the section was.
    pub(super) fn nearest_at(&self, pointer: &str) -> Option<&Self> {
        let mut found = None;
        for segment in segments(pointer) {
            match found.unwrap_or(self).child(&segment) {
                Some(child) => found = Some(child),
                None => break,
            }
        }
        found
    }

    pub(super) fn value(&self) -> Value {
        match &self.kind {
            Kind::Leaf(value) => value.clone(),
            Kind::Array(items) => Value::Array(items.iter().map(Self::value).collect()),
            Kind::Table(table) => {
                let pairs = table
                    .entries
                    .iter()
                    .map(|(name, node)| (name.clone(), node.value()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// Calls `visit` with every node that is no table and no array, this one included.
    pub(super) fn visit_leaves<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        match &self.kind {
            Kind::Leaf(_) => visit(self),
            Kind::Array(items) => items.iter().for_each(|item| item.visit_leaves(visit)),
            Kind::Table(table) => table
                .entries
                .values()
                .for_each(|node| node.visit_leaves(visit)),
        }
    }
}

/// Lays one layer over another.
pub(super) fn merge(lower: Node, upper: Node) -> Node {
    match (lower.kind, upper.kind) {
        (Kind::Table(below), Kind::Table(above)) if !above.replaces => {
            let mut entries = below.entries;
            for (name, node) in above.entries {
                let node = match entries.remove(&name) {
                    Some(covered) => merge(covered, node),
                    None => node,
                };
                entries.insert(name, node);
            }
            let kind = Kind::Table(Table {
                entries,
                replaces: below.replaces,
            });
            Node {
                place: Place::of_table(lower.place, upper.place),
                kind,
            }
        }
        (_, Kind::Table(above)) => Node {
            place: upper.place,
            kind: Kind::Table(Table {
                replaces: true,
                ..above
            }),
        },
        (_, kind @ (Kind::Leaf(_) | Kind::Array(_))) => Node {
            place: upper.place,
            kind,
        },
    }
}

/// Adds one name to a JSON pointer.
pub(super) fn join(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The names in a JSON pointer.
pub(super) fn segments(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer
        .split('/')
        .skip(1)
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
}
