use std::task::Context;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Ctx, JsonCall, Service, Stream};
use crate::contract::{ServiceDescriptor, ServiceError};

/// A service contract: implemented by `#[weldkit::service]` for `dyn Trait`.
///
/// `dyn Storage` is a name for the contract; nothing ever has that type. What providers are held
/// by is the object-safe [`Twin`](Contract::Twin) of the trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service contract",
    label = "not a service contract",
    note = "a contract is `dyn Trait` for a trait with `#[weldkit::service]`",
    note = "when the trait has the attribute, two versions of weldkit may be in the graph: see `cargo tree -d -i weldkit`"
)]
pub trait Contract {
    /// The object-safe form of the trait.
    type Twin: ?Sized + Send + Sync + 'static;

    /// Names, versions, flags and schemas.
    const DESCRIPTOR: &'static ServiceDescriptor;

    /// Decodes `input`, passes the gate, calls the method, polls it once with `cx` where it is async, and
    /// encodes what it returns.
    fn call_json<'a>(
        service: &'a Service<Self>,
        method: usize,
        ctx: &'a Ctx,
        input: &'a [u8],
        cx: &mut Context<'_>,
    ) -> JsonCall<'a>;
}

/// The two shapes that a method may return: `Result<T, E>` and [`Stream<T, E>`](Stream).
#[diagnostic::on_unimplemented(
    message = "a service method cannot return `{Self}`",
    label = "write `Result<T, E>`, or `weldkit::Stream<T, E>` for a stream",
    note = "`T` must be `Serialize + JsonSchema` (`#[weldkit::data]`) and `E` a `weldkit::ServiceError`"
)]
pub trait MethodResult {
    /// What the method returns, or one item of the stream.
    type Value: Serialize + JsonSchema + Send + 'static;
    /// How it fails.
    type Error: ServiceError;
}

impl<T: Serialize + JsonSchema + Send + 'static, E: ServiceError> MethodResult for Result<T, E> {
    type Value = T;
    type Error = E;
}

impl<T: Serialize + JsonSchema + Send + 'static, E: ServiceError> MethodResult for Stream<T, E> {
    type Value = T;
    type Error = E;
}
