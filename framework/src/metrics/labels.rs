use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What tells the series of one family apart: names with values, in their order. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labels(Arc<[Label]>);

type Label = (Cow<'static, str>, Arc<str>);

impl Labels {
    /// Of names with values. A name is letters, digits and `_`.
    pub fn new<'a>(labels: impl IntoIterator<Item = (&'static str, &'a str)>) -> Self {
        let labels = labels.into_iter();
        Self(
            labels
                .map(|(name, value)| (Cow::Borrowed(name), value.into()))
                .collect(),
        )
    }

    /// The same with one more.
    #[must_use]
    pub fn and(&self, name: &'static str, value: &str) -> Self {
        let last = (Cow::Borrowed(name), value.into());
        Self(self.0.iter().cloned().chain([last]).collect())
    }

    /// These and others behind them.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        Self(self.0.iter().chain(others.0.iter()).cloned().collect())
    }

    /// Of names that are not known before the program runs.
    pub(super) fn of<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let labels = labels.into_iter();
        Self(
            labels
                .map(|(name, value)| (Cow::Owned(name.to_owned()), value.into()))
                .collect(),
        )
    }

    /// The value under a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.iter();
        all.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> serde::de::Visitor<'de> for Map {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Labels, A::Error> {
                let mut labels: Vec<Label> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Arc<str>>()? {
                    labels.push((Cow::Owned(name), value));
                }
                Ok(Labels(labels.into()))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

impl JsonSchema for Labels {
    fn schema_name() -> Cow<'static, str> {
        "Labels".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <std::collections::BTreeMap<String, String>>::json_schema(generator)
    }
}
