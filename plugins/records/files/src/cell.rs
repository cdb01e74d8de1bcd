//! What a cell looks like, and what it is as a value of a type.

use serde_json::Number;
use weldkit::Json;
use weldkit_records::{ColumnType, LookCounts};

/// What a text or a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Empty,
    Integer,
    Number,
    Boolean,
    String,
    Nested,
}

impl Look {
    /// What a cell looks like. A number is one only where nothing is lost by taking it for one: `007`, `+7`, a number
    /// of 30 digits and `NaN` are strings.
    pub(crate) fn of_cell(cell: &str) -> Self {
        match cell {
            "" => Self::Empty,
            _ if cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false") => {
                Self::Boolean
            }
            _ if !has_number_form(cell) => Self::String,
            // `-0` as an integer would lose its sign.
            _ if cell
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
                && cell != "-0" =>
            {
                if cell.parse::<i64>().is_ok() {
                    Self::Integer
                } else {
                    Self::String
                }
            }
            _ if cell.parse::<f64>().is_ok_and(f64::is_finite) => Self::Number,
            _ => Self::String,
        }
    }

    /// What a JSON value looks like.
    pub(crate) fn of_value(value: &Json) -> Self {
        match value {
            Json::Null => Self::Empty,
            Json::Bool(_) => Self::Boolean,
            Json::Number(number) if number.is_f64() => Self::Number,
            Json::Number(_) => Self::Integer,
            Json::String(_) => Self::String,
            Json::Array(_) | Json::Object(_) => Self::Nested,
        }
    }

    /// The narrowest type of a column of this look and of what came before.
    pub(crate) fn widen(self, before: Option<ColumnType>) -> Option<ColumnType> {
        use ColumnType::{Any, Boolean, Integer, Number, String};
        let own = match self {
            Self::Empty => return before,
            Self::Integer => Integer,
            Self::Number => Number,
            Self::Boolean => Boolean,
            Self::String => String,
            Self::Nested => Any,
        };
        Some(match (before, own) {
            (None, own) => own,
            (Some(before), own) if before == own => own,
            (Some(Integer), Number) | (Some(Number), Integer) => Number,
            (Some(Any), _) | (_, Any) => Any,
            (Some(Integer | Number | Boolean | String), _) => String,
        })
    }

    /// Counts one more value of this look.
    pub(crate) fn count(self, counts: &mut LookCounts) {
        let count = match self {
            Self::Empty => &mut counts.empty,
            Self::Integer => &mut counts.integer,
            Self::Number => &mut counts.number,
            Self::Boolean => &mut counts.boolean,
            Self::String => &mut counts.string,
            Self::Nested => &mut counts.nested,
        };
        *count += 1;
    }
}

