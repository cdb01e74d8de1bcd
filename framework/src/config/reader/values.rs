//! Values of the framework's own settings.

use std::time::Duration;

use serde_json::Value;

use super::{Entries, Reader};
use crate::config::problem::{Code, Problem, brief, describe};
use crate::config::section::{Field, FieldKind};
use crate::config::tree::{Kind, Node};
use crate::duration::parse_duration;
use crate::name;

impl Reader<'_> {
    pub(super) fn wrong(&mut self, name: &str, kind: FieldKind, node: &Node, pointer: &str) {
        let message = format!(
            "`{name}` is {}, found {}",
            kind.noun(),
            describe(&node.value(), false)
        );
        self.problems
            .push(Problem::new(Code::WrongType, pointer, message).at_value(&node.place));
    }

    pub(super) fn invalid(&mut self, message: String, node: &Node, pointer: &str) {
        self.problems
            .push(Problem::new(Code::InvalidValue, pointer, message).at_value(&node.place));
    }

    pub(super) fn table<'n>(
        &mut self,
        name: &str,
        node: &'n Node,
        pointer: &str,
    ) -> Option<&'n Entries> {
        let entries = node.entries();
        if entries.is_none() {
            // What stands there may have been meant as a secret setting.
            let message = format!(
                "`{name}` is a table, found {}",
                describe(&node.value(), true)
            );
            self.problems
                .push(Problem::new(Code::WrongType, pointer, message).at_key(&node.place));
        }
        entries
    }

    pub(super) fn text(&mut self, field: &Field, node: &Node, pointer: &str) -> Option<String> {
        self.text_of(field.name, field.kind, node, pointer)
    }

    pub(super) fn text_of(
        &mut self,
        name: &str,
        kind: FieldKind,
        node: &Node,
        pointer: &str,
    ) -> Option<String> {
        let Value::String(text) = kind.settle(node) else {
            self.wrong(name, kind, node, pointer);
            return None;
        };
        Some(text)
    }

    /// The texts in an array, each with its node and pointer.
    pub(super) fn texts<'n>(
        &mut self,
        field: &Field,
        node: &'n Node,
        pointer: &str,
    ) -> Vec<(String, &'n Node, String)> {
        let Kind::Array(items) = &node.kind else {
            self.wrong(field.name, field.kind, node, pointer);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let pointer = format!("{pointer}/{at}");
            match &item.kind {
                Kind::Leaf(Value::String(text)) => texts.push((text.clone(), item, pointer)),
                Kind::Leaf(_) | Kind::Array(_) | Kind::Table(_) => {
                    self.wrong(field.name, field.kind, item, &pointer)
                }
            }
        }
        texts
    }

    pub(super) fn duration(
        &mut self,
        field: &Field,
        node: &Node,
        pointer: &str,
    ) -> Option<Duration> {
        let text = self.text(field, node, pointer)?;
        match parse_duration(&text) {
            Ok(duration) if duration.is_zero() => {
                self.invalid(
                    format!("`{}` must be more than zero", field.name),
                    node,
                    pointer,
                );
                None
            }
            Ok(duration) => Some(duration),
            Err(message) => {
                self.invalid(message, node, pointer);
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice<T>(
        &mut self,
        field: &Field,
        node: &Node,
        pointer: &str,
        named: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(field, node, pointer)?;
        let chosen = named(&text);
        if let (None, FieldKind::Choice(known)) = (&chosen, field.kind) {
            let message = format!(
                "`{}` is one of {}, found `{}`",
                field.name,
                known.join(", "),
                brief(&text)
            );
            let problem = Problem::new(Code::InvalidValue, pointer, message).at_value(&node.place);
            let nearest = name::nearest(&text, known.iter().copied());
            self.problems.push(problem.nearest(nearest));
        }
        chosen
    }

    pub(super) fn number(&mut self, field: &Field, node: &Node, pointer: &str) -> Option<f64> {
        let number = match &node.kind {
            Kind::Leaf(value @ Value::Number(_)) => {
                value.as_f64().filter(|number| number.is_finite())
            }
            Kind::Leaf(_) | Kind::Array(_) | Kind::Table(_) => None,
        };
        if number.is_none() {
            self.wrong(field.name, field.kind, node, pointer);
        }
        number
    }

    pub(super) fn count(&mut self, field: &Field, node: &Node, pointer: &str) -> Option<u32> {
        let count = match &node.kind {
            Kind::Leaf(value @ Value::Number(_)) => value.as_u64(),
            Kind::Leaf(_) | Kind::Array(_) | Kind::Table(_) => None,
        };
        let count = count
            .and_then(|count| u32::try_from(count).ok())
            .filter(|count| *count > 0);
        if count.is_none() {
            self.wrong(field.name, field.kind, node, pointer);
        }
        count
    }
}
