use std::sync::Arc;

use serde_json::Value;

use super::TaskError;
use super::list::{ListNode, Progress};
use super::scope::Walk;
use crate::orchestration::definition::Fork;

/// Tasks at the same time.
#[derive(Clone)]
pub(super) struct ForkNode {
    branches: Vec<Branch>,
}

#[derive(Clone)]
enum Branch {
    Running(ListNode),
    Done(Arc<Value>),
    Failed(TaskError),
}

impl ForkNode {
    pub(super) fn start(work: &Fork, input: &Arc<Value>) -> Self {
        let branches = work.branches.iter().map(|task| {
            // A branch ends with its task, wherever that says to go on.
            let alone = Arc::new([task.clone()]);
            Branch::Running(ListNode::new(alone, input.clone()))
        });
        Self {
            branches: branches.collect(),
        }
    }

    pub(super) fn advance(&mut self, work: &Fork, walk: &mut Walk<'_>) -> Progress {
        for branch in &mut self.branches {
            let Branch::Running(list) = branch else {
                continue;
            };
            match list.advance(walk) {
                Progress::Pending => {}
                Progress::Done(value) if work.compete => return Progress::Done(value),
                Progress::Done(value) => *branch = Branch::Done(value),
                Progress::Failed(error) if work.compete => *branch = Branch::Failed(error),
                progress => return progress,
            }
        }
        let (mut outputs, mut last) = (Vec::new(), None);
        for branch in &self.branches {
            match branch {
                Branch::Running(_) => return Progress::Pending,
                Branch::Done(value) => outputs.push((**value).clone()),
                Branch::Failed(error) => last = Some(error),
            }
        }
        // Of those that compete, one that is done has ended it already.
        match last {
            Some(error) => Progress::Failed(error.clone()),
            None => Progress::Done(Arc::new(Value::Array(outputs))),
        }
    }
}
