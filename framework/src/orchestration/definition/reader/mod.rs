//! From the tree of a document to its [`Definition`].
//!
//! What is wrong is noted and stands as an empty value, so that one reading finds all of it; a
//! definition with a fault in it is never given out.

mod arguments;
mod call;
mod catch;
mod cursor;
mod document;
mod event;
mod reuse;
mod shape;
mod span;
pub(in crate::orchestration) use span::parse_duration;
mod task;
mod template;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use self::cursor::{Cursor, Fields};
use self::reuse::Reusable;
use super::faults::Faults;
use super::model::{Definition, Source};
use super::node::{Content, Node};
use crate::error::Problem;
use crate::name;

/// What the document says. Of use only when `faults` is still empty.
pub(super) fn read(root: &Node, faults: &mut Faults<'_>) -> Definition {
    let mut reader = Reader {
        faults,
        expressions: Vec::new(),
        names: Arc::from([]),
        reusable: Reusable::default(),
        texts: BTreeMap::new(),
        values: BTreeMap::new(),
        depth: 0,
        deepest: 0,
    };
    reader.document(&Cursor::root(root))
}

/// The state of one reading.
struct Reader<'d, 'f, 'p> {
    faults: &'f mut Faults<'p>,
    expressions: Vec<Source>,
    /// What loops and handlers around have named, outermost first.
    names: Arc<[Arc<str>]>,
    /// What `use` offers.
    reusable: Reusable<'d>,
    /// Expressions and values by pointer, so that what is used often is held once.
    texts: BTreeMap<String, Arc<str>>,
    values: BTreeMap<String, Arc<Value>>,
    /// Tasks around the one that is read, and the most there have been.
    depth: usize,
    deepest: usize,
}

impl<'d> Reader<'d, '_, '_> {
    fn fault(&mut self, at: &Cursor<'d>, problem: Problem) {
        self.faults.add(at.mark(), problem);
    }

    /// Notes a value that is not allowed; `must` says what is.
    fn invalid(&mut self, at: &Cursor<'d>, must: &str) {
        let message = format!("{} {must}", at.label);
        self.fault(at, Problem::new("invalid_value", message));
    }

    fn wrong_type(&mut self, at: &Cursor<'d>, expected: &str) {
        let message = format!("{} is {}; it must be {expected}", at.label, at.node.kind());
        let problem = Problem::new("wrong_type", message);
        let problem = match &at.node.content {
            Content::Plain(value) if expected.starts_with("text") && !value.is_null() => {
                problem.help("put it between quotes")
            }
            _ => problem,
        };
        self.faults.add(at.node.at, problem);
    }

    fn unsupported(&mut self, at: &Cursor<'d>, what: &str, help: &str) {
        let problem = Problem::new("unsupported", what).help(help);
        self.faults.add(at.name_mark(), problem);
    }

    /// The object at the cursor, once every property not in `known` has been told.
    fn fields(&mut self, at: &Cursor<'d>, known: &[&str]) -> Fields<'d> {
        if !at.is_object() {
            self.wrong_type(at, "an object");
        }
        for (key, property) in at.properties() {
            if !known.contains(&&*key) {
                let message = format!("`{key}` is no property of {}", at.label);
                let problem = Problem::new("unknown_property", message);
                let help = name::suggest(&key, known.iter().copied());
                let problem = match help {
                    Some(help) => problem.help(help),
                    None => problem,
                };
                self.faults.add(property.name_mark(), problem);
            }
        }
        Fields { at: at.clone() }
    }

    /// A property that must be there.
    fn required(&mut self, fields: &Fields<'d>, key: &str) -> Option<Cursor<'d>> {
        let found = fields.get(key);
        if found.is_none() && fields.at.is_object() {
            let message = format!("{} lacks `{key}`", fields.at.label);
            self.fault(&fields.at, Problem::new("missing_property", message));
        }
        found
    }

    /// The one property of several that must be there, and its name.
    fn one_of<'k>(
        &mut self,
        fields: &Fields<'d>,
        keys: &[&'k str],
    ) -> Option<(&'k str, Cursor<'d>)> {
        let mut found = keys.iter().filter_map(|key| Some((*key, fields.get(key)?)));
        let (first, second) = (found.next(), found.next());
        let all = || format!("`{}`", keys.join("`, `"));
        match (&first, second) {
            (Some((one, _)), Some((two, at))) => {
                let label = &fields.at.label;
                let message = format!("{label} has both `{one}` and `{two}`");
                let problem = Problem::new("invalid_value", message);
                let help = format!("keep exactly one of {}", all());
                self.faults.add(at.name_mark(), problem.help(help));
            }
            (None, _) if fields.at.is_object() => {
                let message = format!("{} lacks one of {}", fields.at.label, all());
                self.fault(&fields.at, Problem::new("missing_property", message));
            }
            (Some(_) | None, _) => {}
        }
        first
    }

    fn text(&mut self, at: &Cursor<'d>) -> Arc<str> {
        match at.text() {
            Some(text) => text.clone(),
            None => {
                self.wrong_type(at, "text");
                "".into()
            }
        }
    }

    /// One of these words.
    fn word(&mut self, at: &Cursor<'d>, words: &[&str]) -> Arc<str> {
        let text = self.text(at);
        if at.text().is_some() && !words.contains(&&*text) {
            let message = format!("{} may not be `{text}`", at.label);
            let help = match name::nearest(&text, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it is one of: {}", words.join(", ")),
            };
            self.fault(at, Problem::new("invalid_value", message).help(help));
        }
        text
    }

    fn flag(&mut self, at: &Cursor<'d>) -> bool {
        match &at.node.content {
            Content::Plain(Value::Bool(flag)) => *flag,
            _ => {
                self.wrong_type(at, "`true` or `false`");
                false
            }
        }
    }

    /// A whole number between the two.
    fn integer(&mut self, at: &Cursor<'d>, least: u64, most: u64) -> u64 {
        let Content::Plain(Value::Number(number)) = &at.node.content else {
            self.wrong_type(at, "a whole number");
            return least;
        };
        match number.as_u64() {
            Some(number) if (least..=most).contains(&number) => number,
            Some(_) | None => {
                let message = format!("{} is {number}", at.label);
                let help = format!("it is a whole number from {least} to {most}");
                self.fault(at, Problem::new("invalid_value", message).help(help));
                least
            }
        }
    }

    fn list(&mut self, at: &Cursor<'d>) -> Vec<Cursor<'d>> {
        if !matches!(at.node.content, Content::List(_)) {
            self.wrong_type(at, "a list");
        }
        at.elements()
    }

    /// The properties of an object that may have any.
    fn open(&mut self, at: &Cursor<'d>) -> Vec<(Arc<str>, Cursor<'d>)> {
        if !at.is_object() {
            self.wrong_type(at, "an object");
        }
        at.properties()
    }

    /// Reads with these names in scope.
    fn scoped<T>(&mut self, names: &[&Arc<str>], read: impl FnOnce(&mut Self) -> T) -> T {
        let inner = self.names.iter().chain(names.iter().copied()).cloned();
        let inner: Arc<[Arc<str>]> = inner.collect();
        let outer = std::mem::replace(&mut self.names, inner);
        let result = read(self);
        self.names = outer;
        result
    }
}
