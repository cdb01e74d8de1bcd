//! Contracts: what a service promises, as data.
//!
//! `#[weldkit::service]` derives a [`Contract`] from a trait. It holds the names, versions, flags
//! and schemas ([`ServiceDescriptor`]) and the one function that turns JSON into a typed call. A
//! contract says nothing about who provides it.

mod bytes;
mod decode;
mod descriptor;
mod edge;
mod result;
mod rules;
mod schema;
mod secret;
mod version;

pub use bytes::Bytes;
pub use decode::Parameters;
pub(crate) use decode::{decode, encode};
pub use descriptor::{MethodDescriptor, MethodKind, ServiceDescriptor, Stability};
pub use edge::Json;
pub use result::{ErrorCode, MethodResult, ServiceError};
pub use rules::{Dive, DiveNo, DiveYes, Rules, check_rules};
pub use schema::{Schema, error_schema, input_schema, output_schema, shape_hash};
pub use secret::Secret;
pub use version::{Line, Version};

use crate::call::{Ctx, JsonCall, Service};

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

    /// Decodes `input`, passes the gate, calls the method and encodes what it returns.
    fn call_json<'a>(
        service: &'a Service<Self>,
        method: usize,
        ctx: &'a Ctx,
        input: &'a [u8],
    ) -> JsonCall<'a>;
}
