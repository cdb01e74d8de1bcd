//! The attribute macros of weldkit.
//!
//! Use them through the `weldkit` crate, which re-exports and explains them:
//!
//! | macro | on | makes |
//! |---|---|---|
//! | `#[weldkit::service]` | a trait | a contract |
//! | `#[weldkit::plugin]` | the impl with the constructor | a plugin |
//! | `#[weldkit::data]` | a struct or an enum | a type that may cross the edge |
//! | `#[derive(weldkit::ServiceError)]` | an enum | the error type of a contract |
//! | `#[derive(weldkit::Metrics)]` | a struct | metrics that a constructor asks for |
//!
//! Each goes the same way: tokens are parsed into a model, the model is checked, and only a model
//! without errors is expanded. Every error is reported at once, at its token, with what to write
//! instead, and the user's item is emitted in any case.

mod attribute;
mod data;
mod error;
mod framework;
mod function;
mod lifecycle;
mod metrics;
mod plugin;
mod rules;
mod service;
mod service_error;
mod strict;
#[cfg(test)]
mod tests;
mod text;
mod tokens;
mod wire;

use proc_macro::TokenStream;

/// Makes a contract of a trait.
///
/// The trait keeps its name and its docs. An `async fn` becomes a `fn` whose future is `Send`, so
/// providers and mocks are plain `impl Storage for …` with plain `async fn`. `dyn Storage` becomes
/// the name of the contract: `Service<dyn Storage>` is its client, and implements the trait.
///
/// ```
/// use weldkit::{CallError, Ctx, Stream};
///
/// /// Counters under names.
/// #[weldkit::service]
/// pub trait Counters {
///     /// Adds to a counter and returns its new value.
///     #[method(permission = "counters.write", timeout = "2s")]
///     async fn add(&self, ctx: &Ctx, #[garde(length(min = 1))] name: String, by: u64) -> Result<u64, CallError>;
///     /// The value of a counter.
///     #[method(read_only)]
///     fn get(&self, ctx: &Ctx, name: String) -> Result<u64, CallError>;
///     /// Every change from now on.
///     fn watch(&self, ctx: &Ctx) -> Stream<u64, CallError>;
/// }
/// ```
///
/// # Keys
///
/// | key | meaning |
/// |---|---|
/// | `name = "…"` | what callers by JSON say; default: the trait's name in `snake_case` |
/// | `version = "2.0"` | of the contract; default: that of the package |
/// | `stability = "…"` | `stable` (default), `beta`, `experimental` or `deprecated` |
/// | `since = "…"`, `deprecated = "use …"` | for readers of docs and metadata |
/// | `crate = path` | the framework, where the macro cannot find it by itself |
///
/// # Methods
///
/// `&self`, then `ctx: &Ctx`, then owned parameters. They return `Result<T, E>`, or
/// `Stream<T, E>` without `async`; `T` and the parameters are
/// [`data`](macro@data), `E` is a [`ServiceError`](derive@ServiceError). No generics, no bodies. A
/// parameter takes doc comments, `#[serde(…)]`, `#[garde(…)]` and `#[schemars(…)]`.
///
/// | key of `#[method(…)]` | meaning |
/// |---|---|
/// | `read_only` | changes nothing |
/// | `idempotent` | a second call with the same input has no further effect |
/// | `transactional` | takes part in the transaction of its `Ctx`; not for streams |
/// | `isolated` | runs on a task of its own, so that its deadline holds whatever it does; not for streams |
/// | `stream` | returns a stream under another name than `Stream` |
/// | `permission = "a.b"` | what a caller must hold; default: the name of the service |
/// | `timeout = "5s"` | deadline of a call that has none nearer; default 30 s; not for a sync `fn` |
/// | `stability`, `since`, `deprecated` | as above |
#[proc_macro_attribute]
pub fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    service::service(arguments.into(), item.into()).into()
}

