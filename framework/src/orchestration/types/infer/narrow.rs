//! What is known of a value where a condition on it holds, or does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::ops::Cmp;
use jaq_core::path::{Opt, Part, Path};
use serde_json::Value;

use crate::contract::types::{Field, Kind, Object, Shape, Text, Type};
use crate::orchestration::expression;

/// The values that count as true, and whether any other is among them.
pub(in crate::orchestration::types) fn truth(of: &Type) -> (Type, bool) {
    let Type::Of(shapes) = of else {
        return (Type::Any, true);
    };
    let is_true = |shape: &&Shape| !matches!(shape.kind, Kind::Null | Kind::Bool(Some(false)));
    let may_be_false =
        |shape: &Shape| matches!(shape.kind, Kind::Null | Kind::Bool(None | Some(false)));
    let kept = shapes.iter().filter(is_true).map(|shape| match shape.kind {
        Kind::Bool(None) => Type::from(Shape {
            kind: Kind::Bool(Some(true)),
            claims: shape.claims.clone(),
        }),
        _ => shape.clone().into(),
    });
    (Type::one_of(kept), shapes.iter().any(may_be_false))
}

/// The inputs for which the condition gives what counts as true, or what does not. It may be too many.
pub(in crate::orchestration::types) fn narrow(
    condition: &Term<&str>,
    input: &Type,
    wanted: bool,
) -> Type {
    match condition {
        Term::BinOp(left, operator @ (BinaryOp::And | BinaryOp::Or), right) => {
            let first = narrow(left, input, wanted);
            match matches!(operator, BinaryOp::And) == wanted {
                true => narrow(right, &first, wanted),
                // Where the left side does not decide, the right one does.
                false => first.or(&narrow(right, &narrow(left, input, !wanted), wanted)),
            }
        }
        Term::BinOp(left, BinaryOp::Pipe(None), right) if matches!(&**right, Term::Call("not", arguments) if arguments.is_empty()) => {
            narrow(left, input, !wanted)
        }
        Term::BinOp(left, BinaryOp::Cmp(cmp @ (Cmp::Eq | Cmp::Ne)), right) => {
            let (side, value) = match (expression::literal(left), expression::literal(right)) {
                (Some(value), None) => (right, value),
                (None, Some(value)) => (left, value),
                _ => return input.clone(),
            };
            let is_equal = wanted == matches!(cmp, Cmp::Eq);
            match names(side) {
                Some(names) => at(input, &names, &|of| compared(of, &value, is_equal)),
                None => input.clone(),
            }
        }
        condition => match names(condition) {
            Some(names) => at(input, &names, &|of| match wanted {
                true => truth(of).0,
                false => falsehood(of),
            }),
            None => input.clone(),
        },
    }
}

fn falsehood(of: &Type) -> Type {
    let Type::Of(shapes) = of else {
        return Type::Any;
    };
    Type::one_of(shapes.iter().filter_map(|shape| match shape.kind {
        Kind::Null | Kind::Bool(Some(false)) => Some(shape.clone().into()),
        Kind::Bool(None) => Some(Kind::Bool(Some(false)).into()),
        _ => None,
    }))
}

/// Those that are equal to a value, or are not.
fn compared(of: &Type, value: &Value, is_equal: bool) -> Type {
    let Type::Of(shapes) = of else {
        return Type::Any;
    };
    Type::one_of(shapes.iter().filter_map(|shape| {
        let kind = match (&shape.kind, value) {
            (Kind::Null, Value::Null) => is_equal.then_some(Kind::Null),
            (Kind::Bool(known), Value::Bool(value)) => match known {
                Some(known) => ((known == value) == is_equal).then_some(Kind::Bool(Some(*known))),
                None => Some(Kind::Bool(Some(*value == is_equal))),
            },
            (Kind::Text(text), Value::String(value)) => texts(text, value, is_equal),
            // Equal numbers may be written in several ways: all of them are kept.
            (Kind::Number(number), Value::Number(_)) => Some(Kind::Number(*number)),
            (kind, Value::Array(_) | Value::Object(_)) => Some(kind.clone()),
            (kind, _) => (!is_equal).then(|| kind.clone()),
        };
        kind.map(|kind| {
            Type::from(Shape {
                kind,
                claims: shape.claims.clone(),
            })
        })
    }))
}

fn texts(text: &Text, value: &str, is_equal: bool) -> Option<Kind> {
    match (&text.values, is_equal) {
        (None, true) => Some(Kind::Text(Text::of([value.into()]))),
        (None, false) => Some(Kind::Text(text.clone())),
        (Some(values), true) => values
            .contains(value)
            .then(|| Kind::Text(Text::of([value.into()]))),
        (Some(values), false) => {
            let left: Vec<Arc<str>> = values
                .iter()
                .filter(|known| &***known != value)
                .cloned()
                .collect();
            (!left.is_empty()).then(|| Kind::Text(Text::of(left)))
        }
    }
}

/// `.a.b` as names; `.` has none.
fn names(term: &Term<&str>) -> Option<Vec<String>> {
    match term {
        Term::Id => Some(Vec::new()),
        Term::Path(inner, Path(parts)) => {
            let mut names = names(inner)?;
            for (part, option) in parts {
                let (Part::Index(index), Opt::Essential) = (part, option) else {
                    return None;
                };
                names.push(expression::text(index)?);
            }
            Some(names)
        }
        _ => None,
    }
}

/// The values of which what stands at a path is kept.
fn at(of: &Type, names: &[String], keep: &dyn Fn(&Type) -> Type) -> Type {
    let Some((name, behind)) = names.split_first() else {
        return keep(of);
    };
    let Type::Of(shapes) = of else {
        return Type::Any;
    };
    let keeps_null = !at(&Type::null(), behind, keep).is_never();
    Type::one_of(shapes.iter().filter_map(|shape| match &shape.kind {
        Kind::Null => keeps_null.then(|| shape.clone().into()),
        Kind::Object(object) => {
            let (of, is_required) = object.field(name);
            let field = Field {
                of: at(of, behind, keep),
                is_required: is_required || !keeps_null,
            };
            let mut fields: BTreeMap<Arc<str>, Field> = (*object.fields).clone();
            fields.insert(name.as_str().into(), field);
            let object = Object {
                fields: Arc::new(fields),
                rest: object.rest.clone(),
            };
            object.normal().map(|object| {
                Type::from(Shape {
                    kind: Kind::Object(object),
                    claims: shape.claims.clone(),
                })
            })
        }
        // The path fails there.
        _ => None,
    }))
}
