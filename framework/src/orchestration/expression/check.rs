//! What an expression may say: a walk over the whole term that gathers every problem, and puts the bounds in.

use std::collections::BTreeMap;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};

use super::reach::{Reach, first_member};
use super::recursion::calls;
use super::{bound, names};
use crate::limit;
use crate::name;

/// The variable that holds the right side of `+=`.
const RIGHT: &str = "$!right";

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Code, message, help.
    pub(super) problems: Vec<(&'static str, String, Option<String>)>,
    /// The variables that are not bound in it, without `$`, and what it reaches of each.
    pub(super) variables: BTreeMap<String, Reach>,
    /// Whether it needs a stack of its own.
    pub(super) is_deep: bool,
}

/// Walks through an expression whose surroundings name these variables.
pub(super) fn expression(term: &mut Term<&str>, known: &[&str]) -> Found {
    let mut check = Check {
        known,
        is_prelude: false,
        bound: Vec::new(),
        defined: Vec::new(),
        found: Found::default(),
    };
    check.walk(term, 0);
    check.found
}

/// Puts the bounds into a definition that comes with jq.
pub(super) fn prelude(definition: &mut Def<&str>) {
    let mut check = Check {
        known: &[],
        is_prelude: true,
        bound: Vec::new(),
        defined: Vec::new(),
        found: Found::default(),
    };
    check.walk(&mut definition.body, 0);
}

struct Check<'s, 'k> {
    known: &'k [&'k str],
    is_prelude: bool,
    /// Variables bound around the term, with `$`.
    bound: Vec<&'s str>,
    /// Functions and arguments defined around the term.
    defined: Vec<&'s str>,
    found: Found,
}

