//! All expressions of a document that need jq, as one program of it.
//!
//! ```text
//! prelude, rewritten once -> !entry(first), !entry(second), … -> terms of one table, entered one by one
//! ```
//!
//! To read and compile the prelude takes most of a millisecond, an expression of its own some microseconds.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use jaq_core::compile::{TermId, Undefined};
use jaq_core::load::parse::{BinaryOp, Def, Term};
use jaq_core::load::{Arena, Error, File, Loader};
use jaq_core::{Compiler, Ctx, Lut, Vars};
use jaq_json::Val;
use serde_json::Value;

use super::bound::{self, Data, Kind, Run};
use super::reach::Reach;
use super::value::to_json;
use super::{Variables, check, names};
use crate::limit;

/// The compiled program.
pub(super) struct Table {
    terms: Lut<Kind>,
    entries: Vec<TermId>,
    /// What any expression mentions, with `$`, in the order that jaq has them.
    globals: Vec<String>,
}

/// An expression of the table.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its place in the table.
    pub(super) place: usize,
    /// What it reaches of its input.
    pub(super) input: Reach,
    /// The variables that it mentions, without `$`, and what it reaches of each.
    pub(super) variables: BTreeMap<String, Reach>,
    /// Whether it needs a stack of its own.
    pub(super) is_deep: bool,
}

/// A function or variable that is not there: the part of the source that names it, and what it is.
pub(super) type Missing<'s> = (&'s str, String);

impl Table {
    /// Compiles terms that were checked. The globals are those that any of them mentions, with `$`.
    pub(super) fn compile<'s>(
        terms: Vec<Term<&'s str>>,
        globals: &'s [String],
        arena: &'s Arena,
    ) -> Result<Self, Vec<Missing<'s>>> {
        let count = terms.len();
        let compiled = build(terms, globals, arena)?;
        let run = Run::default();
        let data = Data {
            terms: &compiled.lut,
            run: &run,
        };
        let vars = Vars::new(globals.iter().map(|_| Val::Null));
        let ctx = Ctx::<Kind>::new(data, vars);
        compiled.id.run((ctx, Val::Null)).for_each(drop);
        let entries = run.entries.take();
        assert_eq!(entries.len(), count, "every expression enters itself");
        Ok(Self {
            terms: compiled.lut,
            entries,
            globals: globals.to_vec(),
        })
    }

    /// The first output; null if there is none.
    pub(super) fn evaluate(
        &self,
        entry: &Entry,
        input: &Value,
        variables: &dyn Variables,
    ) -> Result<Value, String> {
        let caught = || {
            let result = std::panic::catch_unwind(AssertUnwindSafe(|| {
                self.evaluate_here(entry, input, variables)
            }));
            result.unwrap_or_else(|_| Err("the evaluator failed on it".to_owned()))
        };
        if !entry.is_deep {
            return caught();
        }
        std::thread::scope(|scope| {
            let evaluating = std::thread::Builder::new()
                .name("expression".to_owned())
                .stack_size(limit::EXPRESSION_STACK_BYTES)
                .spawn_scoped(scope, caught);
            evaluating
                .map_err(|error| format!("no thread to evaluate it on: {error}"))?
                .join()
                .unwrap_or_else(|_| Err("the evaluator failed on it".to_owned()))
        })
    }

    fn evaluate_here(
        &self,
        entry: &Entry,
        input: &Value,
        variables: &dyn Variables,
    ) -> Result<Value, String> {
        let run = Run::default();
        let data = Data {
            terms: &self.terms,
            run: &run,
        };
        let globals = self.globals.iter().map(|global| {
            let name = &global[1..];
            let reach = entry.variables.get(name);
            let taken = reach.and_then(|reach| Some(reach.take(variables.get(name)?)));
            taken.unwrap_or(Val::Null)
        });
        let ctx = Ctx::<Kind>::new(data, Vars::new(globals));
        let mut outputs = self.entries[entry.place].run((ctx, entry.input.take(input)));
        match outputs.next() {
            None => Ok(Value::Null),
            Some(Ok(value)) => to_json(&value),
            Some(Err(exception)) => Err(match (run.over(), exception.get_err()) {
                (Some(over), _) => over.to_owned(),
                (None, Ok(error)) => match error.into_val() {
                    Val::TStr(text) => String::from_utf8_lossy(&text).into_owned(),
                    value => value.to_string(),
                },
                (None, Err(_)) => "it breaks out of a label that is not around it".to_owned(),
            }),
        }
    }
}

