//! Which members of its input an expression can reach: only those are made into values of jaq.
//!
//! `.color == "red"` needs one member of an input that may hold thousands. To find out costs a walk at compile; the
//! answer may be too much, never too little.

use std::collections::BTreeSet;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::{Part, Path};
use jaq_json::Val;
use serde_json::Value;

use super::plain::text;
use super::value::from_json;

/// What is reached of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reach {
    /// All of it.
    All,
    /// These members.
    Members(BTreeSet<String>),
}

impl Default for Reach {
    fn default() -> Self {
        Self::Members(BTreeSet::new())
    }
}

impl Reach {
    /// What a term reaches of its input.
    pub(super) fn of(term: &Term<&str>) -> Self {
        let mut reach = Self::default();
        reach.walk(term);
        reach
    }

    pub(super) fn add(&mut self, member: String) {
        if let Self::Members(members) = self {
            members.insert(member);
        }
    }

    /// What is reached of the value, as jaq takes it.
    pub(super) fn take(&self, value: &Value) -> Val {
        match (self, value) {
            (Self::Members(members), Value::Object(entries)) if members.len() < entries.len() => {
                let reached = members.iter().filter_map(|member| {
                    let value = entries.get(member)?;
                    Some((Val::from(member.clone()), from_json(value)))
                });
                Val::obj(reached.collect())
            }
            (_, value) => from_json(value),
        }
    }

    fn walk_all<'t, 's: 't>(&mut self, terms: impl IntoIterator<Item = &'t Term<&'s str>>) {
        for term in terms {
            self.walk(term);
        }
    }

    /// Adds what a term reaches whose input is the one in question.
    fn walk(&mut self, term: &Term<&str>) {
        match term {
            Term::Num(_) | Term::Var(_) | Term::Break(_) => {}
            Term::Call("true" | "false" | "null" | "empty", arguments) if arguments.is_empty() => {}
            // What a function does with its input is its own affair.
            Term::Id | Term::Recurse | Term::Call(..) | Term::Def(..) => *self = Self::All,
            Term::Str(None, parts) => self.walk_all(parts.iter().filter_map(|part| match part {
                StrPart::Term(term) => Some(term),
                StrPart::Str(_) | StrPart::Char(_) => None,
            })),
            Term::Str(Some(_), _) => *self = Self::All,
            Term::Arr(inner) => self.walk_all(inner.as_deref()),
            Term::Obj(entries) => {
                for (key, value) in entries {
                    self.entry(key, value.as_ref());
                }
            }
            Term::Neg(inner) | Term::Label(_, inner) => self.walk(inner),
            // The right side has the output of the left one as its input.
            Term::BinOp(left, BinaryOp::Pipe(None), _) => self.walk(left),
            Term::BinOp(left, BinaryOp::Pipe(Some(pattern)), right) => {
                self.bind(pattern);
                self.walk_all([&**left, right]);
            }
            Term::BinOp(
                left,
                BinaryOp::Comma
                | BinaryOp::Alt
                | BinaryOp::Or
                | BinaryOp::And
                | BinaryOp::Math(_)
                | BinaryOp::Cmp(_),
                right,
            ) => self.walk_all([&**left, right]),
            // An update gives its input back.
            Term::BinOp(..) => *self = Self::All,
            // The steps behind the start have its output as their input.
            Term::Fold(_, source, pattern, steps) => {
                self.bind(pattern);
                self.walk(source);
                self.walk_all(steps.first());
            }
            Term::TryCatch(inner, _) => self.walk(inner),
            Term::IfThenElse(branches, otherwise) => {
                self.walk_all(branches.iter().flat_map(|(when, then)| [when, then]));
                match otherwise {
                    Some(otherwise) => self.walk(otherwise),
                    None => *self = Self::All,
                }
            }
            Term::Path(inner, path) => self.path(inner, path),
        }
    }

    fn path(&mut self, inner: &Term<&str>, Path(parts): &Path<Term<&str>>) {
        match (inner, first_member(parts)) {
            (Term::Id, Some(member)) => self.add(member),
            (inner, _) => self.walk(inner),
        }
        for (part, _) in parts {
            match part {
                Part::Index(index) => self.walk(index),
                Part::Range(from, upto) => self.walk_all(from.iter().chain(upto)),
            }
        }
    }

    fn entry(&mut self, key: &Term<&str>, value: Option<&Term<&str>>) {
        self.walk(key);
        match (value, text(key)) {
            (Some(value), _) => self.walk(value),
            (None, Some(member)) => self.add(member),
            (None, None) if matches!(key, Term::Var(_)) => {}
            (None, None) => *self = Self::All,
        }
    }

    /// A pattern with computed keys may reach anything.
    fn bind(&mut self, pattern: &Pattern<&str>) {
        match pattern {
            Pattern::Var(_) => {}
            Pattern::Arr(patterns) => patterns.iter().for_each(|pattern| self.bind(pattern)),
            Pattern::Obj(entries) => {
                for (key, pattern) in entries {
                    if text(key).is_none() && !matches!(key, Term::Var(_)) {
                        *self = Self::All;
                    }
                    self.bind(pattern);
                }
            }
        }
    }
}

/// The member that a path begins with.
pub(super) fn first_member(parts: &[(Part<Term<&str>>, jaq_core::path::Opt)]) -> Option<String> {
    match parts.first() {
        Some((Part::Index(index), _)) => text(index),
        Some((Part::Range(..), _)) | None => None,
    }
}
