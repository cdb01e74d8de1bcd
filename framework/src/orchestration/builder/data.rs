//! What a workflow hands around: data of the run, and values that are written down.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::contract::types::{Fit, Kind, Origin, Taker, Type, fits, read};
use crate::contract::{Json, Schema, input_schema};
use crate::error::Problem;
use crate::name;

/// Data that a run has when it comes there: its input, what a task gave, the element of a loop. `T` is what Rust calls it.
///
/// What it is in a document is an expression, [`text`](Self::text).
#[must_use]
pub struct Data<T> {
    path: String,
    /// What the schema of its origin says of it.
    of: Type,
    problems: Vec<Problem>,
    rust: PhantomData<fn() -> T>,
}

impl<T> Data<T> {
    /// What a schema says of the data at a path.
    pub(super) fn new(path: String, schema: &Schema, origin: Origin) -> Self {
        Self::at(path, read(schema.as_value(), origin), Vec::new())
    }

    /// Data that nothing is known of.
    pub(super) fn unknown(path: String) -> Self {
        Self::at(path, Type::Any, Vec::new())
    }

    fn at(path: String, of: Type, problems: Vec<Problem>) -> Self {
        Self {
            path,
            of,
            problems,
            rust: PhantomData,
        }
    }

    /// The jq of it, as it stands between `${` and `}`.
    pub fn text(&self) -> &str {
        &self.path
    }

    /// One of its fields, which is all that `U` reads: [`document`](super::Builder::document) refuses a name that the
    /// schema does not have, and a type that does not read every value of it.
    pub fn field<U: JsonSchema>(&self, name: &str) -> Data<U> {
        let (of, lacking) = self.member(name);
        let mut field = Data::at(member(&self.path, name), of, self.problems.clone());
        field.problems.extend(lacking);
        field.claim::<U>(|fit| fit == Fit::No || fit == Fit::May);
        field
    }

    /// The same as another type, for a parameter that takes less than what is there: a value that is not taken fails the
    /// task when it comes. [`document`](super::Builder::document) refuses a type that takes none of them.
    pub fn taken_as<U: JsonSchema>(&self) -> Data<U> {
        let mut taken = Data::at(self.path.clone(), self.of.clone(), self.problems.clone());
        taken.claim::<U>(|fit| fit == Fit::No);
        taken
    }

    /// The same as plain JSON.
    pub fn json(&self) -> Data<Json> {
        Data::at(self.path.clone(), self.of.clone(), self.problems.clone())
    }

    /// Notes when `T` does not read what is there.
    fn claim<U: JsonSchema>(&mut self, is_refused: impl Fn(Fit) -> bool) {
        let taker = Taker::new(input_schema::<U>().to_value(), Origin::Taken);
        let is_told = !self.problems.is_empty();
        if !is_told && is_refused(fits(&self.of, &taker.takes)) {
            let message = format!("`{}` {}", self.path, taker.mismatch(&self.of));
            let help =
                "give it the type that it has there; `taken_as` takes it as one that may not fit";
            self.problems
                .push(Problem::new("type_mismatch", message).help(help));
        }
    }

    fn member(&self, name: &str) -> (Type, Option<Problem>) {
        if self.of.is_any() {
            return (Type::Any, None);
        }
        let shapes = self.of.shapes();
        let (mut found, mut known) = (Vec::new(), Vec::new());
        for shape in shapes.iter() {
            match &shape.kind {
                // jq gives `null` for a field of nothing.
                Kind::Null => found.push(Type::null()),
                Kind::Object(object) => {
                    known.extend(object.fields.keys().cloned());
                    let (of, is_there) = object.field(name);
                    let is_named = object.fields.contains_key(name) || object.fields.is_empty();
                    match (is_named && !of.is_never(), is_there) {
                        (true, true) => found.push(of.clone()),
                        (true, false) => found.push(of.or(&Type::null())),
                        (false, _) => {}
                    }
                }
                Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Array(_) => {}
            }
        }
        if found.iter().any(|of| *of != Type::null()) {
            return (Type::one_of(found), None);
        }
        let message = format!("`{}` is {}, and has no field `{name}`", self.path, self.of);
        let mut problem = Problem::new("unknown_property", message);
        if let Some(help) = name::suggest(name, known.iter().map(|name| &**name)) {
            problem = problem.help(help);
        }
        (Type::Any, Some(problem))
    }
}

impl<T> Data<Vec<T>> {
    /// Any of its elements, under the name of a variable.
    pub(super) fn element(&self, variable: &str) -> Data<T> {
        let elements = self
            .of
            .shapes()
            .iter()
            .map(|shape| match &shape.kind {
                Kind::Array(array) => array.elements(),
                _ => Type::never(),
            })
            .collect::<Vec<_>>();
        let of = if self.of.is_any() {
            Type::Any
        } else {
            Type::one_of(elements)
        };
        Data::at(format!("${variable}"), of, Vec::new())
    }
}

