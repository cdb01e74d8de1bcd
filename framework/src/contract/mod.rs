//! Contracts: what a service promises, as data.
//!
//! A [`ServiceDescriptor`] holds the names, versions, flags and schemas; `#[weldkit::service]`
//! derives it from a trait. It says nothing about who provides the service, nor how it is called:
//! that is [`Contract`](crate::Contract), one floor up.

mod arguments;
mod bytes;
mod decode;
mod descriptor;
mod duplicate;
mod edge;
#[cfg(feature = "composition")]
mod given;
mod object;
mod result;
mod rules;
mod schema;
mod secret;
#[doc(hidden)]
pub mod strict;
#[cfg(feature = "orchestration")]
pub(crate) mod types;
mod version;

pub use arguments::{
    Arguments, DefaultOf, DefaultUnwritten, OrDefault, Parameter, Signature, Values,
    describe_length, describe_pattern, describe_range,
};
pub use bytes::Bytes;
pub use decode::Parameters;
#[cfg(feature = "orchestration")]
pub(crate) use decode::kind;
pub(crate) use decode::{decode, encode, escape, refused};
pub use descriptor::{MethodDescriptor, MethodKind, SchemaOf, ServiceDescriptor, Stability};
pub(crate) use duplicate::pointer as duplicate_key;
pub use edge::Json;
#[cfg(feature = "composition")]
pub(crate) use given::Given;
pub use object::Object;
pub use result::{ErrorCode, ServiceError};
pub use rules::{Dive, DiveNo, DiveYes, Rules, check_rules, check_values};
#[cfg(feature = "composition")]
pub(crate) use schema::difference;
#[cfg(feature = "orchestration")]
pub(crate) use schema::method_hash;
pub use schema::{Schema, error_schema, fnv1a, input_schema, output_schema, shape_hash};
pub use secret::Secret;
pub use version::{Line, Version};
