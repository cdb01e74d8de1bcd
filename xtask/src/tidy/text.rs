//! Rules about the text of source files: how long they are, and what is not left in them.

use std::path::Path;

use super::source;
use crate::error::Problem;
use crate::file;

/// The longest file, without its inline tests.
const LINES_MAX: usize = 400;

/// Marks of unfinished work, in comments and code alike; in two pieces, so that this file has none.
const MARKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// Macros for the time while one works, in code.
const MACROS: [&str; 3] = ["dbg!", "todo!", "unimplemented!"];

/// Every breach in the Rust files of a package.
pub(super) fn check(package: &Path, root: &Path) -> Vec<Problem> {
    let mut problems = Vec::new();
    for folder in ["src", "tests", "examples", "benches"] {
        for path in file::walk(&package.join(folder)) {
            if path.extension().is_some_and(|kind| kind == "rs")
                && let Ok(text) = file::read(&path)
            {
                let is_test = folder == "tests"
                    || path.components().any(|part| part.as_os_str() == "tests")
                    || path.file_name().is_some_and(|name| name == "tests.rs");
                problems.extend(check_text(&file::relative(&path, root), &text, is_test));
            }
        }
    }
    problems
}

fn check_text(shown: &str, text: &str, is_test: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    let lines = source::before_tests(text).lines().count();
    if lines > LINES_MAX && !is_test {
        problems.push(
            Problem::new(format!(
                "{shown} has {lines} lines before its tests, more than {LINES_MAX}"
            ))
            .help("give one of its ideas a file of its own"),
        );
    }
    let code = source::code(text);
    for (index, (line, code)) in text.lines().zip(code.lines()).enumerate() {
        let mark = MARKS.iter().find(|mark| has_word(line, mark));
        let unfinished = mark.or_else(|| MACROS.iter().find(|name| has_word(code, name)));
        if let Some(what) = unfinished {
            let place = format!("{shown}:{}", index + 1);
            problems.push(Problem::new(format!(
                "{place}: `{what}` is left in the source"
            )));
        }
    }
    problems
}

/// Whether a line holds a word that is not part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(part_of_word);
        let after = line[at + word.len()..].chars().next();
        !before && (word.ends_with('!') || !after.is_some_and(part_of_word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let problems = check_text("f.rs", text, false);
        let messages: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(messages, expected);
    }

    #[test]
    fn unfinished_work_is_found_where_it_counts() {
        let mark = MARKS[0];
        check(
            &format!("fn f() {{}}\n// {mark}: later"),
            &[&format!("f.rs:2: `{mark}` is left in the source")],
        );
        check(&format!("let {mark}S = 1;"), &[]);
        check(
            "let x = dbg!(y);",
            &["f.rs:1: `dbg!` is left in the source"],
        );
        check("// dbg!(y) prints\nmy_dbg!(y)", &[]);
    }

    #[test]
    fn a_file_may_be_long_only_in_its_tests() {
        let long = "x\n".repeat(LINES_MAX + 1);
        check(
            &long,
            &["f.rs has 401 lines before its tests, more than 400"],
        );
        check(&format!("#[cfg(test)]\nmod tests {{\n{long}}}"), &[]);
        assert!(check_text("tests.rs", &long, true).is_empty());
    }
}
