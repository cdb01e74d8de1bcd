//! A schema, checked and compiled once.

use jsonschema::{Draft, Validator};
use weldkit::Json;
use weldkit_validation::{SchemaInfo, SchemaName, ValidationError};

use crate::fault;

/// Most bytes of a schema as JSON text.
const SCHEMA_LEN_MAX: usize = 1024 * 1024;
/// Most levels of arrays and objects in a schema or a value: compiling and checking recurse.
pub(crate) const DEPTH_MAX: usize = 128;

/// A schema that can be checked against.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) schema: Json,
    pub(crate) validator: Validator,
}

impl Compiled {
    /// Checks and compiles a schema. May take a while.
    pub(crate) fn new(schema: Json, check_formats: bool) -> Result<Self, ValidationError> {
        check_bounds(&schema)?;
        // Nothing outside of the schema is ever fetched.
        let options = jsonschema::options()
            .offline()
            .should_validate_formats(check_formats);
        match options.build(&schema) {
            Ok(validator) => Ok(Self { schema, validator }),
            Err(error) => Err(fault::in_schema(&schema, &error)),
        }
    }

    pub(crate) fn info(&self, name: SchemaName) -> SchemaInfo {
        let text = |key: &str| {
            self.schema
                .get(key)
                .and_then(Json::as_str)
                .map(str::to_owned)
        };
        let draft = match self.validator.draft() {
            Draft::Draft4 => "draft-04",
            Draft::Draft6 => "draft-06",
            Draft::Draft7 => "draft-07",
            Draft::Draft201909 => "2019-09",
            Draft::Draft202012 => "2020-12",
            // The enum of the library may grow.
            _ => "unknown",
        };
        SchemaInfo {
            name,
            title: text("title"),
            description: text("description"),
            draft: draft.into(),
        }
    }
}

fn check_bounds(schema: &Json) -> Result<(), ValidationError> {
    let refuse = |reason: String| {
        Err(ValidationError::TooLarge {
            what: "the schema".into(),
            reason,
        })
    };
    if is_deeper(schema, DEPTH_MAX) {
        return refuse(format!("it has more than {DEPTH_MAX} levels"));
    }
    let length = schema.to_string().len();
    if length > SCHEMA_LEN_MAX {
        return refuse(format!(
            "it has {length} bytes and may have {SCHEMA_LEN_MAX}"
        ));
    }
    Ok(())
}

/// Whether a value has more than `levels` levels of arrays and objects.
pub(crate) fn is_deeper(value: &Json, levels: usize) -> bool {
    match value {
        Json::Array(items) => levels == 0 || items.iter().any(|item| is_deeper(item, levels - 1)),
        Json::Object(fields) => {
            levels == 0 || fields.values().any(|field| is_deeper(field, levels - 1))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(schema: Json) -> String {
        Compiled::new(schema, true).unwrap_err().to_string()
    }

    #[test]
    fn a_bad_schema_is_refused_with_the_place() {
        let check = |schema: Json, expected: &str| assert_eq!(refused(schema), expected);
        check(
            json!({"type": "intger"}),
            "the schema is not valid at `/type`: `intger` is not a type; did you mean `integer`?",
        );
        check(
            json!({"properties": {"a/b": {"minimum": "x"}}}),
            "the schema is not valid at `/properties/a~1b/minimum`: \"x\" is not of type \"number\"",
        );
        check(
            json!({"properties": {"a": {"pattern": "("}}}),
            "the schema is not valid at `/properties/a/pattern`: \"(\" is not a \"regex\"",
        );
        check(
            json!("text"),
            "the schema is not valid at ``: \"text\" is not of types \"boolean\", \"object\"",
        );
        check(
            json!({"properties": {"a": {"$ref": "#/$defs/none"}}}),
            "the schema is not valid at `/properties/a/$ref`: Pointer '/$defs/none' does not exist",
        );
        check(
            json!({"items": [{"$ref": "#/$defs/ok"}], "$schema": "http://json-schema.org/draft-07/schema#", "not": {"$ref": "#no"}}),
            "the schema is not valid at `/items/0/$ref`: Pointer '/$defs/ok' does not exist",
        );
        check(
            json!({"$schema": "https://example.com/mine"}),
            "the schema is not valid at `/$schema`: Unknown meta-schema: 'https://example.com/mine'. Custom meta-schemas \
             must be registered in the registry before use",
        );
    }

    #[test]
    fn nothing_outside_of_the_schema_is_fetched() {
        let check = |schema: Json, reference: &str, pointer: &str| {
            let error = Compiled::new(schema, true).unwrap_err();
            let ValidationError::RemoteReference {
                reference: found,
                pointer: at,
            } = &error
            else {
                panic!("{error}")
            };
            assert_eq!((found.as_str(), at.as_str()), (reference, pointer));
        };
        let remote = "https://example.com/x.json#/y";
        check(
            json!({"properties": {"a": {"$ref": remote}}}),
            remote,
            "/properties/a/$ref",
        );
        check(
            json!({"items": {"$ref": "other.json"}}),
            "other.json",
            "/items/$ref",
        );
        check(
            json!({"$id": "https://example.com/a", "not": {"$ref": "b"}}),
            "b",
            "/not/$ref",
        );
        check(
            json!({"allOf": [true, {"$ref": "file:///etc/passwd"}]}),
            "file:///etc/passwd",
            "/allOf/1/$ref",
        );
        check(
            json!({"$dynamicRef": "http://x.y/z"}),
            "http://x.y/z",
            "/$dynamicRef",
        );
        Compiled::new(
            json!({"$ref": "https://json-schema.org/draft/2020-12/schema"}),
            true,
        )
        .unwrap();
        let inner = json!({"$id": "https://example.com/a", "$ref": "b", "$defs": {"b": {"$id": "b", "type": "integer"}}});
        Compiled::new(inner, true).unwrap();
    }

    #[test]
    fn a_schema_has_bounds() {
        let deep = |levels: usize| (0..levels).fold(json!(true), |inner, _| json!({"not": inner}));
        Compiled::new(deep(DEPTH_MAX), true).unwrap();
        assert_eq!(
            refused(deep(DEPTH_MAX + 1)),
            "the schema is too large: it has more than 128 levels"
        );
        let long = json!({"const": "x".repeat(SCHEMA_LEN_MAX)});
        assert_eq!(
            refused(long),
            "the schema is too large: it has 1048588 bytes and may have 1048576"
        );
    }

    #[test]
    fn a_draft_is_what_the_schema_says() {
        let check = |schema: Json, expected: &str| {
            let info = Compiled::new(schema, true)
                .unwrap()
                .info(SchemaName::new("s").unwrap());
            assert_eq!(info.draft, expected);
        };
        check(json!(true), "2020-12");
        check(
            json!({"$schema": "http://json-schema.org/draft-07/schema#"}),
            "draft-07",
        );
        check(
            json!({"$schema": "http://json-schema.org/draft-04/schema#"}),
            "draft-04",
        );
        check(
            json!({"$schema": "https://json-schema.org/draft/2019-09/schema"}),
            "2019-09",
        );
    }
}
