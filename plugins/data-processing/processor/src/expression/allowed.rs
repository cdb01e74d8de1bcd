//! What an expression may call.
//!
//! The list names what is allowed, so that a function that a later jaq adds is refused until somebody has looked at
//! it. Left out are functions that read (`input`, `inputs`, `$ENV`, `env`, `now`, `localtime`), write (`debug`,
//! `stderr`), end the process (`halt`), loop without end (`repeat`, `while`, `until`, `recurse(f)`, `range`, `def`), or
//! make large values of small ones (`combinations`, text times a number).

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};

use crate::limit;

/// The name under which the caller's term is compiled.
pub(super) const MAIN: &str = "expression_main";
/// What `*` becomes.
const MULTIPLY: &str = "expression_multiply";
/// Text times a number repeats the text: a gigabyte from ten characters.
const PRELUDE: &str = r#"def expression_multiply(l; r): l as $l | r as $r
    | if ($l | isstring) or ($r | isstring) then error("text cannot be multiplied") else $l * $r end;"#;

#[rustfmt::skip]
const NAMES: &[&str] = &[
    "abs", "acos", "add", "all", "any", "arrays", "ascii_downcase", "ascii_upcase", "asin", "atan", "booleans", "capture", "cbrt",
    "ceil", "contains", "cos", "del", "delpaths", "empty", "endswith", "error", "exp", "exp10", "exp2", "explode", "fabs",
    "finites", "first", "flatten", "floor", "from_entries", "fromdate", "fromdateiso8601", "fromjson", "getpath", "gmtime",
    "group_by", "gsub", "has", "implode", "in", "index", "indices", "infinite", "inside", "isarray", "isboolean", "isempty", "isfinite",
    "isinfinite", "isnan", "isnormal", "isnumber", "isobject", "isstring", "iterables", "join", "keys", "keys_unsorted", "last",
    "length", "limit", "log", "log10", "log2", "ltrim", "ltrimstr", "map", "map_values", "match", "max", "max_by", "min", "min_by",
    "mktime", "nan", "normals", "not", "nth", "null", "nulls", "numbers", "objects", "paths", "pick", "pow", "reverse", "rindex", "round",
    "rtrim", "rtrimstr", "scalars", "scan", "select", "setpath", "sin", "skip", "sort", "sort_by", "split", "splits", "sqrt", "startswith",
    "strftime", "strings", "strptime", "sub", "tan", "test", "toboolean", "todate", "todateiso8601", "tojson", "tonumber", "tostring",
    "to_entries", "transpose", "trim", "trunc", "type", "unique", "unique_by", "utf8bytelength", "values", "walk", "with_entries",
    "true", "false", "path", "recurse",
];

/// Refuse a text that would cost too much to parse.
pub(super) fn check_size(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("it is empty; `.` is the item itself".to_owned());
    }
    if text.len() > limit::EXPRESSION_BYTES_MAX {
        return Err(format!(
            "it has {} bytes; at most {} are taken",
            text.len(),
            limit::EXPRESSION_BYTES_MAX
        ));
    }
    // Parser, compiler and interpreter work by recursion, so the text is measured before any of them sees it. Brackets
    // inside text count too: a bound may be too careful, never too late.
    let mut open = 0_usize;
    let mut words = 0_usize;
    let mut in_word = false;
    for character in text.chars() {
        match character {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > limit::EXPRESSION_BRACKETS_MAX {
            return Err(format!(
                "its brackets are nested deeper than {}",
                limit::EXPRESSION_BRACKETS_MAX
            ));
        }
        let continues = character.is_alphanumeric() || matches!(character, '_' | '$' | '@');
        let starts = !continues || !in_word;
        words += usize::from(starts && !character.is_whitespace());
        in_word = continues;
    }
    if words > limit::EXPRESSION_WORDS_MAX {
        return Err(format!(
            "it has {words} words and signs; at most {} are taken",
            limit::EXPRESSION_WORDS_MAX
        ));
    }
    Ok(())
}

/// Parse an expression that the loader took, and refuse what is not allowed in it.
pub(super) fn parse(text: &str) -> Result<Term<&str>, String> {
    let parsed = jaq_core::load::parse(text, |parser| parser.term());
    let mut term = parsed.ok_or("modules are not available")?;
    let mut check = Check::default();
    check.walk(&mut term, 0);
    if check.problems.is_empty() {
        Ok(term)
    } else {
        Err(check.problems.join("; "))
    }
}

/// The definitions that the caller's term is compiled with, and the term itself.
pub(super) fn definitions(term: Term<&str>) -> impl Iterator<Item = Def<&str>> {
    let prelude = jaq_core::load::parse(PRELUDE, |parser| parser.defs());
    let main = Def {
        name: MAIN,
        args: Vec::new(),
        body: term,
    };
    prelude
        .expect("the prelude is valid")
        .into_iter()
        .chain([main])
}

