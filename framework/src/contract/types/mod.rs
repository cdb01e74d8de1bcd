//! The values that a JSON Schema lets through, as something that can be compared and computed with.
//!
//! ```text
//! schema ──> Type ──┬──> fits(producer, consumer): yes, no, may, unknown
//!                   ├──> sample: a value of it
//!                   └──> Taker: whether values are taken, in words
//! ```
//!
//! A type holds every value that its schema lets through, and may hold more: what is not understood of a schema is kept
//! as a *claim*, a text that the values are known to satisfy. A consumer that makes a claim is never found to take what
//! does not make the same one.

mod claims;
mod fit;
mod join;
mod kinds;
mod meet;
mod read;
mod sample;
mod show;
mod taker;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

pub(crate) use self::fit::{Fit, fits};
pub(crate) use self::read::{Origin, read};
pub(crate) use self::sample::Draws;
pub use self::taker::{Answer, Shares};
pub(crate) use self::taker::{Taker, alone, quoted};
use crate::limit;

/// Values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    /// Every value: nothing is known.
    Any,
    /// The values of any of these; without one, no value at all.
    Of(Arc<[Shape]>),
}

/// Values of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    /// What else is known of them, as the schema says it.
    pub(crate) claims: Arc<BTreeSet<Arc<str>>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    /// One of the two, or either.
    Bool(Option<bool>),
    Number(Number),
    Text(Text),
    Array(Array),
    Object(Object),
}

/// Numbers between two bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number {
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// Whether the bounds themselves are left out.
    pub(crate) open: (bool, bool),
    pub(crate) whole: Whole,
    /// Whether a computation may have given one that JSON cannot hold: not a number, infinite, whole beyond 64 bits.
    pub(crate) is_wild: bool,
}

/// Whether numbers are whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whole {
    No,
    /// Whole, perhaps written with decimals: `1.0`.
    Value,
    /// Written without decimals.
    Written,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) len: Span,
    /// One of these.
    pub(crate) values: Option<Arc<BTreeSet<Arc<str>>>>,
}

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub(crate) len: Span,
    /// The first elements.
    pub(crate) first: Arc<[Type]>,
    /// Those behind them.
    pub(crate) rest: Type,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    pub(crate) fields: Arc<BTreeMap<Arc<str>, Field>>,
    /// Every other property; no value where there is none.
    pub(crate) rest: Type,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) of: Type,
    pub(crate) is_required: bool,
}

/// The integers that a float holds without rounding.
pub(crate) const EXACT: f64 = 9_007_199_254_740_992.0;

impl Type {
    /// No value.
    pub(crate) fn never() -> Self {
        Self::Of(Arc::from([]))
    }

    pub(crate) fn is_never(&self) -> bool {
        matches!(self, Self::Of(shapes) if shapes.is_empty())
    }

