//! The values that a JSON Schema lets through, as something that can be compared and computed with.
//!
//! ```text
//! schema ──> Type ──┬──> fits(producer, consumer): yes, no, may, unknown
//!                   └──> sample: a value of it
//! ```
//!
//! A type holds every value that its schema lets through, and may hold more: what is not understood of a schema is kept
//! as a *claim*, a text that the values are known to satisfy. A consumer that makes a claim is never found to take what
//! does not make the same one.

mod fit;
mod join;
mod meet;
mod read;
mod sample;
mod show;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

pub(crate) use self::fit::{Fit, fits};
pub(crate) use self::read::{Origin, read};
pub(crate) use self::sample::Draws;
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

impl Number {
    pub(crate) fn any() -> Self {
        Self {
            least: f64::NEG_INFINITY,
            most: f64::INFINITY,
            open: (false, false),
            whole: Whole::No,
            is_wild: false,
        }
    }

    pub(crate) fn of(number: &serde_json::Number) -> Self {
        let value = number.as_f64().unwrap_or(f64::NAN);
        let is_written = !number.is_f64();
        // A whole number beyond 2^53 is between its neighbours.
        let is_exact = !is_written || value.abs() <= EXACT;
        let (least, most) = match is_exact {
            true => (value, value),
            false => (value.next_down(), value.next_up()),
        };
        Self {
            least,
            most,
            open: (false, false),
            whole: match () {
                () if is_written => Whole::Written,
                () if value.fract() == 0.0 => Whole::Value,
                () => Whole::No,
            },
            is_wild: false,
        }
    }

    /// The same with bounds in one form, if any number is left.
    pub(crate) fn normal(mut self) -> Option<Self> {
        if self.whole != Whole::No {
            let (least, most) = (self.least.ceil(), self.most.floor());
            let is_small = |bound: f64| bound.abs() < EXACT;
            if self.open.0 && is_small(least) && least == self.least {
                self.least = least + 1.0;
            } else if is_small(least) {
                self.least = least;
            }
            if self.open.1 && is_small(most) && most == self.most {
                self.most = most - 1.0;
            } else if is_small(most) {
                self.most = most;
            }
            self.open = (
                self.open.0 && !is_small(self.least),
                self.open.1 && !is_small(self.most),
            );
        }
        let is_empty = self.least > self.most
            || (self.least == self.most && (self.open.0 || self.open.1))
            || self.least.is_nan()
            || self.most.is_nan();
        (!is_empty).then_some(self)
    }

    /// Whether they are between these bounds, which are part of it.
    pub(crate) fn is_within(&self, least: f64, most: f64) -> bool {
        self.least >= least && self.most <= most
    }
}

impl Text {
    pub(crate) fn any() -> Self {
        Self {
            len: Span::any(),
            values: None,
        }
    }

    pub(crate) fn of(values: impl IntoIterator<Item = Arc<str>>) -> Self {
        let values: BTreeSet<Arc<str>> = values.into_iter().collect();
        let len = |text: &Arc<str>| text.chars().count() as u64;
        Self {
            len: Span {
                least: values.iter().map(len).min().unwrap_or_default(),
                most: values.iter().map(len).max(),
            },
            values: Some(Arc::new(values)),
        }
    }
}

impl Span {
    pub(crate) const fn any() -> Self {
        Self {
            least: 0,
            most: None,
        }
    }

    pub(crate) const fn exactly(len: u64) -> Self {
        Self {
            least: len,
            most: Some(len),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.most.is_some_and(|most| most < self.least)
    }

    fn holds(&self, other: &Self) -> bool {
        let below = match (other.most, self.most) {
            (_, None) => true,
            (Some(other), Some(most)) => other <= most,
            (None, Some(_)) => false,
        };
        self.least <= other.least && below
    }

    fn meets(&self, other: &Self) -> bool {
        !self.and(other).is_empty()
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            least: self.least.max(other.least),
            most: match (self.most, other.most) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }
    }

    fn or(&self, other: &Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self
                .most
                .and_then(|one| other.most.map(|other| one.max(other))),
        }
    }
}

impl Array {
    pub(crate) fn any() -> Self {
        Self {
            len: Span::any(),
            first: Arc::from([]),
            rest: Type::Any,
        }
    }

    /// The element at a place, if there is one.
    pub(crate) fn element(&self, place: usize) -> &Type {
        self.first.get(place).unwrap_or(&self.rest)
    }

    /// Any element.
    pub(crate) fn elements(&self) -> Type {
        let first = self.first.iter().enumerate();
        let there =
            first.filter(|(place, _)| self.len.most.is_none_or(|most| (*place as u64) < most));
        let first = there.map(|(_, of)| of.clone());
        let behind = self
            .len
            .most
            .is_none_or(|most| most > self.first.len() as u64);
        Type::one_of(first.chain(behind.then(|| self.rest.clone())))
    }

    /// The same in one form, if any array is left.
    pub(crate) fn normal(mut self) -> Option<Self> {
        // What no value can stand at ends the array before it.
        let never = self.first.iter().position(Type::is_never);
        let most = match never {
            Some(place) => Some(place),
            None if self.rest.is_never() => Some(self.first.len()),
            None => None,
        };
        if let Some(most) = most {
            self.len = self.len.and(&Span {
                least: 0,
                most: Some(most as u64),
            });
            if never.is_some() {
                self.first = self.first[..most].into();
                self.rest = Type::never();
            }
        }
        (!self.len.is_empty()).then_some(self)
    }
}

impl Object {
    pub(crate) fn any() -> Self {
        Self {
            fields: Arc::default(),
            rest: Type::Any,
        }
    }

    /// What a property is where it is there, and whether it always is.
    pub(crate) fn field(&self, name: &str) -> (&Type, bool) {
        match self.fields.get(name) {
            Some(field) => (&field.of, field.is_required),
            None => (&self.rest, false),
        }
    }

    /// Whether any object is left.
    pub(crate) fn normal(self) -> Option<Self> {
        let is_there = |field: &Field| !(field.is_required && field.of.is_never());
        self.fields.values().all(is_there).then_some(self)
    }
}
