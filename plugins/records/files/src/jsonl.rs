//! Rows of a JSON Lines source: one object a line.

use std::fmt;
use std::io;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number};
use weldkit::Json;
use weldkit_records::BadReason;

use crate::line::Lines;
use crate::row::{Fault, Row};

/// The next row, or none at the end. Blank lines are no rows.
pub(crate) fn next(lines: &mut Lines) -> io::Result<Option<Row<Map<String, Json>>>> {
    loop {
        let Some(line) = lines.next()? else {
            return Ok(None);
        };
        if line.bytes.trim_ascii().is_empty() && !line.is_too_long() {
            continue;
        }
        let content = if line.is_too_long() {
            Err(Fault::too_long(line.length))
        } else {
            parse(&line.bytes)
        };
        return Ok(Some(Row {
            line: line.number,
            text: line.bytes,
            content,
        }));
    }
}

fn parse(line: &[u8]) -> Result<Map<String, Json>, Fault> {
    let text = std::str::from_utf8(line).map_err(|error| {
        Fault::new(
            BadReason::Encoding,
            format!("byte {} of the line is not UTF-8", error.valid_up_to() + 1),
        )
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(Json::Object(fields)) => Ok(fields),
        Ok(_) => Err(Fault::new(
            BadReason::Syntax,
            "the line is JSON, but not an object",
        )),
        Err(error) => Err(Fault::new(BadReason::Syntax, in_one_line(&error))),
    }
}

/// The message without `at line 1`: within the one line only the column says something.
fn in_one_line(error: &serde_json::Error) -> String {
    error
        .to_string()
        .replace("at line 1 column", "at character")
}

/// Any JSON value, but no object with a key that stands twice: one of the two values would be lost.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Strict)?;
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!(
                    "the key `{key}` stands twice"
                )));
            }
            object.insert(key, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;

    use super::*;
    use crate::line::{Ending, LINE_LEN_MAX};

    fn rows(text: &[u8]) -> Vec<Row<Map<String, Json>>> {
        let mut lines = Lines::new(Box::new(Cursor::new(text.to_vec())), Ending::Newline);
        std::iter::from_fn(|| next(&mut lines).unwrap()).collect()
    }

    #[test]
    fn an_object_a_line_unchanged() {
        let text = br#"{"a": 1, "b": [true, null, 2.5, {"c": "\u00e9"}], "d": 18446744073709551615}

  {"a":-1}
{}"#;
        let found: Vec<(u64, Json)> = rows(text)
            .into_iter()
            .map(|row| (row.line, Json::Object(row.content.unwrap())))
            .collect();
        let first = json!({"a": 1, "b": [true, null, 2.5, {"c": "é"}], "d": u64::MAX});
        assert_eq!(found, [(1, first), (3, json!({"a": -1})), (4, json!({}))]);
    }

    #[test]
    fn what_is_not_an_object_is_a_bad_row() {
        let check = |line: &[u8], reason: BadReason, message: &str| {
            let mut text = b"{}\n".to_vec();
            text.extend_from_slice(line);
            text.extend_from_slice(b"\n{}\n");
            let rows = rows(&text);
            assert_eq!(
                rows.iter().map(|row| row.line).collect::<Vec<_>>(),
                [1, 2, 3]
            );
            let fault = rows[1].content.as_ref().unwrap_err();
            assert_eq!(fault.reason, reason, "{fault:?}");
            assert!(fault.message.contains(message), "{fault:?}");
            assert!(rows[2].content.is_ok());
        };
        check(b"[1]", BadReason::Syntax, "not an object");
        check(
            b"{\"a\": }",
            BadReason::Syntax,
            "expected value at character 7",
        );
        check(b"{} {}", BadReason::Syntax, "trailing characters");
        check(
            br#"{"a": {"b": 1, "b": 2}}"#,
            BadReason::Syntax,
            "the key `b` stands twice",
        );
        check(b"{\"a\": 1e999}", BadReason::Syntax, "number out of range");
        check(
            b"{\"a\": \"\xFF\"}",
            BadReason::Encoding,
            "byte 8 of the line is not UTF-8",
        );
        check(
            "[".repeat(1000).as_bytes(),
            BadReason::Syntax,
            "recursion limit",
        );
        check(
            &vec![b' '; LINE_LEN_MAX + 1],
            BadReason::TooLong,
            "a line may have 1048576",
        );
    }
}
