use std::cell::Cell;

use super::{Array, EXACT, Kind, Number, Object, Shape, Span, Text, Type, Whole};
use crate::limit;

/// Whether what gives values of one type may be put before what takes values of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Every value is taken.
    Yes,
    /// Some values are not, as far as the types say.
    May,
    /// Too little is known.
    Unknown,
    /// No value is taken.
    No,
}

/// Whether the consumer takes the values of the producer.
///
/// `Yes` and `No` hold for every value of the producer. `May` stands where the types show values that are not taken;
/// whether one of them really comes is for whoever asks to find out.
pub(crate) fn fits(producer: &Type, consumer: &Type) -> Fit {
    look(false).types(producer, consumer)
}

/// Whether every value of one type is one of the other, in the way that it is written too.
pub(super) fn holds(whole: &Type, part: &Type) -> bool {
    look(true).types(part, whole) == Fit::Yes
}

fn look(is_strict: bool) -> Look {
    Look {
        left: Cell::new(limit::TYPE_STEPS),
        is_strict,
    }
}

struct Look {
    /// Comparisons that may still be made.
    left: Cell<u32>,
    /// Whether `1.0` is no whole number.
    is_strict: bool,
}

impl Look {
    fn types(&self, producer: &Type, consumer: &Type) -> Fit {
        if consumer.is_any() || producer.is_never() {
            return Fit::Yes;
        }
        if consumer.is_never() {
            return Fit::No;
        }
        let (Type::Of(given), Type::Of(taken)) = (producer, consumer) else {
            return Fit::Unknown;
        };
        let Some(left) = self.left.get().checked_sub(1) else {
            return Fit::Unknown;
        };
        self.left.set(left);
        all(given.iter().map(|shape| self.split(shape, taken)))
    }

    /// One shape against all that are taken; of values that can be told apart, each by itself.
    fn split(&self, shape: &Shape, taken: &[Shape]) -> Fit {
        let whole = self.best(shape, taken);
        if whole == Fit::Yes || whole == Fit::No {
            return whole;
        }
        let part = |kind: Kind| Shape {
            kind,
            claims: shape.claims.clone(),
        };
        match &shape.kind {
            Kind::Bool(None) => {
                all([true, false].map(|value| self.best(&part(Kind::Bool(Some(value))), taken)))
            }
            Kind::Text(Text {
                values: Some(values),
                ..
            }) if values.len() > 1 => all(values
                .iter()
                .map(|value| self.best(&part(Kind::Text(Text::of([value.clone()]))), taken))),
            _ => whole,
        }
    }

    fn best(&self, shape: &Shape, taken: &[Shape]) -> Fit {
        let mut found = Fit::No;
        for other in taken {
            match self.shapes(shape, other) {
                Fit::Yes => return Fit::Yes,
                Fit::No => {}
                fit => {
                    found = match found {
                        Fit::No => fit,
                        found => found.max(fit),
                    };
                }
            }
        }
        found
    }

    fn shapes(&self, given: &Shape, taken: &Shape) -> Fit {
        let fit = match (&given.kind, &taken.kind) {
            (Kind::Null, Kind::Null) => Fit::Yes,
            (Kind::Bool(given), Kind::Bool(taken)) => match (given, taken) {
                (_, None) => Fit::Yes,
                (None, Some(_)) => Fit::May,
                (Some(given), Some(taken)) if given == taken => Fit::Yes,
                (Some(_), Some(_)) => Fit::No,
            },
            (Kind::Number(given), Kind::Number(taken)) => self.numbers(given, taken),
            (Kind::Text(given), Kind::Text(taken)) => texts(given, taken),
            (Kind::Array(given), Kind::Array(taken)) => self.arrays(given, taken),
            (Kind::Object(given), Kind::Object(taken)) => self.objects(given, taken),
            _ => Fit::No,
        };
        match fit {
            Fit::Yes if !taken.claims.is_subset(&given.claims) => Fit::Unknown,
            fit => fit,
        }
    }

