//! What can be said of a workflow before it runs, by the contracts of what it calls.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::definition::{Call, DefinitionId, Document, Places, Task, Template, Then, Work, read};
use super::run::{Workflow, each_task};
use crate::contract::{MethodDescriptor, ServiceDescriptor};
use crate::error::Problem;
use crate::name;

/// Reads a document and compares it with the services that are there. Nothing starts.
///
/// # Errors
///
/// Everything that is wrong with it, each with its place in `file`: syntax and names, expressions, schemas, methods that
/// nobody provides, parameters that a method does not have, lacks, or cannot take, tasks that are never reached, and
/// tasks that wait inside of a transaction.
pub fn check(
    text: &str,
    file: &str,
    services: &[&'static ServiceDescriptor],
) -> Result<DefinitionId, Vec<Problem>> {
    let Document {
        definition, places, ..
    } = read(text, file)?;
    let mut looking = Looking {
        services,
        places: &places,
        problems: Vec::new(),
    };
    looking.tasks(&definition.tasks);
    let mut problems = looking.problems;
    match Workflow::compile(definition) {
        Ok(workflow) if problems.is_empty() => Ok(workflow.definition().id.clone()),
        Ok(_) => Err(problems),
        Err(more) => {
            problems.extend(more.into_iter().map(|problem| placed(problem, &places)));
            Err(problems)
        }
    }
}

/// The problem with a pointer as its place, with the line in its file.
pub(super) fn placed(problem: Problem, places: &Places) -> Problem {
    match problem.place.clone() {
        Some(pointer) => problem.place(places.place(&pointer)),
        None => problem,
    }
}

struct Looking<'a> {
    services: &'a [&'static ServiceDescriptor],
    places: &'a Places,
    problems: Vec<Problem>,
}

