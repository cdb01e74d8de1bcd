//! Expressions that are a path or a literal: read without jaq, straight from the JSON value.
//!
//! Most expressions of a document are `.a.b` or `$context.x`. To take one costs a few lookups; to convert the input
//! into values of jaq for it would cost as much as the input is large.

use jaq_core::ValT as _;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::Term;
use jaq_core::path::{Opt, Part};
use jaq_json::Val;
use serde_json::Value;

use super::Variables;
use super::value::{from_json, to_json};

/// A path from a root.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plain {
    root: Root,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
enum Root {
    Input,
    /// Without `$`.
    Variable(String),
    Literal(Value),
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    index: Index,
    /// `?`: an error is no output.
    is_optional: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Index {
    Key(String),
    Place(isize),
}

impl Plain {
    /// The path that a term is; none if it is more than one.
    pub(super) fn of(term: &Term<&str>) -> Option<Self> {
        match term {
            Term::Path(inner, path) => {
                let mut plain = Self::of(inner)?;
                for (part, option) in &path.0 {
                    let Part::Index(index) = part else {
                        return None;
                    };
                    plain.steps.push(Step {
                        index: Index::of(index)?,
                        is_optional: matches!(option, Opt::Optional),
                    });
                }
                Some(plain)
            }
            _ => Some(Self {
                root: Root::of(term)?,
                steps: Vec::new(),
            }),
        }
    }

    /// What stands there; null where nothing does.
    ///
    /// # Errors
    /// A value on the way cannot be indexed so; in the words of jaq.
    pub(super) fn find<'a>(
        &'a self,
        input: &'a Value,
        variables: &'a dyn Variables,
    ) -> Result<&'a Value, String> {
        let mut value = match &self.root {
            Root::Input => input,
            Root::Variable(name) => variables.get(name).unwrap_or(&Value::Null),
            Root::Literal(value) => value,
        };
        for step in &self.steps {
            value = match step.take(value) {
                Ok(value) => value,
                Err(_) if step.is_optional => return Ok(&Value::Null),
                Err(message) => return Err(message),
            };
        }
        Ok(value)
    }
}

impl Root {
    fn of(term: &Term<&str>) -> Option<Self> {
        let literal = |value| Some(Self::Literal(value));
        match term {
            Term::Id => Some(Self::Input),
            Term::Var(name) => Some(Self::Variable(name.strip_prefix('$')?.to_owned())),
            Term::Str(None, _) => literal(Value::String(text(term)?)),
            Term::Num(digits) => literal(to_json(&Val::from_num(digits).ok()?).ok()?),
            Term::Neg(inner) => match &**inner {
                Term::Num(digits) => literal(to_json(&(-Val::from_num(digits).ok()?).ok()?).ok()?),
                _ => None,
            },
            Term::Call("null", arguments) if arguments.is_empty() => literal(Value::Null),
            Term::Call("true", arguments) if arguments.is_empty() => literal(Value::Bool(true)),
            Term::Call("false", arguments) if arguments.is_empty() => literal(Value::Bool(false)),
            _ => None,
        }
    }
}

impl Index {
    fn of(term: &Term<&str>) -> Option<Self> {
        match term {
            Term::Num(digits) => digits.parse().ok().map(Self::Place),
            Term::Neg(inner) => match &**inner {
                Term::Num(digits) => digits
                    .parse::<isize>()
                    .ok()
                    .map(|place| Self::Place(-place)),
                _ => None,
            },
            _ => text(term).map(Self::Key),
        }
    }

    fn to_val(&self) -> Val {
        match self {
            Self::Key(key) => Val::from(key.clone()),
            Self::Place(place) => Val::from(*place),
        }
    }
}

impl Step {
    fn take<'a>(&self, value: &'a Value) -> Result<&'a Value, String> {
        let found = match (value, &self.index) {
            (Value::Null, _) | (Value::Object(_), Index::Place(_)) => None,
            (Value::Object(entries), Index::Key(key)) => entries.get(key),
            (Value::Array(values), Index::Place(place)) => {
                let place = usize::try_from(*place)
                    .ok()
                    .or_else(|| values.len().checked_sub(place.unsigned_abs()));
                place.and_then(|place| values.get(place))
            }
            (value, index) => {
                // Rare, and then in the very words of jaq.
                return match from_json(value).index(&index.to_val()) {
                    Err(error) => Err(error.to_string()),
                    Ok(_) => Err("it cannot be indexed".to_owned()),
                };
            }
        };
        Ok(found.unwrap_or(&Value::Null))
    }
}

/// The value of a term that is written out: a number, a text, true, false or null.
pub(super) fn literal(term: &Term<&str>) -> Option<Value> {
    match Root::of(term)? {
        Root::Literal(value) => Some(value),
        Root::Input | Root::Variable(_) => None,
    }
}

/// The text of a term that is one, without anything computed in it.
pub(super) fn text(term: &Term<&str>) -> Option<String> {
    let Term::Str(None, parts) = term else {
        return None;
    };
    let mut text = String::new();
    for part in parts {
        match part {
            StrPart::Str(part) => text.push_str(part),
            StrPart::Char(part) => text.push(*part),
            StrPart::Term(_) => return None,
        }
    }
    Some(text)
}
