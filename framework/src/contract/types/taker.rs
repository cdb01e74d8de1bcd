//! Whether values are taken where they are put, as people are told of it.

use std::sync::OnceLock;

use serde::Serialize;
use serde_json::Value;

use super::{Draws, Fit, Kind, Object, Origin, Type, fits, read};
use crate::limit;

/// Whether values fit where they are put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// None fails there, whatever the input, the bounds on size and steps apart.
    Yes,
    /// Every one fails there.
    No,
    /// One was found that fails there.
    MayFail,
    /// Nothing was found that fails, and not enough is known to exclude it.
    Unknown,
}

/// How many places have which answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Shares {
    /// See [`Answer::Yes`].
    pub yes: u32,
    /// See [`Answer::No`].
    pub no: u32,
    /// See [`Answer::MayFail`].
    pub may_fail: u32,
    /// See [`Answer::Unknown`].
    pub unknown: u32,
}

impl Shares {
    /// One more.
    pub fn count(&mut self, answer: Answer) {
        *match answer {
            Answer::Yes => &mut self.yes,
            Answer::No => &mut self.no,
            Answer::MayFail => &mut self.may_fail,
            Answer::Unknown => &mut self.unknown,
        } += 1;
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            yes: self.yes + other.yes,
            no: self.no + other.no,
            may_fail: self.may_fail + other.may_fail,
            unknown: self.unknown + other.unknown,
        }
    }
}

/// Where a value is put that a schema tells about.
#[derive(Debug)]
pub(crate) struct Taker {
    pub(crate) takes: Type,
    schema: Value,
    /// Compiled when a value is tried: most types are compared, and that is all.
    validator: OnceLock<Option<jsonschema::Validator>>,
}

impl Taker {
    pub(crate) fn new(schema: Value, origin: Origin) -> Self {
        Self {
            takes: read(&schema, origin),
            schema,
            validator: OnceLock::new(),
        }
    }

    /// What refuses values; none where the schema is none.
    pub(crate) fn validator(&self) -> Option<&jsonschema::Validator> {
        let compiled = || jsonschema::validator_for(&self.schema).ok();
        self.validator.get_or_init(compiled).as_ref()
    }

    /// Whether all values of a type are taken. Of a few, each is tried: a pattern says nothing about types.
    pub(crate) fn fit(&self, of: &Type) -> Fit {
        let fit = fits(of, &self.takes);
        let (Fit::Unknown, Some(values)) = (fit, of.listed()) else {
            return fit;
        };
        let Some(validator) = self.validator() else {
            return fit;
        };
        let taken = values
            .iter()
            .filter(|value| validator.is_valid(value))
            .count();
        match taken {
            0 => Fit::No,
            taken if taken < values.len() => Fit::May,
            // A format is not looked at by the validator.
            _ if self.takes.claims_format() => Fit::Unknown,
            _ => Fit::Yes,
        }
    }

    /// Why a value is refused, if it is.
    pub(crate) fn refusal(&self, value: &Value) -> Option<String> {
        let error = self.validator()?.iter_errors(value).next();
        let error = error.map(|error| {
            // It quotes what it is about, which may be long.
            let text = match is_long(value) {
                true => error.masked_with("it").to_string(),
                false => error.to_string(),
            };
            match error.instance_path().as_str() {
                "" => text,
                at => format!("{text} at `{at}`"),
            }
        });
        // The range of a Rust integer is known to the type, and not to the validator.
        let is_refused = || fits(&Type::of(value), &self.takes) == Fit::No;
        error.or_else(|| is_refused().then(|| format!("{} is taken", self.takes)))
    }

    /// Whether values of a type are taken, and the words for it: what is given and what is taken, or a value that is
    /// refused.
    pub(crate) fn judge(&self, of: &Type) -> (Answer, String) {
        match self.fit(of) {
            Fit::Yes => (Answer::Yes, String::new()),
            Fit::No => (Answer::No, self.mismatch(of)),
            Fit::May => match self.refused(of) {
                Some(refused) => (Answer::MayFail, refused),
                None => (Answer::Unknown, self.mismatch(of)),
            },
            Fit::Unknown => (Answer::Unknown, self.mismatch(of)),
        }
    }

    /// A value of a type that is refused, in words: one that can be read, else the shortest of those that were found.
    fn refused(&self, of: &Type) -> Option<String> {
        let mut draws = Draws::new(1);
        let mut shortest: Option<(Value, String)> = None;
        for _ in 0..limit::TYPE_TRIES {
            let Some(value) = of.sample(&mut draws) else {
                continue;
            };
            let Some(error) = self.refusal(&value) else {
                continue;
            };
            let length = |value: &Value| value.to_string().len();
            let is_shorter = |(known, _): &(Value, String)| length(&value) < length(known);
            if shortest.as_ref().is_none_or(is_shorter) {
                let is_readable = !is_long(&value);
                shortest = Some((value, error));
                if is_readable {
                    break;
                }
            }
        }
        shortest.map(|(value, error)| format!("may be `{}`: {error}", quoted(&value)))
    }

    /// What is given and what is taken, at the innermost place that shows it.
    pub(crate) fn mismatch(&self, of: &Type) -> String {
        let (at, of, takes) = innermost(of, &self.takes);
        match at.as_str() {
            "" => format!("is {of}, and {takes} is taken"),
            _ if of.is_never() => format!("has nothing at `{at}`, and {takes} is taken there"),
            _ => format!("has {of} at `{at}`, and {takes} is taken there"),
        }
    }
}

/// Whether only a part of a value is worth showing.
fn is_long(value: &Value) -> bool {
    value.to_string().chars().nth(limit::TYPE_QUOTE).is_some()
}

/// A value as far as it is worth showing.
pub(crate) fn quoted(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(limit::TYPE_QUOTE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The property of a property that is there, and never one that is taken.
fn innermost<'t>(mut given: &'t Type, mut taken: &'t Type) -> (String, &'t Type, &'t Type) {
    let mut at = String::new();
    while let Some((name, field, wanted)) = misfit(given, taken) {
        at = format!("{at}/{}", crate::contract::escape(name));
        (given, taken) = (field, wanted);
    }
    (at, given, taken)
}

fn misfit<'t>(given: &'t Type, taken: &'t Type) -> Option<(&'t str, &'t Type, &'t Type)> {
    let (given, taken) = (object(given)?, object(taken)?);
    let wanted = taken.fields.iter().filter(|(_, field)| field.is_required);
    let named = given.fields.iter().filter(|(_, field)| field.is_required);
    let names = named.chain(wanted).map(|(name, _)| &**name);
    names
        .map(|name| (name, given.field(name).0, taken.field(name).0))
        .find(|(_, field, wanted)| field.is_never() || fits(field, wanted) == Fit::No)
}

/// The objects of a type, where it has no other values.
fn object(of: &Type) -> Option<&Object> {
    let Type::Of(shapes) = of else {
        return None;
    };
    match &shapes[..] {
        [only] => match &only.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        },
        _ => None,
    }
}

/// A part of a schema as a schema of its own.
pub(crate) fn alone(part: &Value, root: &Value) -> Value {
    let mut alone = part.clone();
    if let Value::Object(keywords) = &mut alone {
        for keyword in ["$defs", "definitions"] {
            if let Some(definitions) = root.get(keyword) {
                keywords.insert(keyword.to_owned(), definitions.clone());
            }
        }
    }
    alone
}
