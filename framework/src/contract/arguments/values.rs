//! Tuples of parameters: read one by one, described one by one.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// A type that can be a parameter: owned, read from JSON, with a schema.
pub trait Parameter: DeserializeOwned + JsonSchema + Send + 'static {}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Parameter for T {}

/// A tuple of parameters.
pub trait Values: Send + Sized + 'static {
    /// What of it has been read.
    type Read: Default;

    /// Reads the parameter at `index`.
    fn read<'de, M: MapAccess<'de>>(
        read: &mut Self::Read,
        index: usize,
        names: &'static [&'static str],
        map: &mut M,
    ) -> Result<(), M::Error>;

    /// The tuple, once the object is over.
    fn complete<E: de::Error>(read: Self::Read, names: &'static [&'static str]) -> Result<Self, E>;

    /// The schema of each, and whether it must be given.
    fn schemas(generator: &mut SchemaGenerator) -> (Vec<Schema>, Vec<bool>);
}

macro_rules! values {
    ($($type:ident $index:tt),+) => {
        impl<$($type: Parameter),+> Values for ($($type,)+) {
            type Read = ($(Option<$type>,)+);

            #[inline]
            fn read<'de, M: MapAccess<'de>>(
                read: &mut Self::Read,
                index: usize,
                names: &'static [&'static str],
                map: &mut M,
            ) -> Result<(), M::Error> {
                match index {
                    $($index => fill(&mut read.$index, names[$index], map),)+
                    _ => Ok(()),
                }
            }

            #[inline]
            fn complete<E: de::Error>(
                read: Self::Read,
                names: &'static [&'static str],
            ) -> Result<Self, E> {
                Ok(($(match read.$index {
                    Some(value) => value,
                    None => absent(names[$index])?,
                },)+))
            }

            fn schemas(generator: &mut SchemaGenerator) -> (Vec<Schema>, Vec<bool>) {
                (
                    vec![$(generator.subschema_for::<$type>()),+],
                    vec![$(absent::<$type, de::value::Error>("").is_err()),+],
                )
            }
        }
    };
}

values!(A 0);
values!(A 0, B 1);
values!(A 0, B 1, C 2);
values!(A 0, B 1, C 2, D 3);
values!(A 0, B 1, C 2, D 3, F 4);
values!(A 0, B 1, C 2, D 3, F 4, G 5);
values!(A 0, B 1, C 2, D 3, F 4, G 5, H 6);
values!(A 0, B 1, C 2, D 3, F 4, G 5, H 6, I 7);

/// A method without parameters.
impl Values for () {
    type Read = ();

    fn read<'de, M: MapAccess<'de>>(
        (): &mut (),
        _: usize,
        _: &'static [&'static str],
        _: &mut M,
    ) -> Result<(), M::Error> {
        Ok(())
    }

    fn complete<E: de::Error>((): (), _: &'static [&'static str]) -> Result<Self, E> {
        Ok(())
    }

    fn schemas(_: &mut SchemaGenerator) -> (Vec<Schema>, Vec<bool>) {
        (Vec::new(), Vec::new())
    }
}

#[inline]
fn fill<'de, T: Parameter, M: MapAccess<'de>>(
    place: &mut Option<T>,
    name: &'static str,
    map: &mut M,
) -> Result<(), M::Error> {
    if place.is_some() {
        return Err(de::Error::duplicate_field(name));
    }
    *place = Some(map.next_value()?);
    Ok(())
}

/// What a parameter is that was not given: `None` for an option, its default for [`OrDefault`],
/// else an error.
#[cold]
fn absent<T: Parameter, E: de::Error>(name: &'static str) -> Result<T, E> {
    T::deserialize(Absent(name, PhantomData))
}

struct Absent<E>(&'static str, PhantomData<E>);

impl<'de, E: de::Error> Deserializer<'de> for Absent<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, E> {
        Err(E::missing_field(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, E> {
        if name == OR_DEFAULT {
            visitor.visit_none()
        } else {
            self.deserialize_any(visitor)
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A parameter that is its default when it is not given.
#[derive(Debug)]
pub struct OrDefault<T>(pub T);

/// How [`OrDefault`] asks what it is read from; every format passes over the name of a newtype.
const OR_DEFAULT: &str = "$weldkit::OrDefault";

impl<'de, T: Parameter + Default> Deserialize<'de> for OrDefault<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(OR_DEFAULT, Given(PhantomData))
    }
}

struct Given<T>(PhantomData<T>);

impl<'de, T: Parameter + Default> Visitor<'de> for Given<T> {
    type Value = OrDefault<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        T::deserialize(deserializer).map(OrDefault)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(OrDefault(T::default()))
    }
}

impl<T: JsonSchema> JsonSchema for OrDefault<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
