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
        return Err(format!("it has {} bytes; at most {} are taken", text.len(), limit::EXPRESSION_BYTES_MAX));
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
            return Err(format!("its brackets are nested deeper than {}", limit::EXPRESSION_BRACKETS_MAX));
        }
        let continues = character.is_alphanumeric() || matches!(character, '_' | '$' | '@');
        words += usize::from(!character.is_whitespace() && !(continues && in_word));
        in_word = continues;
    }
    if words > limit::EXPRESSION_WORDS_MAX {
        return Err(format!("it has {words} words and signs; at most {} are taken", limit::EXPRESSION_WORDS_MAX));
    }
    Ok(())
}

/// Parse an expression that the loader took, and refuse what is not allowed in it.
pub(super) fn parse(text: &str) -> Result<Term<&str>, String> {
    let term = jaq_core::load::parse(text, |parser| parser.term()).ok_or("modules are not available")?;
    let mut check = Check::default();
    let term = check.term(term, 0);
    if check.problems.is_empty() { Ok(term) } else { Err(check.problems.join("; ")) }
}

/// The definitions that the caller's term is compiled with, and the term itself.
pub(super) fn definitions(term: Term<&str>) -> impl Iterator<Item = Def<&str>> {
    let prelude = jaq_core::load::parse(PRELUDE, |parser| parser.defs()).expect("the prelude is valid");
    prelude.into_iter().chain([Def { name: MAIN, args: Vec::new(), body: term }])
}

/// A walk over the whole term that gathers every problem and rewrites `*`.
#[derive(Default)]
struct Check {
    problems: Vec<String>,
}

impl Check {
    fn problem(&mut self, message: String) {
        if !self.problems.contains(&message) {
            self.problems.push(message);
        }
    }

    fn boxed<'s>(&mut self, term: Box<Term<&'s str>>, depth: usize) -> Box<Term<&'s str>> {
        Box::new(self.term(*term, depth))
    }

    fn option<'s>(&mut self, term: Option<Box<Term<&'s str>>>, depth: usize) -> Option<Box<Term<&'s str>>> {
        term.map(|term| self.boxed(term, depth))
    }

    fn terms<'s>(&mut self, terms: Vec<Term<&'s str>>, depth: usize) -> Vec<Term<&'s str>> {
        terms.into_iter().map(|term| self.term(term, depth)).collect()
    }

    fn term<'s>(&mut self, term: Term<&'s str>, depth: usize) -> Term<&'s str> {
        let depth = depth + 1;
        if depth > limit::EXPRESSION_DEPTH_MAX {
            self.problem(format!("its terms are nested deeper than {}", limit::EXPRESSION_DEPTH_MAX));
            return term;
        }
        match term {
            Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) => term,
            Term::Var(name) => {
                if matches!(name, "$ENV" | "$__loc__" | "$__prog_args") {
                    self.problem(format!("`{name}` is not available: an expression sees the item alone"));
                }
                term
            }
            Term::Str(format, parts) => Term::Str(format, parts.into_iter().map(|part| self.part(part, depth)).collect()),
            Term::Arr(inner) => Term::Arr(self.option(inner, depth)),
            Term::Obj(entries) => {
                let entry = |(key, value): (_, Option<_>)| (self.term(key, depth), value.map(|value| self.term(value, depth)));
                Term::Obj(entries.into_iter().map(entry).collect())
            }
            Term::Neg(inner) => Term::Neg(self.boxed(inner, depth)),
            Term::BinOp(left, operator, right) => self.binary(*left, operator, *right, depth),
            Term::Label(name, inner) => Term::Label(name, self.boxed(inner, depth)),
            Term::Fold(name, source, pattern, steps) => {
                Term::Fold(name, self.boxed(source, depth), self.pattern(pattern, depth), self.terms(steps, depth))
            }
            Term::TryCatch(inner, catch) => Term::TryCatch(self.boxed(inner, depth), self.option(catch, depth)),
            Term::IfThenElse(branches, otherwise) => {
                let branch = |(condition, then)| (self.term(condition, depth), self.term(then, depth));
                let branches = branches.into_iter().map(branch).collect();
                Term::IfThenElse(branches, self.option(otherwise, depth))
            }
            Term::Def(definitions, inner) => {
                self.problem("`def` is not available: a definition could call itself without end".to_owned());
                Term::Def(definitions, inner)
            }
            Term::Call(name, arguments) => {
                self.call(name, arguments.len());
                Term::Call(name, self.terms(arguments, depth))
            }
            Term::Path(inner, Path(parts)) => {
                let inner = self.boxed(inner, depth);
                Term::Path(inner, Path(parts.into_iter().map(|(part, opt)| (self.path_part(part, depth), opt)).collect()))
            }
        }
    }

    fn call(&mut self, name: &str, arity: usize) {
        // `recurse` alone walks the item and ends; `recurse(f)` need not.
        let endless = name == "recurse" && arity > 0;
        // A format such as `@text` is a call too; all of them are pure.
        if endless || !(name.starts_with('@') || NAMES.contains(&name)) {
            self.problem(format!("`{name}/{arity}` is not available: only functions that read nothing and always end are"));
        }
    }

    fn binary<'s>(&mut self, left: Term<&'s str>, operator: BinaryOp<&'s str>, right: Term<&'s str>, depth: usize) -> Term<&'s str> {
        let (left, right) = (self.term(left, depth), self.term(right, depth));
        let operator = match operator {
            BinaryOp::Math(Math::Mul) => return Term::Call(MULTIPLY, vec![left, right]),
            BinaryOp::UpdateMath(Math::Mul) => {
                self.problem("`*=` is not available; write `.a = .a * 2`".to_owned());
                operator
            }
            BinaryOp::Pipe(Some(pattern)) => BinaryOp::Pipe(Some(self.pattern(pattern, depth))),
            other => other,
        };
        Term::BinOp(Box::new(left), operator, Box::new(right))
    }

    fn pattern<'s>(&mut self, pattern: Pattern<&'s str>, depth: usize) -> Pattern<&'s str> {
        match pattern {
            Pattern::Var(_) => pattern,
            Pattern::Arr(patterns) => Pattern::Arr(patterns.into_iter().map(|pattern| self.pattern(pattern, depth)).collect()),
            Pattern::Obj(entries) => {
                Pattern::Obj(entries.into_iter().map(|(key, pattern)| (self.term(key, depth), self.pattern(pattern, depth))).collect())
            }
        }
    }

    fn part<'s>(&mut self, part: StrPart<&'s str, Term<&'s str>>, depth: usize) -> StrPart<&'s str, Term<&'s str>> {
        match part {
            StrPart::Term(term) => StrPart::Term(self.term(term, depth)),
            other => other,
        }
    }

    fn path_part<'s>(&mut self, part: Part<Term<&'s str>>, depth: usize) -> Part<Term<&'s str>> {
        match part {
            Part::Index(index) => Part::Index(self.term(index, depth)),
            Part::Range(from, upto) => Part::Range(from.map(|term| self.term(term, depth)), upto.map(|term| self.term(term, depth))),
        }
    }
}
