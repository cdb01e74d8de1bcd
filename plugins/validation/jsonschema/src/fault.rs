//! The library's errors as ours: with a place and in words that say what to do.

use jsonschema::error::ValidationErrorKind;
use weldkit::Json;
use weldkit_validation::{ValidationError, Violation};

/// Most characters of a message.
const MESSAGE_LEN: usize = 500;
/// Most characters of a value in a message; a longer one is called `the value`.
const VALUE_LEN: usize = 60;
/// Most branches of an `anyOf` or `oneOf` that a message goes into.
const BRANCHES: usize = 4;

const TYPES: [&str; 7] = [
    "array", "boolean", "integer", "null", "number", "object", "string",
];

/// What is wrong with a value.
pub(crate) fn violation(error: &jsonschema::ValidationError<'_>) -> Violation {
    Violation {
        pointer: error.instance_path().to_string(),
        keyword: error.kind().keyword().to_owned(),
        message: cut(&message(error)),
        schema_pointer: error.schema_path().to_string(),
    }
}

/// The message of one error, and why each branch does not fit.
fn message(error: &jsonschema::ValidationError<'_>) -> String {
    let mut message = in_words(error);
    let branches = branches(error.kind());
    for (number, branch) in (1..).zip(branches.iter().take(BRANCHES)) {
        if let Some(first) = branch.first() {
            message += &format!(
                "{} {number}: {}",
                if number == 1 { ":" } else { ";" },
                in_words(first)
            );
        }
    }
    if branches.len() > BRANCHES {
        message += "; …";
    }
    message
}

/// The errors of the branches of an `anyOf` or `oneOf`; none for other keywords.
fn branches(kind: &ValidationErrorKind) -> &[Vec<jsonschema::ValidationError<'static>>] {
    match kind {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context
        }
        _ => &[],
    }
}

/// The library's words, with the value in them only when it is short.
fn in_words(error: &jsonschema::ValidationError<'_>) -> String {
    let is_short = match &**error.instance() {
        Json::String(text) => text.len() <= VALUE_LEN,
        Json::Array(_) | Json::Object(_) => false,
        Json::Null | Json::Bool(_) | Json::Number(_) => true,
    };
    if is_short {
        error.to_string()
    } else {
        error.masked_with("the value").to_string()
    }
}

fn cut(message: &str) -> String {
    match message.char_indices().nth(MESSAGE_LEN) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

/// What is wrong with a schema.
pub(crate) fn in_schema(schema: &Json, error: &jsonschema::ValidationError<'_>) -> ValidationError {
    if let ValidationErrorKind::Referencing(cause) = error.kind() {
        return unresolved(schema, cause);
    }
    let pointer = error.instance_path().to_string();
    let reason = match &**error.instance() {
        Json::String(of) if pointer.ends_with("/type") && !TYPES.contains(&of.as_str()) => {
            not_a_type(of)
        }
        _ => message(error),
    };
    ValidationError::InvalidSchema {
        pointer,
        reason: cut(&reason),
    }
}

fn not_a_type(of: &str) -> String {
    let likeness = |known: &&str| strsim::jaro_winkler(known, of);
    let nearest = TYPES
        .into_iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|nearest| likeness(nearest) > 0.7) {
        Some(nearest) => format!("`{of}` is not a type; did you mean `{nearest}`?"),
        None => format!("`{of}` is not a type; the types are {}", TYPES.join(", ")),
    }
}

/// A reference that leads nowhere, or outside. The library does not say where it stands, so it is looked for.
fn unresolved(schema: &Json, cause: &jsonschema::ReferencingError) -> ValidationError {
    use jsonschema::ReferencingError as Cause;
    let is_outside = |reference: &str| !reference.starts_with('#');
    if let Cause::Unretrievable { uri, .. } = cause {
        let leads_there = |key: &str, reference: &str| {
            let document = reference.split('#').next().unwrap_or_default();
            key != "$schema"
                && is_outside(reference)
                && !document.is_empty()
                && uri.ends_with(document)
        };
        if let Some((pointer, reference)) = find(schema, &leads_there) {
            return ValidationError::RemoteReference { reference, pointer };
        }
    }
    let what = match cause {
        Cause::PointerToNowhere { pointer } => Some(pointer),
        Cause::NoSuchAnchor { anchor } | Cause::InvalidAnchor { anchor } => Some(anchor),
        Cause::InvalidPercentEncoding { pointer, .. }
        | Cause::InvalidArrayIndex { pointer, .. } => Some(pointer),
        Cause::UnknownSpecification { specification } => Some(specification),
        _ => None,
    };
    let found =
        what.and_then(|what| find(schema, &|_, reference| reference.ends_with(what.as_str())));
    let pointer = found.map_or_else(String::new, |(pointer, _)| pointer);
    ValidationError::InvalidSchema {
        pointer,
        reason: cut(&cause.to_string()),
    }
}

/// The first reference of a schema for which `is_it` holds: its pointer and its text.
fn find(schema: &Json, is_it: &dyn Fn(&str, &str) -> bool) -> Option<(String, String)> {
    match schema {
        Json::Object(fields) => fields.iter().find_map(|(key, value)| {
            let step = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
            let is_reference = matches!(
                key.as_str(),
                "$ref" | "$dynamicRef" | "$recursiveRef" | "$schema"
            );
            match value {
                Json::String(reference) if is_reference && is_it(key, reference) => {
                    Some((step, reference.clone()))
                }
                _ => find(value, is_it).map(|(below, reference)| (step + &below, reference)),
            }
        }),
        Json::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
            find(item, is_it).map(|(below, reference)| (format!("/{at}{below}"), reference))
        }),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    }
}
