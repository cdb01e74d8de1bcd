//! Expressions, and values with expressions in them.

use std::sync::Arc;

use serde_json::Value;

use super::super::model::{Expr, Filter, Source, Template};
use super::super::node::{Content, Mark, Node};
use super::Reader;
use super::cursor::Cursor;
use crate::error::Problem;
use crate::limit;

/// The jq between `${` and `}`, when the whole text is that.
pub(super) fn unwrapped(text: &str) -> Option<&str> {
    let text = text.trim();
    Some(text.strip_prefix("${")?.strip_suffix('}')?.trim())
}

pub(super) fn is_expression(at: &Cursor<'_>) -> bool {
    at.text().is_some_and(|text| unwrapped(text).is_some())
}

fn has_expression(node: &Node) -> bool {
    match &node.content {
        Content::Plain(_) => false,
        Content::Text(text) => unwrapped(text).is_some(),
        Content::List(items) => items.iter().any(has_expression),
        Content::Object(entries) => entries.iter().any(|entry| has_expression(&entry.value)),
    }
}

impl<'d> Reader<'d, '_, '_> {
    /// An expression, with or without `${}` around it.
    pub(super) fn expression(&mut self, at: &Cursor<'d>) -> Expr {
        let text = self.text(at);
        if at.text().is_none() {
            return Expr(0);
        }
        self.source(at, unwrapped(&text).unwrap_or(text.trim()))
    }

    /// Notes an expression of the document.
    pub(super) fn source(&mut self, at: &Cursor<'d>, text: &str) -> Expr {
        if text.is_empty() {
            self.invalid(at, "is an empty expression");
        }
        if !self.has_room() {
            return Expr(0);
        }
        let known = self.texts.get(&at.pointer).cloned();
        let text = known.unwrap_or_else(|| {
            let text: Arc<str> = text.into();
            self.texts.insert(at.pointer.clone(), text.clone());
            text
        });
        let index = u32::try_from(self.expressions.len()).unwrap_or(u32::MAX);
        self.expressions.push(Source {
            text,
            pointer: at.pointer.as_str().into(),
            names: self.names.clone(),
        });
        Expr(index)
    }

    /// Whether one more expression may be noted; tells when not.
    pub(super) fn has_room(&mut self) -> bool {
        let most = limit::WORKFLOW_EXPRESSIONS;
        let has_room = self.expressions.len() < most;
        if !has_room {
            let message =
                format!("the document has {most} expressions or more, references written out");
            // The same place for all of them, so that it is told once.
            let start = Mark { line: 1, column: 1 };
            self.faults.add(start, Problem::new("limit", message));
        }
        has_room
    }

    /// A value in which every text that is `${ … }` is an expression.
    pub(super) fn template(&mut self, at: &Cursor<'d>) -> Template {
        if !has_expression(at.node) {
            return Template::Value(self.value(at));
        }
        match &at.node.content {
            Content::Plain(_) => Template::Value(self.value(at)),
            Content::Text(_) => Template::Expr(self.expression(at)),
            Content::List(_) => {
                let items = at.elements();
                Template::Array(items.iter().map(|item| self.template(item)).collect())
            }
            Content::Object(_) => {
                let properties = at.properties().into_iter();
                Template::Object(
                    properties
                        .map(|(key, at)| (key, self.template(&at)))
                        .collect(),
                )
            }
        }
    }

    /// The value as it is.
    pub(super) fn value(&mut self, at: &Cursor<'d>) -> Arc<Value> {
        if let Some(value) = self.values.get(&at.pointer) {
            return value.clone();
        }
        let value = Arc::new(at.node.to_json());
        if at.pointer.starts_with("/use/") {
            self.values.insert(at.pointer.clone(), value.clone());
        }
        value
    }

    /// Text, or an expression for it.
    pub(super) fn text_template(&mut self, at: &Cursor<'d>) -> Template {
        self.text(at);
        self.template(at)
    }

    /// An object, or an expression for one.
    pub(super) fn object_template(&mut self, at: &Cursor<'d>) -> Template {
        if !at.is_object() && !is_expression(at) {
            self.wrong_type(at, "an object, or an expression that gives one");
        }
        self.template(at)
    }