impl<'s> Check<'s, '_> {
    fn walk(&mut self, term: &mut Term<&'s str>, depth: usize) {
        if depth >= limit::EXPRESSION_DEPTH {
            let most = limit::EXPRESSION_DEPTH;
            return self.problem(format!("its terms are nested deeper than {most}"), None);
        }
        self.found.is_deep |= depth > limit::EXPRESSION_DEPTH_SHALLOW;
        let depth = depth + 1;
        match term {
            Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) => {}
            Term::Var(name) => self.variable(name, None),
            Term::Str(_, parts) => self.text(parts, depth),
            Term::Arr(inner) => self.walk_all(inner.as_deref_mut(), depth),
            Term::Obj(entries) => {
                for (key, value) in entries {
                    self.walk(key, depth);
                    self.walk_all(value, depth);
                }
            }
            Term::Neg(inner) | Term::Label(_, inner) => self.walk(inner, depth),
            Term::BinOp(left, operator, right) => self.operation(left, operator, right, depth),
            Term::Fold(_, source, pattern, steps) => {
                self.found.is_deep = true;
                self.walk(source, depth);
                let mut steps = steps.iter_mut();
                steps
                    .by_ref()
                    .take(1)
                    .for_each(|start| self.walk(start, depth));
                self.within(pattern, steps, depth);
            }
            Term::TryCatch(inner, catch) => {
                self.walk(inner, depth);
                self.walk_all(catch.as_deref_mut(), depth);
            }
            Term::IfThenElse(branches, otherwise) => {
                for (when, then) in branches {
                    self.walk_all([when, then], depth);
                }
                self.walk_all(otherwise.as_deref_mut(), depth);
            }
            Term::Def(definitions, body) => self.definitions(definitions, body, depth),
            Term::Call(name, arguments) => {
                self.call(name, arguments.len());
                self.walk_all(arguments, depth);
            }
            Term::Path(inner, Path(parts)) => {
                match &**inner {
                    Term::Var(name) => self.variable(name, first_member(parts)),
                    _ => self.walk(inner, depth),
                }
                for (part, _) in parts {
                    self.part(part, depth);
                }
            }
        }
        rewrite(term, self.is_prelude);
    }

    fn operation(
        &mut self,
        left: &mut Term<&'s str>,
        operator: &mut BinaryOp<&'s str>,
        right: &mut Term<&'s str>,
        depth: usize,
    ) {
        self.walk(left, depth);
        if let BinaryOp::Pipe(Some(pattern)) = operator {
            self.within(pattern, [right], depth);
        } else {
            self.walk(right, depth);
        }
    }

    fn walk_all<'t>(&mut self, terms: impl IntoIterator<Item = &'t mut Term<&'s str>>, depth: usize)
    where
        's: 't,
    {
        for term in terms {
            self.walk(term, depth);
        }
    }

    fn part(&mut self, part: &mut Part<Term<&'s str>>, depth: usize) {
        match part {
            Part::Index(index) => self.walk(index, depth),
            Part::Range(from, upto) => {
                self.walk_all(from.iter_mut().chain(upto), depth);
            }
        }
    }

    fn text(&mut self, parts: &mut [StrPart<&'s str, Term<&'s str>>], depth: usize) {
        for part in parts {
            if let StrPart::Term(term) = part {
                self.walk(term, depth);
                pipe(term, bound::WRITTEN);
            }
        }
    }

    /// The terms in which the variables of a pattern are bound.
    fn within<'t>(
        &mut self,
        pattern: &mut Pattern<&'s str>,
        terms: impl IntoIterator<Item = &'t mut Term<&'s str>>,
        depth: usize,
    ) where
        's: 't,
    {
        let before = self.bound.len();
        let mut names = Vec::new();
        self.pattern(pattern, &mut names, depth);
        self.bound.append(&mut names);
        self.walk_all(terms, depth);
        self.bound.truncate(before);
    }

    fn pattern(&mut self, pattern: &mut Pattern<&'s str>, names: &mut Vec<&'s str>, depth: usize) {
        match pattern {
            Pattern::Var(name) => names.push(name),
            Pattern::Arr(patterns) => {
                for pattern in patterns {
                    self.pattern(pattern, names, depth);
                }
            }
            Pattern::Obj(entries) => {
                for (key, pattern) in entries {
                    self.walk(key, depth);
                    self.pattern(pattern, names, depth);
                }
            }
        }
    }

    fn definitions(
        &mut self,
        definitions: &mut [Def<&'s str>],
        body: &mut Term<&'s str>,
        depth: usize,
    ) {
        let defined = self.defined.len();
        for definition in definitions {
            let (inner, bound) = (self.defined.len(), self.bound.len());
            for argument in &definition.args {
                match argument.starts_with('$') {
                    true => self.bound.push(argument),
                    false => self.defined.push(argument),
                }
            }
            if !self.is_prelude && calls(&definition.body, definition.name, definition.args.len()) {
                let name = definition.name;
                self.problem(
                    format!("`{name}` calls itself, and may do so without end"),
                    Some("use `reduce`, `foreach`, `recurse` or `until`".to_owned()),
                );
            }
            self.walk(&mut definition.body, depth);
            // Before the body, not behind it: a tail call must stay one.
            let inside = std::mem::take(&mut definition.body);
            definition.body = join(Term::Call(bound::TICK, Vec::new()), inside);
            self.defined.truncate(inner);
            self.bound.truncate(bound);
            self.defined.push(definition.name);
        }
        self.walk(body, depth);
        self.defined.truncate(defined);
    }

    /// A variable, or a member of it.
    fn variable(&mut self, name: &'s str, member: Option<String>) {
        if self.is_prelude || self.bound.contains(&name) {
            return;
        }
        let bare = name.strip_prefix('$').unwrap_or(name);
        if names::IMPURE_VARIABLES.contains(&name) {
            self.impure(name);
        } else if self.known.contains(&bare) {
            let reach = self.found.variables.entry(bare.to_owned()).or_default();
            match member {
                Some(member) => reach.add(member),
                None => *reach = Reach::All,
            }
        } else {
            let bound = self.bound.iter().map(|name| &name[1..]);
            let known: Vec<_> = self.known.iter().copied().chain(bound).collect();
            let help = match name::nearest(bare, known.iter().copied()) {
                Some(near) => format!("did you mean `${near}`?"),
                None => format!("there are: ${}", known.join(", $")),
            };
            self.problem(format!("there is no variable `{name}`"), Some(help));
        }
    }

    fn call(&mut self, name: &'s str, arity: usize) {
        if self.is_prelude || self.defined.contains(&name) || name.starts_with('@') {
            return;
        }
        self.found.is_deep |= names::LOOPS.contains(&name);
        if names::IMPURE.contains(&name) {
            self.impure(name);
        } else if !names::ALLOWED.contains(&name) {
            let near = name::nearest(name, names::ALLOWED.iter().copied());
            self.problem(
                format!("there is no function `{name}/{arity}`"),
                near.map(|near| format!("did you mean `{near}`?")),
            );
        }
    }

    fn impure(&mut self, name: &str) {
        self.report(
            super::IMPURE,
            format!("`{name}` does not follow from the input, and a run that is repeated would take another way"),
            Some("pass the value in: as input of the workflow, or as the result of a call".to_owned()),
        );
    }

    fn problem(&mut self, message: String, help: Option<String>) {
        self.report(super::INVALID, message, help);
    }

    fn report(&mut self, code: &'static str, message: String, help: Option<String>) {
        let problem = (code, message, help);
        if !self.found.problems.contains(&problem) {
            self.found.problems.push(problem);
        }
    }
}

