//! `--lines`: what a stream has printed goes into a parameter that is a list.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::Target;
use super::flags::read;
use super::parameter::Flag;
use crate::app::failure::Failure;
use crate::error::CallError;
use crate::limit;

/// Most lines that a note names.
const NAMED: usize = 10;

/// A parameter from lines of JSON.
pub(super) struct Lines {
    pub(super) parameter: String,
    /// The list.
    pub(super) json: String,
}

impl Lines {
    /// Reads it from `@FILE`, or from stdin where `from` is `-`.
    ///
    /// # Errors
    ///
    /// A method without one parameter that is a list, and a line that is not JSON, by its number.
    pub(super) fn read(target: &Target, flags: &[Flag], from: &str) -> Result<Self, Failure> {
        let lists: Vec<&str> = flags
            .iter()
            .filter(|flag| flag.is_list)
            .map(|flag| flag.name.as_str())
            .collect();
        let [parameter] = lists[..] else {
            let there = match lists.is_empty() {
                true => "none".to_owned(),
                false => format!("`{}`", lists.join("`, `")),
            };
            return Err(Failure::usage(&format!(
                "`--lines` makes the one parameter that is a list, and of those `{}` has {there}; give its parameters with --input",
                target.name
            )));
        };
        if from != "-" && !from.starts_with('@') {
            return Err(Failure::usage(&format!(
                "`--lines` reads a file or stdin: write `--lines @{from}`, or `--lines -`"
            )));
        }
        let text = read(from)?;
        if text.len() > limit::JSON_BYTES {
            return Err(CallError::limit(format!(
                "the lines have more than {} bytes, the most of one call; send them in parts, as `split -C 60M` makes them",
                limit::JSON_BYTES
            ))
            .into());
        }
        Ok(Self {
            json: list(&text, parameter, from)?,
            parameter: parameter.to_owned(),
        })
    }
}

/// The lines as one list; each goes in as it was written, digit by digit.
fn list(text: &[u8], parameter: &str, from: &str) -> Result<String, CallError> {
    if text.is_empty() {
        return Ok("[]".to_owned());
    }
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let mut items = Vec::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let item = serde_json::from_slice::<&RawValue>(line).map_err(|fault| {
            let from = from.strip_prefix('@').unwrap_or("stdin");
            let message = format!("line {} of `{from}` is not JSON: {fault}", index + 1);
            CallError::invalid_parameter(message).pointer(format!("/{parameter}/{index}"))
        })?;
        items.push(item.get());
    }
    Ok(format!("[{}]", items.join(",")))
}

/// Which lines the pointers of an error mean, for people.
pub(super) fn note(parameter: &str, error: &CallError) -> Option<String> {
    let violations = error
        .detail()
        .and_then(|details| details["violations"].as_array());
    let pointers = violations.into_iter().flatten();
    let pointers = pointers.filter_map(|violation| violation["pointer"].as_str());
    let lines: BTreeSet<usize> = pointers
        .chain(error.at())
        .filter_map(|pointer| {
            let rest = pointer.strip_prefix('/')?.strip_prefix(parameter)?;
            let index = rest.strip_prefix('/')?.split('/').next()?;
            Some(index.parse::<usize>().ok()? + 1)
        })
        .collect();
    let named: Vec<String> = lines.iter().take(NAMED).map(ToString::to_string).collect();
    let (more, what) = match lines.len() {
        0 => return None,
        1 => ("", "line"),
        2..=NAMED => ("", "lines"),
        _ => (", …", "lines"),
    };
    let numbers = named.join(", ");
    Some(format!(
        "  note: places in `{parameter}` count from 0; what is wrong stands in {what} {numbers}{more}"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_make_a_list_and_a_bad_one_is_named() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let made = list(text.as_bytes(), "documents", "@a.ndjson");
            let made = made.map_err(|error| error.message().to_owned());
            match expected {
                Ok(list) => assert_eq!(made.as_deref(), Ok(list), "{text:?}"),
                Err(words) => assert!(made.unwrap_err().contains(words), "{text:?}"),
            }
        };
        check("", Ok("[]"));
        check("1", Ok("[1]"));
        check("{\"a\": 1.50}\r\n[2]\n", Ok("[{\"a\": 1.50},[2]]"));
        check("1\n\n2\n", Err("line 2 of `a.ndjson` is not JSON"));
        check("1\n2\n{", Err("line 3 of `a.ndjson` is not JSON"));
        check("\n", Err("line 1 of `a.ndjson` is not JSON"));
    }

    #[test]
    fn places_of_an_error_are_lines() {
        let error = |pointers: &[String]| {
            let violations: Vec<_> = pointers.iter().map(|p| json!({ "pointer": p })).collect();
            CallError::invalid_parameter("bad").details(json!({ "violations": violations }))
        };
        let of = |range: std::ops::Range<usize>| -> Vec<String> {
            range.map(|at| format!("/documents/{at}/key")).collect()
        };
        assert_eq!(note("documents", &error(&[])), None);
        assert_eq!(note("docs", &error(&of(0..3))), None);
        let one = note(
            "documents",
            &CallError::internal("x").pointer("/documents/2"),
        );
        assert!(one.unwrap().ends_with("in line 3"));
        let two = note("documents", &error(&of(0..2))).unwrap();
        assert!(two.ends_with("in lines 1, 2"), "{two}");
        let many = note("documents", &error(&of(0..20))).unwrap();
        assert!(many.ends_with("8, 9, 10, …"), "{many}");
    }
}
