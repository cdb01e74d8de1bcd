//! What a broken rule of a JSON Schema is called.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::config::problem::{Code, describe};

/// A rule as the end of a sentence.
pub(super) struct Rule(String);

impl Rule {
    pub(super) fn must_be(what: impl std::fmt::Display) -> Self {
        Self(format!("must be {what}"))
    }

    pub(super) fn must(what: impl std::fmt::Display) -> Self {
        Self(format!("must {what}"))
    }

    pub(super) fn cannot(what: impl std::fmt::Display) -> Self {
        Self(format!("may not {what}"))
    }

    /// `batch` must be at least 1, found the integer 0
    pub(super) fn sentence(&self, name: &str, found: &Value, secret: bool) -> String {
        format!("{name} {}, found {}", self.0, describe(found, secret))
    }
}

/// The rule that a value breaks, and the code for it.
pub(super) fn rule(error: &ValidationError<'_>) -> (Code, Rule) {
    use ValidationErrorKind as K;
    let rule = match error.kind() {
        K::Type { kind } => return (Code::WrongType, types(&type_names(kind))),
        K::Minimum { limit } => Rule::must_be(format!("at least {limit}")),
        K::Maximum { limit } => Rule::must_be(format!("at most {limit}")),
        K::ExclusiveMinimum { limit } => Rule::must_be(format!("more than {limit}")),
        K::ExclusiveMaximum { limit } => Rule::must_be(format!("less than {limit}")),
        K::MultipleOf { multiple_of } => Rule::must_be(format!("a multiple of {multiple_of}")),
        K::MinLength { limit } => {
            Rule::must(format!("have at least {}", counted(*limit, "character")))
        }
        K::MaxLength { limit } => {
            Rule::must(format!("have at most {}", counted(*limit, "character")))
        }
        K::MinItems { limit } => Rule::must(format!("have at least {}", counted(*limit, "item"))),
        K::MaxItems { limit } => Rule::must(format!("have at most {}", counted(*limit, "item"))),
        K::MinProperties { limit } => {
            Rule::must(format!("have at least {}", counted(*limit, "name")))
        }
        K::MaxProperties { limit } => {
            Rule::must(format!("have at most {}", counted(*limit, "name")))
        }
        K::Pattern { pattern } => Rule::must(format!("match the pattern `{pattern}`")),
        K::Format { format } => Rule::must_be(format!("of the format `{format}`")),
        K::UniqueItems => Rule::cannot("hold an item twice"),
        K::Contains => Rule::must("hold an item that it lacks"),
        K::Not { .. } | K::FalseSchema => Rule::cannot("be given like this"),
        K::OneOfMultipleValid { .. } => Rule::cannot("fit more than one of its forms"),
        // The library's own words; the value is masked, since a message may be all that is left of a secret.
        _ => Rule::must(format!(
            "follow its schema ({})",
            error.masked_with("the value")
        )),
    };
    (Code::InvalidValue, rule)
}

/// The rule that a value is of one of these types.
pub(super) fn types(names: &[String]) -> Rule {
    let mut nouns: Vec<&str> = names
        .iter()
        .filter(|name| *name != "null")
        .map(|name| noun(name))
        .collect();
    nouns.sort_unstable();
    nouns.dedup();
    Rule::must_be(nouns.join(" or "))
}

/// The types that a type error expected.
pub(super) fn type_names(kind: &TypeKind) -> Vec<String> {
    match kind {
        TypeKind::Single(name) => vec![name.to_string()],
        TypeKind::Multiple(names) => names.iter().map(|name| name.to_string()).collect(),
    }
}

fn noun(name: &str) -> &str {
    match name {
        "integer" => "an integer",
        "number" => "a number",
        "string" => "a string",
        "boolean" => "true or false",
        "array" => "an array",
        "object" => "a table",
        other => other,
    }
}

/// A number and its noun.
pub(in crate::config) fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The least and the most that an integer of this format holds.
pub(in crate::config) fn integer_range(format: &str) -> Option<(i128, i128)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" | "uint" => (0, u64::MAX.into()),
        _ => return None,
    })
}
