//! The parameter object of a method as a tuple with names: one reader and one schema for all.
//!
//! A struct with derives for each method would be most of what a contract costs to compile. The
//! macros write one only where an attribute asks for it; what is read and described is the same.

mod describe;
mod values;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, DeserializeSeed, MapAccess, Visitor};

use super::{Parameters, Rules};

pub use describe::{
    DefaultOf, DefaultUnwritten, describe_length, describe_pattern, describe_range,
};
pub use values::{OrDefault, Parameter, Values};

/// What the parameters of a method are called; made by `#[weldkit::service]`.
pub trait Signature: Send + 'static {
    /// `service.method`, the title of the schema.
    const TITLE: &'static str;
    /// The names that callers use, in order.
    const NAMES: &'static [&'static str];
    /// The docs of each; empty where there are none.
    const DOCS: &'static [&'static str];
    /// Their types.
    type Values: Values;

    /// Adds to the schema of each what its rules and its default say.
    fn describe(_: &mut [Schema]) {}

    /// Checks the rules of the parameters and of their types.
    fn check(_: &Self::Values, _: &mut Rules) {}
}

/// The parameter object of a method.
pub struct Arguments<S: Signature>(pub S::Values);

impl<S: Signature> fmt::Debug for Arguments<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arguments({})", S::TITLE)
    }
}

impl<S: Signature> Parameters for Arguments<S> {
    fn check(&self, rules: &mut Rules) {
        S::check(&self.0, rules);
    }
}

impl<'de, S: Signature> Deserialize<'de> for Arguments<S> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(S::TITLE, S::NAMES, Reader(PhantomData))
    }
}

/// Reads an object; never an array, which would give parameters by position. All of it is inlined,
/// as a derive's would be: it is on the way of every JSON call.
struct Reader<S>(PhantomData<S>);

impl<'de, S: Signature> Visitor<'de> for Reader<S> {
    type Value = Arguments<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the parameters of `{}`", S::TITLE)
    }

    #[inline]
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut read = <S::Values as Values>::Read::default();
        while let Some(index) = map.next_key_seed(Name::<S>(PhantomData))? {
            S::Values::read(&mut read, index, S::NAMES, &mut map)?;
        }
        S::Values::complete(read, S::NAMES).map(Arguments)
    }
}

/// Reads a key as the index of the name that it is. A type for each method, so that its few names
/// are compared as constants.
struct Name<S>(PhantomData<S>);

impl<'de, S: Signature> DeserializeSeed<'de> for Name<S> {
    type Value = usize;

    #[inline]
    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<S: Signature> Visitor<'_> for Name<S> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a parameter")
    }

    #[inline]
    fn visit_str<E: de::Error>(self, key: &str) -> Result<usize, E> {
        let found = S::NAMES.iter().position(|name| *name == key);
        found.ok_or_else(|| E::unknown_field(key, S::NAMES))
    }
}

impl<S: Signature> JsonSchema for Arguments<S> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        S::TITLE.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (mut schemas, needed) = S::Values::schemas(generator);
        S::describe(&mut schemas);
        describe::object(S::TITLE, S::NAMES, S::DOCS, schemas, &needed)
    }
}
