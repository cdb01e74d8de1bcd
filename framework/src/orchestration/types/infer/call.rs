//! The functions that are followed.

use std::sync::Arc;

use jaq_core::load::parse::Term;

use super::path::{each, element, elements};
use super::{Fails, Flow, Scope, infer, math, narrow, text, truth};
use crate::contract::types::{Array, EXACT, Kind, Number, Shape, Span, Text, Type, Whole};

pub(super) fn call(name: &str, arguments: &[Term<&str>], input: &Type, scope: &mut Scope) -> Flow {
    let one = |(gives, fails)| Flow::one(input.clone()).then(|_| (gives, fails));
    match (name, arguments) {
        ("true", []) => Flow::one(Kind::Bool(Some(true)).into()),
        ("false", []) => Flow::one(Kind::Bool(Some(false)).into()),
        ("null", []) => Flow::one(Type::null()),
        ("empty", []) => Flow {
            count: Span::exactly(0),
            ..Flow::one(Type::never())
        },
        ("not", []) => Flow::one(opposite(input)),
        ("length", []) => one(length(input)),
        ("tostring", []) => Flow::one(Kind::Text(text::written(input)).into()),
        ("tojson" | "@json", []) => Flow::one(Type::text()),
        ("type", []) => Flow::one(kinds(input)),
        ("keys" | "keys_unsorted", []) => one(keys(input)),
        ("first", []) => one(element(input, 0)),
        ("last", []) => one(element(input, -1)),
        ("ascii_downcase" | "ascii_upcase", []) => one(each(input, |shape| match &shape.kind {
            Kind::Text(text) => Some(same_len(text)),
            _ => None,
        })),
        ("values", []) => chosen(input, |kind| !matches!(kind, Kind::Null)),
        ("nulls", []) => chosen(input, |kind| matches!(kind, Kind::Null)),
        ("booleans", []) => chosen(input, |kind| matches!(kind, Kind::Bool(_))),
        ("strings", []) => chosen(input, |kind| matches!(kind, Kind::Text(_))),
        ("arrays", []) => chosen(input, |kind| matches!(kind, Kind::Array(_))),
        ("objects", []) => chosen(input, |kind| matches!(kind, Kind::Object(_))),
        ("add", []) => one(sum(input)),
        ("select", [condition]) => selected(condition, input, scope),
        ("map", [each]) => mapped(each, input, scope),
        ("has", [key]) => has(key, input, scope),
        ("startswith" | "endswith", [part]) => {
            let part = infer(part, input, scope);
            let whole = one(texts(input));
            let both = part.clone().then(texts);
            let fails = whole.with(&both);
            Flow {
                gives: Type::bool(),
                count: part.count,
                fails,
            }
        }
        ("join", [separator]) => {
            let separator = infer(separator, input, scope);
            let whole = one(each(input, |shape| match &shape.kind {
                Kind::Array(_) => Some(Type::text()),
                Kind::Object(_) => Some(Type::text().or(&Type::null())),
                _ => None,
            }));
            let between = separator.clone().then(texts);
            Flow {
                // A separator between no elements is not looked at.
                fails: whole.fails.perhaps().max(between.fails.perhaps()),
                count: separator.count,
                gives: whole.gives,
            }
        }
        _ => Flow::unknown(scope),
    }
}

fn opposite(of: &Type) -> Type {
    let (is_true, may_be_false) = truth(of);
    Kind::Bool(match (is_true.is_never(), may_be_false) {
        (true, _) => Some(true),
        (false, false) => Some(false),
        (false, true) => None,
    })
    .into()
}

fn counted(span: &Span) -> Type {
    let bound = |count: u64| u32::try_from(count).map_or(EXACT, f64::from);
    let number = Number {
        least: u32::try_from(span.least).map_or(0.0, f64::from),
        most: span.most.map_or(EXACT, bound),
        open: (false, false),
        whole: Whole::Written,
        is_wild: false,
    };
    Kind::Number(number).into()
}

fn length(of: &Type) -> (Type, Fails) {
    each(of, |shape| match &shape.kind {
        Kind::Null => Some(counted(&Span::exactly(0))),
        Kind::Bool(_) => None,
        Kind::Number(number) => Some(Kind::Number(math::absolute(number)).into()),
        Kind::Text(text) => Some(counted(&text.len)),
        Kind::Array(array) => Some(counted(&array.len)),
        Kind::Object(object) => {
            let needed = object.fields.values().filter(|field| field.is_required);
            let known = object.fields.len() as u64;
            Some(counted(&Span {
                least: needed.count() as u64,
                most: object.rest.is_never().then_some(known),
            }))
        }
    })
}

