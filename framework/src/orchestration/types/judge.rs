use std::sync::Arc;

use serde_json::Value;

use super::infer::{Fails, Scope};
use super::methods::Slot;
use super::seen::Here;
use super::walk::Walk;
use super::{Answer, Answered, Values};
use crate::contract::types::{Draws, Fit, Type, fits};
use crate::limit;
use crate::orchestration::definition::Template;
use crate::orchestration::expression::Program;

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
    pub(super) slot: &'a Slot,
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
        let takes = &wanted.slot.takes;
        let (answer, why) = match (fails, self.fit(&of, wanted.slot)) {
            (Fails::Always, _) => (Answer::No, "fails for every input".to_owned()),
            (_, Fit::No) => (Answer::No, format!("is {of}, and {takes} is taken")),
            (Fails::Never, Fit::Yes) => (Answer::Yes, String::new()),
            (fails, fit) => {
                let shows = fails == Fails::May || fit == Fit::May;
                let refused = shows.then(|| self.refused(given, wanted.slot)).flatten();
                match refused {
                    Some(refused) => (Answer::MayFail, refused),
                    None if fails == Fails::Never => {
                        (Answer::Unknown, format!("is {of}, and {takes} is taken"))
                    }
                    None => (
                        Answer::Unknown,
                        "is computed from what no schema tells enough about".to_owned(),
                    ),
                }
            }
        };
        self.note(Answered {
            pointer: wanted.pointer.to_owned(),
            what: wanted.what.to_owned(),
            answer,
            why,
        });
        of
    }

    /// Whether all values fit. Of a few, each is tried: a pattern says nothing about types.
    fn fit(&self, of: &Type, slot: &Slot) -> Fit {
        let fit = fits(of, &slot.takes);
        let (Fit::Unknown, Some(validator), Some(values)) = (fit, &slot.validator, of.listed())
        else {
            return fit;
        };
        let taken = values
            .iter()
            .filter(|value| validator.is_valid(value))
            .count();
        match taken {
            0 => Fit::No,
            taken if taken < values.len() => Fit::May,
            // A format is not looked at by the validator.
            _ if slot.takes.claims_format() => Fit::Unknown,
            _ => Fit::Yes,
        }
    }

    /// A value that comes there and is not taken, in words.
    fn refused(&self, given: Given<'_>, slot: &Slot) -> Option<String> {
        let scope = self.scope(given.here, true);
        let mut draws = Draws::new(1);
        (0..limit::TYPE_TRIES).find_map(|_| {
            let input = Arc::new(given.value.sample(&mut draws)?);
            let values = sampled(&scope, given, &input, &mut draws)?;
            let program = self.program();
            tried(program, given.template, &input, &values, slot)
        })
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

/// What is wrong with one input, if anything is.
fn tried(
    program: &Program,
    template: Option<&Template>,
    input: &Value,
    values: &Values,
    slot: &Slot,
) -> Option<String> {
    let shown = |value: &Value| {
        let text = value.to_string();
        match text.char_indices().nth(limit::TYPE_QUOTE) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    };
    // The range of a Rust integer is known to the type, and not to the validator.
    let refusal = |value: &Value| {
        let validator = slot.validator.as_ref()?;
        let error = validator.iter_errors(value).next();
        let error = error.map(|error| error.to_string());
        let is_refused = fits(&Type::of(value), &slot.takes) == Fit::No;
        error.or_else(|| is_refused.then(|| format!("{} is taken", slot.takes)))
    };
    let Some(template) = template else {
        let error = refusal(input)?;
        return Some(format!("may be `{}`: {error}", shown(input)));
    };
    let from = match (input.is_null(), values.is_empty()) {
        (true, true) => String::new(),
        _ => format!(" when the task sees `{}`", shown(input)),
    };
    match program.render(template, input, values) {
        Ok(value) => {
            let error = refusal(&value)?;
            Some(format!("may be `{}`{from}: {error}", shown(&value)))
        }
        Err(fault) => Some(format!("may fail{from}: {}", fault.message)),
    }
}