/// Puts the bounds around a term whose parts have them.
fn rewrite(term: &mut Term<&str>, is_prelude: bool) {
    if let Term::BinOp(path, operator, _) = term
        && let BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt =
            operator
    {
        assignable(path);
    }
    match term {
        Term::Recurse => pipe(term, bound::TICK),
        Term::Path(_, Path(parts)) => {
            let goes_round = |(part, _): &(Part<_>, _)| matches!(part, Part::Range(None, None));
            if parts.iter().any(goes_round) {
                pipe(term, bound::TICK);
            }
        }
        Term::Fold(_, _, _, steps) => {
            if let Some(update) = steps.get_mut(1) {
                pipe(update, bound::TICK);
            }
        }
        // The tail call of a definition of jq must stay one; its own loop counts the step.
        Term::BinOp(_, BinaryOp::Comma, _) if !is_prelude => pipe(term, bound::TICK),
        Term::BinOp(_, BinaryOp::Math(Math::Add), _) => pipe(term, bound::GROWN),
        Term::BinOp(left, BinaryOp::Math(Math::Mul), right) => {
            let arguments = vec![std::mem::take(&mut **left), std::mem::take(&mut **right)];
            *term = Term::Call(bound::TIMES, arguments);
        }
        Term::BinOp(path, BinaryOp::UpdateMath(math @ (Math::Add | Math::Mul)), right) => {
            let mut change = Term::BinOp(
                Box::new(Term::Id),
                BinaryOp::Math(*math),
                Box::new(Term::Var(RIGHT)),
            );
            rewrite(&mut change, is_prelude);
            let update = Term::BinOp(
                Box::new(std::mem::take(&mut **path)),
                BinaryOp::Update,
                Box::new(change),
            );
            *term = Term::BinOp(
                Box::new(std::mem::take(&mut **right)),
                BinaryOp::Pipe(Some(Pattern::Var(RIGHT))),
                Box::new(update),
            );
        }
        Term::Call(name @ ("tojson" | "fromjson"), arguments) if arguments.is_empty() => {
            let looks = match *name {
                "tojson" => bound::WRITTEN,
                _ => bound::READ,
            };
            let inner = std::mem::take(term);
            *term = join(Term::Call(looks, Vec::new()), inner);
        }
        _ => {}
    }
}

/// `.a.b` as `!object | .a | !object | .b`: below null an assignment makes objects, where jaq refuses it.
fn assignable(path: &mut Term<&str>) {
    let Term::Path(inner, Path(parts)) = path else {
        return;
    };
    let is_literal =
        |part: &Part<Term<&str>>| matches!(part, Part::Index(Term::Num(_) | Term::Str(None, _)));
    if !matches!(**inner, Term::Id) || !parts.iter().all(|(part, _)| is_literal(part)) {
        return;
    }
    let mut steps = std::mem::take(parts).into_iter().rev().map(|part| {
        let is_member = matches!(part.0, Part::Index(Term::Str(..)));
        let step = Term::Path(Box::new(Term::Id), Path(vec![part]));
        match is_member {
            true => join(Term::Call(bound::OBJECT, Vec::new()), step),
            false => step,
        }
    });
    if let Some(last) = steps.next() {
        let whole = steps.fold(last, |rest, step| join(step, rest));
        drop(std::mem::replace(path, whole));
    }
}

/// `term | function`, in the place of the term.
fn pipe(term: &mut Term<&str>, function: &'static str) {
    let inner = std::mem::take(term);
    *term = join(inner, Term::Call(function, Vec::new()));
}

fn join<'s>(left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(left), BinaryOp::Pipe(None), Box::new(right))
}
