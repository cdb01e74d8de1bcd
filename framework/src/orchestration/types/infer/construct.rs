//! Arrays and objects that are written out.

use std::collections::BTreeMap;
use std::sync::Arc;

use jaq_core::load::parse::{BinaryOp, Term};

use super::{Fails, Flow, Scope, infer, path, plus, times};
use crate::contract::types::{Array, Field, Kind, Object, Span, Type};
use crate::orchestration::expression;

/// `[…]`: of terms that give one value each, element by element.
pub(super) fn array(inner: &Term<&str>, input: &Type, scope: &mut Scope) -> Flow {
    let mut terms = vec![inner];
    let mut flows = Vec::new();
    while let Some(term) = terms.pop() {
        match term {
            Term::BinOp(left, BinaryOp::Comma, right) => terms.extend([&**right, &**left]),
            term => flows.push(infer(term, input, scope)),
        }
    }
    let fails = flows.iter().map(|flow| flow.fails).max();
    let is_tuple = flows.iter().all(|flow| flow.count == Span::exactly(1));
    let gives = if is_tuple {
        Type::tuple(flows.into_iter().map(|flow| flow.gives).collect())
    } else {
        let len = flows
            .iter()
            .fold(Span::exactly(0), |len, flow| plus(&len, &flow.count));
        let rest = Type::one_of(flows.into_iter().map(|flow| flow.gives));
        let array = Array {
            len,
            first: Arc::from([]),
            rest,
        };
        array
            .normal()
            .map_or_else(Type::never, |array| Kind::Array(array).into())
    };
    Flow {
        fails: fails.unwrap_or(Fails::Never),
        ..Flow::one(gives)
    }
}

pub(super) fn object(
    entries: &[(Term<&str>, Option<Term<&str>>)],
    input: &Type,
    scope: &mut Scope,
) -> Flow {
    let mut whole = Flow::one(Type::never());
    let mut fields: BTreeMap<Arc<str>, Field> = BTreeMap::new();
    let mut is_open = false;
    for (key, value) in entries {
        let name: Option<String> = match (key, value) {
            (Term::Var(name), None) => Some(name.trim_start_matches('$').to_owned()),
            (key, _) => expression::text(key),
        };
        let value = match (key, value) {
            (_, Some(value)) => infer(value, input, scope),
            (Term::Var(_), None) => infer(key, input, scope),
            (_, None) => match &name {
                Some(name) => Flow::one(input.clone()).then(|of| path::member(of, name)),
                None => Flow::unknown(scope),
            },
        };
        whole.fails = whole.with(&value);
        whole.count = times(&whole.count, &value.count);
        let Some(name) = name else {
            let key = infer(key, input, scope);
            // A key that is no text is refused, at the latest on the way out.
            let is_text = |kind: &Kind| matches!(kind, Kind::Text(_));
            let fails = match &key.gives {
                Type::Any => Fails::Unknown,
                Type::Of(shapes) if shapes.iter().all(|shape| is_text(&shape.kind)) => Fails::Never,
                Type::Of(_) => Fails::May,
            };
            scope.is_odd |= fails != Fails::Never;
            whole.fails = whole.with(&key).max(fails);
            whole.count = times(&whole.count, &key.count);
            is_open = true;
            continue;
        };
        let field = Field {
            of: value.gives,
            is_required: true,
        };
        fields.insert(name.into(), field);
    }
    let object = match is_open {
        // Whatever the key is, it may be any of those that are named.
        true => Object::any(),
        false => Object {
            fields: Arc::new(fields),
            rest: Type::never(),
        },
    };
    whole.gives = object
        .normal()
        .map_or_else(Type::never, |object| Kind::Object(object).into());
    whole
}
