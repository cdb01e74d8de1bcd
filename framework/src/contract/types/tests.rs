use serde_json::json;

use super::*;

fn fit(producer: Value, consumer: Value) -> Fit {
    fits(
        &read(&producer, Origin::Checked),
        &read(&consumer, Origin::Taken),
    )
}

#[test]
fn what_fits_is_told_from_what_does_not() {
    for (producer, consumer, expected) in [
        (
            json!({"type": "string"}),
            json!({"type": "string"}),
            Fit::Yes,
        ),
        (
            json!({"type": "string"}),
            json!({"type": "integer"}),
            Fit::No,
        ),
        (
            json!({"type": ["string", "null"]}),
            json!({"type": "string"}),
            Fit::May,
        ),
        (json!(true), json!({"type": "string"}), Fit::Unknown),
        (json!({"type": "string"}), json!(true), Fit::Yes),
        (
            json!({"type": "integer", "minimum": 0, "maximum": 9}),
            json!({"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255}),
            Fit::Yes,
        ),
        (
            json!({"type": "integer"}),
            json!({"type": "integer", "format": "int64"}),
            Fit::May,
        ),
        (
            json!({"type": "integer", "minimum": 300}),
            json!({"type": "integer", "format": "uint8"}),
            Fit::No,
        ),
        (
            json!({"type": "number", "exclusiveMinimum": 0}),
            json!({"type": "number", "minimum": 0}),
            Fit::Yes,
        ),
        (
            json!({"type": "number", "minimum": 0}),
            json!({"type": "number", "exclusiveMinimum": 0}),
            Fit::May,
        ),
        (
            json!({"enum": ["a", "b"]}),
            json!({"oneOf": [{"const": "a"}, {"const": "b"}]}),
            Fit::Yes,
        ),
        (
            json!({"enum": ["a", "c"]}),
            json!({"enum": ["a", "b"]}),
            Fit::May,
        ),
        (json!({"const": "c"}), json!({"enum": ["a", "b"]}), Fit::No),
        (
            json!({"type": "string"}),
            json!({"type": "string", "pattern": "^a"}),
            Fit::Unknown,
        ),
        (
            json!({"type": "string", "pattern": "^a"}),
            json!({"type": "string", "pattern": "^a"}),
            Fit::Yes,
        ),
        (
            json!({"type": "string", "format": "uuid"}),
            json!({"type": "string", "format": "uuid"}),
            Fit::Unknown,
        ),
        (
            json!({"type": "string", "maxLength": 3}),
            json!({"type": "string", "maxLength": 4}),
            Fit::Yes,
        ),
        (
            json!({"type": "string", "minLength": 5}),
            json!({"type": "string", "maxLength": 4}),
            Fit::No,
        ),
        (
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"type": "array", "items": {"type": "string"}}),
            Fit::Yes,
        ),
        (
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"type": "array", "items": {"type": "integer"}}),
            Fit::May,
        ),
        (
            json!({"type": "array", "items": {"type": "string"}, "minItems": 1}),
            json!({"type": "array", "items": {"type": "integer"}}),
            Fit::No,
        ),
        (
            json!({"type": "boolean"}),
            json!({"enum": [true, false]}),
            Fit::Yes,
        ),
        (
            json!({"not": {"type": "string"}}),
            json!({"type": "string"}),
            Fit::May,
        ),
        (
            json!({"type": "string"}),
            json!({"not": {"type": "null"}}),
            Fit::Unknown,
        ),
        (json!(false), json!({"type": "string"}), Fit::Yes),
    ] {
        assert_eq!(
            fit(producer.clone(), consumer.clone()),
            expected,
            "{producer} -> {consumer}"
        );
    }
}

#[test]
fn objects_fit_by_their_properties() {
    let closed = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let open = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required});
    let text = json!({"type": "string"});
    for (producer, consumer, expected) in [
        (
            closed(json!({"a": text}), json!(["a"])),
            open(json!({"a": text}), json!(["a"])),
            Fit::Yes,
        ),
        (
            closed(json!({"a": text}), json!([])),
            open(json!({"a": text}), json!(["a"])),
            Fit::May,
        ),
        (
            closed(json!({}), json!([])),
            open(json!({"a": text}), json!(["a"])),
            Fit::No,
        ),
        (
            open(json!({}), json!([])),
            open(json!({"a": text}), json!(["a"])),
            Fit::Unknown,
        ),
        (
            closed(json!({"a": text, "b": text}), json!(["a", "b"])),
            closed(json!({"a": text}), json!(["a"])),
            Fit::No,
        ),
        (
            closed(json!({"a": text, "b": text}), json!(["a"])),
            closed(json!({"a": text}), json!(["a"])),
            Fit::May,
        ),
        (
            open(json!({"a": text}), json!(["a"])),
            closed(json!({"a": text}), json!(["a"])),
            Fit::Unknown,
        ),
    ] {
        assert_eq!(
            fit(producer.clone(), consumer.clone()),
            expected,
            "{producer} -> {consumer}"
        );
    }
}

#[test]
fn recursive_schemas_end_and_fit_themselves() {
    let tree = json!({
        "$ref": "#/$defs/Node",
        "$defs": {"Node": {"type": "object", "properties": {"of": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}, "required": ["of"], "additionalProperties": false}},
    });
    assert_eq!(fit(tree.clone(), tree.clone()), Fit::Yes);
    let other = json!({
        "$ref": "#/$defs/Node",
        "$defs": {"Node": {"type": "object", "properties": {"of": {"type": "array", "items": {"$ref": "#/$defs/Node"}, "maxItems": 3}}, "required": ["of"], "additionalProperties": false}},
    });
    assert_eq!(fit(other.clone(), tree.clone()), Fit::Unknown);
    assert_eq!(fit(tree, other), Fit::May);
}
