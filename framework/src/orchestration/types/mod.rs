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
#[cfg(feature = "composition")]
mod mapped;
mod methods;
mod seen;
#[cfg(test)]
mod tests;
mod walk;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

#[cfg(feature = "composition")]
pub(crate) use self::mapped::{Mapped, judge_mapped};
use self::methods::Methods;
pub(super) use self::methods::find;
use self::walk::Walk;
use super::run::Workflow;
use crate::contract::ServiceDescriptor;
pub use crate::contract::types::{Answer, Shares};
use crate::limit;

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
    let looked = deep(|| {
        let mut methods = Methods::new(services);
        Walk::new(workflow, &mut methods).whole()
    });
    // Without an answer a check says no.
    looked.unwrap_or_else(|| {
        vec![Answered {
            pointer: "/do".to_owned(),
            what: "the types of the document".to_owned(),
            answer: Answer::No,
            why: "could not be looked at".to_owned(),
        }]
    })
}

/// What needs a deep stack: terms take kilobytes of it per word, more than the thread of a caller has to give.
fn deep<T: Send>(look: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let looking = std::thread::Builder::new()
            .name("types".to_owned())
            .stack_size(limit::EXPRESSION_STACK_BYTES)
            .spawn_scoped(scope, look);
        looking.ok()?.join().ok()
    })
}

/// Values by name, as expressions take them.
type Values = Vec<(Arc<str>, Arc<Value>)>;

/// By place and what is put there.
type Answers = BTreeMap<(String, String), Answered>;
