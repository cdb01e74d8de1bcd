//! Which tasks are reached, and whether what is reached comes to an end.

use std::collections::BTreeSet;

use super::Looking;
use crate::error::Problem;
use crate::orchestration::definition::{Task, Then, Work};
use crate::orchestration::run::each_task;

/// Where a task may go on.
#[derive(Default)]
struct Exits {
    /// Tasks of the same list.
    tasks: Vec<usize>,
    /// Whether it may leave the list: behind its end, or with the run.
    leaves: bool,
}

impl Looking<'_> {
    /// Every task of a list that nothing leads to, and every loop that nothing leads out of.
    pub(super) fn reach(&mut self, tasks: &[Task]) {
        let exits: Vec<Exits> = (0..tasks.len()).map(|index| exits(tasks, index)).collect();
        let reached = reachable(&exits, 0);
        for (index, task) in tasks.iter().enumerate() {
            if !reached.contains(&index) {
                let message = format!("nothing leads to the task `{}`", task.name);
                let problem = Problem::new("unreachable_task", message);
                let help = "name it in a `then`, or take it out";
                self.problem(problem.help(help), &task.pointer);
            }
        }
        let mut told = BTreeSet::new();
        for index in reached {
            let behind = reachable(&exits, index);
            if told.contains(&index) || behind.iter().any(|index| exits[*index].leaves) {
                continue;
            }
            let names: Vec<&str> = behind.iter().map(|index| &*tasks[*index].name).collect();
            let message = format!("nothing leads out of the loop of `{}`", names.join("`, `"));
            let problem = Problem::new("endless_loop", message);
            let help = "let a `switch` in it go on elsewhere, or end the run with `then: end`";
            self.problem(problem.help(help), &tasks[index].pointer);
            told.extend(behind);
        }
    }
}

/// All tasks that one leads to, itself included.
fn reachable(exits: &[Exits], from: usize) -> BTreeSet<usize> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(index) = open.pop() {
        if let Some(exits) = exits.get(index)
            && reached.insert(index)
        {
            open.extend(&exits.tasks);
        }
    }
    reached
}

fn exits(tasks: &[Task], index: usize) -> Exits {
    let task = &tasks[index];
    let mut exits = Exits {
        leaves: ends(task),
        ..Exits::default()
    };
    let mut follow = |then: Then| match then {
        Then::Continue if index + 1 == tasks.len() => exits.leaves = true,
        Then::Continue => exits.tasks.push(index + 1),
        Then::Goto(target) => exits.tasks.push(target),
        Then::Exit | Then::End => exits.leaves = true,
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
    exits
}

/// Whether a task, or one inside of it, ends the run or raises an error.
fn ends(task: &Task) -> bool {
    let mut ends = false;
    each_task(std::slice::from_ref(task), &mut |inner| {
        ends |= match &inner.work {
            Work::Raise(_) => true,
            Work::Switch(cases) => cases.iter().any(|case| case.then == Then::End),
            _ => inner.then == Then::End,
        };
    });
    ends
}
