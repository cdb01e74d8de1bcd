//! Expressions outside of workflows: each makes a value of another, and something takes it.

use super::infer::{self, Fails, Scope};
use super::judge::{answer, tried};
use super::{Answer, deep};
use crate::contract::types::{Draws, Taker, Type, quoted};
use crate::limit;
use crate::orchestration::definition::{Expr, Source};
use crate::orchestration::expression::{self, Program};

/// An expression between what is given and what takes it.
pub(crate) struct Mapped<'a> {
    pub(crate) source: &'a Source,
    pub(crate) expr: Expr,
    pub(crate) of: &'a Type,
    pub(crate) taker: &'a Taker,
}

/// Whether what each expression makes is taken, in words; nothing if they cannot be looked at.
pub(crate) fn judge_mapped(program: &Program, all: &[Mapped<'_>]) -> Option<Vec<(Answer, String)>> {
    deep(|| all.iter().map(|mapped| mapped.judge(program)).collect())
}

impl Mapped<'_> {
    fn judge(&self, program: &Program) -> (Answer, String) {
        let known = match expression::parse(self.source) {
            Some(term) => infer::evaluate(&term, self.of, &mut Scope::default()),
            None => (Type::Any, Fails::Unknown),
        };
        answer((&known.0, known.1), self.taker, || self.refused(program))
    }

    fn refused(&self, program: &Program) -> Option<String> {
        let mut draws = Draws::new(1);
        (0..limit::TYPE_TRIES).find_map(|_| {
            let input = self.of.sample(&mut draws)?;
            let from = format!(" when its expression sees `{}`", quoted(&input));
            tried(program.evaluate(self.expr, &input, &()), &from, self.taker)
        })
    }
}
