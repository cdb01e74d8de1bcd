//! Calls: of methods, of functions of the document, and of processes.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::model::{Call, Template, Work};
use super::Reader;
use super::arguments::{CALLS, PROCESSES, RETURNS};
use super::cursor::{Cursor, Fields};
use super::shape::Object;
use crate::error::Problem;
use crate::name;

/// The empty object.
pub(super) fn nothing() -> Template {
    Template::Value(Arc::new(Value::Object(Map::new())))
}

impl<'d> Reader<'d, '_, '_> {
    /// `call` at the cursor, with its arguments.
    pub(super) fn call(&mut self, at: &Cursor<'d>, with: Option<Cursor<'d>>) -> Work {
        let word = self.text(at);
        let known: Option<&'static (&str, &str, Object)> =
            CALLS.iter().find(|(known, _, _)| *known == &*word);
        if let Some((_, method, object)) = known {
            return Work::Call(Call {
                method: (*method).into(),
                with: self.known_arguments(at, with, object),
            });
        }
        let with = with.map_or_else(nothing, |at| self.object_template(&at));
        if self.is_function(&word) {
            let tasks = self.function(&word, at);
            return Work::Function(with, tasks.unwrap_or_else(|| Arc::from([])));
        }
        if at.text().is_some() {
            self.method(at, &word);
        }
        Work::Call(Call { method: word, with })
    }

    fn known_arguments(
        &mut self,
        at: &Cursor<'d>,
        with: Option<Cursor<'d>>,
        object: &'static Object,
    ) -> Template {
        match with {
            Some(with) => self.object(&with, object),
            None => {
                let required: Vec<&str> = object.required.iter().map(|(key, _)| *key).collect();
                let message = format!("{} lacks `with`", at.label);
                let help = format!("it has at least: {}", required.join(", "));
                self.fault(at, Problem::new("missing_property", message).help(help));
                nothing()
            }
        }
    }

    /// Refuses what is no name of a method.
    fn method(&mut self, at: &Cursor<'d>, word: &str) {
        if word.contains("://") || word.contains('@') {
            let what = format!("the function `{word}` of a catalog is not read");
            let help = "define it under `use.functions`, or call a method: `service.method`";
            self.unsupported(at, &what, help);
            return;
        }
        let Some((service, method)) = word.split_once('.') else {
            let functions = self.function_names();
            let known = functions.iter().map(|name| &**name);
            let known = known.chain(CALLS.iter().map(|(word, _, _)| *word));
            let rule = "a method is called as `service.method`";
            let help = match name::suggest(word, known) {
                Some(near) => format!("{near}\n{rule}"),
                None => rule.into(),
            };
            let message = format!("there is no function `{word}`");
            self.fault(at, Problem::new("unknown_function", message).help(help));
            return;
        };
        if let Some(fault) = name::fault(service).or_else(|| name::fault(method)) {
            let message = format!("`{word}` is no name of a method");
            self.fault(at, Problem::new("bad_name", message).help(fault));
        }
    }

    /// What undoes a task.
    pub(super) fn compensate(&mut self, at: &Cursor<'d>) -> Option<Call> {
        let fields = self.fields(at, &["call", "with"]);
        let call = self.required(&fields, "call")?;
        match self.call(&call, fields.get("with")) {
            Work::Call(call) => Some(call),
            _ => {
                let what = "a function of the document cannot undo a task";
                self.unsupported(&call, what, "call a method: `service.method`");
                None
            }
        }
    }

    /// `run`: a process, or a workflow.
    pub(super) fn run(&mut self, at: &Cursor<'d>) -> Work {
        let kinds = ["container", "script", "shell", "workflow"];
        let fields = self.fields(
            at,
            &[
                "container",
                "script",
                "shell",
                "workflow",
                "await",
                "return",
            ],
        );
        let wait = fields.get("await").is_none_or(|at| self.flag(&at));
        if let Some(at) = fields.get("return") {
            self.word(&at, &RETURNS);
        }
        let Some((kind, process)) = self.one_of(&fields, &kinds) else {
            return Work::Set(nothing());
        };
        let known: Option<&'static (&str, &str, Object)> =
            PROCESSES.iter().find(|(known, _, _)| *known == kind);
        let Some((_, method, object)) = known else {
            if let Some(at) = fields.get("return") {
                let what = "`return` is not read of a workflow, whose output is always given";
                self.unsupported(&at, what, "shape it with `output.as`");
            }
            return Work::Run(self.sub_run(&process, wait));
        };
        let with = self.object(&process, object);
        Work::Call(Call {
            method: (*method).into(),
            with: self.process(with, &fields),
        })
    }

    /// The arguments of a process, with `await` and `return` beside them.
    fn process(&mut self, with: Template, fields: &Fields<'d>) -> Template {
        let mut properties = match with {
            Template::Object(properties) => properties,
            Template::Value(value) => match Arc::unwrap_or_clone(value) {
                Value::Object(plain) => {
                    let plain = plain.into_iter();
                    plain
                        .map(|(key, value)| (key.into(), Template::Value(Arc::new(value))))
                        .collect()
                }
                _ => Vec::new(),
            },
            Template::Expr(_) | Template::Array(_) => Vec::new(),
        };
        for key in ["await", "return"] {
            if let Some(at) = fields.get(key) {
                properties.push((key.into(), self.template(&at)));
            }
        }
        super::shape::collapsed(properties)
    }
}