/// A walk over the whole term that gathers every problem and rewrites `*`.
#[derive(Default)]
struct Check {
    problems: Vec<String>,
}

impl Check {
    fn walk(&mut self, term: &mut Term<&str>, depth: usize) {
        if depth >= limit::EXPRESSION_DEPTH_MAX {
            let max = limit::EXPRESSION_DEPTH_MAX;
            return self.problem(format!("its terms are nested deeper than {max}"));
        }
        self.judge(term);
        for child in children(term) {
            self.walk(child, depth + 1);
        }
        if let Term::BinOp(left, BinaryOp::Math(Math::Mul), right) = term {
            let arguments = vec![std::mem::take(&mut **left), std::mem::take(&mut **right)];
            *term = Term::Call(MULTIPLY, arguments);
        }
    }

    /// What is wrong with the term itself.
    fn judge(&mut self, term: &Term<&str>) {
        match term {
            Term::Var(name @ ("$ENV" | "$__loc__" | "$__prog_args")) => self.problem(format!(
                "`{name}` is not available: an expression sees the item alone"
            )),
            Term::BinOp(_, BinaryOp::UpdateMath(Math::Mul), _) => {
                self.problem("`*=` is not available; write `.a = .a * 2`".to_owned());
            }
            Term::Def(..) => self.problem(
                "`def` is not available: a definition could call itself without end".to_owned(),
            ),
            Term::Call(name, arguments) => self.judge_call(name, arguments.len()),
            _ => {}
        }
    }

    fn judge_call(&mut self, name: &str, arity: usize) {
        // `recurse` alone walks the item and ends; `recurse(f)` need not.
        let endless = name == "recurse" && arity > 0;
        // A format such as `@text` is a call too; all of them are pure.
        if endless || !(name.starts_with('@') || NAMES.contains(&name)) {
            self.problem(format!(
                "`{name}/{arity}` is not available: only functions that read nothing and always end are"
            ));
        }
    }

    fn problem(&mut self, message: String) {
        if !self.problems.contains(&message) {
            self.problems.push(message);
        }
    }
}

/// The terms directly inside of a term. Definitions are left out: they are refused as they stand.
fn children<'a, 's>(term: &'a mut Term<&'s str>) -> Vec<&'a mut Term<&'s str>> {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => Vec::new(),
        Term::Str(_, parts) => parts.iter_mut().filter_map(in_text).collect(),
        Term::Arr(inner) => inner.as_deref_mut().into_iter().collect(),
        Term::Obj(entries) => entries
            .iter_mut()
            .flat_map(|(key, value)| std::iter::once(key).chain(value))
            .collect(),
        Term::Neg(inner) | Term::Label(_, inner) | Term::Def(_, inner) => vec![inner],
        Term::BinOp(left, BinaryOp::Pipe(Some(pattern)), right) => {
            let mut terms: Vec<&mut Term<_>> = vec![left, right];
            in_pattern(pattern, &mut terms);
            terms
        }
        Term::BinOp(left, _, right) => vec![left, right],
        Term::Fold(_, source, pattern, steps) => {
            let mut terms: Vec<&mut Term<_>> = vec![source];
            terms.extend(steps);
            in_pattern(pattern, &mut terms);
            terms
        }
        Term::TryCatch(inner, catch) => {
            let mut terms: Vec<&mut Term<_>> = vec![inner];
            terms.extend(catch.as_deref_mut());
            terms
        }
        Term::IfThenElse(branches, otherwise) => {
            let branches = branches.iter_mut().flat_map(|(when, then)| [when, then]);
            branches.chain(otherwise.as_deref_mut()).collect()
        }
        Term::Call(_, arguments) => arguments.iter_mut().collect(),
        Term::Path(inner, Path(parts)) => {
            let mut terms: Vec<&mut Term<_>> = vec![inner];
            for (part, _) in parts {
                match part {
                    Part::Index(index) => terms.push(index),
                    Part::Range(from, upto) => terms.extend(from.iter_mut().chain(upto)),
                }
            }
            terms
        }
    }
}

fn in_text<'a, 's>(part: &'a mut StrPart<&'s str, Term<&'s str>>) -> Option<&'a mut Term<&'s str>> {
    match part {
        StrPart::Term(term) => Some(term),
        StrPart::Str(_) | StrPart::Char(_) => None,
    }
}

fn in_pattern<'a, 's>(pattern: &'a mut Pattern<&'s str>, terms: &mut Vec<&'a mut Term<&'s str>>) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(patterns) => {
            for pattern in patterns {
                in_pattern(pattern, terms);
            }
        }
        Pattern::Obj(entries) => {
            for (key, pattern) in entries {
                terms.push(key);
                in_pattern(pattern, terms);
            }
        }
    }
}
