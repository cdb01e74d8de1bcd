//! Everything that is wrong with a document, each with its place.

use super::node::Mark;
use crate::error::Problem;
use crate::limit;

/// The problems found so far.
#[derive(Debug)]
pub(super) struct Faults<'d> {
    file: &'d str,
    found: Vec<(Mark, Problem)>,
}

impl<'d> Faults<'d> {
    pub(super) fn new(file: &'d str) -> Self {
        Self {
            file,
            found: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, at: Mark, problem: Problem) {
        self.found.push((at, problem));
    }

    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All problems in the order of the document, each once.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        let order = |(at, problem): &(Mark, Problem)| (*at, problem.message.clone());
        self.found.sort_by_cached_key(order);
        self.found.dedup();
        let more = self.found.len().saturating_sub(limit::WORKFLOW_PROBLEMS);
        self.found.truncate(limit::WORKFLOW_PROBLEMS);
        let file = self.file;
        let told = self
            .found
            .into_iter()
            .map(|(at, problem)| problem.place(format!("{file}:{}:{}", at.line, at.column)));
        let rest = (more > 0).then(|| {
            Problem::new("limit", format!("there are {more} more problems"))
                .help("correct these first")
                .place(file)
        });
        told.chain(rest).collect()
    }
}
