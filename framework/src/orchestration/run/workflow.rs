use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::hears::Hears;
use crate::error::Problem;
use crate::orchestration::definition::{Definition, Filter, Task, Work};
use crate::orchestration::expression::Program;

/// A definition that is ready to run: its expressions and schemas are compiled, once for all of its runs.
#[derive(Debug, Clone)]
pub struct Workflow {
    pub(super) definition: Arc<Definition>,
    pub(super) program: Arc<Program>,
    /// By the address of a schema, which lives as long as the definition.
    pub(super) validators: Arc<BTreeMap<usize, jsonschema::Validator>>,
    /// Which events its runs may listen for.
    pub(super) hears: Arc<Hears>,
    /// Whether it runs inside of a transaction already.
    pub(super) is_group: bool,
}

impl Workflow {
    /// Compiles a definition.
    ///
    /// # Errors
    ///
    /// Every expression and schema that does not compile; a place is a JSON pointer into the document.
    pub fn compile(definition: Definition) -> Result<Self, Vec<Problem>> {
        let definition = Arc::new(definition);
        let mut problems = Vec::new();
        let program = match Program::compile(&definition.expressions) {
            Ok(program) => Some(program),
            Err(found) => {
                problems.extend(found);
                None
            }
        };
        let mut validators = BTreeMap::new();
        for (pointer, filter) in filters(&definition) {
            let Some(schema) = &filter.schema else {
                continue;
            };
            match jsonschema::validator_for(schema) {
                Ok(validator) => drop(validators.insert(address(schema), validator)),
                Err(fault) => problems.push(
                    Problem::new("invalid_schema", format!("the schema is none: {fault}"))
                        .place(pointer),
                ),
            }
        }
        let hears = Hears::of(&definition);
        match program {
            Some(program) if problems.is_empty() => Ok(Self {
                definition,
                program: Arc::new(program),
                validators: Arc::new(validators),
                hears: Arc::new(hears),
                is_group: false,
            }),
            _ => Err(problems),
        }
    }

    /// What it was compiled from.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Its expressions.
    pub(in crate::orchestration) fn program(&self) -> &Program {
        &self.program
    }

    /// Which events its runs may listen for.
    pub(in crate::orchestration) fn hears(&self) -> &Arc<Hears> {
        &self.hears
    }

    /// What is wrong with a value by a schema of the definition.
    pub(super) fn violations(&self, schema: &Arc<Value>, value: &Value) -> Vec<String> {
        let Some(validator) = self.validators.get(&address(schema)) else {
            return vec!["the schema was not compiled".to_owned()];
        };
        let errors = validator.iter_errors(value);
        let shown = errors.take(crate::limit::VIOLATIONS).map(|error| {
            let pointer = error.instance_path().to_string();
            let place = if pointer.is_empty() { "/" } else { &pointer };
            format!("{place}: {error}")
        });
        shown.collect()
    }

    /// The task at a pointer.
    pub(super) fn task(&self, pointer: &str) -> Option<&Task> {
        let mut found = None;
        each_task(&self.definition.tasks, &mut |task| {
            if *task.pointer == *pointer && found.is_none() {
                found = Some(task);
            }
        });
        found
    }
}

fn address(schema: &Arc<Value>) -> usize {
    Arc::as_ptr(schema) as usize
}

/// Every filter with the pointer of what it belongs to.
fn filters(definition: &Definition) -> Vec<(String, &Filter)> {
    let mut found = vec![
        ("/input".to_owned(), &definition.input),
        ("/output".to_owned(), &definition.output),
    ];
    each_task(&definition.tasks, &mut |task| {
        for (name, filter) in [
            ("input", &task.input),
            ("output", &task.output),
            ("export", &task.export),
        ] {
            found.push((format!("{}/{name}", task.pointer), filter));
        }
        if let Work::Listen(listen) = &task.work
            && let Some(each) = &listen.each
        {
            found.push((format!("{}/foreach/output", task.pointer), &each.output));
            found.push((format!("{}/foreach/export", task.pointer), &each.export));
        }
    });
    found
}

/// Every task, outer ones first.
pub(in crate::orchestration) fn each_task<'a>(tasks: &'a [Task], visit: &mut impl FnMut(&'a Task)) {
    for task in tasks {
        visit(task);
        match &task.work {
            Work::Do(tasks) | Work::Function(_, tasks) => each_task(tasks, visit),
            Work::For(work) => each_task(&work.tasks, visit),
            Work::Fork(work) => each_task(&work.branches, visit),
            Work::Try(work) => {
                each_task(&work.tasks, visit);
                if let Some(tasks) = &work.handler {
                    each_task(tasks, visit);
                }
            }
            Work::Listen(work) => {
                if let Some(tasks) = work.each.as_ref().and_then(|each| each.tasks.as_ref()) {
                    each_task(tasks, visit);
                }
            }
            Work::Call(_)
            | Work::Set(_)
            | Work::Switch(_)
            | Work::Raise(_)
            | Work::Wait(_)
            | Work::Emit(_)
            | Work::Run(_) => {}
        }
    }
}
