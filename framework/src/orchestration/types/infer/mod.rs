//! What an expression gives, of a type of input: jq, followed with types in the place of values.
//!
//! Understood are paths, literals, construction, arithmetic, comparison, `//`, `if`, `select`, `map`, `length`, texts with
//! expressions in them and the functions of [`call`]; anything else may give anything, and may fail.

mod branch;
mod call;
mod construct;
mod fault;
mod math;
mod narrow;
mod path;
mod text;

use std::sync::Arc;

use jaq_core::load::parse::{BinaryOp, Pattern, Term};

#[cfg(test)]
pub(super) use self::fault::{Fault, put as put_fault};
pub(super) use self::narrow::{narrow, truth};
use crate::contract::types::{Span, Type};
use crate::orchestration::expression;

/// What comes out of a term. What it says of failing is about all outputs together: who takes only the first may get it
/// before another fails.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Flow {
    /// The outputs.
    pub(super) gives: Type,
    /// How many there are, unless it fails.
    pub(super) count: Span,
    pub(super) fails: Fails,
}

/// Whether an evaluation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fails {
    Never,
    /// Too little is known to tell.
    Unknown,
    /// For some inputs, as far as types show.
    May,
    Always,
}

/// What the variables around a term are, without `$`, the innermost last.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) names: Vec<(Arc<str>, Type)>,
    /// Whether a part was met that may give what JSON cannot hold, and types do not show.
    is_odd: bool,
}

impl Scope {
    pub(super) fn new(names: Vec<(Arc<str>, Type)>) -> Self {
        Self {
            names,
            is_odd: false,
        }
    }

    fn get(&self, name: &str) -> Type {
        let found = self.names.iter().rev().find(|(known, _)| **known == *name);
        // What the DSL names and a place does not have is null there.
        found.map_or_else(Type::null, |(_, of)| of.clone())
    }
}

/// What the evaluator makes of all outputs: the first one, or null.
pub(super) fn evaluate(term: &Term<&str>, input: &Type, scope: &mut Scope) -> (Type, Fails) {
    let flow = infer(term, input, scope);
    let gives = match flow.count.least {
        0 => flow.gives.or(&Type::null()),
        _ => flow.gives,
    };
    let fails = match flow.count.most {
        Some(0 | 1) => flow.fails,
        _ => flow.fails.perhaps(),
    };
    if scope.is_odd {
        // What is not a value of JSON on the way may become one that types do not tell about.
        return (Type::Any, fails.max(Fails::Unknown));
    }
    // What JSON cannot hold is refused on the way out.
    match gives.is_wild() {
        true => (math::tamed(&gives), fails.max(Fails::May)),
        false => (gives, fails),
    }
}

pub(super) fn infer(term: &Term<&str>, input: &Type, scope: &mut Scope) -> Flow {
    match term {
        Term::Id => Flow::one(input.clone()),
        Term::Var(name) => Flow::one(scope.get(name.strip_prefix('$').unwrap_or(name))),
        Term::Num(_) => match expression::literal(term) {
            Some(value) => Flow::one(Type::of(&value)),
            None => Flow::unknown(scope),
        },
        Term::Neg(inner) => {
            if let Some(value) = expression::literal(term) {
                return Flow::one(Type::of(&value));
            }
            infer(inner, input, scope).then(math::negative)
        }
        Term::Str(format, parts) => text::text(*format, parts, input, scope),
        Term::Arr(None) => Flow::one(Type::tuple(Vec::new())),
        Term::Arr(Some(inner)) => construct::array(inner, input, scope),
        Term::Obj(entries) => construct::object(entries, input, scope),
        Term::BinOp(left, operator, right) => operation(left, operator, right, input, scope),
        Term::IfThenElse(branches, otherwise) => {
            branch::choice(branches, otherwise.as_deref(), input, scope)
        }
        Term::TryCatch(inner, catch) => branch::attempt(inner, catch.as_deref(), input, scope),
        Term::Path(inner, parts) => path::path(inner, parts, input, scope),
        Term::Call(name, arguments) => call::call(name, arguments, input, scope),
        Term::Recurse | Term::Break(_) | Term::Label(..) | Term::Fold(..) | Term::Def(..) => {
            Flow::unknown(scope)
        }
    }
}

impl Flow {
    pub(super) fn one(gives: Type) -> Self {
        Self {
            gives,
            count: Span::exactly(1),
            fails: Fails::Never,
        }
    }

    /// Anything, and it may fail.
    pub(super) fn unknown(scope: &mut Scope) -> Self {
        scope.is_odd = true;
        Self {
            gives: Type::Any,
            count: Span::any(),
            fails: Fails::Unknown,
        }
    }

    /// Each output put through what gives one for each.
    fn then(self, map: impl FnOnce(&Type) -> (Type, Fails)) -> Self {
        let (gives, fails) = map(&self.gives);
        Self {
            fails: self.and_then(fails),
            count: self.count,
            gives,
        }
    }

