//! Where a JSON text has a key twice; for the error, once something is wrong.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::decode::escape;

/// The JSON pointer of the first key that an object of `input` has twice.
pub(crate) fn pointer(input: &[u8]) -> Option<String> {
    let mut path = Path::default();
    let mut text = serde_json::Deserializer::from_slice(input);
    // Whatever else is wrong with the text has been told by whoever asks.
    let read = Walk(&mut path).deserialize(&mut text);
    (read.is_err() && path.found).then_some(path.pointer)
}

#[derive(Default)]
struct Path {
    /// Where the walk is, and once `found` where the duplicate is.
    pointer: String,
    found: bool,
}

impl Path {
    /// Walks below `step`, and comes back unless something was found.
    fn below<T, E>(
        &mut self,
        step: &str,
        walk: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let above = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&escape(step));
        let walked = walk(self)?;
        self.pointer.truncate(above);
        Ok(walked)
    }
}

struct Walk<'a>(&'a mut Path);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let next = |path: &mut Path| access.next_element_seed(Walk(path));
            if self.0.below(&index.to_string(), next)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = access.next_key::<String>()? {
            let new = keys.insert(key.clone());
            self.0.below(&key, |path| {
                if new {
                    return access.next_value_seed(Walk(path));
                }
                path.found = true;
                Err(de::Error::custom("found"))
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::pointer;

    #[test]
    fn the_first_duplicate_is_found_wherever_it_is() {
        for (text, expected) in [
            (r#"{"a":1,"b":[{"a":1},{"a":2}],"c":{"a":null}}"#, None),
            (r#"{"a":1,"a":1}"#, Some("/a")),
            (
                r#"{"a":{"b":[0,{"c/d":true,"c/d":1.5}]}}"#,
                Some("/a/b/1/c~1d"),
            ),
            (r#"[[],{"":1,"x":"y","":-1}]"#, Some("/1/")),
            // What is written otherwise is the same key.
            (r#"{"a":1,"\u0061":2}"#, Some("/a")),
            (r#"{"a":1,"#, None),
            ("", None),
        ] {
            assert_eq!(pointer(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }
}
