use std::collections::BTreeMap;
use std::sync::Arc;

use jaq_core::ops::Math;

use super::Fails;
use super::fault::{self, Fault};
use super::path::each;
use crate::contract::types::{
    Array, EXACT, Field, Kind, Number, Object, Shape, Span, Text, Type, Whole,
};

/// What JSON holds as whole numbers: up to here, from minus half of it.
const WORD: f64 = 18_446_744_073_709_551_616.0;

/// `left operator right`
pub(super) fn compute(math: Math, left: &Type, right: &Type) -> (Type, Fails) {
    let (lefts, rights) = (left.shapes(), right.shapes());
    let mut given = Vec::new();
    let (mut some, mut none) = (false, false);
    for left in lefts.iter() {
        for right in rights.iter() {
            match pair(math, left, right) {
                Some((of, is_sure)) => {
                    given.push(of);
                    none |= !is_sure;
                    some = true;
                }
                None => none = true,
            }
        }
    }
    let fails = match (none, some) {
        (false, _) => Fails::Never,
        (true, _) if left.is_any() || right.is_any() => Fails::Unknown,
        (true, true) => Fails::May,
        (true, false) => Fails::Always,
    };
    (Type::one_of(given), fails)
}

/// What two give, and whether they surely do.
fn pair(math: Math, left: &Shape, right: &Shape) -> Option<(Type, bool)> {
    let sure = |kind: Kind| Some((Type::from(kind), true));
    match (math, &left.kind, &right.kind) {
        (Math::Add, Kind::Null, _) => Some((right.clone().into(), true)),
        (Math::Add, _, Kind::Null) => Some((left.clone().into(), true)),
        (math, Kind::Number(left), Kind::Number(right)) => {
            let is_sure = !matches!(math, Math::Rem) || !has_zero(right);
            Some((Kind::Number(numbers(math, left, right)).into(), is_sure))
        }
        (Math::Add, Kind::Text(left), Kind::Text(right)) => sure(Kind::Text(joined(left, right))),
        (Math::Add, Kind::Array(left), Kind::Array(right)) => {
            sure(Kind::Array(appended(left, right)))
        }
        (Math::Add, Kind::Object(left), Kind::Object(right)) => {
            sure(Kind::Object(merged(left, right)))
        }
        (Math::Sub, Kind::Array(left), Kind::Array(_)) => sure(Kind::Array(Array {
            len: Span {
                least: 0,
                most: left.len.most,
            },
            first: Arc::from([]),
            rest: left.elements(),
        })),
        (Math::Mul, Kind::Text(text), Kind::Number(times))
        | (Math::Mul, Kind::Number(times), Kind::Text(text)) => Some(repeated(text, times)),
        (Math::Mul, Kind::Object(_), Kind::Object(_)) => sure(Kind::Object(Object::any())),
        (Math::Div, Kind::Text(_), Kind::Text(_)) => sure(Kind::Array(Array {
            rest: Type::text(),
            ..Array::any()
        })),
        _ => None,
    }
}

/// Most times that a text of any length is repeated without a doubt about its size.
const REPEATED: f64 = 1_000.0;

/// A text so many times, which is null for none, and whether the evaluator surely makes it.
fn repeated(text: &Text, times: &Number) -> (Type, bool) {
    let is_whole = times.whole == Whole::Written && !times.is_wild;
    // A letter has at most four bytes.
    let room = crate::limit::EXPRESSION_VALUE_BYTES as u64 / 4;
    let count = u32::try_from(text.len.most.unwrap_or(0)).map_or(f64::INFINITY, f64::from);
    let fits = u32::try_from(room).is_ok_and(|room| count * times.most <= f64::from(room));
    let is_sure = is_whole && fits && (text.len.most.is_some() || times.most <= REPEATED);
    let most = text.len.most.filter(|_| is_sure).map(|_| room);
    let repeated = Text {
        len: Span { least: 0, most },
        values: None,
    };
    (Type::from(Kind::Text(repeated)).or(&Type::null()), is_sure)
}

fn has_zero(number: &Number) -> bool {
    number.is_wild || (number.least <= 0.0 && number.most >= 0.0)
}

fn numbers(math: Math, left: &Number, right: &Number) -> Number {
    let whole = left.whole.min(right.whole);
    let corners = |compute: fn(f64, f64) -> f64| {
        let pairs = [
            (left.least, right.least),
            (left.least, right.most),
            (left.most, right.least),
            (left.most, right.most),
        ];
        let values = pairs.map(|(left, right)| {
            let value = compute(left, right);
            // Zero times what has no bound is zero.
            if value.is_nan() { 0.0 } else { value }
        });
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (least, most)
    };
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    let ((least, most), whole) = match math {
        Math::Add if fault::is(Fault::SumStaysSmall) => ((left.least, left.most), whole),
        Math::Add => ((left.least + right.least, left.most + right.most), whole),
        Math::Sub => ((left.least - right.most, left.most - right.least), whole),
        Math::Mul => (corners(|left, right| left * right), whole),
        Math::Div if has_zero(right) => (all, Whole::No),
        Math::Div => (corners(|left, right| left / right), Whole::No),
        Math::Rem => (all, whole),
    };
    bounded(least, most, whole, left.is_wild || right.is_wild)
}