fn kinds(of: &Type) -> Type {
    let names = of.shapes();
    let names = names.iter().map(|shape| match &shape.kind {
        Kind::Null => "null",
        Kind::Bool(_) => "boolean",
        Kind::Number(_) => "number",
        Kind::Text(_) => "string",
        Kind::Array(_) => "array",
        Kind::Object(_) => "object",
    });
    Kind::Text(Text::of(names.map(Arc::from))).into()
}

fn keys(of: &Type) -> (Type, Fails) {
    each(of, |shape| {
        let rest = match &shape.kind {
            Kind::Object(_) => Type::text(),
            Kind::Array(_) => Type::count(),
            _ => return None,
        };
        let array = Array {
            rest,
            ..Array::any()
        };
        Some(Kind::Array(array).into())
    })
}

fn same_len(text: &Text) -> Type {
    Kind::Text(Text {
        len: text.len,
        values: None,
    })
    .into()
}

/// Whether all are texts.
fn texts(of: &Type) -> (Type, Fails) {
    each(of, |shape| match &shape.kind {
        Kind::Text(_) => Some(shape.clone().into()),
        _ => None,
    })
}

/// The input where it is of a kind, else nothing.
fn chosen(of: &Type, is_wanted: impl Fn(&Kind) -> bool) -> Flow {
    let Type::Of(shapes) = of else {
        return Flow {
            count: Span {
                least: 0,
                most: Some(1),
            },
            ..Flow::one(Type::Any)
        };
    };
    let wanted: Vec<&Shape> = shapes
        .iter()
        .filter(|shape| is_wanted(&shape.kind))
        .collect();
    Flow {
        count: Span {
            least: u64::from(wanted.len() == shapes.len()),
            most: Some(1),
        },
        ..Flow::one(Type::one_of(wanted.into_iter().cloned().map(Type::from)))
    }
}

fn selected(condition: &Term<&str>, input: &Type, scope: &mut Scope) -> Flow {
    let when = infer(condition, input, scope);
    let (is_true, may_be_false) = truth(&when.gives);
    Flow {
        gives: match is_true.is_never() {
            true => Type::never(),
            false => narrow(condition, input, true),
        },
        count: Span {
            least: if may_be_false { 0 } else { when.count.least },
            most: when.count.most,
        },
        fails: when.fails,
    }
}

/// `[.[] | each]`
fn mapped(each: &Term<&str>, input: &Type, scope: &mut Scope) -> Flow {
    let elements = elements(input);
    let given = infer(each, &elements.gives, scope);
    let all = elements.pipe(given);
    let array = Array {
        len: all.count,
        first: Arc::from([]),
        rest: all.gives,
    };
    let of = array
        .normal()
        .map_or_else(Type::never, |array| Kind::Array(array).into());
    Flow {
        fails: all.fails,
        ..Flow::one(of)
    }
}

fn has(key: &Term<&str>, input: &Type, scope: &mut Scope) -> Flow {
    let key = infer(key, input, scope);
    let of_key = key.gives.shapes();
    let is_text = of_key
        .iter()
        .all(|shape| matches!(shape.kind, Kind::Text(_)));
    let is_place = of_key
        .iter()
        .all(|shape| matches!(&shape.kind, Kind::Number(number) if number.whole == Whole::Written));
    let (gives, fails) = each(input, |shape| match &shape.kind {
        Kind::Null | Kind::Object(_) => Some(Type::bool()),
        Kind::Array(_) if is_place => Some(Type::bool()),
        _ => None,
    });
    // Arrays take other keys too: not looked into.
    let fails = match is_text || is_place || fails == Fails::Never {
        true => fails,
        false => fails.max(Fails::Unknown).min(Fails::May),
    };
    key.then(|_| (gives.or(&Type::bool()), fails))
}

/// `add`
fn sum(of: &Type) -> (Type, Fails) {
    let (gives, fails) = each(of, |shape| {
        let elements = match &shape.kind {
            Kind::Array(_) | Kind::Object(_) => elements(&shape.clone().into()).gives,
            _ => return None,
        };
        let Type::Of(shapes) = &elements else {
            return Some(Type::Any);
        };
        let numbers = shapes.iter().map(|shape| match &shape.kind {
            Kind::Number(number) => Some(number.whole),
            Kind::Null => Some(Whole::Written),
            _ => None,
        });
        let all: Option<Vec<Whole>> = numbers.collect();
        let is_text = |shape: &Shape| matches!(shape.kind, Kind::Text(_) | Kind::Null);
        let of = match all {
            Some(all) => {
                let whole = all.into_iter().min().unwrap_or(Whole::Written);
                Type::from(Kind::Number(math::sums(whole)))
            }
            None if shapes.iter().all(is_text) => Type::text(),
            None => return Some(Type::Any),
        };
        Some(of.or(&Type::null()))
    });
    match gives.is_any() {
        true => (gives, fails.max(Fails::Unknown)),
        false => (gives, fails),
    }
}
