//! The values that are of both types.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Array, Field, Kind, Number, Object, Shape, Text, Type, join};

pub(super) fn types(one: &Type, other: &Type) -> Type {
    let (ones, others) = match (one, other) {
        (Type::Any, other) => return other.clone(),
        (one, Type::Any) => return one.clone(),
        (Type::Of(one), Type::Of(other)) => (one, other),
    };
    let pairs = ones
        .iter()
        .flat_map(|one| others.iter().map(move |other| (one, other)));
    join::shapes(
        pairs
            .filter_map(|(one, other)| shapes(one, other))
            .collect(),
    )
}

fn shapes(one: &Shape, other: &Shape) -> Option<Shape> {
    let kind = match (&one.kind, &other.kind) {
        (Kind::Null, Kind::Null) => Kind::Null,
        (Kind::Bool(one), Kind::Bool(other)) => match (one, other) {
            (Some(one), Some(other)) if one != other => return None,
            (one, other) => Kind::Bool(one.or(*other)),
        },
        (Kind::Number(one), Kind::Number(other)) => Kind::Number(numbers(one, other)?),
        (Kind::Text(one), Kind::Text(other)) => Kind::Text(texts(one, other)?),
        (Kind::Array(one), Kind::Array(other)) => Kind::Array(arrays(one, other)?),
        (Kind::Object(one), Kind::Object(other)) => Kind::Object(objects(one, other)?),
        _ => return None,
    };
    let claims = match (one.claims.is_empty(), other.claims.is_empty()) {
        (true, _) => other.claims.clone(),
        (_, true) => one.claims.clone(),
        _ => Arc::new(one.claims.union(&other.claims).cloned().collect()),
    };
    Some(Shape { kind, claims })
}

pub(super) fn numbers(one: &Number, other: &Number) -> Option<Number> {
    let (least, open_least) = match () {
        () if one.least > other.least => (one.least, one.open.0),
        () if one.least < other.least => (other.least, other.open.0),
        () => (one.least, one.open.0 || other.open.0),
    };
    let (most, open_most) = match () {
        () if one.most < other.most => (one.most, one.open.1),
        () if one.most > other.most => (other.most, other.open.1),
        () => (one.most, one.open.1 || other.open.1),
    };
    let both = Number {
        least,
        most,
        open: (open_least, open_most),
        whole: one.whole.max(other.whole),
        is_wild: one.is_wild && other.is_wild,
    };
    both.normal()
}

fn texts(one: &Text, other: &Text) -> Option<Text> {
    let len = one.len.and(&other.len);
    let fits = |text: &Arc<str>| {
        let count = text.chars().count() as u64;
        count >= len.least && len.most.is_none_or(|most| count <= most)
    };
    let values: Option<Vec<Arc<str>>> = match (&one.values, &other.values) {
        (Some(one), Some(other)) => Some(one.intersection(other).cloned().collect()),
        (Some(values), None) | (None, Some(values)) => Some(values.iter().cloned().collect()),
        (None, None) => None,
    };
    let text = match values {
        Some(values) => {
            let left: Vec<Arc<str>> = values.into_iter().filter(fits).collect();
            if left.is_empty() {
                return None;
            }
            Text::of(left)
        }
        None => Text { len, values: None },
    };
    (!len.is_empty()).then_some(text)
}

fn arrays(one: &Array, other: &Array) -> Option<Array> {
    let known = one.first.len().max(other.first.len());
    let first = (0..known).map(|place| types(one.element(place), other.element(place)));
    let array = Array {
        len: one.len.and(&other.len),
        first: first.collect(),
        rest: types(&one.rest, &other.rest),
    };
    array.normal()
}

fn objects(one: &Object, other: &Object) -> Option<Object> {
    let mut fields = BTreeMap::new();
    for name in one.fields.keys().chain(other.fields.keys()) {
        if fields.contains_key(name) {
            continue;
        }
        let ((here, is_here), (there, is_there)) = (one.field(name), other.field(name));
        let field = Field {
            of: types(here, there),
            is_required: is_here || is_there,
        };
        fields.insert(name.clone(), field);
    }
    let object = Object {
        fields: Arc::new(fields),
        rest: types(&one.rest, &other.rest),
    };
    object.normal()
}
