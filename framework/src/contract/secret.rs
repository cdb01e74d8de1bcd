use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a secret prints as.
const REDACTED: &str = "***";

/// A value that is never shown: `***` in JSON, logs and `Debug`.
///
/// In a configuration it is best a reference, `{ env = "NAME" }` or `{ file = "PATH" }`, which is
/// read when the settings are decoded; a literal is accepted.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. The name says what the call does, so that it is found when read.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    env: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    file: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given<T> {
    Environment(Environment),
    File(File),
    Literal(T),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = match Given::<T>::deserialize(deserializer).map_err(|_| {
            // The value itself must not reach the message.
            D::Error::custom(
                "not a secret: write { env = \"NAME\" }, { file = \"PATH\" } or the value",
            )
        })? {
            Given::Literal(value) => return Ok(Self(value)),
            Given::Environment(Environment { env }) => std::env::var(&env).map_err(|_| {
                D::Error::custom(format_args!("the environment variable `{env}` is not set"))
            })?,
            Given::File(File { file }) => {
                let text = std::fs::read_to_string(&file).map_err(|fault| {
                    D::Error::custom(format_args!(
                        "cannot read the secret's file `{file}`: {fault}"
                    ))
                })?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
        };
        // A text first, so that a password of digits stays a text where a text is wanted.
        serde_json::from_value(serde_json::Value::String(text.clone()))
            .or_else(|_| serde_json::from_str(&text))
            .map(Self)
            .map_err(|_| D::Error::custom("the secret has not the type that is wanted"))
    }
}

impl<T: JsonSchema> JsonSchema for Secret<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Secret_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "writeOnly": true,
            "anyOf": [
                { "type": "object", "properties": { "env": { "type": "string" } }, "required": ["env"], "additionalProperties": false },
                { "type": "object", "properties": { "file": { "type": "string" } }, "required": ["file"], "additionalProperties": false },
                generator.subschema_for::<T>(),
            ],
        })
    }
}

impl<T> garde::Validate for Secret<T> {
    type Context = ();

    fn validate_into(&self, (): &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_where_it_points_and_never_shown() {
        let path: Secret<String> = serde_json::from_str(r#"{"env":"PATH"}"#).unwrap();
        assert_eq!(path.reveal(), &std::env::var("PATH").unwrap());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "1234\n").unwrap();
        let reference = serde_json::json!({ "file": file.path() });
        assert_eq!(
            serde_json::from_value::<Secret<String>>(reference.clone())
                .unwrap()
                .reveal(),
            "1234"
        );
        assert_eq!(
            *serde_json::from_value::<Secret<u32>>(reference)
                .unwrap()
                .reveal(),
            1234
        );
        let literal = Secret::new("canary");
        assert_eq!(
            format!(
                "{literal:?} {literal} {}",
                serde_json::to_string(&literal).unwrap()
            ),
            r#"*** *** "***""#
        );
        let fault = serde_json::from_str::<Secret<u8>>(r#""canary""#)
            .unwrap_err()
            .to_string();
        assert!(!fault.contains("canary"), "{fault}");
        let fault = serde_json::from_str::<Secret<String>>(r#"{"env":"NO_SUCH_VARIABLE_HERE"}"#)
            .unwrap_err()
            .to_string();
        assert!(fault.contains("NO_SUCH_VARIABLE_HERE"), "{fault}");
    }
}
