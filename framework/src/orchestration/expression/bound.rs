//! What keeps an evaluation in bounds: functions that the compiler puts where an expression goes round or grows.
//!
//! Their names hold a `!`, so that no expression can call them. What is over a bound ends the evaluation as `halt`
//! would: unlike an error, no `try` of the expression catches it.

use std::cell::{Cell, RefCell};

use jaq_core::data::HasLut;
use jaq_core::native::{Filter, v};
use jaq_core::{Bind, Cv, DataT, Exn, Lut, Native, ValX, ValXs};
use jaq_json::{Num, Val};

use crate::limit;

/// Hands a term to the program, see [`Run::entries`].
pub(super) const ENTRY: &str = "!entry";
/// Counts a step and looks at the value that came so far.
pub(super) const TICK: &str = "!tick";
/// Looks at the size of what `+` gave.
pub(super) const GROWN: &str = "!grown";
/// `*`, that looks before it repeats a text.
pub(super) const TIMES: &str = "!times";
/// Looks at the whole of a value before it is written as text.
pub(super) const WRITTEN: &str = "!written";
/// Where a member is assigned: null is an object without members there, as in jq.
pub(super) const OBJECT: &str = "!object";
/// Looks how deep a text nests before it is read as JSON: the reader works by recursion.
pub(super) const READ: &str = "!read";

/// What jaq is told about the values it works on.
#[derive(Debug)]
pub(super) struct Kind;

impl DataT for Kind {
    type V<'a> = Val;
    type Data<'a> = Data<'a>;
}

/// What the functions of this module reach.
#[derive(Clone, Copy)]
pub(super) struct Data<'a> {
    pub(super) terms: &'a Lut<Kind>,
    pub(super) run: &'a Run,
}

impl<'a> HasLut<'a, Kind> for Data<'a> {
    fn lut(&self) -> &'a Lut<Kind> {
        self.terms
    }
}

/// One evaluation.
#[derive(Debug, Default)]
pub(super) struct Run {
    steps: Cell<u64>,
    /// The bound that was passed.
    over: Cell<Option<&'static str>>,
    /// The terms of all expressions, in order: jaq has no other way to enter a program than by its main term.
    pub(super) entries: RefCell<Vec<jaq_core::compile::TermId>>,
}

impl Run {
    /// Why the evaluation was ended.
    pub(super) fn over(&self) -> Option<&'static str> {
        self.over.get()
    }

    fn halt<'a, T>(&self, bound: &'static str) -> ValX<'a, T, Val> {
        self.over.set(Some(bound));
        Err(Exn::halt(0))
    }

    fn step<'a>(&self, value: &Val) -> ValX<'a, (), Val> {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps > limit::EXPRESSION_STEPS {
            return self.halt("it takes too many steps");
        }
        // Values share their parts: what doubles with every step is seen early, what grows slowly now and then.
        let due = steps.is_multiple_of(128) || (steps.is_power_of_two() && steps >= 4);
        if due { self.whole(value) } else { Ok(()) }
    }

    fn whole<'a>(&self, value: &Val) -> ValX<'a, (), Val> {
        let mut parts = limit::EXPRESSION_VALUE_PARTS;
        if is_small(value, &mut parts, limit::EXPRESSION_VALUE_DEPTH) {
            Ok(())
        } else {
            self.halt("a value of it grows too large or too deep")
        }
    }

    fn grown<'a>(&self, value: Val) -> ValX<'a, Val, Val> {
        let fits = match &value {
            Val::TStr(text) | Val::BStr(text) => text.len() <= limit::EXPRESSION_VALUE_BYTES,
            Val::Arr(values) => values.len() <= limit::EXPRESSION_VALUE_PARTS,
            Val::Obj(entries) => entries.len() <= limit::EXPRESSION_VALUE_PARTS,
            Val::Num(Num::BigInt(number)) => number.bits() <= limit::EXPRESSION_NUMBER_BITS,
            Val::Null | Val::Bool(_) | Val::Num(_) => true,
        };
        if fits {
            Ok(value)
        } else {
            self.halt("a value of it grows too large")
        }
    }

    fn times<'a>(&self, left: Val, right: Val) -> ValX<'a, Val, Val> {
        if let (Val::TStr(text), Val::Num(times)) | (Val::Num(times), Val::TStr(text)) =
            (&left, &right)
        {
            let most = limit::EXPRESSION_VALUE_BYTES / text.len().max(1);
            let fits = match times {
                Num::Int(times) => usize::try_from(*times).map_or(true, |times| times <= most),
                Num::BigInt(_) => false,
                Num::Float(_) | Num::Dec(_) => true,
            };
            if !fits {
                return self.halt("a text of it grows too large");
            }
        }
        self.grown((left * right)?)
    }
}