impl Looking<'_> {
    fn tasks(&mut self, tasks: &[Task]) {
        self.reach(tasks);
        each_task(tasks, &mut |task| {
            match &task.work {
                Work::Call(call) => self.call(call, &task.pointer),
                Work::Do(tasks) | Work::Function(_, tasks) => self.reach(tasks),
                Work::For(work) => self.reach(&work.tasks),
                Work::Try(work) => {
                    self.reach(&work.tasks);
                    if let Some(tasks) = &work.handler {
                        self.reach(tasks);
                    }
                }
                _ => {}
            }
            if let Some(call) = &task.extra.compensate {
                self.call(call, &format!("{}/metadata/compensate", task.pointer));
            }
            if task.extra.transaction.is_some() {
                self.transaction(task);
            }
        });
    }

    fn problem(&mut self, problem: Problem, pointer: &str) {
        self.problems
            .push(problem.place(self.places.place(pointer)));
    }

    /// Every task of a list that nothing leads to.
    fn reach(&mut self, tasks: &[Task]) {
        let (mut reached, mut open) = (BTreeSet::new(), vec![0]);
        while let Some(index) = open.pop() {
            let Some(task) = tasks.get(index) else {
                continue;
            };
            if !reached.insert(index) {
                continue;
            }
            let mut follow = |then: Then| match then {
                Then::Continue => open.push(index + 1),
                Then::Goto(target) => open.push(target),
                Then::Exit | Then::End => {}
            };
            if task.condition.is_some() {
                follow(Then::Continue);
            }
            match &task.work {
                Work::Switch(cases) => {
                    cases.iter().for_each(|case| follow(case.then));
                    if cases.iter().all(|case| case.condition.is_some()) {
                        follow(task.then);
                    }
                }
                Work::Raise(_) => {}
                _ => follow(task.then),
            }
        }
        for (index, task) in tasks.iter().enumerate() {
            if !reached.contains(&index) {
                let message = format!("nothing leads to the task `{}`", task.name);
                let problem = Problem::new("unreachable_task", message);
                let help = "name it in a `then`, or take it out";
                self.problem(problem.help(help), &task.pointer);
            }
        }
    }

    /// What waits cannot be inside of a transaction.
    fn transaction(&mut self, task: &Task) {
        let mut waiting = Vec::new();
        each_task(std::slice::from_ref(task), &mut |inner| {
            let waits = match &inner.work {
                Work::Wait(_) | Work::Listen(_) | Work::Emit(_) | Work::Run(_) => true,
                Work::Try(work) => work.retry.is_some(),
                _ => inner.timeout.is_some() && inner.pointer != task.pointer,
            };
            if waits {
                waiting.push((inner.name.clone(), inner.pointer.clone()));
            }
        });
        for (name, pointer) in waiting {
            let message = format!(
                "the task `{name}` waits inside of the transaction of `{}`",
                task.name
            );
            let problem = Problem::new("waits_in_transaction", message);
            let help = "a transaction holds calls and what computes; move the task out of it";
            self.problem(problem.help(help), &pointer);
        }
    }

    fn call(&mut self, call: &Call, pointer: &str) {
        let found = call.method.rsplit_once('.').and_then(|(service, method)| {
            let service = self.services.iter().find(|known| known.name == service)?;
            service.methods.iter().find(|known| known.name == method)
        });
        let Some(method) = found else {
            let all: Vec<String> = self
                .services
                .iter()
                .flat_map(|service| {
                    let methods = service.methods.iter();
                    methods.map(move |method| format!("{}.{}", service.name, method.name))
                })
                .collect();
            let message = format!("no plugin of this binary provides `{}`", call.method);
            let mut problem = Problem::new("method_not_found", message);
            if let Some(help) = name::suggest(&call.method, all.iter().map(String::as_str)) {
                problem = problem.help(help);
            }
            return self.problem(problem, &format!("{pointer}/call"));
        };
        self.parameters(method, call, pointer);
    }

    /// Names that a method does not have or lacks, and values that it cannot take.
    fn parameters(&mut self, method: &MethodDescriptor, call: &Call, pointer: &str) {
        let (mut names, mut constants) = (Vec::new(), Map::new());
        match &call.with {
            Template::Value(value) => {
                let Value::Object(given) = &**value else {
                    let problem = Problem::new("invalid_parameter", "the parameters are an object");
                    return self.problem(problem, &format!("{pointer}/with"));
                };
                names.extend(given.keys().cloned());
                constants = given.clone();
            }
            Template::Object(entries) => {
                for (name, template) in entries {
                    names.push(name.to_string());
                    if let Template::Value(value) = template {
                        constants.insert(name.to_string(), (**value).clone());
                    }
                }
            }
            Template::Expr(_) | Template::Array(_) => return,
        }
        for name in names
            .iter()
            .filter(|name| !method.parameters.contains(&name.as_str()))
        {
            constants.remove(name);
            let message = format!("`{}` has no parameter `{name}`", call.method);
            let mut problem = Problem::new("unknown_parameter", message);
            if let Some(help) = name::suggest(name, method.parameters.iter().copied()) {
                problem = problem.help(help);
            }
            self.problem(problem, &format!("{pointer}/with/{name}"));
        }
        let mut schema = method.input.get().to_value();
        let required = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("required"));
        let required = required.as_ref().and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        for name in required.filter(|name| !names.iter().any(|given| given == name)) {
            let message = format!("`{}` needs the parameter `{name}`", call.method);
            self.problem(Problem::new("missing_parameter", message), pointer);
        }
        self.constants(&schema, constants, call, pointer);
    }

    fn constants(
        &mut self,
        schema: &Value,
        constants: Map<String, Value>,
        call: &Call,
        pointer: &str,
    ) {
        let Ok(validator) = jsonschema::validator_for(schema) else {
            return;
        };
        let constants = Value::Object(constants);
        for error in validator
            .iter_errors(&constants)
            .take(crate::limit::VIOLATIONS)
        {
            let message = format!("`{}` cannot take this: {error}", call.method);
            let at = format!("{pointer}/with{}", error.instance_path());
            self.problem(Problem::new("invalid_parameter", message), &at);
        }
    }
}
