//! Numbers, texts, arrays and objects by themselves.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Array, EXACT, Field, Number, Object, Span, Text, Type, Whole};

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
        // A whole number from 2^53 on is between its neighbours: 2^53 + 1 reads as 2^53.
        let is_exact = !is_written || value.abs() < EXACT;
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

    pub(super) fn holds(&self, other: &Self) -> bool {
        let below = match (other.most, self.most) {
            (_, None) => true,
            (Some(other), Some(most)) => other <= most,
            (None, Some(_)) => false,
        };
        self.least <= other.least && below
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        !self.and(other).is_empty()
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            least: self.least.max(other.least),
            most: match (self.most, other.most) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }
    }

    pub(super) fn or(&self, other: &Self) -> Self {
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
