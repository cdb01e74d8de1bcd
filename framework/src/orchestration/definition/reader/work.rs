//! What a task does, by its kind.

use std::sync::Arc;

use super::super::model::{Case, For, Fork, SubRun, Template, Work};
use super::Reader;
use super::cursor::{Cursor, Fields};
use super::task::Targets;
use crate::error::Problem;

/// Names that expressions have already.
const GIVEN: [&str; 8] = [
    "authorization",
    "context",
    "input",
    "output",
    "runtime",
    "secrets",
    "task",
    "workflow",
];

/// Whether an expression can call something so.
pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl<'d> Reader<'d, '_, '_> {
    /// `kind` is a property of the task.
    pub(super) fn work(&mut self, kind: &str, fields: &Fields<'d>, targets: &Targets) -> Work {
        let at = fields
            .get(kind)
            .expect("the kind was found by this property");
        match kind {
            "call" => self.call(&at, fields.get("with")),
            "emit" => Work::Emit(self.emit(&at)),
            "for" => self.for_each(&at, fields),
            "do" => Work::Do(self.tasks(&at)),
            "fork" => self.fork(&at),
            "listen" => Work::Listen(self.listen(&at, fields.get("foreach"))),
            "raise" => Work::Raise(self.raise(&at)),
            "run" => self.run(&at),
            "set" => Work::Set(self.set(&at)),
            "switch" => Work::Switch(self.switch(&at, targets)),
            "try" => Work::Try(self.attempt(&at, fields)),
            _ => Work::Wait(self.span(&at)),
        }
    }

    /// What something is called in expressions, `default` unless the document says so.
    pub(super) fn variable(&mut self, at: Option<Cursor<'d>>, default: &str) -> Arc<str> {
        let Some(at) = at else {
            return default.into();
        };
        let name = self.text(&at);
        if at.text().is_none() {
            return name;
        }
        if GIVEN.contains(&&*name) {
            let message = format!("expressions have a `${name}` already");
            let problem = Problem::new("bad_name", message);
            self.fault(
                &at,
                problem.help(format!("choose another name, for example `{default}`")),
            );
        } else if !is_variable(&name) {
            let message = format!("`{name}` cannot be the name of a value in expressions");
            let problem = Problem::new("bad_name", message);
            let help =
                "it has letters, digits and `_`, starts with no digit, and stands without `$`";
            self.fault(&at, problem.help(help));
        }
        name
    }

    fn set(&mut self, at: &Cursor<'d>) -> Template {
        if at.is_object() && at.properties().is_empty() {
            self.invalid(at, "sets nothing");
        }
        self.mapping(at)
    }

    fn for_each(&mut self, at: &Cursor<'d>, fields: &Fields<'d>) -> Work {
        let head = self.fields(at, &["each", "in", "at"]);
        let each = self.variable(head.get("each"), "item");
        let index = self.variable(head.get("at"), "index");
        let within = self.required(&head, "in").map(|at| self.expression(&at));
        self.scoped(&[&each, &index], |reader| {
            let condition = fields.get("while").map(|at| reader.expression(&at));
            let tasks = reader.required(fields, "do").map(|at| reader.tasks(&at));
            Work::For(For {
                each: each.clone(),
                at: index.clone(),
                within: within.unwrap_or(super::super::model::Expr(0)),
                condition,
                tasks: tasks.unwrap_or_else(|| Arc::from([])),
            })
        })
    }

    fn fork(&mut self, at: &Cursor<'d>) -> Work {
        let fields = self.fields(at, &["branches", "compete"]);
        let branches = self.required(&fields, "branches").map(|at| self.tasks(&at));
        Work::Fork(Fork {
            branches: branches.unwrap_or_else(|| Arc::from([])),
            compete: fields.get("compete").is_some_and(|at| self.flag(&at)),
        })
    }

    fn switch(&mut self, at: &Cursor<'d>, targets: &Targets) -> Vec<Case> {
        let items = self.list(at);
        if items.is_empty() {
            self.invalid(at, "has no case");
        }
        let mut cases: Vec<Case> = Vec::new();
        for item in items {
            let Some((name, at)) = self.single(&item, "case") else {
                continue;
            };
            let fields = self.fields(&at, &["when", "then"]);
            let condition = fields.get("when").map(|at| self.expression(&at));
            if condition.is_none() && cases.iter().any(|case| case.condition.is_none()) {
                self.invalid(
                    &at,
                    "is a second case without `when`; only one can be the default",
                );
            }
            let then = self
                .required(&fields, "then")
                .map(|at| self.then(&at, targets));
            cases.push(Case {
                name,
                condition,
                then: then.unwrap_or_default(),
            });
        }
        cases
    }

    /// `run: workflow`.
    pub(super) fn sub_run(&mut self, at: &Cursor<'d>, wait: bool) -> SubRun {
        let fields = self.fields(at, &["namespace", "name", "version", "input"]);
        let mut text = |key| self.required(&fields, key).map(|at| self.text(&at));
        let (namespace, name, version) = (text("namespace"), text("name"), text("version"));
        let input = fields.get("input").map(|at| self.object_template(&at));
        SubRun {
            namespace: namespace.unwrap_or_default(),
            name: name.unwrap_or_default(),
            version: version.filter(|version| &**version != "latest"),
            input: input.unwrap_or_else(super::call::nothing),
            wait,
        }
    }
}