/// Numbers that were computed, which are wild where they may leave what JSON holds.
fn bounded(least: f64, most: f64, whole: Whole, is_wild: bool) -> Number {
    // Whole numbers are exact beyond what the bounds can say.
    let outward = |bound: f64, way: fn(f64) -> f64| {
        if bound.abs() >= EXACT {
            way(bound)
        } else {
            bound
        }
    };
    let (least, most) = match least.is_nan() || most.is_nan() {
        true => (f64::NEG_INFINITY, f64::INFINITY),
        false => (outward(least, f64::next_down), outward(most, f64::next_up)),
    };
    Number {
        least,
        most,
        open: (false, false),
        whole,
        is_wild: is_wild || least < -WORD / 2.0 || most >= WORD,
    }
}

/// `- of`
pub(super) fn negative(of: &Type) -> (Type, Fails) {
    each(of, |shape| match &shape.kind {
        Kind::Number(number) => {
            let is_wild = number.is_wild;
            let number = bounded(-number.most, -number.least, number.whole, is_wild);
            Some(Kind::Number(number).into())
        }
        _ => None,
    })
}

/// `length` of a number.
pub(super) fn absolute(number: &Number) -> Number {
    let (least, most) = (number.least.abs(), number.most.abs());
    let is_around_zero = number.least <= 0.0 && number.most >= 0.0;
    let nearest = if is_around_zero { 0.0 } else { least.min(most) };
    // The smallest whole number of 64 bits has no counterpart.
    let is_wild = number.is_wild || number.least <= -WORD / 2.0;
    bounded(nearest, least.max(most), number.whole, is_wild)
}

/// All numbers that a sum of many may be.
pub(super) fn sums(whole: Whole) -> Number {
    bounded(f64::NEG_INFINITY, f64::INFINITY, whole, true)
}

/// The same without what JSON cannot hold.
pub(super) fn tamed(of: &Type) -> Type {
    let Type::Of(shapes) = of else {
        return Type::Any;
    };
    if !of.is_wild() {
        return of.clone();
    }
    Type::one_of(shapes.iter().map(|shape| {
        let kind = match &shape.kind {
            Kind::Number(number) => Kind::Number(Number {
                is_wild: false,
                ..*number
            }),
            Kind::Array(array) => Kind::Array(Array {
                len: array.len,
                first: array.first.iter().map(tamed).collect(),
                rest: tamed(&array.rest),
            }),
            Kind::Object(object) => {
                let fields = object.fields.iter().map(|(name, field)| {
                    let field = Field {
                        of: tamed(&field.of),
                        is_required: field.is_required,
                    };
                    (name.clone(), field)
                });
                Kind::Object(Object {
                    fields: Arc::new(fields.collect()),
                    rest: tamed(&object.rest),
                })
            }
            kind => kind.clone(),
        };
        Type::from(Shape {
            kind,
            claims: shape.claims.clone(),
        })
    }))
}

/// Most texts that a sum of two lists one by one.
const LISTED: usize = 64;

pub(super) fn joined(left: &Text, right: &Text) -> Text {
    if let (Some(lefts), Some(rights)) = (&left.values, &right.values)
        && lefts.len() * rights.len() <= LISTED
    {
        return Text::of(lefts.iter().flat_map(|left| {
            rights
                .iter()
                .map(move |right| Arc::from(format!("{left}{right}")))
        }));
    }
    Text {
        len: super::plus(&left.len, &right.len),
        values: None,
    }
}

fn appended(left: &Array, right: &Array) -> Array {
    let len = super::plus(&left.len, &right.len);
    let count = usize::try_from(left.len.least).unwrap_or(usize::MAX);
    if left.len.most == Some(left.len.least) && count <= LISTED {
        let lefts = (0..count).map(|place| left.element(place).clone());
        return Array {
            len,
            first: lefts.chain(right.first.iter().cloned()).collect(),
            rest: right.rest.clone(),
        };
    }
    Array {
        len,
        first: Arc::from([]),
        rest: left.elements().or(&right.elements()),
    }
}

/// The right one goes before the left one.
fn merged(left: &Object, right: &Object) -> Object {
    let mut fields = BTreeMap::new();
    for name in left.fields.keys().chain(right.fields.keys()) {
        let ((below, is_below), (above, is_above)) = (left.field(name), right.field(name));
        fields.entry(name.clone()).or_insert_with(|| Field {
            of: match is_above {
                true => above.clone(),
                false => above.or(below),
            },
            is_required: is_below || is_above,
        });
    }
    Object {
        fields: Arc::new(fields),
        rest: left.rest.or(&right.rest),
    }
}