/// `path.name`, in quotes where the name is no word.
pub(super) fn member(path: &str, name: &str) -> String {
    let is_word = !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_word {
        format!("{path}.{name}")
    } else {
        format!("{path}[{}]", Value::from(name))
    }
}

/// What can be written into a document: [`Data`], an [`Object`], or a value.
pub trait Written {
    /// Its place in the document, and what is wrong with it.
    #[doc(hidden)]
    fn written(self) -> Given<()>;
}

/// What is given for a parameter of type `T`.
pub struct Given<T> {
    pub(super) value: Value,
    pub(super) problems: Vec<Problem>,
    rust: PhantomData<fn() -> T>,
}

/// What can be given for a parameter of type `T`: a `T`, or [`Data`] that is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not given for a parameter of type `{T}`",
    label = "neither `{T}` nor `Data<{T}>`",
    note = "`Data` of another type is taken by `taken_as`, or by `json` for a parameter that takes any JSON"
)]
pub trait IntoGiven<T> {
    /// As it stands in the document.
    fn into_given(self) -> Given<T>;
}

impl<T> Given<T> {
    pub(super) fn new(value: Value, problems: Vec<Problem>) -> Self {
        Self {
            value,
            problems,
            rust: PhantomData,
        }
    }

    fn constant(value: &impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => Self::new(quoted(value), Vec::new()),
            Err(fault) => {
                let message = format!("a value has no form in JSON: {fault}");
                let problem = Problem::new("invalid_parameter", message);
                Self::new(Value::Null, vec![problem])
            }
        }
    }
}

impl<T: Serialize> IntoGiven<T> for T {
    fn into_given(self) -> Given<T> {
        Given::constant(&self)
    }
}

impl IntoGiven<String> for &str {
    fn into_given(self) -> Given<String> {
        Given::constant(&self)
    }
}

impl<T> IntoGiven<T> for &Data<T> {
    fn into_given(self) -> Given<T> {
        Given::new(expression(&self.path), self.problems.clone())
    }
}

impl<T> IntoGiven<T> for Data<T> {
    fn into_given(self) -> Given<T> {
        (&self).into_given()
    }
}

impl<T> IntoGiven<Option<T>> for &Data<T> {
    fn into_given(self) -> Given<Option<T>> {
        Given::new(expression(&self.path), self.problems.clone())
    }
}

impl<T> IntoGiven<Option<T>> for Data<T> {
    fn into_given(self) -> Given<Option<T>> {
        (&self).into_given()
    }
}

impl IntoGiven<Json> for Object {
    fn into_given(self) -> Given<Json> {
        Given::new(Value::Object(self.fields), self.problems)
    }
}

impl<T: Serialize> Written for T {
    fn written(self) -> Given<()> {
        Given::constant(&self)
    }
}

impl<T> Written for &Data<T> {
    fn written(self) -> Given<()> {
        Given::new(expression(&self.path), self.problems.clone())
    }
}

impl<T> Written for Data<T> {
    fn written(self) -> Given<()> {
        (&self).written()
    }
}

impl Written for Object {
    fn written(self) -> Given<()> {
        Given::new(Value::Object(self.fields), self.problems)
    }
}

/// A JSON object of values and [`Data`].
#[derive(Debug, Default)]
#[must_use]
pub struct Object {
    fields: serde_json::Map<String, Value>,
    problems: Vec<Problem>,
}

impl Object {
    /// One without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more field.
    pub fn with(mut self, name: &str, value: impl Written) -> Self {
        let given = value.written();
        self.fields.insert(name.to_owned(), given.value);
        self.problems.extend(given.problems);
        self
    }
}

/// An expression as a document has it.
pub(super) fn expression(text: &str) -> Value {
    Value::String(format!("${{ {text} }}"))
}

/// A constant: a text that a document would take for an expression is one that gives the text.
fn quoted(value: Value) -> Value {
    match value {
        Value::String(text) if text.trim_start().starts_with("${") => {
            expression(&Value::String(text).to_string())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(quoted).collect()),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            Value::Object(fields.map(|(name, value)| (name, quoted(value))).collect())
        }
        plain => plain,
    }
}

impl<T> Clone for Data<T> {
    fn clone(&self) -> Self {
        Self::at(self.path.clone(), self.of.clone(), self.problems.clone())
    }
}

impl<T> std::fmt::Debug for Data<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Data").field(&self.path).finish()
    }
}

impl<T> std::fmt::Debug for Given<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Given").field(&self.value).finish()
    }
}
