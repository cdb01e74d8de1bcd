//! Workflows that are written in Rust: the same documents, with calls that rustc compares with the traits of their services.
//!
//! ```text
//! Builder: call, keep, set, each, attempt ──> document (JSON) ──> register, as any other
//!     step!(Storage.put(..)): parameters and result of the trait       Data<T>: what a task gave, with its schema
//! ```
//!
//! It makes the tasks that need types: calls, loops, errors that are caught, and values. A document that a person writes
//! has all the others.
//!
//! ```
//! use weldkit::{CallError, Ctx, data};
//! use weldkit::orchestration::builder::{Builder, Object};
//!
//! #[weldkit::service(name = "tally", version = "1.0")]
//! pub trait Tally {
//!     /// Add to a count, and give what it is then.
//!     async fn add(&self, ctx: &Ctx, name: String, amount: i64) -> Result<i64, CallError>;
//! }
//!
//! #[data]
//! pub struct Visit {
//!     pub page: String,
//!     pub seconds: Vec<i64>,
//! }
//!
//! let mut flow = Builder::new("site", "visit", "1.0.0");
//! let visit = flow.input::<Visit>();
//! let page = visit.field::<String>("page");
//! let count = flow.keep("count", weldkit::step!(Tally.add("visits", 1)));
//! flow.each("parts", "part", &visit.field::<Vec<i64>>("seconds"), |flow, part| {
//!     flow.call("time", weldkit::step!(Tally.add(&page, part)));
//! });
//! flow.set("tell", Object::new().with("page", &page).with("visits", &count));
//! let document = flow.document().unwrap();
//! assert!(document.contains(r#""call": "tally.add""#));
//! ```

mod data;
mod step;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

pub use self::data::{Data, Given, IntoGiven, Object, Written};
pub use self::step::Step;
#[doc(hidden)]
pub use self::step::{AtOnce, Gives, Later, absent, erased, given, stand_in, step};
use super::definition::DefinitionId;
use super::engine::compile;
use crate::contract::types::Origin;
use crate::contract::{Json, input_schema};
use crate::error::Problem;

/// A workflow as it is put together. Tasks come in the order in which they are added.
#[derive(Debug)]
pub struct Builder {
    id: DefinitionId,
    input: Option<Value>,
    /// Of the list that is written at the moment.
    tasks: Vec<Value>,
    problems: Vec<Problem>,
}

impl Builder {
    /// One without tasks.
    pub fn new(namespace: &str, name: &str, version: &str) -> Self {
        Self {
            id: DefinitionId {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                version: version.to_owned(),
            },
            input: None,
            tasks: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// What a run is started with: a `T`. A run with another input is refused by its schema.
    pub fn input<T: JsonSchema>(&mut self) -> Data<T> {
        let schema = input_schema::<T>();
        // As far as `T` reads it: the validator lets an integer through that is too large for its `format`.
        let input = Data::new("$workflow.input".to_owned(), &schema, Origin::Taken);
        self.input = Some(schema.to_value());
        input
    }

    /// Calls a method.
    pub fn call<T>(&mut self, name: &str, step: Step<T>) {
        let task = Self::calling(&step);
        self.task(name, task, step.problems);
    }

    /// Calls a method and keeps what it gives in `$context`, under the name of the task, for all tasks behind it.
    pub fn keep<T>(&mut self, name: &str, step: Step<T>) -> Data<T> {
        let mut task = Self::calling(&step);
        let kept = format!("$context + {{{}: .}}", Value::from(name));
        task.insert(
            "export".to_owned(),
            json!({ "as": data::expression(&kept) }),
        );
        let path = data::member("$context", name);
        let given = Data::new(path, &(step.gives)(), Origin::Written);
        self.task(name, task, step.problems);
        given
    }

    /// Gives a value: the output of the workflow where it is the last task.
    pub fn set(&mut self, name: &str, value: impl Written) {
        let given = value.written();
        let mut task = Map::new();
        task.insert("set".to_owned(), given.value);
        self.task(name, task, given.problems);
    }

    /// Does tasks for each element, which expressions of the document call `$variable`.
    pub fn each<T>(
        &mut self,
        name: &str,
        variable: &str,
        list: &Data<Vec<T>>,
        tasks: impl FnOnce(&mut Self, Data<T>),
    ) {
        let within = list.written();
        let inner = self.inner(|flow| tasks(flow, list.element(variable)));
        let mut task = Map::new();
        task.insert(
            "for".to_owned(),
            json!({ "each": variable, "in": within.value }),
        );
        task.insert("do".to_owned(), inner);
        self.task(name, task, within.problems);
    }

    /// Does tasks, and others with the error where one of them fails.
    pub fn attempt(
        &mut self,
        name: &str,
        tasks: impl FnOnce(&mut Self),
        failed: impl FnOnce(&mut Self, Data<Json>),
    ) {
        let tried = self.inner(tasks);
        let handler = self.inner(|flow| failed(flow, Data::unknown("$error".to_owned())));
        let mut task = Map::new();
        task.insert("try".to_owned(), tried);
        task.insert("catch".to_owned(), json!({ "as": "error", "do": handler }));
        self.task(name, task, Vec::new());
    }

    /// The document, as JSON. `Workflows::register` takes it, and so does every other place that takes one.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it: fields that a schema does not have or has with another type, names, and what
    /// makes a document wrong that a person wrote.
    pub fn document(&self) -> Result<String, Vec<Problem>> {
        let DefinitionId {
            namespace,
            name,
            version,
        } = &self.id;
        let mut document = json!({
            "document": { "dsl": "1.0.3", "namespace": namespace, "name": name, "version": version },
        });
        if let Some(schema) = &self.input {
            document["input"] = json!({ "schema": { "format": "json", "document": schema } });
        }
        document["do"] = Value::Array(self.tasks.clone());
        let text = format!("{document:#}");
        let mut problems = self.problems.clone();
        if let Err(more) = compile(&text, &self.id.to_string()) {
            problems.extend(more);
        }
        if problems.is_empty() {
            Ok(text)
        } else {
            Err(problems)
        }
    }

    fn calling<T>(step: &Step<T>) -> Map<String, Value> {
        let mut task = Map::new();
        task.insert("call".to_owned(), step.method.clone().into());
        task.insert("with".to_owned(), Value::Object(step.with.clone()));
        if let Some(undo) = &step.undo {
            task.insert("metadata".to_owned(), json!({ "compensate": undo }));
        }
        task
    }

    fn task(&mut self, name: &str, task: Map<String, Value>, problems: Vec<Problem>) {
        let place = format!("the task `{name}` of {}", self.id);
        let placed = problems.into_iter().map(|problem| problem.place(&place));
        self.problems.extend(placed);
        self.tasks.push(json!({ name: task }));
    }

    /// The tasks that are added meanwhile, as a list of their own.
    fn inner(&mut self, add: impl FnOnce(&mut Self)) -> Value {
        let outer = std::mem::take(&mut self.tasks);
        add(self);
        Value::Array(std::mem::replace(&mut self.tasks, outer))
    }
}
