//! A value that fits none of several forms: which form was meant.
//!
//! Choices between forms come from Rust enums and `Option`. Reporting the faults against every form would bury the one
//! that matters, so the form is found by what tells it apart: its type, its tag, its one name.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as K;
use serde_json::Value;

use super::violation::type_names;

pub(super) enum Meant<'e> {
    /// This form; these are the faults against it.
    Branch(&'e [ValidationError<'static>]),
    /// Any form, but the value has none of their types.
    Types(Vec<String>),
    /// A form that is chosen by a value, here or in a tag.
    Choices {
        pointer: String,
        found: &'e Value,
        choices: Vec<Value>,
    },
    /// There is no telling; the number of forms.
    Unclear(usize),
}

/// Finds the form that was meant by the faults against each.
pub(super) fn meant<'e>(pointer: &str, forms: &'e [Vec<ValidationError<'static>>]) -> Meant<'e> {
    let here = |error: &ValidationError<'_>| error.instance_path().as_str() == pointer;
    let of_other_type = |form: &&Vec<ValidationError<'static>>| {
        form.iter()
            .any(|error| here(error) && matches!(error.kind(), K::Type { .. }))
    };
    let (other, fitting): (Vec<_>, Vec<_>) = forms.iter().partition(of_other_type);
    if fitting.is_empty() {
        let errors = other.into_iter().flatten().filter(|error| here(error));
        let types = errors.filter_map(|error| match error.kind() {
            K::Type { kind } => Some(type_names(kind)),
            _ => None,
        });
        return Meant::Types(types.flatten().collect());
    }
    if let [form] = fitting.as_slice() {
        return Meant::Branch(form);
    }
    if let Some(meant) = by_value(&fitting) {
        return meant;
    }
    let of_other_name = |error: &ValidationError<'_>| {
        here(error)
            && matches!(
                error.kind(),
                K::Required { .. } | K::AdditionalProperties { .. }
            )
    };
    let mut named = fitting
        .iter()
        .filter(|form| !form.iter().any(of_other_name));
    match (named.next(), named.next()) {
        (Some(form), None) => Meant::Branch(form),
        _ => Meant::Unclear(forms.len()),
    }
}

/// Forms that each want another value at one place: the value itself, or a tag.
fn by_value<'e>(forms: &[&'e Vec<ValidationError<'static>>]) -> Option<Meant<'e>> {
    let is_choice =
        |error: &&ValidationError<'_>| matches!(error.kind(), K::Constant { .. } | K::Enum { .. });
    let tag = |form: &&'e Vec<ValidationError<'static>>| form.iter().find(is_choice);
    let first = forms.iter().find_map(tag)?;
    let at = first.instance_path().as_str();
    let same_tag = |error: &&ValidationError<'static>| {
        is_choice(error) && error.instance_path().as_str() == at
    };
    let mut untagged = forms
        .iter()
        .filter(|form| !form.iter().any(|error| same_tag(&error)));
    match (untagged.next(), untagged.next()) {
        (Some(form), None) => Some(Meant::Branch(form)),
        (None, _) => {
            let tags = forms.iter().flat_map(|form| form.iter().filter(same_tag));
            let choices = tags.flat_map(choices).collect();
            Some(Meant::Choices {
                pointer: at.to_owned(),
                found: first.instance(),
                choices,
            })
        }
        (Some(_), Some(_)) => None,
    }
}

/// The values that a fault says are allowed.
pub(super) fn choices(error: &ValidationError<'_>) -> Vec<Value> {
    match error.kind() {
        K::Constant { expected_value } => vec![Value::clone(expected_value)],
        K::Enum { options } => options
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![Value::clone(options)]),
        _ => Vec::new(),
    }
}
