//! Whether the data of a workflow fits, before it runs.
//!
//! ```text
//! schema of the input ──> walk: task by task, the type of what each sees ──> at each call: parameter against schema
//!                                └── infer: what an expression gives                    └── yes, no, may fail, unknown
//! ```
//!
//! `yes` is a promise: no input that the schemas let through fails there, the bounds on size and steps apart. `no` holds
//! for every input too. `may fail` comes with a value that was made up, put through the expression and refused.

mod filter;
mod infer;
mod judge;
mod methods;
mod seen;
#[cfg(test)]
mod tests;
mod walk;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use self::methods::Methods;
pub(super) use self::methods::find;
use self::walk::Walk;
use super::run::Workflow;
use crate::contract::ServiceDescriptor;
use crate::limit;

/// Whether values fit where they are put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// None fails there, whatever the input, the bounds on size and steps apart.
    Yes,
    /// Every one fails there.
    No,
    /// One was found that fails there.
    MayFail,
    /// Nothing was found that fails, and not enough is known to exclude it.
    Unknown,
}

/// How many places have which answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Shares {
    /// See [`Answer::Yes`].
    pub yes: u32,
    /// See [`Answer::No`].
    pub no: u32,
    /// See [`Answer::MayFail`].
    pub may_fail: u32,
    /// See [`Answer::Unknown`].
    pub unknown: u32,
}

impl Shares {
    /// One more.
    pub fn count(&mut self, answer: Answer) {
        *match answer {
            Answer::Yes => &mut self.yes,
            Answer::No => &mut self.no,
            Answer::MayFail => &mut self.may_fail,
            Answer::Unknown => &mut self.unknown,
        } += 1;
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            yes: self.yes + other.yes,
            no: self.no + other.no,
            may_fail: self.may_fail + other.may_fail,
            unknown: self.unknown + other.unknown,
        }
    }
}

/// The answer for one place of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answered {
    /// Where: a JSON pointer into the document.
    pub(super) pointer: String,
    /// What is put there, as `the parameter `key` of `storage.put``.
    pub(super) what: String,
    pub(super) answer: Answer,
    /// What is given and what is taken; for `may fail` the value that is refused.
    pub(super) why: String,
}

/// Every place of a workflow where a value must fit: parameters of calls, and what has a schema. Expressions that fail
/// for every input are told as well.
pub(super) fn examine(
    workflow: &Workflow,
    services: &[&'static ServiceDescriptor],
) -> Vec<Answered> {
    // Terms take kilobytes of stack per word, more than the thread of a caller has to give.
    std::thread::scope(|scope| {
        let looking = std::thread::Builder::new()
            .name("types".to_owned())
            .stack_size(limit::EXPRESSION_STACK_BYTES)
            .spawn_scoped(scope, || {
                let mut methods = Methods::new(services);
                Walk::new(workflow, &mut methods).whole()
            });
        let looked = looking.map(std::thread::ScopedJoinHandle::join);
        // Without an answer a check says no.
        looked.ok().and_then(Result::ok).unwrap_or_else(|| {
            vec![Answered {
                pointer: "/do".to_owned(),
                what: "the types of the document".to_owned(),
                answer: Answer::No,
                why: "could not be looked at".to_owned(),
            }]
        })
    })
}

/// Values by name, as expressions take them.
type Values = Vec<(Arc<str>, Arc<Value>)>;

/// By place and what is put there.
type Answers = BTreeMap<(String, String), Answered>;
