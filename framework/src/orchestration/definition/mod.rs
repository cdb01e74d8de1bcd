//! What a workflow is: the document, read into a [`Definition`] whose names are resolved.
//!
//! ```text
//! text -> yaml: a tree of nodes with places -> reader: Definition, or every problem with its place
//! ```

mod faults;
mod model;
mod node;
mod places;
mod reader;
mod scalar;
#[cfg(test)]
mod tests;
mod yaml;

use serde_json::Value;

pub use self::model::{
    Backoff, Call, Case, Consume, Correlation, Definition, DefinitionId, ErrorTemplate,
    EventFilter, Expr, Extra, Filter, For, ForEach, Fork, Listen, Read, Retry, Source, Span,
    SubRun, Task, TaskList, Template, Then, Try, Until, Work,
};
pub use self::places::Places;
pub(in crate::orchestration) use self::reader::parse_duration;
use crate::error::Problem;

/// A document that was read.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it says.
    pub definition: Definition,
    /// Where it says it.
    pub places: Places,
    /// All of it in JSON.
    pub value: Value,
}

/// Reads a document of the Open Workflow DSL 1.0.x, in YAML or JSON. `file` is for messages.
///
/// Expressions are noted, not parsed, and methods that are called are not looked up.
///
/// # Errors
///
/// Everything that is wrong with it, each with its place, in the order of the document.
///
/// ```
/// use weldkit::orchestration::definition::read;
///
/// let text = "
/// document: { dsl: 1.0.3, namespace: shop, name: order, version: 1.0.0 }
/// do:
///   - pay: { call: payment.charge, whith: { amount: 3 } }
/// ";
/// let problems = read(text, "order.yaml").unwrap_err();
/// assert_eq!(problems[0].place.as_deref(), Some("order.yaml:4:34"));
/// assert_eq!(problems[0].help.as_deref(), Some("did you mean `with`?"));
/// ```
pub fn read(text: &str, file: &str) -> Result<Document, Vec<Problem>> {
    let mut faults = faults::Faults::new(file);
    let Some(root) = yaml::load(text, &mut faults) else {
        return Err(faults.into_problems());
    };
    let definition = reader::read(&root, &mut faults);
    if !faults.is_empty() {
        return Err(faults.into_problems());
    }
    Ok(Document {
        definition,
        value: root.to_json(),
        places: Places::new(file, root),
    })
}
