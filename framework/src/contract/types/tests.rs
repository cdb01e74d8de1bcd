use serde_json::json;

use super::*;

fn fit(producer: Value, consumer: Value) -> Fit {
    fits(
        &read(&producer, Origin::Checked),
        &read(&consumer, Origin::Taken),
    )
}

/// Producer, consumer, and whether the one may be put before the other.
const PAIRS: &[(&str, &str, Fit)] = &[
    (r#"{"type": "string"}"#, r#"{"type": "string"}"#, Fit::Yes),
    (r#"{"type": "string"}"#, r#"{"type": "integer"}"#, Fit::No),
    (
        r#"{"type": ["string", "null"]}"#,
        r#"{"type": "string"}"#,
        Fit::May,
    ),
    (r#"true"#, r#"{"type": "string"}"#, Fit::Unknown),
    (r#"{"type": "string"}"#, r#"true"#, Fit::Yes),
    (
        r#"{"type": "integer", "minimum": 0, "maximum": 9}"#,
        r#"{"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255}"#,
        Fit::Yes,
    ),
    (
        r#"{"type": "integer"}"#,
        r#"{"type": "integer", "format": "int64"}"#,
        Fit::May,
    ),
    (
        r#"{"type": "integer", "minimum": 300}"#,
        r#"{"type": "integer", "format": "uint8"}"#,
        Fit::No,
    ),
    (
        r#"{"type": "number", "exclusiveMinimum": 0}"#,
        r#"{"type": "number", "minimum": 0}"#,
        Fit::Yes,
    ),
    (
        r#"{"type": "number", "minimum": 0}"#,
        r#"{"type": "number", "exclusiveMinimum": 0}"#,
        Fit::May,
    ),
    (
        r#"{"enum": ["a", "b"]}"#,
        r#"{"oneOf": [{"const": "a"}, {"const": "b"}]}"#,
        Fit::Yes,
    ),
    (
        r#"{"enum": ["a", "c"]}"#,
        r#"{"enum": ["a", "b"]}"#,
        Fit::May,
    ),
    (r#"{"const": "c"}"#, r#"{"enum": ["a", "b"]}"#, Fit::No),
    (
        r#"{"type": "string"}"#,
        r#"{"type": "string", "pattern": "^a"}"#,
        Fit::Unknown,
    ),
    (
        r#"{"type": "string", "pattern": "^a"}"#,
        r#"{"type": "string", "pattern": "^a"}"#,
        Fit::Yes,
    ),
    (
        r#"{"type": "string", "format": "uuid"}"#,
        r#"{"type": "string", "format": "uuid"}"#,
        Fit::Unknown,
    ),
    (
        r#"{"type": "string", "maxLength": 3}"#,
        r#"{"type": "string", "maxLength": 4}"#,
        Fit::Yes,
    ),
    (
        r#"{"type": "string", "minLength": 5}"#,
        r#"{"type": "string", "maxLength": 4}"#,
        Fit::No,
    ),
    (
        r#"{"type": "array", "items": {"type": "string"}}"#,
        r#"{"type": "array", "items": {"type": "string"}}"#,
        Fit::Yes,
    ),
    (
        r#"{"type": "array", "items": {"type": "string"}}"#,
        r#"{"type": "array", "items": {"type": "integer"}}"#,
        Fit::May,
    ),
    (
        r#"{"type": "array", "items": {"type": "string"}, "minItems": 1}"#,
        r#"{"type": "array", "items": {"type": "integer"}}"#,
        Fit::No,
    ),
    (
        r#"{"type": "boolean"}"#,
        r#"{"enum": [true, false]}"#,
        Fit::Yes,
    ),
    (
        r#"{"not": {"type": "string"}}"#,
        r#"{"type": "string"}"#,
        Fit::May,
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"not": {"type": "null"}}"#,
        Fit::Unknown,
    ),
    (r#"false"#, r#"{"type": "string"}"#, Fit::Yes),
    (r#"{"type": "string"}"#, r#"false"#, Fit::No),
    (r#"{"type": "integer"}"#, r#"{"type": "number"}"#, Fit::Yes),
    (r#"{"type": "number"}"#, r#"{"type": "integer"}"#, Fit::May),
    (
        r#"{"type": "string"}"#,
        r#"{"description": "anything"}"#,
        Fit::Yes,
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"type": "string", "enum": ["a"]}"#,
        Fit::May,
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"type": "string", "not": {"const": "a"}}"#,
        Fit::Unknown,
    ),
    (
        r#"{"type": "array"}"#,
        r#"{"type": "array", "items": {"type": "integer"}}"#,
        Fit::Unknown,
    ),
    (
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        r#"{"anyOf": [{"type": "null"}, {"type": "string"}]}"#,
        Fit::Yes,
    ),
    (
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        r#"{"type": "string"}"#,
        Fit::May,
    ),
    (
        r#"{"type": "boolean"}"#,
        r#"{"anyOf": [{"type": "null"}, {"type": "string"}]}"#,
        Fit::No,
    ),
    (
        r##"{"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}}"##,
        r#"{"type": "string"}"#,
        Fit::Yes,
    ),
    (
        r#"{"type": "string"}"#,
        r##"{"$ref": "#/$defs/x", "minLength": 3, "$defs": {"x": {"type": "string"}}}"##,
        Fit::May,
    ),
];

#[test]
fn what_fits_is_told_from_what_does_not() {
    for (producer, consumer, expected) in PAIRS {
        let [given, taken] = [producer, consumer].map(|text| serde_json::from_str(text).unwrap());
        assert_eq!(fit(given, taken), *expected, "{producer} -> {consumer}");
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

/// 2^53 + 1 reads as 2^53 in a float, and is another number.
#[test]
fn whole_numbers_beyond_floats_are_not_taken_for_their_neighbours() {
    let (even, odd) = (
        json!(9_007_199_254_740_992_i64),
        json!(9_007_199_254_740_993_i64),
    );
    for schema in [json!({"const": even}), json!({"maximum": even})] {
        let taken = read(&schema, Origin::Taken);
        assert_ne!(fits(&Type::of(&odd), &taken), Fit::Yes, "{schema}");
    }
    assert_ne!(Type::of(&odd), Type::of(&json!(9_007_199_254_740_991_i64)));
}

#[test]
fn what_is_not_taken_is_told_at_its_place_or_with_a_value() {
    let text = json!({"type": "string"});
    let of = |name: &str, schema: &Value| json!({"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": false});
    let nested = |schema: &Value| of("a", &of("b/c", schema));
    let wanted = json!({"type": "integer", "minimum": 0});
    for (given, taken, answer, why) in [
        (
            text.clone(),
            wanted.clone(),
            Answer::No,
            "is string, and integer from 0 is taken",
        ),
        (
            nested(&text),
            nested(&wanted),
            Answer::No,
            "has string at `/a/b~1c`, and integer from 0 is taken there",
        ),
        (
            of("b", &text),
            of("a", &wanted),
            Answer::No,
            "has string at `/b`, and nothing is taken there",
        ),
        (
            json!({"type": "object", "additionalProperties": false}),
            of("a", &wanted),
            Answer::No,
            "has nothing at `/a`, and integer from 0 is taken there",
        ),
        (
            nested(&json!({"type": ["string", "null"], "maxLength": 0})),
            nested(&text),
            Answer::MayFail,
            r#"may be `{"a":{"b/c":null}}`: null is not of type "string" at `/a/b~1c`"#,
        ),
        (
            json!(true),
            text.clone(),
            Answer::Unknown,
            "is anything, and string is taken",
        ),
        (
            json!({"enum": ["a", "b"]}),
            json!({"type": "string", "pattern": "^[ab]$"}),
            Answer::Yes,
            "",
        ),
    ] {
        let taker = Taker::new(taken.clone(), Origin::Taken);
        let told = taker.judge(&read(&given, Origin::Written));
        assert_eq!(told, (answer, why.to_owned()), "{given} -> {taken}");
    }
}