/// `-`? then digits without a leading zero, then a fraction and an exponent; `.5` counts as well.
fn has_number_form(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole_fits = digits(whole) && (whole == "0" || !whole.starts_with('0'))
        || whole.is_empty() && fraction.is_some();
    whole_fits && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

/// A cell by its own look.
pub(crate) fn by_look(cell: &str) -> Json {
    let value = match Look::of_cell(cell) {
        Look::Empty => Some(Json::Null),
        Look::Boolean => Some(cell.eq_ignore_ascii_case("true").into()),
        Look::Integer => cell.parse::<i64>().ok().map(Json::from),
        Look::Number => cell
            .parse()
            .ok()
            .and_then(Number::from_f64)
            .map(Json::Number),
        Look::String | Look::Nested => None,
    };
    value.unwrap_or_else(|| cell.into())
}

/// A cell of a column whose type was inferred: what it looks like must fit the type.
pub(crate) fn inferred(cell: &str, of: ColumnType) -> Option<Json> {
    let look = Look::of_cell(cell);
    let value = match (of, look) {
        (_, Look::Empty) => Json::Null,
        (ColumnType::String, _) => cell.into(),
        (ColumnType::Any, _)
        | (ColumnType::Integer, Look::Integer)
        | (ColumnType::Boolean, Look::Boolean)
        | (ColumnType::Number, Look::Number | Look::Integer) => by_look(cell),
        (ColumnType::Integer | ColumnType::Boolean | ColumnType::Number, _) => return None,
    };
    Some(value)
}

/// A cell of a column whose type was asked for: what can be read as that type is.
pub(crate) fn asked_for(cell: &str, of: ColumnType) -> Option<Json> {
    let trimmed = cell.trim();
    match of {
        ColumnType::String if cell.is_empty() => Some(Json::Null),
        ColumnType::String => Some(cell.into()),
        ColumnType::Any => Some(by_look(cell)),
        _ if trimmed.is_empty() => Some(Json::Null),
        ColumnType::Integer => integer(trimmed),
        ColumnType::Number => number(trimmed),
        ColumnType::Boolean => boolean(trimmed).map(Json::Bool),
    }
}

fn integer(text: &str) -> Option<Json> {
    let whole = match text.split_once('.') {
        Some((whole, fraction))
            if !whole.is_empty() && fraction.bytes().all(|byte| byte == b'0') =>
        {
            whole
        }
        Some(_) => return None,
        None => text,
    };
    whole.parse::<i64>().ok().map(Json::from)
}

fn number(text: &str) -> Option<Json> {
    if Look::of_cell(text) == Look::Integer {
        // As an integer it keeps all of its digits.
        return Some(by_look(text));
    }
    // `inf` and `NaN` parse as well, and are no numbers of JSON.
    let starts_well =
        text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'));
    text.parse()
        .ok()
        .filter(|_| starts_well)
        .and_then(Number::from_f64)
        .map(Json::Number)
}

fn boolean(text: &str) -> Option<bool> {
    let is_any = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match (
        is_any(["true", "yes", "y", "t"]) || text == "1",
        is_any(["false", "no", "n", "f"]) || text == "0",
    ) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        (false, false) => None,
    }
}

/// A JSON value as a value of a type that was asked for; the value comes back when it is none.
pub(crate) fn value_as(value: Json, of: ColumnType) -> Result<Json, Json> {
    let text = match (&value, of) {
        (Json::Null, _) | (_, ColumnType::Any) | (Json::Bool(_), ColumnType::Boolean) => {
            return Ok(value);
        }
        (Json::String(_), ColumnType::String) => return Ok(value),
        (Json::Number(number), ColumnType::Integer) if number.is_i64() => return Ok(value),
        (Json::Number(_), ColumnType::Number) => return Ok(value),
        (Json::String(text), _) => asked_for(text, of),
        (Json::Number(number), _) => asked_for(&number.to_string(), of),
        (Json::Bool(flag), ColumnType::String) => Some(flag.to_string().into()),
        (Json::Bool(_) | Json::Array(_) | Json::Object(_), _) => None,
    };
    text.ok_or(value)
}

