//! What a run does when it has failed or is given up: it undoes what was done, the last thing first.

use super::event::{Action, Key};
use super::scope::Outcome;
use super::{Run, State, Step, TaskError};

impl Run {
    /// Ends it badly: what was done is undone first, the last thing first.
    pub(super) fn failed_step(&mut self, end: State, mut step: Step) -> Step {
        step.begin.clear();
        self.held.clear();
        step.cancel.extend(self.over());
        self.end = Some(end);
        self.state = State::Compensating;
        self.undo_next(&mut step);
        step
    }

    fn undo_next(&mut self, step: &mut Step) {
        let Some(undo) = self.undo.last() else {
            self.state = match self.end.take() {
                Some(State::Faulted { error }) if self.is_in_doubt(&error) => State::Parked {
                    undone: error.clone(),
                    error,
                },
                end => end.unwrap_or(State::Running),
            };
            return;
        };
        self.waiting.insert(undo.key.clone());
        let action = Action::Call {
            method: undo.method.clone(),
            with: undo.with.clone(),
            idempotency: undo.key.clone(),
            is_compensation: true,
        };
        step.begin.push((undo.key.clone(), action));
    }

    /// Whether nobody knows if a step that would have to be undone has happened: undoing it blindly could be wrong.
    fn is_in_doubt(&self, error: &TaskError) -> bool {
        let task = error.instance.as_deref();
        let task = task.and_then(|pointer| self.globals.workflow.task(pointer));
        error.is_unknown && task.is_some_and(|task| task.extra.compensate.is_some())
    }

    /// Goes on undoing.
    pub(super) fn undone(&mut self, outcomes: Vec<(Key, Outcome)>) -> Step {
        let mut step = Step::default();
        for (key, outcome) in outcomes {
            if !self.waiting.remove(&key) {
                continue;
            }
            match outcome {
                Outcome::Failed(undone) => {
                    let error = match self.end.take() {
                        Some(State::Faulted { error }) => error,
                        Some(State::Cancelled { reason }) => {
                            TaskError::standard("runtime", 499, reason)
                        }
                        _ => undone.clone(),
                    };
                    self.state = State::Parked { error, undone };
                }
                Outcome::Done(..) | Outcome::Received(_) => {
                    self.undo.pop();
                    self.undo_next(&mut step);
                }
            }
        }
        step
    }
}