/// Whether the value has at most so many parts, and is no deeper.
fn is_small(value: &Val, parts: &mut usize, depth: usize) -> bool {
    let Some(left) = parts.checked_sub(1) else {
        return false;
    };
    *parts = left;
    match value {
        Val::Arr(values) => {
            depth > 0 && values.iter().all(|value| is_small(value, parts, depth - 1))
        }
        Val::Obj(entries) => {
            depth > 0
                && entries
                    .values()
                    .all(|value| is_small(value, parts, depth - 1))
        }
        Val::TStr(text) | Val::BStr(text) => {
            // A text counts as as many parts as it has words of memory.
            parts
                .checked_sub(text.len() / 16)
                .inspect(|left| *parts = *left)
                .is_some()
        }
        Val::Null | Val::Bool(_) | Val::Num(_) => true,
    }
}

/// Whether brackets outside of texts are open deeper than a value may be.
fn nests_deep(json: &[u8]) -> bool {
    let (mut open, mut in_text, mut is_escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => open += 1,
            b']' | b'}' if !in_text => open = open.saturating_sub(1),
            _ => {}
        }
        if open > limit::EXPRESSION_VALUE_DEPTH {
            return true;
        }
    }
    false
}

fn once<'a, T: 'a>(value: ValX<'a, T, Val>) -> ValXs<'a, T, Val> {
    Box::new(std::iter::once(value))
}

fn tick<'a>(cv: Cv<'a, Kind>) -> ValXs<'a, Val> {
    let run = cv.0.data().run;
    once(run.step(&cv.1).map(|()| cv.1))
}

fn read<'a>(cv: Cv<'a, Kind>) -> ValXs<'a, Val> {
    let is_deep = matches!(&cv.1, Val::TStr(text) if nests_deep(text));
    once(match is_deep {
        true => {
            cv.0.data()
                .run
                .halt("a text of it nests too deep to be read")
        }
        false => Ok(cv.1),
    })
}

/// The functions that rewritten terms call.
pub(super) fn functions() -> Vec<Filter<Native<Kind>>> {
    vec![
        (ENTRY, Box::new([Bind::Fun(())]), Native::<Kind>::new(entry)),
        (
            TICK,
            v(0),
            Native::<Kind>::new(tick)
                .with_paths(|cv| {
                    let run = cv.0.data().run;
                    once(run.step(&cv.1.0).map(|()| cv.1))
                })
                .with_update(|cv, update| match cv.0.data().run.step(&cv.1) {
                    Ok(()) => update(cv.1),
                    Err(over) => once(Err(over)),
                }),
        ),
        (
            GROWN,
            v(0),
            Native::<Kind>::new(|cv| {
                let run = cv.0.data().run;
                once(run.grown(cv.1))
            }),
        ),
        (
            WRITTEN,
            v(0),
            Native::<Kind>::new(|cv| {
                let run = cv.0.data().run;
                once(run.whole(&cv.1).map(|()| cv.1))
            }),
        ),
        (READ, v(0), Native::<Kind>::new(read)),
        (
            OBJECT,
            v(0),
            Native::<Kind>::new(|cv| once(Ok(cv.1)))
                .with_paths(|cv| once(Ok(cv.1)))
                .with_update(|cv, update| match cv.1 {
                    Val::Null => update(Val::obj(jaq_json::Map::default())),
                    value => update(value),
                }),
        ),
        (
            TIMES,
            v(2),
            Native::<Kind>::new(|mut cv| {
                let right = cv.0.pop_var();
                let left = cv.0.pop_var();
                once(cv.0.data().run.times(left, right))
            }),
        ),
        ("range", v(3), Native::<Kind>::new(range)),
    ]
}

fn entry<'a>(mut cv: Cv<'a, Kind>) -> ValXs<'a, Val> {
    let (term, ctx) = cv.0.pop_fun();
    ctx.data().run.entries.borrow_mut().push(term);
    once(Ok(Val::Null))
}

/// `range` of jaq, with a step for each number.
fn range<'a>(mut cv: Cv<'a, Kind>) -> ValXs<'a, Val> {
    let by = cv.0.pop_var();
    let to = cv.0.pop_var();
    let from = cv.0.pop_var();
    let run = cv.0.data().run;
    let zero = Val::from(0_isize);
    let mut next = Some(Ok(from));
    Box::new(std::iter::from_fn(move || {
        let at = match next.take()? {
            Ok(at) => at,
            Err(error) => return Some(Err(error)),
        };
        let goes_on = match by.cmp(&zero) {
            std::cmp::Ordering::Greater => at < to,
            std::cmp::Ordering::Less => at > to,
            std::cmp::Ordering::Equal => at != to,
        };
        if !goes_on {
            return None;
        }
        if let Err(over) = run.step(&at) {
            return Some(Err(over));
        }
        next = Some((at.clone() + by.clone()).map_err(Exn::from));
        Some(Ok(at))
    }))
}