    /// Whether it fails, when what is done with each output fails so.
    fn and_then(&self, fails: Fails) -> Fails {
        match (self.fails, fails) {
            (Fails::Always, _) => Fails::Always,
            (own, Fails::Always) if self.count.least == 0 => own.max(Fails::May),
            (own, fails) => own.max(fails),
        }
    }

    /// Whether it fails when it is put together with each output of another: without one there, it is not looked at.
    fn with(&self, other: &Self) -> Fails {
        let seen = |one: &Self, other: &Self| match other.count.least {
            0 if other.fails != Fails::Always => one.fails.perhaps(),
            _ => one.fails,
        };
        seen(self, other).max(seen(other, self))
    }

    /// With the outputs of each output.
    fn pipe(self, next: Self) -> Self {
        Self {
            fails: self.and_then(next.fails),
            count: times(&self.count, &next.count),
            gives: next.gives,
        }
    }
}

impl Fails {
    /// Of one way among several.
    fn perhaps(self) -> Self {
        if self == Self::Always {
            Self::May
        } else {
            self
        }
    }
}

fn times(one: &Span, other: &Span) -> Span {
    Span {
        least: one.least.saturating_mul(other.least),
        most: one
            .most
            .and_then(|one| one.checked_mul(other.most?))
            .or_else(|| (one.most == Some(0) || other.most == Some(0)).then_some(0)),
    }
}

fn plus(one: &Span, other: &Span) -> Span {
    Span {
        least: one.least.saturating_add(other.least),
        most: one.most.and_then(|one| one.checked_add(other.most?)),
    }
}

fn operation(
    left: &Term<&str>,
    operator: &BinaryOp<&str>,
    right: &Term<&str>,
    input: &Type,
    scope: &mut Scope,
) -> Flow {
    match operator {
        BinaryOp::Pipe(None) => {
            let first = infer(left, input, scope);
            let next = infer(right, &first.gives, scope);
            first.pipe(next)
        }
        BinaryOp::Pipe(Some(Pattern::Var(name))) => {
            let first = infer(left, input, scope);
            let name = name.strip_prefix('$').unwrap_or(name);
            scope.names.push((name.into(), first.gives.clone()));
            let next = infer(right, input, scope);
            scope.names.pop();
            first.pipe(next)
        }
        BinaryOp::Comma => {
            let (one, other) = (infer(left, input, scope), infer(right, input, scope));
            Flow {
                gives: one.gives.or(&other.gives),
                count: plus(&one.count, &other.count),
                fails: one.fails.max(other.fails.perhaps()),
            }
        }
        BinaryOp::Alt => alternative(left, right, input, scope),
        BinaryOp::And => logic(left, right, input, true, scope),
        BinaryOp::Or => logic(left, right, input, false, scope),
        BinaryOp::Math(math) => {
            let (one, other) = (infer(left, input, scope), infer(right, input, scope));
            let (gives, fails) = math::compute(*math, &one.gives, &other.gives);
            let both = Flow {
                gives,
                count: times(&one.count, &other.count),
                fails: one.with(&other),
            };
            Flow {
                fails: both.and_then(fails),
                ..both
            }
        }
        BinaryOp::Cmp(_) => {
            let (one, other) = (infer(left, input, scope), infer(right, input, scope));
            Flow {
                gives: Type::bool(),
                count: times(&one.count, &other.count),
                fails: one.with(&other),
            }
        }
        BinaryOp::Pipe(Some(_))
        | BinaryOp::Assign
        | BinaryOp::Update
        | BinaryOp::UpdateMath(_)
        | BinaryOp::UpdateAlt => Flow::unknown(scope),
    }
}

/// `left // right`
fn alternative(left: &Term<&str>, right: &Term<&str>, input: &Type, scope: &mut Scope) -> Flow {
    let first = infer(left, input, scope);
    let (is_true, may_be_false) = truth(&first.gives);
    let is_true_by_fault = fault::is(fault::Fault::AlternativeIsTrue);
    if (!may_be_false && first.count.least > 0) || is_true_by_fault {
        return first;
    }
    let next = infer(right, &narrow(left, input, false), scope);
    let is_there = !is_true.is_never();
    Flow {
        count: Span {
            least: next.count.least.min(1),
            most: first
                .count
                .most
                .zip(next.count.most)
                .map(|(one, other)| one.max(other)),
        },
        fails: match is_there {
            true => first.fails.max(next.fails.perhaps()),
            false => first.fails.max(next.fails),
        },
        gives: is_true.or(&next.gives),
    }
}

/// `left and right`, which goes on where the left side is true, or `left or right`.
fn logic(
    left: &Term<&str>,
    right: &Term<&str>,
    input: &Type,
    goes_on: bool,
    scope: &mut Scope,
) -> Flow {
    let first = infer(left, input, scope);
    let seen = narrow(left, input, goes_on);
    let next = infer(right, &seen, scope);
    let both = times(&first.count, &next.count);
    let count = Span {
        least: first.count.least.min(both.least),
        most: both
            .most
            .zip(first.count.most)
            .map(|(both, one)| both.max(one)),
    };
    Flow {
        gives: Type::bool(),
        fails: first.fails.max(next.fails.perhaps()),
        count,
    }
}
