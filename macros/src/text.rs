//! Texts inside attributes: names, permissions, versions, durations, docs, and the nearest word.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, Meta};

/// The most characters of a name. The framework's `limit::NAME_LEN` says the same.
const NAME_LEN: usize = 64;

/// The longest default deadline of a method: a day. Work that takes longer is a workflow.
const TIMEOUT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Why `text` is not the name of a service, method, plugin or code; `None` when it is one.
pub(crate) fn name_fault(text: &str) -> Option<String> {
    let rule = "a name starts with a lower-case letter and goes on with lower-case letters, digits, `_` and `-`";
    let Some(first) = text.chars().next() else {
        return Some(format!("a name may not be empty; {rule}"));
    };
    if !first.is_ascii_lowercase() {
        return Some(format!("`{text}` starts with `{first}`; {rule}"));
    }
    if let Some(bad) = text
        .chars()
        .find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_' | '-'))
    {
        return Some(format!("`{text}` contains `{bad}`; {rule}"));
    }
    (text.len() > NAME_LEN).then(|| {
        format!(
            "a name has at most {NAME_LEN} characters; this one has {}",
            text.len()
        )
    })
}

/// Why `text` is not a permission (names with dots between); `None` when it is one.
pub(crate) fn permission_fault(text: &str) -> Option<String> {
    if text.contains('*') {
        return Some(format!(
            "`{text}` contains `*`; patterns belong to the configuration's `[permissions]`, here stands one permission such as `storage.write`"
        ));
    }
    text.split('.')
        .find_map(name_fault)
        .map(|fault| format!("permission `{text}`: {fault}"))
}

/// Three numbers from `2`, `2.0` or `2.0.0`.
pub(crate) fn version(text: &str) -> Result<[u64; 3], String> {
    let advice =
        "write `major.minor.patch` in digits, such as `2.0.0` (`2` and `2.0` are read as that)";
    let within = |part: &str| match part == text {
        true => format!("`{part}`"),
        false => format!("`{part}` in `{text}`"),
    };
    let mut numbers = [0; 3];
    for (index, part) in text.split('.').enumerate() {
        if index == numbers.len() {
            return Err(format!("`{text}` has more than three numbers; {advice}"));
        }
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{} is not a number; {advice}", within(part)));
        }
        if part.len() > 1 && part.starts_with('0') {
            return Err(format!("{} starts with a zero; {advice}", within(part)));
        }
        numbers[index] = part
            .parse()
            .map_err(|_| format!("{} is too large; {advice}", within(part)))?;
    }
    Ok(numbers)
}

/// A duration from `500ms`, `5s`, `2m` or `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let advice = "write a whole number and a unit: `500ms`, `5s`, `2m` or `1h`";
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "" => return Err(format!("`{text}` has no unit; {advice}")),
        _ if number.is_empty() => {
            return Err(format!("`{text}` does not start with a number; {advice}"));
        }
        _ => return Err(format!("`{unit}` is not a unit; {advice}")),
    };
    if number.is_empty() {
        return Err(format!("`{text}` does not start with a number; {advice}"));
    }
    let duration = number
        .parse()
        .ok()
        .and_then(|number: u64| number.checked_mul(unit_ms))
        .map(Duration::from_millis);
    match duration {
        Some(Duration::ZERO) => Err(format!(
            "a deadline of `{text}` has always passed; {advice}"
        )),
        Some(duration) if duration <= TIMEOUT_MAX => Ok(duration),
        _ => Err(format!("`{text}` is more than a day; {advice}")),
    }
}

/// The nearest of `known`, when one is near enough to be what was meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance_max = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= distance_max || candidate.starts_with(word) && word.len() > 2
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean …", or the list of all that there are.
pub(crate) fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known.join(", ")),
    }
}

/// An identifier as callers see it: without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

/// `DataProcessing` becomes `data_processing`, `HTTPServer` becomes `http_server`.
pub(crate) fn snake_case(camel: &str) -> String {
    let letters: Vec<char> = camel.chars().collect();
    let mut snake = String::with_capacity(camel.len() + 4);
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before != '_'
                    && (!before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()))
            });
        if starts_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The doc comment: lines joined, one leading space trimmed from each.
pub(crate) fn docs(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        let Meta::NameValue(pair) = &attribute.meta else {
            continue;
        };
        if !pair.path.is_ident("doc") {
            continue;
        }
        // `#[doc = include_str!(…)]` is left to rustdoc: its text is not known here.
        if let Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) = &pair.value
        {
            // `split`, since `lines` would lose an empty comment line.
            let text = text.value();
            let block = text.contains('\n');
            for line in text.split('\n') {
                let line = if block {
                    line.trim_start().trim_start_matches('*')
                } else {
                    line
                };
                lines.push(line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned());
            }
        }
    }
    lines.join("\n").trim_matches('\n').trim_end().to_owned()
}