    pub(crate) fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }

    /// The kinds that it has; of any, each with nothing known of it.
    pub(crate) fn shapes(&self) -> Arc<[Shape]> {
        match self {
            Self::Any => Shape::every().collect(),
            Self::Of(shapes) => shapes.clone(),
        }
    }

    /// The values of all of these.
    pub(crate) fn one_of(types: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for of in types {
            match of {
                Self::Any => return Self::Any,
                Self::Of(shapes) => all.extend(shapes.iter().cloned()),
            }
        }
        join::shapes(all)
    }

    /// The values of either.
    #[must_use]
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self::one_of([self.clone(), other.clone()])
    }

    /// The values of both.
    #[must_use]
    pub(crate) fn and(&self, other: &Self) -> Self {
        meet::types(self, other)
    }

    /// Without bounds on numbers, texts and lengths: what a loop makes larger with each round stays the same.
    #[must_use]
    pub(crate) fn widened(&self) -> Self {
        join::widened(self, limit::TYPE_DEPTH)
    }

    pub(crate) fn null() -> Self {
        Kind::Null.into()
    }

    pub(crate) fn bool() -> Self {
        Kind::Bool(None).into()
    }

    pub(crate) fn text() -> Self {
        Kind::Text(Text::any()).into()
    }

    /// Whole numbers from zero to what an array can hold.
    pub(crate) fn count() -> Self {
        let number = Number {
            least: 0.0,
            most: EXACT,
            open: (false, false),
            whole: Whole::Written,
            is_wild: false,
        };
        Kind::Number(number).into()
    }

    /// Arrays of these elements and no others.
    pub(crate) fn tuple(elements: Vec<Self>) -> Self {
        if elements.iter().any(Self::is_never) {
            return Self::never();
        }
        let len = elements.len() as u64;
        let array = Array {
            len: Span::exactly(len),
            first: elements.into(),
            rest: Self::never(),
        };
        Kind::Array(array).into()
    }

    /// Objects with these properties and no others.
    pub(crate) fn record<N: Into<Arc<str>>>(
        fields: impl IntoIterator<Item = (N, Self, bool)>,
    ) -> Self {
        let field =
            |(name, of, is_required): (N, Self, bool)| (name.into(), Field { of, is_required });
        let fields: BTreeMap<Arc<str>, Field> = fields.into_iter().map(field).collect();
        if fields
            .values()
            .any(|field| field.is_required && field.of.is_never())
        {
            return Self::never();
        }
        let object = Object {
            fields: Arc::new(fields),
            rest: Self::never(),
        };
        Kind::Object(object).into()
    }

    /// The type of one value.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::null(),
            Value::Bool(value) => Kind::Bool(Some(*value)).into(),
            Value::Number(number) => Kind::Number(Number::of(number)).into(),
            Value::String(text) => Kind::Text(Text::of([text.as_str().into()])).into(),
            Value::Array(elements) => Self::tuple(elements.iter().map(Self::of).collect()),
            Value::Object(entries) => Self::record(
                entries
                    .iter()
                    .map(|(name, value)| (name.as_str(), Self::of(value), true)),
            ),
        }
    }

    /// All of its values, where they are few and written out.
    pub(crate) fn listed(&self) -> Option<Vec<Value>> {
        let Self::Of(shapes) = self else {
            return None;
        };
        let mut values = Vec::new();
        for shape in shapes.iter() {
            match &shape.kind {
                Kind::Null => values.push(Value::Null),
                Kind::Bool(Some(value)) => values.push(Value::Bool(*value)),
                Kind::Bool(None) => values.extend([Value::Bool(true), Value::Bool(false)]),
                Kind::Text(Text {
                    values: Some(texts),
                    ..
                }) => values.extend(texts.iter().map(|text| Value::from(&**text))),
                Kind::Number(_) | Kind::Text(_) | Kind::Array(_) | Kind::Object(_) => return None,
            }
        }
        Some(values)
    }

    /// Whether it asks for a `format`.
    pub(crate) fn claims_format(&self) -> bool {
        let is_format = |claim: &Arc<str>| claim.starts_with("format:");
        match self {
            Self::Any => false,
            Self::Of(shapes) => shapes
                .iter()
                .any(|shape| shape.claims.iter().any(is_format)),
        }
    }

    /// Whether a value of it, or of its parts, may be one that JSON cannot hold.
    pub(crate) fn is_wild(&self) -> bool {
        let Self::Of(shapes) = self else {
            return false;
        };
        shapes.iter().any(|shape| match &shape.kind {
            Kind::Number(number) => number.is_wild,
            Kind::Array(array) => array.rest.is_wild() || array.first.iter().any(Self::is_wild),
            Kind::Object(object) => {
                object.rest.is_wild() || object.fields.values().any(|field| field.of.is_wild())
            }
            Kind::Null | Kind::Bool(_) | Kind::Text(_) => false,
        })
    }
}

impl From<Kind> for Type {
    fn from(kind: Kind) -> Self {
        Self::Of(Arc::from([Shape::from(kind)]))
    }
}

impl From<Shape> for Type {
    fn from(shape: Shape) -> Self {
        Self::Of(Arc::from([shape]))
    }
}

impl From<Kind> for Shape {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            claims: Arc::default(),
        }
    }
}

impl Shape {
    /// Each kind, with nothing known of it.
    pub(crate) fn every() -> impl Iterator<Item = Self> {
        let kinds = [
            Kind::Null,
            Kind::Bool(None),
            Kind::Number(Number::any()),
            Kind::Text(Text::any()),
            Kind::Array(Array::any()),
            Kind::Object(Object::any()),
        ];
        kinds.into_iter().map(Self::from)
    }
}
