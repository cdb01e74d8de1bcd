//! Rust source as far as a tidy check must read it: comments and strings away, then words.

use std::collections::BTreeMap;

/// The same text with comments, strings and character literals blanked; lines stay in place.
pub(super) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' if !is_word(bytes, at) => raw_string_end(bytes, at).unwrap_or(at + 1),
            b'\'' => character_end(bytes, at).unwrap_or(at + 1),
            _ => at + 1,
        };
        if end > at + 1 {
            for byte in out[at..end].iter_mut().filter(|byte| **byte != b'\n') {
                *byte = b' ';
            }
        }
        at = end;
    }
    // Only whole literals and comments were blanked, so no character was cut in two.
    String::from_utf8(out).unwrap_or_default()
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |len| at + len)
}

/// Block comments nest.
fn comment_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut at) = (1, at + 2);
    while at < bytes.len() && depth > 0 {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `r#"…"#`.
fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at + 1..]
        .iter()
        .take_while(|byte| **byte == b'#')
        .count();
    let open = at + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    let len = bytes[open + 1..]
        .windows(close.len())
        .position(|window| window == close);
    Some(len.map_or(bytes.len(), |len| open + 1 + len + close.len()))
}

/// A character literal; a lifetime is none.
fn character_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at + 1) == Some(&b'\\') {
        let len = bytes[at + 3..].iter().position(|byte| *byte == b'\'')?;
        return Some(at + 3 + len + 1);
    }
    let rest = std::str::from_utf8(&bytes[at + 1..bytes.len().min(at + 6)]);
    let rest = rest
        .or_else(|e| std::str::from_utf8(&bytes[at + 1..at + 1 + e.valid_up_to()]))
        .ok()?;
    let len = rest.chars().next()?.len_utf8();
    (bytes.get(at + 1 + len) == Some(&b'\'')).then_some(at + len + 2)
}

/// Whether the byte before continues a word.
fn is_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

/// The part of a file before its inline tests.
pub(super) fn before_tests(text: &str) -> &str {
    let is_test_module = |rest: &str| {
        let mut lines = rest.lines().skip(1).map(str::trim_start);
        lines
            .find(|line| !line.starts_with("#["))
            .is_some_and(|line| {
                let line = line
                    .trim_start_matches("pub(crate) ")
                    .trim_start_matches("pub(super) ");
                line.starts_with("mod ") && line.ends_with('{')
            })
    };
    let mut found = text.match_indices("#[cfg(test)]").map(|(at, _)| at);
    let at = found.find(|at| is_test_module(&text[*at..]));
    &text[..at.unwrap_or(text.len())]
}

/// A word or a piece of punctuation, with its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token<'a>(usize, &'a str);

fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            let word = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let first = rest.chars().next().map_or(1, char::len_utf8);
            let len = match word {
                0 if rest.starts_with("::") => 2,
                0 => first,
                len => len,
            };
            tokens.push(Token(index + 1, &rest[..len]));
            rest = rest[len..].trim_start();
        }
    }
    tokens
}

/// The names that a file of a module takes from the crate's root, with their lines: through
/// `crate::`, or through `super::` as often as it takes.
pub(super) fn imports(text: &str, module: &[String]) -> Vec<(usize, String)> {
    let code = code(before_tests(text));
    let tokens = tokens(&code);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let before = at.checked_sub(1).map(|before| tokens[before].1);
        // `$crate` in a macro is the user's way in, and `::super` continues a path.
        if before == Some("$") || before == Some("::") {
            continue;
        }
        let ups = tokens[at..]
            .chunks(2)
            .take_while(|pair| is_step(pair, "super"))
            .count();
        let start = match tokens[at].1 {
            "crate" => at + 2,
            "super" if ups == module.len() => at + 2 * ups,
            _ => continue,
        };
        if tokens.get(start - 1).is_some_and(|token| token.1 == "::") {
            found.extend(heads(&tokens[start..]));
        }
    }
    found
}

