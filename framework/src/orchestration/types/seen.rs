//! What expressions see, and what they give there.

use std::sync::Arc;

use serde_json::json;

use super::infer::{self, Fails, Scope};
use super::walk::Walk;
use crate::contract::types::Type;
use crate::orchestration::definition::{Expr, Task, Template};

/// The task that an expression belongs to.
#[derive(Clone, Copy)]
pub(super) struct Here<'t> {
    pub(super) context: &'t Type,
    pub(super) task: Option<&'t Task>,
    pub(super) raw: Option<&'t Type>,
    pub(super) input: Option<&'t Type>,
    pub(super) output: Option<&'t Type>,
}

impl<'t> Here<'t> {
    /// Outside of all tasks.
    pub(super) fn nowhere(context: &'t Type) -> Self {
        Self {
            context,
            task: None,
            raw: None,
            input: None,
            output: None,
        }
    }
}

impl Walk<'_> {
    pub(super) fn evaluate(&mut self, expr: Expr, value: &Type, here: Here<'_>) -> (Type, Fails) {
        let source = self.workflow.definition().expressions.get(expr.0 as usize);
        let mentions = |name: &str| source.is_some_and(|source| source.text.contains(name));
        let mut scope = self.scope(here, mentions("$task") || mentions("$workflow"));
        let Some(term) = self.term(expr) else {
            return (Type::Any, Fails::Unknown);
        };
        let (of, fails) = infer::evaluate(term, value, &mut scope);
        if let Some(source) = source
            && !value.is_never()
        {
            let failing = self
                .failing
                .entry(source.pointer.to_string())
                .or_insert(true);
            *failing &= fails == Fails::Always;
        }
        (of, fails)
    }

    pub(super) fn render(
        &mut self,
        template: &Template,
        value: &Type,
        here: Here<'_>,
    ) -> (Type, Fails) {
        match template {
            Template::Value(value) => (Type::of(value), Fails::Never),
            Template::Expr(expr) => self.evaluate(*expr, value, here),
            Template::Array(parts) => {
                let mut fails = Fails::Never;
                let mut elements = Vec::new();
                for part in parts {
                    let (of, failed) = self.render(part, value, here);
                    fails = fails.max(failed);
                    elements.push(of);
                }
                (Type::tuple(elements), fails)
            }
            Template::Object(parts) => {
                let mut fails = Fails::Never;
                let mut fields = Vec::new();
                for (name, part) in parts {
                    let (of, failed) = self.render(part, value, here);
                    fails = fails.max(failed);
                    fields.push((name.clone(), of, true));
                }
                (Type::record(fields), fails)
            }
        }
    }

    /// What an expression sees beside its input.
    pub(super) fn scope(&self, here: Here<'_>, is_whole: bool) -> Scope {
        let mut all: Vec<(Arc<str>, Type)> = Vec::new();
        let mut add = |name: &str, of: Type| all.push((name.into(), of));
        add("context", here.context.clone());
        add("input", here.input.unwrap_or(&self.input).clone());
        if let Some(output) = here.output {
            add("output", output.clone());
        }
        add("secrets", Type::Any);
        if is_whole {
            let started = Type::record([(
                "epoch",
                Type::record([
                    ("seconds", Type::count(), true),
                    ("milliseconds", Type::count(), true),
                ]),
                true,
            )]);
            let id = &self.workflow.definition().id;
            let document = Type::of(&json!({ "document": id }));
            add(
                "workflow",
                Type::record([
                    ("id", Type::text(), true),
                    ("definition", document, true),
                    ("input", self.input.clone(), true),
                    ("startedAt", started.clone(), true),
                ]),
            );
            if let Some(task) = here.task {
                add(
                    "task",
                    Type::record([
                        ("name", Type::of(&json!(&*task.name)), true),
                        ("reference", Type::of(&json!(&*task.pointer)), true),
                        ("definition", Type::record::<&str>([]), true),
                        ("input", here.raw.cloned().unwrap_or(Type::Any), true),
                        ("output", here.output.cloned().unwrap_or(Type::null()), true),
                        ("startedAt", started, true),
                    ]),
                );
            }
        }
        add("runtime", Type::Any);
        all.extend(self.names.iter().cloned());
        Scope::new(all)
    }
}
