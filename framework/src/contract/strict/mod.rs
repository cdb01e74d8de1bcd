//! Maps and free-form JSON without duplicate keys.
//!
//! serde keeps the last of two equal keys of a map, so that a caller's typing error changes what is
//! stored without a word. A struct refuses a duplicate; what is read through these types does too.
//! The macros put them in the place of a type that they see to be a map or free-form JSON.

mod json;
mod map;

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};

pub use json::{Json, Object};
pub use map::{Hashed, Ordered};

/// A stand-in that is read in place of a type.
pub trait Strict: DeserializeOwned {
    /// The type.
    type Value;

    /// What was read.
    fn take(self) -> Self::Value;

    /// Reads the type through its stand-in.
    ///
    /// # Errors
    ///
    /// At a duplicate key, and where the type itself refuses.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self::Value, D::Error> {
        Self::deserialize(deserializer).map(Self::take)
    }
}

/// A parameter that is read through a stand-in.
pub struct Read<S: Strict>(pub S::Value);

impl<S: Strict> fmt::Debug for Read<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Read")
    }
}

impl<S: Strict<Value: Default>> Default for Read<S> {
    fn default() -> Self {
        Self(S::Value::default())
    }
}

impl<'de, S: Strict> Deserialize<'de> for Read<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        S::read(deserializer).map(Self)
    }
}

impl<S: Strict<Value: JsonSchema>> JsonSchema for Read<S> {
    fn inline_schema() -> bool {
        S::Value::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        S::Value::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        S::Value::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        S::Value::json_schema(generator)
    }
}

/// A type that reads itself.
#[derive(Debug)]
pub struct Plain<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Plain<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

impl<T: DeserializeOwned> Strict for Plain<T> {
    type Value = T;

    fn take(self) -> T {
        self.0
    }
}

impl<S: Strict> Strict for Vec<S> {
    type Value = Vec<S::Value>;

    fn take(self) -> Self::Value {
        self.into_iter().map(S::take).collect()
    }
}

impl<S: Strict> Strict for Option<S> {
    type Value = Option<S::Value>;

    fn take(self) -> Self::Value {
        self.map(S::take)
    }
}

/// The words of serde's derives; which key it is, is found in the text (`duplicate`).
fn twice<E: de::Error>() -> E {
    E::custom("duplicate field in a map")
}
