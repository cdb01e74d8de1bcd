//! Whether a definition calls itself: such a one need not end, and is refused.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::{Part, Path};

/// Whether the function is called anywhere in the term.
pub(super) fn calls(term: &Term<&str>, name: &str, arity: usize) -> bool {
    let within = |term: &Term<&str>| calls(term, name, arity);
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => false,
        Term::Call(called, arguments) => {
            (*called == name && arguments.len() == arity) || arguments.iter().any(within)
        }
        Term::Str(_, parts) => parts
            .iter()
            .any(|part| matches!(part, StrPart::Term(term) if within(term))),
        Term::Arr(inner) => inner.as_deref().is_some_and(within),
        Term::Obj(entries) => entries
            .iter()
            .any(|(key, value)| within(key) || value.as_ref().is_some_and(within)),
        Term::Neg(inner) | Term::Label(_, inner) => within(inner),
        Term::Def(definitions, inner) => {
            within(inner) || definitions.iter().any(|inner| within(&inner.body))
        }
        Term::BinOp(left, operator, right) => {
            let pattern = match operator {
                BinaryOp::Pipe(Some(pattern)) => in_pattern(pattern, &within),
                _ => false,
            };
            pattern || within(left) || within(right)
        }
        Term::Fold(_, source, pattern, steps) => {
            within(source) || in_pattern(pattern, &within) || steps.iter().any(within)
        }
        Term::TryCatch(inner, catch) => within(inner) || catch.as_deref().is_some_and(within),
        Term::IfThenElse(branches, otherwise) => {
            branches
                .iter()
                .any(|(when, then)| within(when) || within(then))
                || otherwise.as_deref().is_some_and(within)
        }
        Term::Path(inner, Path(parts)) => {
            within(inner)
                || parts.iter().any(|(part, _)| match part {
                    Part::Index(index) => within(index),
                    Part::Range(from, upto) => from.iter().chain(upto).any(within),
                })
        }
    }
}

fn in_pattern(pattern: &Pattern<&str>, within: &dyn Fn(&Term<&str>) -> bool) -> bool {
    match pattern {
        Pattern::Var(_) => false,
        Pattern::Arr(patterns) => patterns.iter().any(|pattern| in_pattern(pattern, within)),
        Pattern::Obj(entries) => entries
            .iter()
            .any(|(key, pattern)| within(key) || in_pattern(pattern, within)),
    }
}
