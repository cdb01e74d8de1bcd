//! A call of a method, whose parameters and result rustc has compared with the trait.

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::data::{Given, IntoGiven};
use crate::call::MethodResult;
use crate::contract::{Schema, ServiceDescriptor, ServiceError, output_schema};
use crate::error::Problem;

/// A call that a task makes; `T` is what it gives. [`step!`](crate::step) makes one.
#[must_use]
pub struct Step<T> {
    pub(super) method: String,
    pub(super) with: Map<String, Value>,
    pub(super) undo: Option<Value>,
    pub(super) problems: Vec<Problem>,
    pub(super) gives: fn() -> Schema,
    rust: PhantomData<fn() -> T>,
}

impl<T> Step<T> {
    /// The step that undoes this one when the run fails later: `metadata.compensate`.
    pub fn undone_by<U>(mut self, undo: Step<U>) -> Self {
        self.undo = Some(undo.call());
        self.problems.extend(undo.problems);
        self
    }

    /// `call` and `with`.
    pub(super) fn call(&self) -> Value {
        serde_json::json!({ "call": self.method, "with": self.with })
    }
}

impl<T> std::fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step")
            .field("method", &self.method)
            .field("with", &self.with)
            .finish_non_exhaustive()
    }
}

/// What a method gives, once it is done. `Way` tells the two apart.
#[diagnostic::on_unimplemented(
    message = "a task cannot call a method that gives `{Self}`",
    label = "neither a `Result` nor a future of one"
)]
#[doc(hidden)]
pub trait Gives<Way> {
    /// Its value.
    type Value;
    /// What the value looks like.
    fn schema() -> Schema;
}

/// Of a method that is no `async fn`.
#[doc(hidden)]
#[derive(Debug)]
pub struct AtOnce;

/// Of an `async fn`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Later;

impl<T, E> Gives<AtOnce> for Result<T, E>
where
    T: Serialize + JsonSchema + Send + 'static,
    E: ServiceError,
{
    type Value = T;
    fn schema() -> Schema {
        output_schema::<T>()
    }
}

impl<F: Future> Gives<Later> for F
where
    F::Output: MethodResult,
{
    type Value = <F::Output as MethodResult>::Value;
    fn schema() -> Schema {
        output_schema::<Self::Value>()
    }
}

/// What `step!` is made of. `_call` is for rustc alone: nothing can run it.
#[doc(hidden)]
pub fn step<Way, R: Gives<Way>>(
    service: &ServiceDescriptor,
    method: &str,
    _call: impl FnOnce(Infallible) -> R,
    given: Vec<Given<()>>,
) -> Step<R::Value> {
    let method = method.trim_start_matches("r#");
    let mut step = Step {
        method: format!("{}.{method}", service.name),
        with: Map::new(),
        undo: None,
        problems: Vec::new(),
        gives: R::schema,
        rust: PhantomData,
    };
    let known = service.methods.iter().find(|known| known.name == method);
    let names = known.map_or(&[][..], |known| known.parameters);
    if known.is_none_or(|known| known.parameters.len() != given.len()) {
        let message = format!(
            "the contract of `{}` has other parameters than its trait",
            step.method
        );
        step.problems
            .push(Problem::new("invalid_parameter", message));
    }
    for (name, given) in names.iter().zip(given) {
        step.problems.extend(given.problems);
        step.with.insert((*name).to_owned(), given.value);
    }
    step
}

/// Gives a value for a parameter whose type is not known yet.
#[doc(hidden)]
pub fn given<T>(value: impl IntoGiven<T>) -> Given<T> {
    value.into_given()
}

/// Something of the type of a parameter, for rustc alone.
#[doc(hidden)]
pub fn stand_in<T>(_: &Given<T>, never: Infallible) -> T {
    match never {}
}

/// Something of a type, for rustc alone.
#[doc(hidden)]
pub fn absent<T>(never: Infallible) -> T {
    match never {}
}

/// Forgets the type of a parameter.
#[doc(hidden)]
pub fn erased<T>(given: &Given<T>) -> Given<()> {
    Given::new(given.value.clone(), given.problems.clone())
}

/// A call of a method, for [`Builder`](crate::orchestration::builder::Builder): `step!(Storage.put(collection, key, body))`.
///
/// Its parameters are those of the trait without the `Ctx`, each a value or
/// [`Data`](crate::orchestration::builder::Data) of its type. Another number or type of them does not compile:
///
/// ```compile_fail,E0277
/// # use weldkit::{CallError, Ctx};
/// #[weldkit::service(name = "tally", version = "1.0")]
/// pub trait Tally {
///     /// Count.
///     async fn add(&self, ctx: &Ctx, name: String, amount: i64) -> Result<i64, CallError>;
/// }
///
/// let no_number = weldkit::step!(Tally.add("visits", "one"));
/// ```
#[macro_export]
macro_rules! step {
    ($($service:ident)::+ . $method:ident ( $($value:expr),* $(,)? )) => {
        $crate::step!(@ [$($service)::+] $method [] [$($value,)*])
    };
    // Every round has a `value` of its own.
    (@ $service:tt $method:ident [$($given:ident)*] [$value:expr, $($rest:tt)*]) => {{
        let value = $crate::orchestration::builder::given($value);
        $crate::step!(@ $service $method [$($given)* value] [$($rest)*])
    }};
    (@ [$($service:tt)+] $method:ident [$($given:ident)*] []) => {
        $crate::orchestration::builder::step(
            <dyn $($service)+ as $crate::Contract>::DESCRIPTOR,
            ::core::stringify!($method),
            |never| {
                <$crate::Service<dyn $($service)+> as $($service)+>::$method(
                    $crate::orchestration::builder::absent(never),
                    $crate::orchestration::builder::absent(never),
                    $($crate::orchestration::builder::stand_in(&$given, never),)*
                )
            },
            ::std::vec![$($crate::orchestration::builder::erased(&$given)),*],
        )
    };
}
