//! What cannot be inside of a transaction: what waits, and what says how a task there is undone.

use std::collections::BTreeSet;

use super::Looking;
use crate::error::Problem;
use crate::orchestration::definition::{Task, Work};
use crate::orchestration::run::each_task;

impl Looking<'_> {
    /// What waits cannot be inside of a transaction.
    pub(super) fn transaction(&mut self, task: &Task) {
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
}

/// Every `compensate` and `pivot` inside of a transaction, with a pointer as its place: nothing would heed them.
///
/// What is inside is done or not done with the transaction, so only all of it can be compensated, and only all of it
/// can be a pivot.
pub(in crate::orchestration) fn compensations(tasks: &[Task]) -> Vec<Problem> {
    let (mut problems, mut told) = (Vec::new(), BTreeSet::new());
    each_task(tasks, &mut |group| {
        if group.extra.transaction.is_none() {
            return;
        }
        each_task(std::slice::from_ref(group), &mut |task| {
            // Of transactions in each other, the outer one counts.
            if task.pointer != group.pointer && told.insert(&task.pointer) {
                problems.extend(compensation(task, group));
            }
        });
    });
    problems
}

fn compensation(task: &Task, group: &Task) -> Vec<Problem> {
    let undo = task.extra.compensate.as_ref().map(|call| {
        let help = format!(
            "a transaction that fails undoes what is in it; put what undoes it after the commit into \
             the metadata of `{}`",
            group.name
        );
        (format!("is compensated by `{}`", call.method), "compensate", help)
    });
    let pivot = task.extra.is_pivot.then(|| {
        let help = format!("make `{}` the pivot", group.name);
        ("is a pivot".to_owned(), "pivot", help)
    });
    let found = undo.into_iter().chain(pivot);
    found
        .map(|(what, key, help)| {
            let message = format!(
                "the task `{}` {what} inside of the transaction of `{}`",
                task.name, group.name
            );
            Problem::new("compensation_in_transaction", message)
                .help(help)
                .place(format!("{}/metadata/{key}", task.pointer))
        })
        .collect()
}