    fn arrays(&self, given: &Array, taken: &Array) -> Fit {
        let mut fits = vec![spans(&given.len, &taken.len)];
        let may_have = |place: u64| given.len.most.is_none_or(|most| place < most);
        let known = given.first.len().max(taken.first.len());
        for place in (0..known).take_while(|place| may_have(*place as u64)) {
            let fit = self.types(given.element(place), taken.element(place));
            fits.push(part(fit, (place as u64) < given.len.least));
        }
        if may_have(known as u64) {
            let fit = match (known as u64) < given.len.least {
                true => self.types(&given.rest, &taken.rest),
                false => self.rest(&given.rest, &taken.rest),
            };
            fits.push(fit);
        }
        every(fits)
    }

    fn objects(&self, given: &Object, taken: &Object) -> Fit {
        let mut fits = Vec::new();
        for (name, field) in given.fields.iter() {
            let (wanted, _) = taken.field(name);
            fits.push(part(self.types(&field.of, wanted), field.is_required));
        }
        for (name, field) in taken.fields.iter() {
            if field.is_required {
                let (of, is_there) = given.field(name);
                fits.push(match is_there {
                    true => Fit::Yes,
                    false if of.is_never() => Fit::No,
                    false if of.is_any() => Fit::Unknown,
                    false => Fit::May,
                });
            }
            if !given.fields.contains_key(name) {
                fits.push(self.rest(&given.rest, &field.of));
            }
        }
        fits.push(self.rest(&given.rest, &taken.rest));
        every(fits)
    }

    /// What may be there beside what is named: that nothing is known of it is no value that is refused.
    fn rest(&self, given: &Type, taken: &Type) -> Fit {
        match given.is_any() && !taken.is_any() {
            true => Fit::Unknown,
            false => part(self.types(given, taken), false),
        }
    }

    fn numbers(&self, given: &Number, taken: &Number) -> Fit {
        let above = given.least > taken.least
            || (given.least == taken.least && (given.open.0 || !taken.open.0));
        let below = given.most < taken.most
            || (given.most == taken.most && (given.open.1 || !taken.open.1));
        let both = super::meet::numbers(given, taken);
        if both.is_none() {
            return Fit::No;
        }
        let is_wild = given.is_wild && !(self.is_strict && taken.is_wild);
        if !above || !below || is_wild {
            return Fit::May;
        }
        // A reader of integers takes `1.0` where the float names one integer, and no further.
        let is_near = given.whole == Whole::Value && given.is_within(-EXACT, EXACT);
        let is_whole = given.whole >= taken.whole || (is_near && !self.is_strict);
        if is_whole { Fit::Yes } else { Fit::May }
    }
}

/// What a part says of the whole: one that need not be there refuses only some values.
fn part(fit: Fit, is_there: bool) -> Fit {
    match fit {
        Fit::No if !is_there => Fit::May,
        fit => fit,
    }
}

/// Of values side by side.
fn all(fits: impl IntoIterator<Item = Fit>) -> Fit {
    let mut fits = fits.into_iter();
    let Some(mut found) = fits.next() else {
        return Fit::Yes;
    };
    for fit in fits {
        found = match (found, fit) {
            (found, fit) if found == fit => found,
            (Fit::Unknown, Fit::Yes) | (Fit::Yes, Fit::Unknown) => Fit::Unknown,
            _ => Fit::May,
        };
    }
    found
}

/// Of parts of one value: one that is not taken is enough.
fn every(fits: impl IntoIterator<Item = Fit>) -> Fit {
    let mut found = Fit::Yes;
    for fit in fits {
        found = match (found, fit) {
            (Fit::No, _) | (_, Fit::No) => return Fit::No,
            (Fit::May, _) | (_, Fit::May) => Fit::May,
            (found, fit) => found.max(fit),
        };
    }
    found
}

fn spans(given: &Span, taken: &Span) -> Fit {
    match () {
        () if taken.holds(given) => Fit::Yes,
        () if !taken.meets(given) => Fit::No,
        () => Fit::May,
    }
}

fn texts(given: &Text, taken: &Text) -> Fit {
    let len = spans(&given.len, &taken.len);
    let values = match (&given.values, &taken.values) {
        (_, None) => Fit::Yes,
        (None, Some(taken)) => match taken.iter().any(|value| {
            given
                .len
                .holds(&Span::exactly(value.chars().count() as u64))
        }) {
            true => Fit::May,
            false => Fit::No,
        },
        (Some(given), Some(taken)) => match () {
            () if given.is_subset(taken) => Fit::Yes,
            () if given.is_disjoint(taken) => Fit::No,
            () => Fit::May,
        },
    };
    every([len, values])
}
