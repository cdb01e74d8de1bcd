//! The expressions of a workflow document: jq, checked and compiled once, evaluated without side effects.
//!
//! ```text
//! sources -> parse -> check: names, purity, bounds -> paths and literals: read as they stand
//!                                                  -> the rest: one program of jq for the whole document
//! ```
//!
//! An expression sees its input, the variables of the DSL and what loops and handlers around it have named. It can
//! neither read the clock nor the environment, so that a run that is repeated takes the same way.
//!
//! # Bounds
//!
//! The text is bounded in bytes, words and depth, and a definition may not call itself. A step is counted for each
//! output of `.[]`, `..`, `,`, `range` and for each round of `reduce`, `foreach`, `recurse`, `repeat`, `while` and
//! `until`; too many end the evaluation, and so does a value that grows too large. Not bounded is the time of one
//! step: to sort, group or compare a large value, or to match a regular expression with it, takes as long as it takes.
//! An expression with loops is evaluated on a thread of its own, with a stack that is large enough; the caller waits.
//!
//! # Differences from jq
//!
//! The evaluator is jaq. Whole numbers are exact up to 64 bits and refused beyond; `nan` and `infinite` are refused as
//! outputs. Nothing is assigned behind the end of an array, nor below null by a computed path (`.a.b = 1` is fine). A
//! decimal is no index, also if it is whole: `.[6 / 2]` fails. `{} | .[0]` is null. A definition may not call itself.
//! Not there: `@csv`, `@tsv`, `@base32`, `INDEX`, `tostream` and its kin, `?//`. The rows of the test table that name
//! a difference are the list.
//!
//! ```
//! use std::sync::Arc;
//! use serde_json::json;
//! use weldkit::orchestration::definition::{Expr, Source};
//! use weldkit::orchestration::expression::Program;
//!
//! let source = Source {
//!     text: Arc::from(".pets | map(.name) | join($separator)"),
//!     pointer: Arc::from("/do/0/list/set"),
//!     names: Arc::from([Arc::from("separator")]),
//! };
//! let program = Program::compile(&[source]).unwrap();
//! let variables = vec![(Arc::from("separator"), Arc::new(json!(", ")))];
//! let input = json!({"pets": [{"name": "Ada"}, {"name": "Bo"}]});
//! assert_eq!(program.evaluate(Expr(0), &input, &variables).unwrap(), json!("Ada, Bo"));
//! ```

mod bound;
mod check;
mod jaq;
mod names;
mod plain;
mod reach;
mod recursion;
mod size;
mod value;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jaq_core::load::Arena;
use jaq_core::load::parse::Term;
use serde_json::{Map, Value};

use self::jaq::{Entry, Table};
use self::plain::Plain;
use self::reach::Reach;
use super::definition::{Expr, Source, Template};
use crate::error::Problem;
use crate::{limit, name};

/// Code of an expression that cannot be used.
const INVALID: &str = "invalid_expression";
/// Code of an expression whose result does not follow from its input.
const IMPURE: &str = "impure_expression";

/// All expressions of one document.
pub struct Program {
    expressions: Vec<Expression>,
    table: Option<Table>,
}

struct Expression {
    source: Source,
    form: Form,
}

enum Form {
    Plain(Plain),
    Jaq(Entry),
}

/// The values of the variables of an expression.
///
/// A value is taken only if the expression mentions it.
pub trait Variables: Sync {
    /// The value of the variable, named without `$`; null stands for one that is not there.
    fn get(&self, name: &str) -> Option<&Value>;
}

/// Pairs of name and value, the innermost last.
impl Variables for Vec<(Arc<str>, Arc<Value>)> {
    fn get(&self, name: &str) -> Option<&Value> {
        let found = self.iter().rev().find(|(known, _)| &**known == name);
        found.map(|(_, value)| &**value)
    }
}

/// None.
impl Variables for () {
    fn get(&self, _: &str) -> Option<&Value> {
        None
    }
}