/// Makes a plugin of the impl with the constructor.
///
/// The parameters of `start` are what the plugin requires: the host starts it after the providers
/// of every service it asks for. `stop` and `health` are there when they are written.
///
/// ```
/// # use weldkit::{CallError, Ctx};
/// # #[weldkit::service]
/// # pub trait Counters {
/// #     fn get(&self, ctx: &Ctx, name: String) -> Result<u64, CallError>;
/// # }
/// use weldkit::{Health, Meter, Settings};
///
/// #[weldkit::data]
/// pub struct MemorySettings {
///     /// The value that a counter starts with.
///     #[serde(default)]
///     pub first: u64,
/// }
///
/// pub struct Memory {
///     first: u64,
/// }
///
/// /// Counters in memory.
/// #[weldkit::plugin(id = "counters-memory", provides(Counters), categories("Storage"))]
/// impl Memory {
///     pub async fn start(settings: Settings<MemorySettings>, meter: Meter) -> weldkit::Result<Self> {
///         meter.counter("starts").add(1);
///         Ok(Self { first: settings.first })
///     }
///
///     pub async fn stop(&self) -> weldkit::Result<()> {
///         Ok(())
///     }
///
///     pub fn health(&self) -> Health {
///         Health::Ready
///     }
/// }
///
/// impl Counters for Memory {
///     fn get(&self, _: &Ctx, _: String) -> Result<u64, CallError> {
///         Ok(self.first)
///     }
/// }
/// ```
///
/// # Keys
///
/// | key | meaning |
/// |---|---|
/// | `id = "…"` | unique among linked plugins; default: the package without a leading `weldkit-` |
/// | `provides(Contract, …)` | the contracts that the type implements; none is allowed |
/// | `permissions("a.b", …)` | what the plugin's own calls need |
/// | `access(net, fs, env, exec)` | what it touches outside of the process |
/// | `exclusive` | two instances may not run at once: a replacement stops the old one first |
/// | `participant` | it takes part in transactions with a resource of its own, and implements `transaction::Participant` |
/// | `categories("…")`, `tags("…")` | for people who look for it |
/// | `stability = "…"` | `stable` (default), `beta`, `experimental` or `deprecated` |
/// | `crate = path` | the framework, where the macro cannot find it by itself |
///
/// Version, description, authors, licence and source are those of the package, in Cargo.toml.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    plugin::plugin(arguments.into(), item.into()).into()
}

/// Makes a struct or an enum data that may cross the edge: parameters, results, settings.
///
/// Adds `Serialize`, `Deserialize`, `JsonSchema` and the check of the rules, through the
/// framework's own copies of serde, schemars and garde. `#[serde(…)]` and `#[schemars(…)]` mean
/// what they mean there. Its one key is `crate = path`.
///
/// ```
/// #[weldkit::data]
/// #[derive(Debug, Clone, PartialEq)]
/// pub struct Airport {
///     /// Three letters.
///     #[garde(length(equal = 3), pattern("^[A-Z]+$"))]
///     pub code: String,
///     #[serde(default)]
///     #[garde(range(min = -420, max = 4500))]
///     pub altitude_m: i32,
///     /// Rules of a field's own type are checked as well.
///     #[serde(default)]
///     pub alternatives: Vec<Airport>,
/// }
/// ```
///
/// # Rules
///
/// | rule of `#[garde(…)]` | meaning |
/// |---|---|
/// | `length(min = 1, max = 9)`, `length(equal = 3)` | characters of a text (as JSON Schema counts), items of anything else; with `bytes`, `chars` or `utf16` in front, just that |
/// | `range(min = 1, max = 9)` | of a number |
/// | `pattern("…")` | a regular expression |
/// | `contains("…")`, `prefix("…")`, `suffix("…")`, `ascii`, `alphanumeric` | of a text |
/// | `ip`, `ipv4`, `ipv6` | a text that is an address |
/// | `required` | an `Option` that must be there |
/// | `matches(field)` | equal to another field |
/// | `inner(…)` | rules for the items |
/// | `custom(function)` | `fn(&T) -> Result<(), impl Display>` |
/// | `skip` | not even the rules of the field's type |
/// | `dive` | the field's type must have rules; for types that depend on a generic parameter |
///
/// `length`, `range`, `pattern`, `contains`, `required`, `ip…` and those inside `inner` are in the
/// schema too. A text under another name (`type Code = String`) says `length(chars, …)`.
#[proc_macro_attribute]
pub fn data(arguments: TokenStream, item: TokenStream) -> TokenStream {
    data::data(arguments.into(), item.into()).into()
}

