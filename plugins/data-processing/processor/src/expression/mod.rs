//! jq expressions: compiled once, run on one item, one value out.
//!
//! Compiling takes about half a millisecond, running a few microseconds, so programs are kept by their text. What may
//! be called is in `allowed`: nothing that reads input, the clock or the environment, nothing that loops without
//! end. A nest of generators can still take long; the deadline of the call ends the wait for it.

mod allowed;
mod value;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jaq_core::data::JustLut;
use jaq_core::load::parse::Def;
use jaq_core::load::{Arena, Error, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use jaq_json::Val;
use serde_json::Value;

use crate::field::cut;
use crate::limit;

/// A compiled expression.
pub(crate) struct Expression(Filter<JustLut<Val>>);

impl std::fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Expression")
    }
}

impl Expression {
    /// Compile `text`.
    ///
    /// # Errors
    /// What is wrong with it: syntax, unknown names, functions that are not allowed.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        allowed::check_size(text)?;
        // Parser and compiler take up to ten kilobytes of stack per word, more than the thread of a caller has to give.
        std::thread::scope(|scope| {
            let compiling = std::thread::Builder::new()
                .stack_size(limit::COMPILE_STACK_BYTES)
                .spawn_scoped(scope, || Self::compile_here(text));
            let compiled = compiling
                .map_err(|error| format!("no thread to compile it on: {error}"))?
                .join();
            compiled.unwrap_or_else(|_| Err("the compiler failed on it".to_owned()))
        })
    }

    fn compile_here(text: &str) -> Result<Self, String> {
        let arena = Arena::default();
        let file = File {
            code: text,
            path: (),
        };
        // Loaded without a prelude, for its errors alone: they name the place.
        Loader::new([]).load(&arena, file).map_err(|errors| {
            let errors: Vec<_> = errors
                .iter()
                .map(|(_, error)| syntax(text, error))
                .collect();
            errors.join("; ")
        })?;
        let term = allowed::parse(text)?;
        let file = File {
            code: allowed::MAIN,
            path: (),
        };
        let loader = Loader::new(prelude().chain(allowed::definitions(term)));
        let modules = loader
            .load(&arena, file)
            .map_err(|_| "it cannot be loaded".to_owned())?;
        let functions = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs());
        let filter = Compiler::default()
            .with_funs(functions)
            .compile(modules)
            .map_err(|errors| {
                let names = errors.iter().flat_map(|(_, undefined)| undefined);
                let names: Vec<_> = names
                    .map(|(name, what)| format!("there is no {} `{name}`", what.as_str()))
                    .collect();
                names.join("; ")
            })?;
        Ok(Self(filter))
    }

    /// The one value that the expression gives for `item`.
    ///
    /// # Errors
    /// It failed, gave no value or more than one, or one that is no JSON or too large.
    pub(crate) fn run(&self, item: &Value) -> Result<Value, String> {
        let input = value::from_json(item)?;
        let ctx = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        let mut outputs = self.0.id.run((ctx, input));
        let first = outputs
            .next()
            .ok_or("it gives no value; `// null` at its end would give null")?;
        let output = first.map_err(|exception| match exception.get_err() {
            Ok(error) => cut(&error.to_string()),
            Err(_) => "it ends outside of any value".to_owned(),
        })?;
        if outputs.next().is_some() {
            return Err(
                "it gives more than one value; `[…]` around it would make them one array"
                    .to_owned(),
            );
        }
        value::to_json(&output)
    }

    /// Whether the value for `item` counts as true: neither `false` nor `null`.
    pub(crate) fn holds(&self, item: &Value) -> Result<bool, String> {
        self.run(item)
            .map(|value| !matches!(value, Value::Null | Value::Bool(false)))
    }
}

/// Compiled expressions by their text.
#[derive(Debug, Default)]
pub(crate) struct Expressions(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_text: BTreeMap<String, (Arc<Expression>, u64)>,
    uses: u64,
}

impl Expressions {
    /// The expression of this text, compiled now or before.
    pub(crate) fn get(&self, text: &str) -> Result<Arc<Expression>, String> {
        if let Some(known) = self.lookup(text) {
            return Ok(known);
        }
        // Compiled outside the lock: two callers may compile the same text at once, and both results are right.
        let compiled = Arc::new(Expression::compile(text)?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.by_text.len() >= limit::EXPRESSIONS_KEPT {
            let oldest = kept
                .by_text
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(text, _)| text.clone());
            oldest.and_then(|text| kept.by_text.remove(&text));
        }
        kept.uses += 1;
        let used = kept.uses;
        kept.by_text
            .insert(text.to_owned(), (Arc::clone(&compiled), used));
        Ok(compiled)
    }

    fn lookup(&self, text: &str) -> Option<Arc<Expression>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let used = kept.uses;
        let (expression, last_used) = kept.by_text.get_mut(text)?;
        *last_used = used;
        Some(Arc::clone(expression))
    }
}

/// The definitions that come with jq, such as `map`.
fn prelude<'s>() -> impl Iterator<Item = Def<&'s str>> {
    let definitions = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    definitions.map(|definition: Def<&'static str>| -> Def<&'s str> { definition })
}

fn syntax(text: &str, error: &Error<&str>) -> String {
    let place = |found: &str| match found {
        "" => "at its end".to_owned(),
        found => {
            let start = jaq_core::load::span(text, found).start;
            format!(
                "at character {} (`{}`)",
                text[..start].chars().count() + 1,
                cut(found)
            )
        }
    };
    let errors: Vec<_> = match error {
        Error::Io(errors) => errors
            .iter()
            .map(|(path, _)| format!("modules such as `{}` are not available", cut(path)))
            .collect(),
        Error::Lex(errors) => errors
            .iter()
            .map(|(expected, found)| format!("expected {} {}", expected.as_str(), place(found)))
            .collect(),
        Error::Parse(errors) => errors
            .iter()
            .map(|(expected, found)| format!("expected {} {}", expected.as_str(), place(found)))
            .collect(),
    };
    errors.join("; ")
}

#[cfg(test)]
mod tests;
