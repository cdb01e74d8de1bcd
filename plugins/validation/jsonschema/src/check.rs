//! Values against a compiled schema.

use weldkit::Json;
use weldkit_validation::{BatchVerdict, InvalidValue, ValidationError, Verdict, Violation};

use crate::compiled::{Compiled, DEPTH_MAX, is_deeper};
use crate::fault;

/// Most values of a batch.
pub(crate) const BATCH_LEN_MAX: usize = 10_000;
/// Most violations that the verdict on a batch lists in all; each value still has its count.
const LISTED_MAX: usize = 10_000;

/// Everything that is wrong with a value: the first `listed_max` violations, and how many there are.
fn violations(
    compiled: &Compiled,
    value: &Json,
    listed_max: usize,
) -> Result<(Vec<Violation>, u64), ValidationError> {
    if is_deeper(value, DEPTH_MAX) {
        let reason = format!("it has more than {DEPTH_MAX} levels");
        return Err(ValidationError::TooLarge {
            what: "the value".into(),
            reason,
        });
    }
    // Most values are valid, and to see that is much cheaper than to list nothing.
    if compiled.validator.is_valid(value) {
        return Ok((Vec::new(), 0));
    }
    let mut listed = Vec::new();
    let mut count = 0;
    for error in compiled.validator.iter_errors(value) {
        count += 1;
        if listed.len() < listed_max {
            listed.push(fault::violation(&error));
        }
    }
    Ok((listed, count))
}

/// The verdict on one value.
pub(crate) fn one(
    compiled: &Compiled,
    value: &Json,
    listed_max: usize,
) -> Result<Verdict, ValidationError> {
    let (violations, violation_count) = violations(compiled, value, listed_max)?;
    Ok(Verdict {
        valid: violation_count == 0,
        violations,
        violation_count,
    })
}

