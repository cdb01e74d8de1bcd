use std::sync::Arc;

use serde_json::Value;

use super::infer::{Fails, Scope};
use super::seen::Here;
use super::walk::Walk;
use super::{Answer, Answered, Values};
use crate::contract::types::{Draws, Fit, Taker, Type, quoted};
use crate::limit;
use crate::orchestration::definition::Template;
use crate::orchestration::expression::Fault;

/// What is put somewhere.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// How it is made; the value itself unless there is something here.
    pub(super) template: Option<&'a Template>,
    pub(super) value: &'a Type,
    pub(super) here: Here<'a>,
}

/// Where it is put.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) pointer: &'a str,
    pub(super) what: &'a str,
    pub(super) taker: &'a Taker,
}

impl Walk<'_> {
    /// Notes whether what is given fits, and gives its type.
    pub(super) fn judge(&mut self, given: Given<'_>, wanted: Wanted<'_>) -> Type {
        let (of, fails) = match given.template {
            Some(template) => self.render(template, given.value, given.here),
            None => (given.value.clone(), Fails::Never),
        };
        if given.value.is_never() || (of.is_never() && fails != Fails::Always) {
            return of;
        }
        let (answer, why) = match given.template {
            Some(template) => answer((&of, fails), wanted.taker, || {
                self.refused(template, given, wanted.taker)
            }),
            None => wanted.taker.judge(&of),
        };
        self.note(Answered {
            pointer: wanted.pointer.to_owned(),
            what: wanted.what.to_owned(),
            answer,
            why,
        });
        of
    }

    /// A value that comes there and is not taken, in words.
    fn refused(&self, template: &Template, given: Given<'_>, taker: &Taker) -> Option<String> {
        let scope = self.scope(given.here, true);
        let mut draws = Draws::new(1);
        (0..limit::TYPE_TRIES).find_map(|_| {
            let input = Arc::new(given.value.sample(&mut draws)?);
            let values = sampled(&scope, given, &input, &mut draws)?;
            let from = match (input.is_null(), values.is_empty()) {
                (true, true) => String::new(),
                _ => format!(" when the task sees `{}`", quoted(&input)),
            };
            tried(
                self.program().render(template, &input, &values),
                &from,
                taker,
            )
        })
    }
}

/// The answer for what an expression gives, and the words for it; `refused` looks for a value that fails.
pub(super) fn answer(
    (of, fails): (&Type, Fails),
    taker: &Taker,
    refused: impl FnOnce() -> Option<String>,
) -> (Answer, String) {
    match (fails, taker.fit(of)) {
        (Fails::Always, _) => (Answer::No, "fails for every input".to_owned()),
        (_, Fit::No) => (Answer::No, taker.mismatch(of)),
        (Fails::Never, Fit::Yes) => (Answer::Yes, String::new()),
        (fails, fit) => {
            let shows = fails == Fails::May || fit == Fit::May;
            match shows.then(refused).flatten() {
                Some(refused) => (Answer::MayFail, refused),
                None if fails == Fails::Never => (Answer::Unknown, taker.mismatch(of)),
                None => (
                    Answer::Unknown,
                    "is computed from what no schema tells enough about".to_owned(),
                ),
            }
        }
    }
}

/// What is wrong with what an expression has given, if anything is.
pub(super) fn tried(given: Result<Value, Fault>, from: &str, taker: &Taker) -> Option<String> {
    match given {
        Ok(value) => {
            let error = taker.refusal(&value)?;
            Some(format!("may be `{}`{from}: {error}", quoted(&value)))
        }
        Err(fault) => Some(format!("may fail{from}: {}", fault.message)),
    }
}

/// A value of each variable.
fn sampled(
    scope: &Scope,
    given: Given<'_>,
    input: &Arc<Value>,
    draws: &mut Draws,
) -> Option<Values> {
    let value = |(name, of): &(Arc<str>, Type)| {
        let value = match **name == *"input" && of == given.value {
            true => input.clone(),
            false => Arc::new(of.sample(draws)?),
        };
        Some((name.clone(), value))
    };
    scope.names.iter().map(value).collect()
}
