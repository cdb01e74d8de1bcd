//! `if` and `try`.

use jaq_core::load::parse::Term;

use super::{Fails, Flow, Scope, infer, narrow, plus, times, truth};
use crate::contract::types::{Span, Type};

pub(super) fn choice(
    branches: &[(Term<&str>, Term<&str>)],
    otherwise: Option<&Term<&str>>,
    input: &Type,
    scope: &mut Scope,
) -> Flow {
    let mut input = input.clone();
    let mut conditions = Flow::one(Type::never());
    let mut ways: Vec<Flow> = Vec::new();
    for (condition, then) in branches {
        let when = infer(condition, &input, scope);
        conditions.fails = conditions.and_then(when.fails);
        conditions.count = times(&conditions.count, &when.count);
        let (is_true, may_be_false) = truth(&when.gives);
        if !is_true.is_never() {
            ways.push(infer(then, &narrow(condition, &input, true), scope));
        }
        if !may_be_false {
            return joined(&conditions, ways);
        }
        input = narrow(condition, &input, false);
    }
    ways.push(match otherwise {
        Some(term) => infer(term, &input, scope),
        None => Flow::one(input),
    });
    joined(&conditions, ways)
}

/// One of several ways for each output of what decides.
fn joined(conditions: &Flow, ways: Vec<Flow>) -> Flow {
    let fails = match ways.iter().all(|way| way.fails == Fails::Always) {
        true => Fails::Always,
        false => {
            let fails = ways.iter().map(|way| way.fails.perhaps());
            fails.max().unwrap_or(Fails::Never)
        }
    };
    let counts = ways.iter().map(|way| way.count);
    let count = counts.reduce(|one, other| Span {
        least: one.least.min(other.least),
        most: one.most.zip(other.most).map(|(one, other)| one.max(other)),
    });
    Flow {
        fails: conditions.and_then(fails),
        count: times(&conditions.count, &count.unwrap_or(Span::any())),
        gives: Type::one_of(ways.into_iter().map(|way| way.gives)),
    }
}

pub(super) fn attempt(
    inner: &Term<&str>,
    catch: Option<&Term<&str>>,
    input: &Type,
    scope: &mut Scope,
) -> Flow {
    let tried = infer(inner, input, scope);
    if tried.fails == Fails::Never {
        return tried;
    }
    // What came before the failure is there already.
    let count = Span {
        least: 0,
        most: tried.count.most,
    };
    let Some(catch) = catch else {
        return Flow {
            count,
            fails: Fails::Never,
            ..tried
        };
    };
    let caught = infer(catch, &Type::Any, scope);
    Flow {
        gives: tried.gives.or(&caught.gives),
        count: Span {
            least: caught.count.least.min(tried.count.least),
            most: plus(&count, &caught.count).most,
        },
        fails: caught.fails.perhaps(),
    }
}
