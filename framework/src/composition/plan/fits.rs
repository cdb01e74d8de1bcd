//! What is given against what is taken: the answers, and where they are told.

use std::sync::Arc;

use super::Planner;
use super::contract::Derived;
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
    let mut may_lack = !pointer.is_empty() && !shape.is_required(pointer);
    let is_stream = matches!(from, Source::Node(step) if calls[step].gives_stream(method));
    if let (true, Source::Node(step)) = (is_stream, from)
        && let Some(value) = calls[step].stands_in_for_an_item()
    {
        match value.pointer(pointer) {
            Some(found) => of = of.or(&Type::of(found)),
            None => may_lack = true,
        }
    }
    if is_stream && !binding.each {
        // The pointer leads into each item; where one has nothing there, there is null.
        if may_lack {
            of = of.or(&Type::null());
            may_lack = false;
        }
        let items = Array {
            rest: of,
            ..Array::any()
        };
        of = Kind::Array(items).into();
    }
    if may_lack && binding.map.is_some() {
        of = of.or(&Type::null());
    }
    Some(Given { of, said, may_lack })
}

/// The values of a type but null, which says that there is none.
pub(super) fn without_null(of: &Type) -> Type {
    match of {
        Type::Any => Type::Any,
        Type::Of(shapes) => {
            let others = shapes.iter().filter(|shape| shape.kind != Kind::Null);
            Type::Of(others.cloned().collect())
        }
    }
}

/// What stands at a place of a document, as something that takes values.
pub(super) fn taker(part: Shape<'_>) -> Taker {
    Taker::new(alone(part.schema, part.root), Origin::Taken)
}

impl Planner<'_> {
    /// Whether the result of a method is what its declared output promises.
    pub(super) fn promised(&mut self, name: &str, derived: &Derived<'_>, map: Option<Expr>) {
        let Some(output) = &derived.method.output else {
            return;
        };
        let origin = match derived.gives_input {
            true => Origin::Checked,
            false => Origin::Written,
        };
        let of = read(&derived.merged(), origin);
        let taker = taker(Shape::of(output));
        let what = format!("the result of `{name}`, which its `output` promises,");
        match map {
            Some(expr) => self.through.push(Through {
                expr,
                of,
                taker,
                what,
                pointer: format!("/methods/{name}/map"),
            }),
            None => {
                let help = "correct `output`, or leave it out: then it follows from the steps";
                let at = format!("/methods/{name}/output");
                self.answered(taker.judge(&of), &what, &at, help);
            }
        }
    }

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