/// The type in words, for a message.
pub(crate) fn in_words(of: ColumnType) -> &'static str {
    match of {
        ColumnType::Integer => "an integer",
        ColumnType::Number => "a number",
        ColumnType::Boolean => "a boolean",
        ColumnType::String => "a string",
        ColumnType::Any => "a value",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_look_loses_nothing() {
        let check = |cells: &[&str], expected: Look| {
            for cell in cells {
                assert_eq!(Look::of_cell(cell), expected, "{cell}");
            }
        };
        check(&[""], Look::Empty);
        check(
            &[
                "0",
                "7",
                "-12",
                "9223372036854775807",
                "-9223372036854775808",
            ],
            Look::Integer,
        );
        check(
            &["0.5", "-0", "1e3", "2.50", ".5", "-1.5E-7", "1e+3"],
            Look::Number,
        );
        check(&["true", "FALSE", "True"], Look::Boolean);
        check(
            &[
                "007",
                "+7",
                " 7",
                "7 ",
                "9223372036854775808",
                "123456789012345678901234567890",
            ],
            Look::String,
        );
        check(
            &[
                "1e999", "NaN", "inf", "-", ".", "1.", "1e", "e1", "--1", "1-1", "yes", "1,5",
                "0x1F", "٣",
            ],
            Look::String,
        );
    }

    #[test]
    fn a_column_has_the_narrowest_type_that_holds_all() {
        let check = |cells: &[&str], expected: Option<ColumnType>| {
            let of = cells
                .iter()
                .fold(None, |of, cell| Look::of_cell(cell).widen(of));
            assert_eq!(of, expected, "{cells:?}");
        };
        check(&["", ""], None);
        check(&["", "1", "2"], Some(ColumnType::Integer));
        check(&["1", "2.5", "3"], Some(ColumnType::Number));
        check(&["true", "", "false"], Some(ColumnType::Boolean));
        check(&["true", "1"], Some(ColumnType::String));
        check(&["1", "n/a", "2"], Some(ColumnType::String));
        check(&["10001", "02134"], Some(ColumnType::String));
    }

    #[test]
    fn an_inferred_type_is_strict() {
        let check = |cell: &str, of: ColumnType, expected: Option<Json>| {
            assert_eq!(inferred(cell, of), expected, "{cell} {of:?}");
        };
        check("7", ColumnType::Integer, Some(json!(7)));
        check("007", ColumnType::Integer, None);
        check("7.5", ColumnType::Integer, None);
        check(
            "9007199254740993",
            ColumnType::Number,
            Some(json!(9_007_199_254_740_993_i64)),
        );
        check("7.5", ColumnType::Number, Some(json!(7.5)));
        check("x", ColumnType::Number, None);
        check("TRUE", ColumnType::Boolean, Some(json!(true)));
        check("1", ColumnType::Boolean, None);
        check(" 7", ColumnType::String, Some(json!(" 7")));
        check("", ColumnType::String, Some(Json::Null));
        check("", ColumnType::Integer, Some(Json::Null));
    }

    #[test]
    fn a_type_that_was_asked_for_takes_what_it_can() {
        let check = |cells: &[&str], of: ColumnType, expected: Option<Json>| {
            for cell in cells {
                assert_eq!(asked_for(cell, of), expected, "{cell} {of:?}");
            }
        };
        check(
            &["7", "+7", " 7 ", "007", "7.0", "7."],
            ColumnType::Integer,
            Some(json!(7)),
        );
        check(
            &["7.5", "x", "1e3", "9223372036854775808", ".0", "7.0.0"],
            ColumnType::Integer,
            None,
        );
        check(
            &["1.5", "+1.5", " 1.50", "01.5", "15e-1"],
            ColumnType::Number,
            Some(json!(1.5)),
        );
        check(&["7", " 7"], ColumnType::Number, Some(json!(7)));
        check(
            &["NaN", "inf", "-inf", "1e999", "x", "1,5"],
            ColumnType::Number,
            None,
        );
        check(
            &["true", "Yes", "y", "T", "1"],
            ColumnType::Boolean,
            Some(json!(true)),
        );
        check(
            &["false", "NO", "n", "f", "0"],
            ColumnType::Boolean,
            Some(json!(false)),
        );
        check(&["2", "maybe"], ColumnType::Boolean, None);
        check(&["", "  "], ColumnType::Integer, Some(Json::Null));
        check(&[" a "], ColumnType::String, Some(json!(" a ")));
        check(&["02134"], ColumnType::Any, Some(json!("02134")));
    }

    #[test]
    fn a_json_value_is_taken_as_the_type_that_was_asked_for() {
        let check = |value: Json, of: ColumnType, expected: Option<Json>| {
            assert_eq!(value_as(value.clone(), of).ok(), expected, "{value} {of:?}");
        };
        check(json!(null), ColumnType::Integer, Some(json!(null)));
        check(json!(7), ColumnType::Integer, Some(json!(7)));
        check(json!(7.0), ColumnType::Integer, Some(json!(7)));
        check(json!("7"), ColumnType::Integer, Some(json!(7)));
        check(json!(7.5), ColumnType::Integer, None);
        check(json!(u64::MAX), ColumnType::Integer, None);
        check(json!(7), ColumnType::Number, Some(json!(7)));
        check(json!(7), ColumnType::String, Some(json!("7")));
        check(json!(true), ColumnType::String, Some(json!("true")));
        check(json!(1), ColumnType::Boolean, Some(json!(true)));
        check(json!([1]), ColumnType::String, None);
        check(json!([1]), ColumnType::Any, Some(json!([1])));
        check(json!(true), ColumnType::Integer, None);
    }
}
