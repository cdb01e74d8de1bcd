//! Maps, read key by key.

#![allow(
    clippy::disallowed_types,
    reason = "which map it is was the plugin's choice; here it is only filled"
)]

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};

use super::{Strict, twice};

macro_rules! map {
    ($(#[$attribute:meta])* $strict:ident, $map:ty, $($bound:tt)+) => {
        $(#[$attribute])*
        pub struct $strict<K, S: Strict>($map);

        impl<K, S: Strict> fmt::Debug for $strict<K, S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} entries", self.0.len())
            }
        }

        impl<K: DeserializeOwned + $($bound)+, S: Strict> Strict for $strict<K, S> {
            type Value = $map;

            fn take(self) -> Self::Value {
                self.0
            }
        }

        impl<'de, K: Deserialize<'de> + $($bound)+, S: Strict> Deserialize<'de> for $strict<K, S> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Entries<K, S>(PhantomData<(K, S)>);

                impl<'de, K: Deserialize<'de> + $($bound)+, S: Strict> Visitor<'de> for Entries<K, S> {
                    type Value = $map;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a map")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                        let mut entries = <$map>::new();
                        while let Some((key, value)) = access.next_entry::<K, S>()? {
                            if entries.insert(key, value.take()).is_some() {
                                return Err(twice());
                            }
                        }
                        Ok(entries)
                    }
                }

                let entries = Entries::<K, S>(PhantomData);
                deserializer.deserialize_map(entries).map(Self)
            }
        }
    };
}

map!(
    /// A map in order.
    Ordered, BTreeMap<K, S::Value>, Ord
);
map!(
    /// A map without order.
    Hashed, HashMap<K, S::Value>, Eq + Hash
);
