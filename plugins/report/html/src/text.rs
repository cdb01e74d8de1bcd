//! Values as people read them, and texts without what only a terminal or a browser would read.

use serde_json::Value;
use weldkit_report::Format;

/// The value in its format.
pub(crate) fn value(value: &Value, format: Format) -> String {
    match (value, format) {
        (Value::Null, _) => "–".to_owned(),
        (Value::String(text), _) => text.clone(),
        (Value::Number(number), Format::Count) => number
            .as_i64()
            .map_or_else(|| number.to_string(), thousands),
        (Value::Number(number), Format::Money) => {
            number.as_f64().map_or_else(|| number.to_string(), money)
        }
        (Value::Number(number), Format::Share) => {
            number.as_f64().map_or_else(|| number.to_string(), share)
        }
        (Value::Number(number), Format::Number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |number| format!("{number:.1}")),
        (Value::Number(number), Format::Text) => number.to_string(),
        (Value::Bool(value), _) => if *value { "yes" } else { "no" }.to_owned(),
        (Value::Array(_) | Value::Object(_), _) => value.to_string(),
    }
}

/// `10000` as `10,000`.
pub(crate) fn thousands(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        grouped.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `15389869` as `$15,389,869`.
pub(crate) fn money(dollars: f64) -> String {
    let rounded = dollars.round();
    // Beyond 2^53 dollars there are no single dollars any more, and the digits would pretend that there are.
    if rounded.abs() >= 9e15 {
        return format!("${dollars:e}");
    }
    let amount = thousands(rounded.abs() as i64);
    if rounded < 0.0 {
        format!("−${amount}")
    } else {
        format!("${amount}")
    }
}

/// `0.3796` as `38.0%`.
pub(crate) fn share(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// The text on one line, without characters that would command a terminal or turn the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        character if character.is_control() => '\u{FFFD}',
        // Marks and overrides of the direction: they can make a line read as another one.
        '\u{200E}'
        | '\u{200F}'
        | '\u{061C}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        character => character,
    };
    text.chars().map(shown).collect()
}

/// At most `max` characters, with an ellipsis where some were cut.
pub(crate) fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_for_people() {
        for (given, format, expected) in [
            (json!(10_000), Format::Count, "10,000"),
            (json!(999), Format::Count, "999"),
            (json!(-1_234_567), Format::Count, "−1,234,567"),
            (json!(15_389_869), Format::Money, "$15,389,869"),
            (json!(1234.5), Format::Money, "$1,235"),
            (json!(-5), Format::Money, "−$5"),
            (json!(0.379_572), Format::Share, "38.0%"),
            (json!(142.25), Format::Number, "142.2"),
            (json!(null), Format::Money, "–"),
            (json!("n/a"), Format::Money, "n/a"),
            (json!(i64::MIN), Format::Count, "−9,223,372,036,854,775,808"),
        ] {
            assert_eq!(value(&given, format), expected, "{given}");
        }
    }

    #[test]
    fn no_character_commands_a_terminal() {
        assert_eq!(
            clean("a\u{1b}[31mred\u{7}\r\nb\u{202E}c\u{9b}d"),
            "a\u{FFFD}[31mred\u{FFFD}  b\u{FFFD}c\u{FFFD}d"
        );
        assert_eq!(clean("Canada goose – é"), "Canada goose – é");
        assert_eq!(cut("äöü", 2), "äö…");
    }
}