fn build<'s>(
    terms: Vec<Term<&'s str>>,
    globals: &'s [String],
    arena: &'s Arena,
) -> Result<jaq_core::Filter<Kind>, Vec<Missing<'s>>> {
    let main = Def {
        name: MAIN,
        args: Vec::new(),
        body: entries(terms),
    };
    let file = File {
        code: MAIN,
        path: (),
    };
    let modules = Loader::new(prelude().chain([main]))
        .load(arena, file)
        .unwrap_or_else(|_| unreachable!("the main module is one name"));
    let functions = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs())
        .filter(|(name, ..)| !names::IMPURE.contains(name) && *name != "range")
        .chain(bound::functions());
    let compiled = Compiler::default()
        .with_funs(functions)
        .with_global_vars(globals.iter().map(String::as_str))
        .compile(modules);
    compiled.map_err(|errors| {
        let missing = errors.into_iter().flat_map(|(_, missing)| missing);
        missing
            .map(|(name, what)| (name, describe(name, &what)))
            .collect()
    })
}

/// The name of the definition that holds all expressions; none of them may call it.
const MAIN: &str = "expression_main";

/// `!entry(first), !entry(second), …`, as a tree of little depth.
fn entries(mut terms: Vec<Term<&str>>) -> Term<&str> {
    if terms.len() > 1 {
        let right = terms.split_off(terms.len() / 2);
        let (left, right) = (Box::new(entries(terms)), Box::new(entries(right)));
        return Term::BinOp(left, BinaryOp::Comma, right);
    }
    Term::Call(bound::ENTRY, terms)
}

/// What jq defines otherwise than jaq, or jaq does not have.
const DEFINITIONS: &str = r#"
def join($s): if . == [] then "" else
    [.[] | if . == null then "" elif isstring then . else tojson end] | .[:-1][] += $s | add end;
def IN(s): any(s == .; .);
"#;

/// The definitions that come with jq, with the bounds in, without what is impure.
fn prelude<'s>() -> impl Iterator<Item = Def<&'s str>> {
    let own = jaq_core::load::parse(DEFINITIONS, |parser| parser.defs());
    let definitions = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .chain(own.expect("the definitions are valid"));
    definitions
        .filter(|definition| !names::IMPURE.contains(&definition.name))
        .map(|mut definition: Def<&'static str>| -> Def<&'s str> {
            check::prelude(&mut definition);
            definition
        })
}

fn describe(name: &str, what: &Undefined) -> String {
    match what {
        Undefined::Filter(arity) => format!("there is no function `{name}/{arity}`"),
        what => format!("there is no {} `{name}`", what.as_str()),
    }
}

/// Parses an expression.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn parse(text: &str) -> Result<Term<&str>, String> {
    if let Some(term) = jaq_core::load::parse(text, |parser| parser.term()) {
        return Ok(term);
    }
    // Once more, for its errors: they name the place.
    let arena = Arena::default();
    let file = File {
        code: text,
        path: (),
    };
    let errors = match Loader::new([]).load(&arena, file) {
        Ok(_) => return Err("modules are not available".to_owned()),
        Err(errors) => errors,
    };
    let errors: Vec<_> = errors
        .iter()
        .map(|(_, error)| syntax(text, error))
        .collect();
    Err(errors.join("; "))
}

fn syntax(text: &str, error: &Error<&str>) -> String {
    let expected = |expected: &str, found: &str| match found {
        "" => format!("expected {expected} at its end"),
        found => {
            let start = jaq_core::load::span(text, found).start;
            let place = text[..start].chars().count() + 1;
            let found: String = found.chars().take(20).collect();
            format!("expected {expected} at character {place}, found `{found}`")
        }
    };
    let errors: Vec<_> = match error {
        Error::Io(_) => vec!["modules are not available".to_owned()],
        Error::Lex(errors) => errors
            .iter()
            .map(|(what, found)| expected(what.as_str(), found))
            .collect(),
        Error::Parse(errors) => errors
            .iter()
            .map(|(what, found)| expected(what.as_str(), found))
            .collect(),
    };
    errors.join("; ")
}
