//! What can be said of a workflow before it runs, by the contracts of what it calls.
//!
//! ```text
//! document ──> read ──> reach: every task, and out again ──> calls: names, permissions ──> types: what is given and taken
//! ```

mod calls;
mod group;
mod reach;

pub(super) use self::group::compensations;
use super::definition::{DefinitionId, Document, Places, Task, Work, read};
use super::run::{Workflow, each_task};
use super::types::{self, Answer, Shares};
use crate::contract::ServiceDescriptor;
use crate::error::Problem;

/// What a workflow would find around it.
pub struct Surroundings<'a> {
    /// What can be called.
    pub services: &'a [&'static ServiceDescriptor],
    /// On whose behalf it would run.
    pub principal: &'a str,
    /// Whether that one holds a permission.
    pub holds: &'a dyn Fn(&str) -> bool,
    /// What to do about a service that is not there: the plugin that provides it, and the command that builds it in.
    pub supply: &'a dyn Fn(&str) -> Option<String>,
}

/// What a check has found.
#[derive(Debug, Default)]
pub struct Report {
    /// Which workflow it is, if the document can be read.
    pub workflow: Option<DefinitionId>,
    /// What is wrong, each with its place in the file.
    pub problems: Vec<Problem>,
    /// What may fail with some input, or cannot be told: `may_fail`, `unknown_type`.
    pub open: Vec<Problem>,
    /// The answers for every place where a value must fit.
    pub answers: Shares,
}

/// Reads a document and compares it with what is around it. Nothing starts.
///
/// The problems are everything that is wrong with it: syntax and names, expressions, schemas, methods that nobody
/// provides or that may not be called, parameters that a method does not have, lacks, or cannot take whatever the input,
/// tasks that are never reached, loops that nothing leaves, tasks that wait inside of a transaction, and compensations there.
pub fn check(text: &str, file: &str, around: &Surroundings<'_>) -> Report {
    let Document {
        definition, places, ..
    } = match read(text, file) {
        Ok(document) => document,
        Err(problems) => {
            return Report {
                problems,
                ..Report::default()
            };
        }
    };
    let mut looking = Looking {
        around,
        places: &places,
        problems: Vec::new(),
        told: Vec::new(),
    };
    looking.tasks(&definition.tasks);
    let inside = compensations(&definition.tasks);
    looking
        .problems
        .extend(inside.into_iter().map(|problem| placed(problem, &places)));
    let (problems, told) = (looking.problems, looking.told);
    let mut report = Report {
        workflow: Some(definition.id.clone()),
        problems,
        ..Report::default()
    };
    match Workflow::compile(definition) {
        Ok(workflow) => types(&workflow, &places, around, &told, &mut report),
        Err(more) => {
            let more = more.into_iter().map(|problem| placed(problem, &places));
            report.problems.extend(more);
        }
    }
    report
}

/// Adds what types say of the document, save where something is told already.
fn types(
    workflow: &Workflow,
    places: &Places,
    around: &Surroundings<'_>,
    told: &[String],
    report: &mut Report,
) {
    for answered in types::examine(workflow, around.services) {
        report.answers.count(answered.answer);
        let (code, list) = match answered.answer {
            Answer::Yes => continue,
            Answer::No => ("type_mismatch", &mut report.problems),
            Answer::MayFail => ("may_fail", &mut report.open),
            Answer::Unknown => ("unknown_type", &mut report.open),
        };
        let is_told = answered.answer == Answer::No
            && told.iter().any(|told| told.starts_with(&answered.pointer));
        if !is_told {
            let message = format!("{} {}", answered.what, answered.why);
            list.push(Problem::new(code, message).place(places.place(&answered.pointer)));
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

impl<'a> Surroundings<'a> {
    /// Of somebody who may call everything.
    pub fn of(services: &'a [&'static ServiceDescriptor]) -> Self {
        Self {
            services,
            principal: "operator",
            holds: &|_| true,
            supply: &|_| None,
        }
    }
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings")
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

struct Looking<'a> {
    around: &'a Surroundings<'a>,
    places: &'a Places,
    problems: Vec<Problem>,
    /// The pointers of values that are refused already.
    told: Vec<String>,
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
}