/// An expression that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expression `{text}` failed: {message}")]
pub struct Fault {
    /// What happened.
    pub message: String,
    /// The expression.
    pub text: Arc<str>,
    /// Where it stands in the document.
    pub pointer: Arc<str>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.expressions.iter().map(|known| &known.source.text);
        f.debug_list().entries(texts).finish()
    }
}

impl Program {
    /// Compiles the expressions of a document; an [`Expr`] is an index into them.
    ///
    /// # Errors
    /// Every problem of every expression, with the pointer of its source as its place: `invalid_expression`,
    /// `impure_expression`.
    pub fn compile(sources: &[Source]) -> Result<Self, Vec<Problem>> {
        // Parser and compiler take kilobytes of stack per word, more than the thread of a caller has to give.
        std::thread::scope(|scope| {
            let compiling = std::thread::Builder::new()
                .name("expressions".to_owned())
                .stack_size(limit::EXPRESSION_STACK_BYTES)
                .spawn_scoped(scope, || Self::compile_here(sources));
            let failed = |why: String| Err(vec![Problem::new(INVALID, why)]);
            match compiling.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => failed("the compiler of expressions failed".to_owned()),
                Err(error) => failed(format!("no thread to compile expressions on: {error}")),
            }
        })
    }

    fn compile_here(sources: &[Source]) -> Result<Self, Vec<Problem>> {
        let arena = Arena::default();
        let mut reading = Reading::default();
        let forms: Vec<Option<Form>> = sources.iter().map(|source| reading.read(source)).collect();
        let globals: Vec<String> = reading
            .globals
            .iter()
            .map(|name| format!("${name}"))
            .collect();
        let table = if reading.terms.is_empty() {
            None
        } else {
            match Table::compile(reading.terms, &globals, &arena) {
                Ok(table) => Some(table),
                Err(missing) => {
                    let missing = missing.into_iter();
                    reading
                        .problems
                        .extend(missing.map(|(part, what)| undefined(sources, part, what)));
                    None
                }
            }
        };
        if !reading.problems.is_empty() {
            return Err(reading.problems);
        }
        let expressions = sources.iter().cloned().zip(forms.into_iter().flatten());
        Ok(Self {
            expressions: expressions
                .map(|(source, form)| Expression { source, form })
                .collect(),
            table,
        })
    }

    /// The first output of the expression for the input; no output is null.
    ///
    /// # Errors
    /// It failed, or its value is none that JSON can hold.
    ///
    /// # Panics
    /// If the expression is of another document.
    pub fn evaluate(
        &self,
        expr: Expr,
        input: &Value,
        variables: &dyn Variables,
    ) -> Result<Value, Fault> {
        let expression = self.expression(expr);
        let result = match &expression.form {
            Form::Plain(plain) => plain.find(input, variables).cloned(),
            Form::Jaq(entry) => {
                let table = self.table.as_ref().expect("there is one if any needs it");
                table.evaluate(entry, input, variables)
            }
        };
        result.map_err(|message| expression.fault(&message))
    }

    /// Whether the output counts as true: neither null nor false.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    ///
    /// # Panics
    /// If the expression is of another document.
    pub fn is_true(
        &self,
        expr: Expr,
        input: &Value,
        variables: &dyn Variables,
    ) -> Result<bool, Fault> {
        let is_true = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
        let expression = self.expression(expr);
        match &expression.form {
            // Without a copy of what may be large.
            Form::Plain(plain) => plain
                .find(input, variables)
                .map(is_true)
                .map_err(|message| expression.fault(&message)),
            Form::Jaq(_) => self
                .evaluate(expr, input, variables)
                .map(|value| is_true(&value)),
        }
    }

    /// The value of a template, with what its expressions give.
    ///
    /// # Errors
    /// The fault of the first expression that failed.
    ///
    /// # Panics
    /// If the template is of another document.
    pub fn render(
        &self,
        template: &Template,
        input: &Value,
        variables: &dyn Variables,
    ) -> Result<Value, Fault> {
        match template {
            Template::Value(value) => Ok(Value::clone(value)),
            Template::Expr(expr) => self.evaluate(*expr, input, variables),
            Template::Array(parts) => parts
                .iter()
                .map(|part| self.render(part, input, variables))
                .collect(),
            Template::Object(parts) => {
                let mut object = Map::new();
                for (key, part) in parts {
                    object.insert(key.to_string(), self.render(part, input, variables)?);
                }
                Ok(Value::Object(object))
            }
        }
    }

    /// How many expressions jq is not needed for.
    pub fn plain_count(&self) -> usize {
        let is_plain = |known: &&Expression| matches!(known.form, Form::Plain(_));
        self.expressions.iter().filter(is_plain).count()
    }

    fn expression(&self, Expr(index): Expr) -> &Expression {
        let found = self.expressions.get(index as usize);
        found.expect("an expression belongs to the document that the program was compiled from")
    }
}

