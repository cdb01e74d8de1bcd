//! What a plain word of YAML means: the core schema of YAML 1.2.

use serde_json::{Number, Value};

/// A plain scalar.
#[derive(Debug, PartialEq)]
pub(super) enum Scalar {
    /// Nothing, a truth value or a number.
    Plain(Value),
    /// Not any of these.
    Text,
    /// A number that JSON cannot hold as it is.
    Unfit,
}

/// What `word` means when it stands without quotes.
pub(super) fn resolve(word: &str) -> Scalar {
    match word {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Plain(Value::Null),
        "true" | "True" | "TRUE" => Scalar::Plain(Value::Bool(true)),
        "false" | "False" | "FALSE" => Scalar::Plain(Value::Bool(false)),
        _ => number(word),
    }
}

fn number(word: &str) -> Scalar {
    let unsigned = word.strip_prefix(['-', '+']).unwrap_or(word);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(word, ".nan" | ".NaN" | ".NAN") {
        return Scalar::Unfit;
    }
    if let Some((digits, radix)) = radix(word) {
        return fit(u64::from_str_radix(digits, radix).ok().map(Number::from));
    }
    if is_digits(unsigned) {
        let unsigned_fit = word.parse::<u64>().ok().map(Number::from);
        return fit(unsigned_fit.or_else(|| word.parse::<i64>().ok().map(Number::from)));
    }
    if is_float(unsigned) {
        return fit(word.parse::<f64>().ok().and_then(Number::from_f64));
    }
    Scalar::Text
}

fn fit(number: Option<Number>) -> Scalar {
    number.map_or(Scalar::Unfit, |number| Scalar::Plain(number.into()))
}

/// The digits of `0o17` or `0x1f`, and their radix.
fn radix(word: &str) -> Option<(&str, u32)> {
    [("0o", 8), ("0x", 16)]
        .into_iter()
        .find_map(|(prefix, radix)| {
            let digits = word.strip_prefix(prefix)?;
            let fits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            fits.then_some((digits, radix))
        })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, Some(exponent)),
        None => (text, None),
    };
    let whole = match digits.split_once('.') {
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
        None => is_digits(digits),
    };
    whole && exponent.is_none_or(|text| is_digits(text.strip_prefix(['-', '+']).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_mean_what_the_core_schema_says() {
        for (word, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("True", json!(true)),
            ("12", json!(12)),
            ("-12", json!(-12)),
            ("+12", json!(12)),
            ("007", json!(7)),
            ("0o17", json!(15)),
            ("0xfF", json!(255)),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("1.5", json!(1.5)),
            ("1.", json!(1.0)),
            (".5", json!(0.5)),
            ("-1e3", json!(-1000.0)),
        ] {
            assert_eq!(resolve(word), Scalar::Plain(value), "{word}");
        }
        for word in [
            "yes", "1.0.0", "0x", "0o8", "e3", ".", "1e", "-", "1_000", "12a", "tRUE",
        ] {
            assert_eq!(resolve(word), Scalar::Text, "{word}");
        }
        for word in [
            "18446744073709551616",
            ".inf",
            "-.INF",
            ".nan",
            "1e999",
            "0x10000000000000000",
        ] {
            assert_eq!(resolve(word), Scalar::Unfit, "{word}");
        }
    }
}