    /// An object, or an expression that needs no `${}`.
    pub(super) fn mapping(&mut self, at: &Cursor<'d>) -> Template {
        if at.text().is_some() {
            return Template::Expr(self.expression(at));
        }
        if !at.is_object() {
            self.wrong_type(at, "an expression, or an object of them");
        }
        self.template(at)
    }

    /// `input`, `output` or `export`, whose map is called `map`.
    pub(super) fn filter(&mut self, at: Option<Cursor<'d>>, map: &str) -> Filter {
        let Some(at) = at else {
            return Filter::default();
        };
        let fields = self.fields(&at, &["schema", map]);
        Filter {
            map: fields.get(map).map(|at| self.mapping(&at)),
            schema: fields.get("schema").and_then(|at| self.schema(&at)),
        }
    }

    fn schema(&mut self, at: &Cursor<'d>) -> Option<Arc<Value>> {
        let fields = self.fields(at, &["format", "document", "resource"]);
        if let Some(at) = fields.get("format") {
            let format = self.text(&at);
            let family = format.split(':').next().unwrap_or_default();
            if at.text().is_some() && family != "json" {
                let what = format!("schemas in the format `{format}` are not read");
                self.unsupported(
                    &at,
                    &what,
                    "write it as a JSON Schema, with the format `json`",
                );
            }
        }
        let (which, document) = self.one_of(&fields, &["document", "resource"])?;
        if which == "resource" {
            let what = "schemas outside of the document are not read";
            self.unsupported(&document, what, "put the schema into `document`");
            return None;
        }
        if !document.is_object() && !matches!(document.node.content, Content::Plain(Value::Bool(_)))
        {
            self.wrong_type(&document, "a JSON Schema: an object");
        }
        Some(self.value(&document))
    }

    /// A literal URI with `{name}` in it for `.name`, or an expression.
    pub(super) fn uri_template(&mut self, at: &Cursor<'d>) -> Template {
        let text = self.text(at);
        if at.text().is_none() || is_expression(at) {
            return self.template(at);
        }
        if !is_uri(&text) {
            self.not_uri(at);
        }
        match interpolated(&text) {
            Ok(None) => Template::Value(self.value(at)),
            Ok(Some(jq)) => Template::Expr(self.source(at, &jq)),
            Err(part) => {
                let message = format!("`{part}` of {} is not read", at.label);
                let help = "only `{name}` is, with a name of letters, digits and `_`; write the rest as an expression: `${ \"https://…/\\(.a.b)\" }`";
                self.fault(at, Problem::new("unsupported", message).help(help));
                Template::Value(self.value(at))
            }
        }
    }

    /// A literal URI, or an expression.
    pub(super) fn uri(&mut self, at: &Cursor<'d>) -> Template {
        let text = self.text(at);
        if at.text().is_some() && !is_expression(at) && !is_uri(&text) {
            self.not_uri(at);
        }
        self.template(at)
    }

    fn not_uri(&mut self, at: &Cursor<'d>) {
        let problem = Problem::new("invalid_value", format!("{} is no URI", at.label));
        self.fault(
            at,
            problem.help("write `scheme://…`, or an expression between `${` and `}`"),
        );
    }
}

/// `^[A-Za-z][A-Za-z0-9+\-.]*://`
fn is_uri(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once("://") else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// The jq that fills the template in, percent-encoded; `None` when there is nothing to fill in, the
/// part that is not understood as an error.
fn interpolated(uri: &str) -> Result<Option<String>, &str> {
    if !uri.contains('{') {
        return Ok(None);
    }
    let mut jq = String::from("@uri \"");
    let mut rest = uri;
    while let Some((literal, behind)) = rest.split_once('{') {
        push_literal(&mut jq, literal);
        let Some((name, after)) = behind.split_once('}') else {
            return Err(&rest[literal.len()..]);
        };
        if !super::work::is_variable(name) {
            return Err(&rest[literal.len()..literal.len() + name.len() + 2]);
        }
        jq.push_str("\\(.");
        jq.push_str(name);
        jq.push(')');
        rest = after;
    }
    push_literal(&mut jq, rest);
    jq.push('"');
    Ok(Some(jq))
}

/// Appends text as it stands within a string of jq.
fn push_literal(jq: &mut String, literal: &str) {
    let quoted = Value::from(literal).to_string();
    jq.push_str(&quoted[1..quoted.len() - 1]);
}