/// The verdict on a batch. Ends early, with what it has, when nobody waits for it.
pub(crate) fn batch(
    compiled: &Compiled,
    values: &[Json],
    listed_max: usize,
    is_cancelled: impl Fn() -> bool,
) -> Result<BatchVerdict, ValidationError> {
    let mut verdict = BatchVerdict {
        valid: true,
        valid_count: 0,
        invalid: Vec::new(),
    };
    let mut room = LISTED_MAX;
    for (index, value) in (0..).zip(values) {
        if is_cancelled() {
            break;
        }
        let (violations, violation_count) = violations(compiled, value, listed_max.min(room))?;
        if violation_count == 0 {
            verdict.valid_count += 1;
        } else {
            room -= violations.len();
            verdict.invalid.push(InvalidValue {
                index,
                violations,
                violation_count,
            });
        }
    }
    verdict.valid = verdict.invalid.is_empty();
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compiled(schema: Json) -> Compiled {
        Compiled::new(schema, true).unwrap()
    }

    /// Each violation as pointer, keyword and message.
    fn listed(schema: Json, value: &Json) -> Vec<(String, String, String)> {
        let verdict = one(&compiled(schema), value, 1_000).unwrap();
        assert_eq!(verdict.violation_count, verdict.violations.len() as u64);
        assert_eq!(verdict.valid, verdict.violations.is_empty());
        verdict
            .violations
            .into_iter()
            .map(|found| (found.pointer, found.keyword, found.message))
            .collect()
    }

    #[test]
    fn all_violations_have_their_place() {
        let schema = json!({
            "type": "object", "required": ["cost", "species"], "additionalProperties": false,
            "properties": {
                "cost": {"type": "integer", "minimum": 0}, "date": {"format": "date"},
                "tags": {"items": {"$ref": "#/$defs/tag"}}, "a/b~c": {"const": 1}
            },
            "$defs": {"tag": {"type": "string", "maxLength": 3}}
        });
        let value = json!({"cost": -1, "date": "2020-02-30", "tags": ["ok", "long", 3], "a/b~c": 2, "more": 1});
        let expected = [
            (
                "",
                "additionalProperties",
                "Additional properties are not allowed ('more' was unexpected)",
            ),
            ("", "required", "\"species\" is a required property"),
            ("/a~1b~0c", "const", "1 was expected"),
            ("/cost", "minimum", "-1 is less than the minimum of 0"),
            ("/date", "format", "\"2020-02-30\" is not a \"date\""),
            (
                "/tags/1",
                "maxLength",
                "\"long\" is longer than 3 characters",
            ),
            ("/tags/2", "type", "3 is not of type \"string\""),
        ];
        let mut found = listed(schema, &value);
        found.sort();
        let expected = expected
            .map(|(pointer, keyword, message)| (pointer.into(), keyword.into(), message.into()));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_message_goes_into_branches_and_stays_short() {
        let schema = json!({"anyOf": [{"type": "integer"}, {"maxLength": 2}]});
        let [(_, _, message)] = &listed(schema, &json!("long"))[..] else {
            panic!("one violation")
        };
        let expected = "\"long\" is not valid under any of the schemas listed in the 'anyOf' keyword: 1: \"long\" is \
                        not of type \"integer\"; 2: \"long\" is longer than 2 characters";
        assert_eq!(message, expected);
        let [(_, _, message)] = &listed(json!({"type": "integer"}), &json!("x".repeat(10_000)))[..]
        else {
            panic!()
        };
        assert_eq!(message, "the value is not of type \"integer\"");
        let many: Json = (0..1_000)
            .map(|at| (format!("key{at}"), json!(1)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let [(_, _, message)] = &listed(json!({"additionalProperties": false}), &many)[..] else {
            panic!()
        };
        assert!(message.chars().count() <= 501, "{}", message.len());
    }

    #[test]
    fn of_very_many_violations_the_first_are_listed_and_all_are_counted() {
        let schema = compiled(json!({"items": {"type": "integer"}}));
        let verdict = one(&schema, &json!(vec!["x"; 500]), 100).unwrap();
        assert_eq!(
            (
                verdict.valid,
                verdict.violations.len(),
                verdict.violation_count
            ),
            (false, 100, 500)
        );
        let values = vec![json!(vec!["x"; 500]); 150];
        let verdict = batch(&schema, &values, 100, || false).unwrap();
        assert_eq!(
            (verdict.valid, verdict.valid_count, verdict.invalid.len()),
            (false, 0, 150)
        );
        assert_eq!(
            verdict
                .invalid
                .iter()
                .map(|invalid| invalid.violations.len())
                .sum::<usize>(),
            LISTED_MAX
        );
        assert!(
            verdict
                .invalid
                .iter()
                .all(|invalid| invalid.violation_count == 500)
        );
    }

    #[test]
    fn a_batch_names_the_values_that_do_not_fit() {
        let schema = compiled(json!({"type": "integer"}));
        let verdict = batch(
            &schema,
            &[json!(1), json!("x"), json!(2.0), json!(null)],
            100,
            || false,
        )
        .unwrap();
        let indexes: Vec<u64> = verdict
            .invalid
            .iter()
            .map(|invalid| invalid.index)
            .collect();
        assert_eq!(
            (verdict.valid, verdict.valid_count, indexes),
            (false, 2, vec![1, 3])
        );
        assert!(batch(&schema, &[], 100, || false).unwrap().valid);
    }

    #[test]
    fn patterns_and_recursion_come_to_an_end() {
        let costly = format!("{}b", "a".repeat(60));
        for pattern in ["^(a+)+$", "^(?=(a+)+$)a*$", r"^(a|a)*\1c"] {
            assert_eq!(
                listed(json!({ "pattern": pattern }), &json!(costly)).len(),
                1,
                "{pattern}"
            );
        }
        let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({"a": inner}));
        let recursive = json!({"properties": {"a": {"$ref": "#"}}, "required": ["b"]});
        assert_eq!(listed(recursive, &deep(DEPTH_MAX)).len(), DEPTH_MAX);
        assert!(listed(json!({"$ref": "#"}), &json!(1)).is_empty());
        let error = one(&compiled(json!(true)), &deep(DEPTH_MAX + 1), 100).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the value is too large: it has more than 128 levels"
        );
    }
}