fn is_step(pair: &[Token<'_>], word: &str) -> bool {
    matches!(pair, [Token(_, first), Token(_, "::")] if *first == word)
}

/// The first name of a path, or of each path in a group.
fn heads(tokens: &[Token<'_>]) -> Vec<(usize, String)> {
    match tokens.first() {
        Some(Token(_, "{")) => {}
        Some(Token(line, name)) => return vec![(*line, (*name).to_owned())],
        None => return Vec::new(),
    }
    let (mut depth, mut found) = (0, Vec::new());
    for (at, Token(line, text)) in tokens.iter().enumerate() {
        match *text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        let opens = at
            .checked_sub(1)
            .is_some_and(|before| matches!(tokens[before].1, "{" | ","));
        if depth == 1 && opens && *text != "{" && *text != "}" {
            found.push((*line, (*text).to_owned()));
        }
    }
    found
}

/// What `lib.rs` re-exports, each name with the module that it comes from.
pub(super) fn reexports(text: &str) -> BTreeMap<String, String> {
    let code = code(before_tests(text));
    let tokens = tokens(&code);
    let mut found = BTreeMap::new();
    for at in 0..tokens.len() {
        let words: Vec<&str> = tokens[at..].iter().take(4).map(|token| token.1).collect();
        if let ["pub", "use", module, "::"] = words[..]
            && !matches!(module, "crate" | "self")
        {
            let end = tokens[at..]
                .iter()
                .position(|token| token.1 == ";")
                .unwrap_or(0);
            let names = tokens[at + 4..(at + end).max(at + 4)].iter();
            let names = names.filter(|token| token.1.starts_with(char::is_uppercase));
            found.extend(names.map(|token| (token.1.to_owned(), module.to_owned())));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_characters_are_blank_and_lines_stay() {
        let check = |text: &str, expected: &str| assert_eq!(code(text), expected);
        check("a // b\nc", "a     \nc");
        check("a /* /* b */ \n */ c", "a            \n    c");
        check(
            r#"f("crate::x\"", 'c', '\'')"#,
            "f(            ,    ,     )",
        );
        check("r#\"a\" b\"# c", "          c");
        check("&'a str; for_r\"x\"", "&'a str; for_r   ");
        check("'ä' é", "     é");
        check("\"never ends", "           ");
    }

    #[test]
    fn inline_tests_do_not_count() {
        let text = "a\n#[cfg(test)]\nmod tests;\nb\n#[cfg(test)]\n#[allow(x, reason = \"\")]\nmod tests {\n c }";
        assert_eq!(before_tests(text), "a\n#[cfg(test)]\nmod tests;\nb\n");
    }

    #[test]
    fn imports_are_read_from_groups_paths_and_supers() {
        let check = |module: &[&str], text: &str, expected: &[(usize, &str)]| {
            let module: Vec<String> = module.iter().map(|part| (*part).to_owned()).collect();
            let found = imports(text, &module);
            let found: Vec<(usize, &str)> = found.iter().map(|(l, n)| (*l, n.as_str())).collect();
            assert_eq!(found, expected);
        };
        check(
            &["a"],
            "use crate::{x::{y, z}, w};\nfn f() { crate::v::g() }",
            &[(1, "x"), (1, "w"), (2, "v")],
        );
        check(
            &["a", "b"],
            "use super::x;\nuse super::super::y;",
            &[(2, "y")],
        );
        check(&["a"], "use super::{p, q::r};", &[(1, "p"), (1, "q")]);
        check(&["a"], "macro_rules! m { () => { $crate::host::x } }", &[]);
        check(
            &["a"],
            "// crate::x\n#[cfg(test)]\nmod tests {\n use crate::x; }",
            &[],
        );
    }

    #[test]
    fn reexports_name_their_module() {
        let found = reexports(
            "mod host;\npub use host::{Host, HostBuilder};\npub use call::Ctx;\nuse x::Y;",
        );
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(
            found,
            [("Ctx", "call"), ("Host", "host"), ("HostBuilder", "host")]
        );
    }
}
