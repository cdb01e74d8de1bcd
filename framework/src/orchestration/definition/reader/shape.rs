//! The shapes of arguments: what is written in tables, and the one function that reads by them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::model::Template;
use super::Reader;
use super::cursor::{Cursor, Fields};
use super::reuse::Kind;
use super::template::is_expression;
use crate::error::Problem;

/// What a value must be.
#[derive(Debug)]
pub(super) enum Shape {
    Any,
    Text,
    /// Text that is not empty.
    Name,
    /// One of these.
    Word(&'static [&'static str]),
    Flag,
    /// A whole number between the two.
    Integer(u64, u64),
    /// A length of time.
    Span,
    /// Text, or an object of anything.
    OpenOrText,
    /// An object of anything.
    Open,
    /// An object whose values have this shape.
    Map(&'static Shape),
    /// The same, or an expression for it.
    MapOrExpression(&'static Shape),
    List(&'static Shape),
    Object(&'static Object),
    /// An expression, a URI with `{name}`s in it, or an object with `uri` and `authentication`.
    Endpoint,
    UriTemplate,
    Uri,
    Host,
    /// What is called `use`, or what is written here.
    Authentication,
    /// `use` with the name of a secret, or this.
    Secret(&'static Shape),
    Lifetime,
    /// Refused, with the reason.
    Refused(&'static str),
}

/// An object with these properties only.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) required: &'static [(&'static str, Shape)],
    pub(super) optional: &'static [(&'static str, Shape)],
    /// Of each group exactly one must be there.
    pub(super) choices: &'static [&'static [&'static str]],
}

impl<'d> Reader<'d, '_, '_> {
    /// The value, once it has been held against its shape.
    pub(super) fn shaped(&mut self, at: &Cursor<'d>, shape: &'static Shape) -> Template {
        match shape {
            Shape::Any => {}
            Shape::Text => drop(self.text(at)),
            Shape::Name if at.text().is_some_and(|text| text.is_empty()) => {
                self.invalid(at, "is empty");
            }
            Shape::Name => drop(self.text(at)),
            Shape::Word(words) => drop(self.word(at, words)),
            Shape::Flag => {
                self.flag(at);
            }
            Shape::Integer(least, most) => {
                self.integer(at, *least, *most);
            }
            Shape::Span if is_expression(at) => {}
            Shape::Span => drop(self.span(at)),
            Shape::OpenOrText if at.text().is_some() => {}
            Shape::OpenOrText | Shape::Open => drop(self.open(at)),
            Shape::MapOrExpression(_) if is_expression(at) => {}
            Shape::Map(shape) | Shape::MapOrExpression(shape) => {
                let properties = self.open(at);
                return self.together(properties, |_| Some(shape));
            }
            Shape::List(shape) => {
                let items = self.list(at);
                items.iter().for_each(|item| self.checked(item, shape));
            }
            Shape::Object(object) => return self.object(at, object),
            Shape::Endpoint if at.text().is_some() => return self.uri_template(at),
            Shape::Endpoint => return self.object(at, &super::arguments::ENDPOINT),
            Shape::UriTemplate => return self.uri_template(at),
            Shape::Uri => self.checked_uri(at),
            Shape::Host => self.host(at),
            Shape::Authentication => return self.authentication(at),
            Shape::Secret(_) if at.get("use").is_some() => {
                return self.object(at, &super::arguments::SECRET);
            }
            Shape::Secret(shape) => return self.shaped(at, shape),
            Shape::Lifetime => return self.lifetime(at),
            Shape::Refused(why) => {
                let what = format!("{} is not read", at.label);
                self.unsupported(at, &what, why);
            }
        }
        self.template(at)
    }

    /// The same without a value of its own: what it would note is noted by the value around it.
    fn checked(&mut self, at: &Cursor<'d>, shape: &'static Shape) {
        let noted = self.expressions.len();
        self.shaped(at, shape);
        self.expressions.truncate(noted);
    }

    fn checked_uri(&mut self, at: &Cursor<'d>) {
        let noted = self.expressions.len();
        self.uri(at);
        self.expressions.truncate(noted);
    }

    /// The object at the cursor by its table.
    pub(super) fn object(&mut self, at: &Cursor<'d>, object: &'static Object) -> Template {
        let all = || object.required.iter().chain(object.optional);
        let known: Vec<&str> = all().map(|(key, _)| *key).collect();
        let fields = self.fields(at, &known);
        for (key, _) in object.required {
            self.required(&fields, key);
        }
        for keys in object.choices {
            self.one_of(&fields, keys);
        }
        self.together(at.properties(), |key| {
            let found = all().find(|(known, _)| *known == key);
            found.map(|(_, shape)| shape)
        })
    }

    /// An object of these properties, each of its shape.
    fn together(
        &mut self,
        properties: Vec<(Arc<str>, Cursor<'d>)>,
        shape: impl Fn(&str) -> Option<&'static Shape>,
    ) -> Template {
        let read = properties.into_iter().map(|(key, at)| {
            let template = match shape(&key) {
                Some(shape) => self.shaped(&at, shape),
                None => self.template(&at),
            };
            (key, template)
        });
        collapsed(read.collect())
    }

    /// `use` is replaced by what it stands for.
    fn authentication(&mut self, at: &Cursor<'d>) -> Template {
        let Some(name) = at.get("use") else {
            return self.object(at, &super::arguments::INLINE);
        };
        self.fields(at, &["use"]);
        match self.referenced(&name, Kind::Authentication) {
            Some(policy) => self.template(&policy),
            None => super::call::nothing(),
        }
    }

    fn lifetime(&mut self, at: &Cursor<'d>) -> Template {
        let template = self.object(at, &super::arguments::LIFETIME);
        let is_eventual = at
            .get("cleanup")
            .and_then(|at| at.text())
            .is_some_and(|text| &**text == "eventually");
        match at.get("after") {
            None if is_eventual => {
                let fields = Fields { at: at.clone() };
                self.required(&fields, "after");
            }
            Some(after) if !is_eventual => {
                self.invalid(&after, "belongs to `cleanup: eventually` only");
            }
            Some(_) | None => {}
        }
        template
    }

    /// `^[a-zA-Z0-9](?:[a-zA-Z0-9-.]{0,61}[a-zA-Z0-9])?$`
    fn host(&mut self, at: &Cursor<'d>) {
        let text = self.text(at);
        let is_edge = |c: char| c.is_ascii_alphanumeric();
        let inner = text.chars().all(|c| is_edge(c) || c == '-' || c == '.');
        let fits =
            inner && text.len() <= 63 && text.starts_with(is_edge) && text.ends_with(is_edge);
        if at.text().is_some() && !fits {
            let problem = Problem::new("invalid_value", format!("`{text}` is no name of a host"));
            self.fault(
                at,
                problem.help("it has at most 63 letters, digits, `-` and `.`"),
            );
        }
    }
}

/// An object; a plain value when nothing in it is computed.
pub(super) fn collapsed(properties: Vec<(Arc<str>, Template)>) -> Template {
    let plain: Option<Map<String, Value>> = properties
        .iter()
        .map(|(key, template)| match template {
            Template::Value(value) => Some((key.to_string(), Value::clone(value))),
            Template::Expr(_) | Template::Array(_) | Template::Object(_) => None,
        })
        .collect();
    match plain {
        Some(plain) => Template::Value(Arc::new(plain.into())),
        None => Template::Object(properties),
    }
}
