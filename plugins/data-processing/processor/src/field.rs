//! Fields: where an operation looks in an item.

use serde_json::Value;

use crate::limit;

/// A parsed field name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    /// `""`: the item itself.
    Item,
    /// A top-level name.
    Name(String),
    /// The segments of a JSON pointer, unescaped; at least one.
    Pointer(Vec<String>),
}

impl Field {
    /// Every text is a field: a leading slash makes a pointer, anything else is a name.
    pub(crate) fn parse(text: &str) -> Self {
        match text.strip_prefix('/') {
            None if text.is_empty() => Self::Item,
            None => Self::Name(text.to_owned()),
            Some(rest) => Self::Pointer(
                rest.split('/')
                    .map(|part| part.replace("~1", "/").replace("~0", "~"))
                    .collect(),
            ),
        }
    }

    /// The name of the field in a result: its last segment, or `value` for the item itself.
    pub(crate) fn last_name(&self) -> &str {
        match self {
            Self::Item => "value",
            Self::Name(name) => name,
            Self::Pointer(segments) => segments.last().map_or("value", String::as_str),
        }
    }

    /// The value, or `None` if a record has no such field.
    ///
    /// # Errors
    /// A name looked up in something that is no record.
    pub(crate) fn get<'a>(&self, item: &'a Value) -> Result<Option<&'a Value>, String> {
        match self {
            Self::Item => Ok(Some(item)),
            Self::Name(name) => match item {
                Value::Object(record) => Ok(record.get(name)),
                other => Err(no_record(other, name)),
            },
            Self::Pointer(segments) => Ok(segments.iter().try_fold(item, child)),
        }
    }

    /// The value; a record without the field is an error.
    pub(crate) fn require<'a>(&self, item: &'a Value) -> Result<&'a Value, String> {
        self.get(item)?
            .ok_or_else(|| missing(self.last_name(), item))
    }

    /// Set the field. The parent of a pointer's last segment must be there.
    pub(crate) fn set(&self, item: &mut Value, value: Value) -> Result<(), String> {
        match self {
            Self::Item => *item = value,
            Self::Name(name) => match item {
                Value::Object(record) => drop(record.insert(name.clone(), value)),
                other => return Err(no_record(other, name)),
            },
            Self::Pointer(segments) => {
                let (last, parents) = segments.split_last().expect("a pointer has a segment");
                let parent = parents.iter().try_fold(&mut *item, child_mut);
                match parent {
                    Some(Value::Object(record)) => drop(record.insert(last.clone(), value)),
                    Some(Value::Array(array)) => {
                        match last.parse::<usize>().ok().and_then(|at| array.get_mut(at)) {
                            Some(slot) => *slot = value,
                            None => return Err(format!("there is no element `{last}` to set")),
                        }
                    }
                    _ => return Err(format!("there is nothing to set `{last}` in")),
                }
            }
        }
        Ok(())
    }

    /// Take the field out of its record.
    pub(crate) fn remove(&self, item: &mut Value) -> Option<Value> {
        match self {
            Self::Item => Some(item.take()),
            Self::Name(name) => item.as_object_mut()?.remove(name),
            Self::Pointer(segments) => {
                let (last, parents) = segments.split_last()?;
                parents
                    .iter()
                    .try_fold(item, child_mut)?
                    .as_object_mut()?
                    .remove(last)
            }
        }
    }
}

/// The message for a record without a field, with the fields that it has.
pub(crate) fn missing(name: &str, item: &Value) -> String {
    match item {
        Value::Object(record) => {
            let names: Vec<_> = record
                .keys()
                .take(16)
                .map(|key| format!("`{key}`"))
                .collect();
            format!(
                "there is no field `{name}`; the record has {}",
                cut(&names.join(", "))
            )
        }
        other => format!("there is no `{name}` in {}", kind(other)),
    }
}

/// What a value is, for messages.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "a record",
    }
}

/// A text of bounded length for messages.
pub(crate) fn cut(text: &str) -> String {
    if text.len() <= limit::QUOTE_BYTES_MAX {
        return text.to_owned();
    }
    let end = (0..=limit::QUOTE_BYTES_MAX)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    format!("{}…", &text[..end])
}

fn no_record(item: &Value, name: &str) -> String {
    format!(
        "the item is {}, so it has no field `{name}`; `\"\"` names the item itself",
        kind(item)
    )
}

fn child<'a>(value: &'a Value, segment: &String) -> Option<&'a Value> {
    match value {
        Value::Object(record) => record.get(segment),
        Value::Array(array) => array.get(segment.parse::<usize>().ok()?),
        _ => None,
    }
}

fn child_mut<'a>(value: &'a mut Value, segment: &String) -> Option<&'a mut Value> {
    match value {
        Value::Object(record) => record.get_mut(segment),
        Value::Array(array) => array.get_mut(segment.parse::<usize>().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_pointers_and_the_item_itself_are_found() {
        let item = json!({"Cost Total $": 5, "a": {"b/c": [10, 20]}, "": 1});
        for (field, expected) in [
            ("Cost Total $", Some(json!(5))),
            ("/Cost Total $", Some(json!(5))),
            ("/a/b~1c/1", Some(json!(20))),
            ("/a/b~1c/9", None),
            ("/a/x", None),
            ("a.b", None),
            ("", Some(item.clone())),
            ("/", Some(json!(1))),
        ] {
            assert_eq!(
                Field::parse(field).get(&item).unwrap().cloned(),
                expected,
                "{field}"
            );
        }
    }

    #[test]
    fn a_name_in_a_number_says_what_to_write() {
        let message = Field::parse("cost").get(&json!(7)).unwrap_err();
        assert!(
            message.contains("a number") && message.contains("`\"\"`"),
            "{message}"
        );
    }

    #[test]
    fn set_and_remove_reach_the_same_place() {
        for field in ["x", "/a/x"] {
            let mut item = json!({"a": {}});
            let field = Field::parse(field);
            field.set(&mut item, json!(1)).unwrap();
            assert_eq!(field.require(&item).unwrap(), &json!(1));
            assert_eq!(field.remove(&mut item), Some(json!(1)));
            assert_eq!(item, json!({"a": {}}));
        }
        assert!(Field::parse("/no/x").set(&mut json!({}), json!(1)).is_err());
    }
}