/// Makes an enum the error type of a contract.
///
/// Each variant is a code; its named fields, which must be data, are the details that callers get.
/// A field named `source`, or one with `#[source]` or `#[from]`, goes to the operator and not to
/// the caller. One variant carries the host's own errors, such as a deadline that has passed.
///
/// ```
/// #[derive(Debug, thiserror::Error, weldkit::ServiceError)]
/// pub enum CountersError {
///     /// No such counter.
///     #[error("no counter `{name}`")]
///     NotFound { name: String },
///     /// The disk failed; the counter may have changed.
///     #[error("the disk failed")]
///     #[service_error(code = "disk", retryable, effect = "possible")]
///     DiskFailed { source: std::io::Error },
///     /// The host's own errors.
///     #[error(transparent)]
///     Call(#[from] weldkit::CallError),
/// }
/// ```
///
/// # Keys of `#[service_error(…)]`
///
/// | key | on | meaning |
/// |---|---|---|
/// | `code = "…"` | variant | default: its name in `snake_case` |
/// | `retryable` | variant | the same call may succeed later |
/// | `effect = "possible"` | variant | something may have happened; default `none` |
/// | `host` | variant | it carries the host's errors under another name than `CallError` |
/// | `skip` | field | not part of the details |
/// | `crate = path` | enum | the framework, where the macro cannot find it by itself |
///
/// Of the host's codes a service may use `not_found`, `conflict`, `invalid_state`,
/// `invalid_parameter`, `limit`, `unavailable` and `permission_denied`.
#[proc_macro_derive(ServiceError, attributes(service_error, serde, schemars))]
pub fn service_error(item: TokenStream) -> TokenStream {
    service_error::service_error(item.into()).into()
}

/// Makes a struct the metrics of a plugin: its constructor asks for it, and each field is bound.
///
/// A field is a `Counter`, a `Gauge`, an `Arc<Histogram>`, or `Labelled` of one of them with the number of its labels.
/// Its name is the metric's, the first paragraph of its doc comment the description. A monitoring system sees the
/// plugin's id before the name and the unit behind it.
///
/// ```
/// use std::sync::Arc;
///
/// use weldkit::metrics::{Counter, Histogram, Labelled};
///
/// #[derive(weldkit::Metrics)]
/// pub struct Batches {
///     /// Items that were taken.
///     items: Counter,
///     /// Time for one batch.
///     #[metric(unit = "seconds")]
///     duration: Arc<Histogram>,
///     /// Batches that were refused, by reason.
///     #[metric(labels("reason"))]
///     refused: Labelled<Counter, 1>,
/// }
///
/// // In a plugin: `pub async fn start(batches: Batches) -> weldkit::Result<Self>`.
/// let batches = Batches::bind(&weldkit::Meter::default());
/// batches.items.add(3);
/// batches.duration.record_duration(std::time::Duration::from_millis(5));
/// batches.refused.with(["too large"]).add(1);
/// ```
///
/// # Keys of `#[metric(…)]`
///
/// | key | on | meaning |
/// |---|---|---|
/// | `name = "…"` | field | default: the field's name |
/// | `unit = "…"` | field | such as `seconds` (of a histogram: record durations) or `bytes` |
/// | `labels("…", …)` | field | of a `Labelled`, in the order of the values |
/// | `crate = path` | struct | the framework, where the macro cannot find it by itself |
#[proc_macro_derive(Metrics, attributes(metric))]
pub fn metrics(item: TokenStream) -> TokenStream {
    metrics::metrics(item.into()).into()
}