impl Expression {
    fn fault(&self, message: &str) -> Fault {
        let most = limit::EXPRESSION_QUOTE;
        let mut message = message.to_owned();
        if let Some((end, _)) = message.char_indices().nth(most) {
            message.truncate(end);
            message.push('…');
        }
        Fault {
            message,
            text: Arc::clone(&self.source.text),
            pointer: Arc::clone(&self.source.pointer),
        }
    }
}

/// The term that a source is; none of one that does not compile.
pub(super) fn parse(source: &Source) -> Option<Term<&str>> {
    size::check(&source.text).ok()?;
    jaq::parse(&source.text).ok()
}

pub(super) fn literal(term: &Term<&str>) -> Option<Value> {
    plain::literal(term)
}

pub(super) fn text(term: &Term<&str>) -> Option<String> {
    plain::text(term)
}

/// Sources on their way into a program.
#[derive(Default)]
struct Reading<'s> {
    terms: Vec<Term<&'s str>>,
    globals: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl<'s> Reading<'s> {
    fn read(&mut self, source: &'s Source) -> Option<Form> {
        let parsed = size::check(&source.text).and_then(|()| jaq::parse(&source.text));
        let mut term = match parsed {
            Ok(term) => term,
            Err(message) => {
                self.report(source, INVALID, &message, None);
                return None;
            }
        };
        let named = source.names.iter().map(|name| &**name);
        let known: Vec<&str> = named.chain(names::VARIABLES).collect();
        let plain = Plain::of(&term);
        let input = Reach::of(&term);
        let found = check::expression(&mut term, &known);
        for (code, message, help) in &found.problems {
            self.report(source, code, message, help.clone());
        }
        if !found.problems.is_empty() {
            return None;
        }
        if let Some(plain) = plain {
            return Some(Form::Plain(plain));
        }
        let place = self.terms.len();
        self.terms.push(term);
        self.globals.extend(found.variables.keys().cloned());
        Some(Form::Jaq(Entry {
            place,
            input,
            variables: found.variables,
            is_deep: found.is_deep,
        }))
    }

    fn report(&mut self, source: &Source, code: &'static str, message: &str, help: Option<String>) {
        self.problems.push(problem(source, code, message, help));
    }
}

fn problem(source: &Source, code: &'static str, message: &str, help: Option<String>) -> Problem {
    let text: String = source.text.chars().take(limit::EXPRESSION_QUOTE).collect();
    let message = format!("expression `{text}`: {message}");
    let problem = Problem::new(code, message).place(source.pointer.to_string());
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// What the compiler did not find, put to the source whose text it is a part of.
fn undefined(sources: &[Source], part: &str, what: String) -> Problem {
    let holds = |source: &&Source| {
        let within = source.text.as_bytes().as_ptr_range();
        within.contains(&part.as_ptr())
    };
    let near = name::nearest(part, names::ALLOWED.iter().copied());
    let help = near.map(|near| match near == part {
        true => format!("`{near}` takes another number of arguments"),
        false => format!("did you mean `{near}`?"),
    });
    match sources.iter().find(holds) {
        Some(source) => problem(source, INVALID, &what, help),
        None => Problem::new(INVALID, what),
    }
}

#[cfg(test)]
mod tests;
