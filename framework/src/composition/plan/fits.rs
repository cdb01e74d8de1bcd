//! What is given against what is taken: the answers, and where they are told.

use std::sync::Arc;

use super::Planner;
use crate::composition::definition::{Binding, Method};
use crate::composition::plan::Source;
use crate::composition::plan::graph::Calls;
use crate::composition::schema::{ANYTHING, At, Shape};
use crate::contract::types::{Answer, Array, Kind, Origin, Taker, Type, alone, read};
use crate::orchestration::definition::{Expr, Source as Jq};
use crate::orchestration::expression::Program;
use crate::orchestration::{Mapped, judge_mapped};

/// What one end of a binding gives.
pub(super) struct Given {
    pub(super) of: Type,
    /// The end, for people.
    pub(super) said: String,
    /// Whether there may be nothing.
    pub(super) may_lack: bool,
}

/// A binding through an expression: judged when all of them are compiled.
pub(super) struct Through {
    pub(super) expr: Expr,
    pub(super) of: Type,
    pub(super) taker: Taker,
    pub(super) what: String,
    pub(super) pointer: String,
}

/// What a binding takes; nothing where the schema of an input follows from what reads it.
pub(super) fn given(
    binding: &Binding,
    from: Source,
    calls: &Calls<'_>,
    method: &Method,
) -> Option<Given> {
    let mut said = format!("`{}`", binding.from);
    let (root, origin) = match (from, &method.input) {
        (Source::Node(step), _) => {
            said = format!("{said} ({})", calls[step].said());
            (&calls[step].output, Origin::Written)
        }
        (Source::Input, Some(input)) => (input, Origin::Checked),
        // What only an expression reads may be anything.
        (Source::Input, None) if binding.map.is_some() => (&ANYTHING, Origin::Checked),
        (Source::Input, None) => return None,
    };
    let (shape, pointer) = (Shape::of(root), &binding.from.pointer);
    let mut of = match shape.at(pointer) {
        At::Schema(part) => read(&alone(part, root), origin),
        At::Anything | At::Nothing(..) => Type::Any,
    };
    let is_stream = matches!(from, Source::Node(step) if calls[step].gives_stream(method));
    if is_stream && !binding.each {
        let items = Array {
            rest: of,
            ..Array::any()
        };
        of = Kind::Array(items).into();
    }
    let may_lack = !pointer.is_empty() && !shape.is_required(pointer);
    if may_lack && binding.map.is_some() {
        of = of.or(&Type::null());
    }
    Some(Given { of, said, may_lack })
}

/// What stands at a place of a document, as something that takes values.
pub(super) fn taker(part: Shape<'_>) -> Taker {
    Taker::new(alone(part.schema, part.root), Origin::Taken)
}

impl Planner<'_> {
    /// Takes an answer in: what never fits is wrong, what may not is told.
    pub(super) fn answered(
        &mut self,
        (answer, why): (Answer, String),
        what: &str,
        pointer: &str,
        help: &str,
    ) {
        self.answers.count(answer);
        let message = format!("{what} {why}");
        match answer {
            Answer::Yes => {}
            Answer::No => {
                self.problems
                    .add_with("incompatible_interface", message, pointer, help);
            }
            Answer::MayFail => self.open.add("may_fail", message, pointer),
            Answer::Unknown => self.open.add("unknown_type", message, pointer),
        }
    }

    /// Takes an expression in; they are compiled together.
    pub(super) fn expression(&mut self, text: &Arc<str>, pointer: &str) -> Expr {
        let index = u32::try_from(self.expressions.len()).unwrap_or(u32::MAX);
        self.expressions.push(Jq {
            text: text.clone(),
            pointer: Arc::from(pointer),
            names: Arc::from([]),
        });
        Expr(index)
    }

    /// All of them, and what goes through them judged.
    pub(super) fn program(&mut self) -> Option<Program> {
        match Program::compile(&self.expressions) {
            Ok(program) => {
                self.judge_through(&program);
                Some(program)
            }
            Err(found) => {
                for problem in found {
                    let pointer = problem.place.clone().unwrap_or_default();
                    self.problems.push(problem, &pointer);
                }
                None
            }
        }
    }

    /// Judges what goes through expressions.
    fn judge_through(&mut self, program: &Program) {
        let through = std::mem::take(&mut self.through);
        if through.is_empty() {
            return;
        }
        let all: Vec<Mapped<'_>> = through
            .iter()
            .map(|through| Mapped {
                source: &self.expressions[through.expr.0 as usize],
                expr: through.expr,
                of: &through.of,
                taker: &through.taker,
            })
            .collect();
        // Without an answer a check says no.
        let unseen = || (Answer::No, "could not be looked at".to_owned());
        let mut answers = judge_mapped(program, &all).unwrap_or_default().into_iter();
        for through in &through {
            let answer = answers.next().unwrap_or_else(unseen);
            let help = "correct the expression; its input is what the other end gives";
            self.answered(answer, &through.what, &through.pointer, help);
        }
    }
}