/// Tokens as a reader would write them, for messages.
pub(crate) fn shown(tokens: impl ToTokens) -> String {
    let tokens: TokenStream = tokens.into_token_stream();
    tokens
        .to_string()
        .replace(" :: ", "::")
        .replace(":: ", "::")
        .replace(" <", "<")
        .replace("< ", "<")
        .replace(" >", ">")
        .replace(" ,", ",")
        .replace("& ", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_name_is_refused_with_its_character() {
        for good in [
            "storage",
            "data_processing",
            "storage-redb",
            "a1",
            &"x".repeat(64),
        ] {
            assert_eq!(name_fault(good), None);
        }
        for (bad, word) in [
            ("", "empty"),
            ("Storage", "starts with `S`"),
            ("a b", "contains ` `"),
            ("1a", "starts with `1`"),
            ("a.b", "contains `.`"),
            ("größe", "contains `ö`"),
            (&"x".repeat(65), "has 65"),
        ] {
            let fault = name_fault(bad).expect("refused");
            assert!(fault.contains(word), "{fault}");
        }
    }

    #[test]
    fn a_permission_is_names_with_dots_between() {
        for good in ["storage", "storage.write", "a.b.c-d"] {
            assert_eq!(permission_fault(good), None);
        }
        for (bad, word) in [
            ("", "empty"),
            ("storage.", "empty"),
            (".a", "empty"),
            ("storage.*", "`*`"),
            ("Storage.write", "`S`"),
        ] {
            let fault = permission_fault(bad).expect("refused");
            assert!(fault.contains(word), "{fault}");
        }
    }

    #[test]
    fn versions_of_one_to_three_numbers_are_read() {
        for (text, numbers) in [("2", [2, 0, 0]), ("2.0", [2, 0, 0]), ("1.20.3", [1, 20, 3])] {
            assert_eq!(version(text), Ok(numbers));
        }
        for (text, word) in [
            ("", "not a number"),
            ("v2", "`v2`"),
            ("1.2.3.4", "more than three"),
            ("1..2", "``"),
            ("01.2", "zero"),
            ("1.0.0-beta", "`0-beta`"),
            ("99999999999999999999", "too large"),
        ] {
            let fault = version(text).expect_err("refused");
            assert!(fault.contains(word), "{fault}");
        }
    }

    #[test]
    fn durations_have_a_number_and_a_unit() {
        for (text, ms) in [
            ("500ms", 500),
            ("5s", 5_000),
            ("2m", 120_000),
            ("24h", 86_400_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)));
        }
        for (text, word) in [
            ("", "no unit"),
            ("5", "no unit"),
            ("s", "start with a number"),
            ("5 s", "` s`"),
            ("5sec", "`sec`"),
            ("1.5s", "`.5s`"),
            ("0s", "always passed"),
            ("25h", "a day"),
            ("99999999999999999999s", "a day"),
        ] {
            let fault = duration(text).expect_err("refused");
            assert!(fault.contains(word), "{fault}");
        }
    }

    #[test]
    fn the_nearest_word_is_found() {
        let known = ["read_only", "timeout", "stream"];
        assert_eq!(nearest("timout", known), Some("timeout"));
        assert_eq!(nearest("readonly", known), Some("read_only"));
        assert_eq!(nearest("stre", known), Some("stream"));
        assert_eq!(nearest("x", known), None);
        assert_eq!(
            suggestion("zzz", &known),
            "there are: read_only, timeout, stream"
        );
    }

    #[test]
    fn camel_case_becomes_snake_case() {
        for (camel, snake) in [
            ("Storage", "storage"),
            ("DataProcessing", "data_processing"),
            ("HTTPServer", "http_server"),
            ("Utf8Text", "utf8_text"),
            ("X", "x"),
            ("Already_Snake", "already_snake"),
        ] {
            assert_eq!(snake_case(camel), snake);
        }
    }

    #[test]
    fn docs_lose_one_leading_space_a_line() {
        let item: syn::ItemStruct = syn::parse_quote! {
            /// One.
            ///
            ///   Indented.
            /** Block
             * of two. */
            struct X;
        };
        assert_eq!(docs(&item.attrs), "One.\n\n  Indented.\nBlock\nof two.");
    }
}
