use std::sync::Arc;

use serde_json::Value;

use super::TaskError;
use super::scope::Walk;
use super::state::Round;
use super::task::{Entered, TaskNode};
use crate::orchestration::definition::{TaskList, Then};

/// How far a part of the tree is.
pub(super) enum Progress {
    /// Something is waited for.
    Pending,
    /// It is over; what it gives.
    Done(Arc<Value>),
    /// A task of it says that the run is over.
    End(Arc<Value>),
    /// It has failed.
    Failed(TaskError),
}

/// Tasks one after the other.
#[derive(Clone)]
pub(super) struct ListNode {
    tasks: TaskList,
    index: usize,
    /// What the next task gets.
    value: Arc<Value>,
    task: Option<Box<TaskNode>>,
    /// How often it has gone back: each time its tasks are others.
    laps: usize,
}

impl ListNode {
    pub(super) fn new(tasks: TaskList, value: Arc<Value>) -> Self {
        Self {
            tasks,
            index: 0,
            value,
            task: None,
            laps: 0,
        }
    }

    pub(super) fn advance(&mut self, walk: &mut Walk<'_>) -> Progress {
        loop {
            if self.index >= self.tasks.len() {
                return Progress::Done(self.value.clone());
            }
            let depth = walk.iterations.len();
            if self.laps > 0 {
                walk.iterations.push(self.laps);
            }
            let progress = self.one(walk);
            walk.iterations.truncate(depth);
            match progress {
                Ok((value, then)) => {
                    self.value = value;
                    self.task = None;
                    match then {
                        Then::Continue => self.index += 1,
                        Then::Exit => self.index = self.tasks.len(),
                        Then::End => return Progress::End(self.value.clone()),
                        Then::Goto(index) => {
                            if index <= self.index {
                                self.laps += 1;
                                if let Err(error) = walk.go_back() {
                                    return Progress::Failed(error);
                                }
                            }
                            self.index = index;
                        }
                    }
                }
                Err(progress) => return progress,
            }
        }
    }

    /// The loops that it is in, outermost first.
    pub(super) fn rounds(&self, rounds: &mut Vec<Round>) {
        if let (Some(node), Some(task)) = (&self.task, self.tasks.get(self.index)) {
            node.rounds(task, rounds);
        }
    }

    /// Goes on with the current task: what it gives and where to go on, or how far it is.
    fn one(&mut self, walk: &mut Walk<'_>) -> Result<(Arc<Value>, Then), Progress> {
        let task = &self.tasks[self.index];
        let node = match &mut self.task {
            Some(node) => node,
            none => match TaskNode::enter(task, &self.value, walk).map_err(Progress::Failed)? {
                Entered::Passed => return Ok((self.value.clone(), Then::Continue)),
                Entered::Begun(node) => none.insert(node),
            },
        };
        node.advance(task, walk)
    }
}
