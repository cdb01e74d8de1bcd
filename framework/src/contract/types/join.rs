//! The values that are of either type.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fit::holds;
use super::{Array, Field, Kind, Number, Object, Shape, Span, Text, Type};
use crate::limit;

/// The type of all these, each once; of too many, those of one kind as one.
pub(super) fn shapes(shapes: Vec<Shape>) -> Type {
    let mut kept: Vec<Shape> = Vec::new();
    for shape in shapes {
        add(&mut kept, shape);
    }
    if kept.len() > limit::TYPE_SHAPES {
        let mut merged: Vec<Shape> = Vec::new();
        for shape in kept {
            let same = |known: &&mut Shape| {
                std::mem::discriminant(&known.kind) == std::mem::discriminant(&shape.kind)
            };
            match merged.iter_mut().find(same) {
                Some(known) => *known = merge(known, &shape),
                None => merged.push(shape),
            }
        }
        kept = merged;
    }
    Type::Of(kept.into())
}

/// Adds a shape unless one that is there holds it already.
fn add(kept: &mut Vec<Shape>, shape: Shape) {
    if kept.contains(&shape) {
        return;
    }
    for known in kept.iter_mut() {
        let merged = match (&known.kind, &shape.kind) {
            _ if known.claims != shape.claims => None,
            (Kind::Bool(_), Kind::Bool(_)) => Some(Kind::Bool(None)),
            (Kind::Text(one), Kind::Text(other)) => match (&one.values, &other.values) {
                (Some(ones), Some(others)) if ones.len() + others.len() <= limit::TYPE_TEXTS => {
                    Some(Kind::Text(Text::of(ones.union(others).cloned())))
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(kind) = merged {
            known.kind = kind;
            return;
        }
    }
    let new = Type::from(shape.clone());
    if kept.iter().any(|known| holds(&known.clone().into(), &new)) {
        return;
    }
    kept.retain(|known| !holds(&new, &known.clone().into()));
    kept.push(shape);
}

/// One shape that holds both, which are of one kind.
fn merge(one: &Shape, other: &Shape) -> Shape {
    let kind = match (&one.kind, &other.kind) {
        (Kind::Number(one), Kind::Number(other)) => Kind::Number(numbers(one, other)),
        (Kind::Text(one), Kind::Text(other)) => Kind::Text(Text {
            len: one.len.or(&other.len),
            values: None,
        }),
        (Kind::Array(one), Kind::Array(other)) => Kind::Array(arrays(one, other)),
        (Kind::Object(one), Kind::Object(other)) => Kind::Object(objects(one, other)),
        (Kind::Bool(one), Kind::Bool(other)) => Kind::Bool(one.filter(|_| one == other)),
        (kind, _) => kind.clone(),
    };
    Shape {
        kind,
        claims: Arc::new(one.claims.intersection(&other.claims).cloned().collect()),
    }
}

fn numbers(one: &Number, other: &Number) -> Number {
    Number {
        least: one.least.min(other.least),
        most: one.most.max(other.most),
        open: (
            match () {
                () if one.least < other.least => one.open.0,
                () if one.least > other.least => other.open.0,
                () => one.open.0 && other.open.0,
            },
            match () {
                () if one.most > other.most => one.open.1,
                () if one.most < other.most => other.open.1,
                () => one.open.1 && other.open.1,
            },
        ),
        whole: one.whole.min(other.whole),
        is_wild: one.is_wild || other.is_wild,
    }
}

fn arrays(one: &Array, other: &Array) -> Array {
    let known = one.first.len().max(other.first.len());
    let first = (0..known).map(|place| one.element(place).or(other.element(place)));
    Array {
        len: one.len.or(&other.len),
        first: first.collect(),
        rest: one.rest.or(&other.rest),
    }
}

fn objects(one: &Object, other: &Object) -> Object {
    let mut fields = BTreeMap::new();
    for name in one.fields.keys().chain(other.fields.keys()) {
        let ((here, is_here), (there, is_there)) = (one.field(name), other.field(name));
        fields.entry(name.clone()).or_insert_with(|| Field {
            of: here.or(there),
            is_required: is_here && is_there,
        });
    }
    Object {
        fields: Arc::new(fields),
        rest: one.rest.or(&other.rest),
    }
}

/// See [`Type::widened`]; what is nested too deep is anything.
pub(super) fn widened(of: &Type, depth: usize) -> Type {
    let Type::Of(all) = of else {
        return Type::Any;
    };
    let Some(depth) = depth.checked_sub(1) else {
        return Type::Any;
    };
    let wide = |shape: &Shape| Shape {
        kind: match &shape.kind {
            Kind::Null => Kind::Null,
            Kind::Bool(_) => Kind::Bool(None),
            Kind::Number(number) => Kind::Number(Number {
                whole: number.whole,
                is_wild: number.is_wild,
                ..Number::any()
            }),
            Kind::Text(_) => Kind::Text(Text::any()),
            Kind::Array(array) => Kind::Array(Array {
                len: Span::any(),
                first: Arc::from([]),
                rest: widened(&array.elements(), depth),
            }),
            Kind::Object(object) => Kind::Object(Object {
                fields: Arc::new(
                    object
                        .fields
                        .iter()
                        .map(|(name, field)| {
                            let field = Field {
                                of: widened(&field.of, depth),
                                is_required: field.is_required,
                            };
                            (name.clone(), field)
                        })
                        .collect(),
                ),
                rest: match object.rest.is_never() {
                    true => Type::never(),
                    false => widened(&object.rest, depth),
                },
            }),
        },
        claims: Arc::default(),
    };
    let mut merged: Vec<Shape> = Vec::new();
    for shape in all.iter().map(wide) {
        let same = |known: &&mut Shape| {
            std::mem::discriminant(&known.kind) == std::mem::discriminant(&shape.kind)
        };
        match merged.iter_mut().find(same) {
            Some(known) => *known = merge(known, &shape),
            None => merged.push(shape),
        }
    }
    Type::Of(merged.into())
}
