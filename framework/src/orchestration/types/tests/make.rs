//! Schemas, expressions and values that are made up, each without a look at types.

use jaq_core::load::parse::Term;
use serde_json::{Map, Value, json};

use crate::contract::types::Draws;
use crate::orchestration::definition::Source;
use crate::orchestration::expression::parse;

/// The names of properties: few, so that paths meet them.
const NAMES: [&str; 4] = ["a", "b", "c", "id"];

fn pick<'a, T: ?Sized>(draws: &mut Draws, from: &[&'a T]) -> &'a T {
    from[draws.below(from.len())]
}

fn one_in(draws: &mut Draws, most: usize) -> bool {
    draws.below(most) == 0
}

/// A schema as schemars writes it, and as people do.
pub(super) fn schema(draws: &mut Draws, depth: usize) -> Value {
    let mut schema = part(draws, depth);
    if one_in(draws, 4)
        && let Value::Object(keywords) = &mut schema
    {
        let definitions = json!({
            "One": part(draws, 0),
            "Tree": {"type": "object", "properties": {"a": {"$ref": "#/$defs/Tree"}, "b": {"$ref": "#/$defs/One"}}, "additionalProperties": one_in(draws, 2)},
        });
        keywords.insert("$defs".to_owned(), definitions);
        let to = pick(draws, &["#/$defs/One", "#/$defs/Tree"]);
        match keywords
            .get_mut("properties")
            .and_then(Value::as_object_mut)
        {
            Some(properties) => {
                let name = pick(draws, &NAMES.each_ref().map(|name| *name)).to_owned();
                properties.insert(name, json!({ "$ref": to }));
            }
            None if one_in(draws, 2) => drop(keywords.insert("$ref".to_owned(), to.into())),
            None => {}
        }
    }
    schema
}

fn part(draws: &mut Draws, depth: usize) -> Value {
    let most = if depth == 0 { 9 } else { 18 };
    match draws.below(most) {
        0 => json!({"type": "string"}),
        1 => text(draws),
        2 | 3 => number(draws),
        4 => json!({"type": "boolean"}),
        5 => pick(
            draws,
            &[
                &json!({"enum": ["cat", "dog", ""]}),
                &json!({"enum": ["1", "null", "x"]}),
            ],
        )
        .clone(),
        6 => pick(
            draws,
            &[
                &json!({"const": "a"}),
                &json!({"const": 3}),
                &json!({"const": null}),
                &json!({"const": [1, "a"]}),
                &json!({"const": {"a": 1.5}}),
                &json!({"enum": [1, "a", null, true]}),
            ],
        )
        .clone(),
        7 => {
            json!({"type": pick(draws, &[&json!(["string", "null"]), &json!(["integer", "null"]), &json!(["string", "integer"]), &json!("null"), &json!(["array", "object"])])})
        }
        8 => json!(true),
        9 | 10 => array(draws, depth - 1),
        11 => json!({"anyOf": [part(draws, depth - 1), {"type": "null"}]}),
        12 => {
            json!({(pick(draws, &["anyOf", "oneOf", "allOf"])): [part(draws, depth - 1), part(draws, depth - 1)]})
        }
        13 => tagged(draws, depth - 1),
        14 => json!({"not": part(draws, 0)}),
        _ => object(draws, depth - 1),
    }
}

fn text(draws: &mut Draws) -> Value {
    pick(
        draws,
        &[
            &json!({"type": "string", "minLength": 1}),
            &json!({"type": "string", "maxLength": 5}),
            &json!({"type": "string", "minLength": 2, "maxLength": 3}),
            &json!({"type": "string", "pattern": "^a"}),
            &json!({"type": "string", "format": "uuid"}),
            &json!({"minLength": 2}),
        ],
    )
    .clone()
}

fn number(draws: &mut Draws) -> Value {
    pick(
        draws,
        &[
            &json!({"type": "number"}),
            &json!({"type": "integer"}),
            &json!({"type": "integer", "minimum": 0, "maximum": 100}),
            &json!({"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255}),
            &json!({"type": "integer", "exclusiveMinimum": -5, "maximum": 4.5}),
            &json!({"type": "number", "minimum": 0, "maximum": 1}),
            &json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 10}),
            &json!({"type": "integer", "multipleOf": 5, "minimum": -10}),
            &json!({"type": "integer", "minimum": -9_007_199_254_740_993_i64, "maximum": 9_223_372_036_854_775_807_i64}),
            &json!({"minimum": 1}),
        ],
    )
    .clone()
}

fn array(draws: &mut Draws, depth: usize) -> Value {
    let mut array = json!({"type": "array"});
    if !one_in(draws, 5) {
        array["items"] = part(draws, depth);
    }
    if one_in(draws, 4) {
        array["prefixItems"] = json!([part(draws, 0), part(draws, 0)]);
        if one_in(draws, 2) {
            array["items"] = json!(false);
        }
    }
    if one_in(draws, 3) {
        array["minItems"] = json!(draws.below(3));
    }
    if one_in(draws, 3) {
        array["maxItems"] = json!(2 + draws.below(3));
    }
    if one_in(draws, 8) {
        array["uniqueItems"] = json!(true);
    }
    array
}

fn object(draws: &mut Draws, depth: usize) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for name in NAMES {
        if draws.coin() {
            properties.insert(name.to_owned(), part(draws, depth));
            if draws.coin() {
                required.push(name);
            }
        } else if one_in(draws, 8) {
            required.push(name);
        }
    }
    let mut object = json!({"type": "object", "properties": properties, "required": required});
    match draws.below(5) {
        0 | 1 => object["additionalProperties"] = json!(false),
        2 => object["additionalProperties"] = part(draws, 0),
        _ => {}
    }
    if one_in(draws, 8) {
        object["maxProperties"] = json!(3);
    }
    if one_in(draws, 8) {
        object["patternProperties"] = json!({"^i": {"type": "integer"}});
    }
    if one_in(draws, 8)
        && let Value::Object(keywords) = &mut object
    {
        keywords.remove("type");
    }
    object
}

/// An enum of Rust, by a tag inside and outside.
fn tagged(draws: &mut Draws, depth: usize) -> Value {
    let inner = part(draws, depth);
    match draws.coin() {
        true => json!({"oneOf": [
            {"type": "object", "properties": {"a": {"const": "one"}, "b": inner}, "required": ["a", "b"]},
            {"type": "object", "properties": {"a": {"const": "two"}, "c": {"type": "string"}}, "required": ["a"]},
        ]}),
        false => json!({"oneOf": [
            {"type": "object", "properties": {"a": inner}, "required": ["a"], "additionalProperties": false},
            {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"], "additionalProperties": false},
            {"const": "c"},
        ]}),
    }
}

/// A value for a schema; mostly one that it lets through.
pub(super) fn value(schema: &Value, root: &Value, draws: &mut Draws, depth: usize) -> Value {
    if one_in(draws, 60) || depth > 8 {
        return anything(draws, depth);
    }
    let Value::Object(keywords) = schema else {
        return anything(draws, depth);
    };
    let inner = |schema: &Value, draws: &mut Draws| value(schema, root, draws, depth + 1);
    if let Some(to) = keywords.get("$ref").and_then(Value::as_str) {
        return inner(root.pointer(&to[1..]).unwrap(), draws);
    }
    if let Some(value) = keywords.get("const") {
        return value.clone();
    }
    for keyword in ["enum", "anyOf", "oneOf", "allOf"] {
        if let Some(values) = keywords.get(keyword).and_then(Value::as_array) {
            let one = &values[draws.below(values.len())];
            return match keyword {
                "enum" => one.clone(),
                _ => inner(one, draws),
            };
        }
    }
    let kind = match keywords.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => kinds[draws.below(kinds.len())].as_str().unwrap(),
        _ if keywords.contains_key("properties") && draws.coin() => "object",
        _ => return anything(draws, depth),
    };
    match kind {
        "null" => Value::Null,
        "boolean" => json!(draws.coin()),
        "string" => json!(text_value(draws)),
        "integer" => match draws.below(4) {
            0 => json!(1.0 * f64::from(u8::try_from(draws.below(9)).unwrap())),
            _ => pick(
                draws,
                &[
                    &json!(0),
                    &json!(1),
                    &json!(3),
                    &json!(-4),
                    &json!(5),
                    &json!(100),
                    &json!(255),
                    &json!(256),
                    &json!(i64::MAX),
                    &json!(i64::MIN),
                    &json!(u64::MAX),
                    &json!(9_007_199_254_740_993_i64),
                    &json!(1e300),
                ],
            )
            .clone(),
        },
        "number" => number_value(draws),
        "array" => array_value(keywords, root, draws, depth),
        _ => object_value(keywords, root, draws, depth),
    }
}

fn array_value(
    keywords: &Map<String, Value>,
    root: &Value,
    draws: &mut Draws,
    depth: usize,
) -> Value {
    let first = keywords.get("prefixItems").and_then(Value::as_array);
    let rest = keywords.get("items").cloned().unwrap_or(json!(true));
    let len = draws.below(5);
    let element = |place: usize| first.and_then(|first| first.get(place)).unwrap_or(&rest);
    (0..len)
        .map(|place| value(element(place), root, draws, depth + 1))
        .collect()
}

fn object_value(
    keywords: &Map<String, Value>,
    root: &Value,
    draws: &mut Draws,
    depth: usize,
) -> Value {
    let mut object = Map::new();
    let properties = keywords.get("properties").and_then(Value::as_object);
    let required = keywords.get("required").and_then(Value::as_array);
    for (name, schema) in properties.into_iter().flatten() {
        let is_required = required.is_some_and(|names| names.iter().any(|known| known == name));
        if is_required || draws.coin() {
            object.insert(name.clone(), value(schema, root, draws, depth + 1));
        }
    }
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            object.insert(name.to_owned(), anything(draws, depth));
        }
    }
    let rest = keywords
        .get("additionalProperties")
        .unwrap_or(&Value::Bool(true));
    if *rest != Value::Bool(false) && one_in(draws, 3) {
        let name = pick(draws, &["more", "a", "b", "id"]);
        object.insert(name.to_owned(), value(rest, root, draws, depth + 1));
    }
    Value::Object(object)
}

fn text_value(draws: &mut Draws) -> &'static str {
    pick(
        draws,
        &[
            "",
            "a",
            "ab",
            "abc",
            "Ünï",
            "12",
            "null",
            "a long text that has more than forty letters in it",
            "cat",
            "x,y",
            "🎉",
        ],
    )
}

fn number_value(draws: &mut Draws) -> Value {
    pick(
        draws,
        &[
            &json!(0),
            &json!(0.5),
            &json!(1),
            &json!(-2.25),
            &json!(9.99),
            &json!(2.0),
            &json!(1e308),
            &json!(-1e308),
            &json!(u64::MAX),
            &json!(i64::MIN),
            &json!(-0.0),
            &json!(1e-300),
            &json!(7),
        ],
    )
    .clone()
}

fn anything(draws: &mut Draws, depth: usize) -> Value {
    match draws.below(if depth > 4 { 4 } else { 6 }) {
        0 => Value::Null,
        1 => json!(draws.coin()),
        2 => number_value(draws),
        3 => json!(text_value(draws)),
        4 => (0..draws.below(4))
            .map(|_| anything(draws, depth + 2))
            .collect(),
        _ => {
            let names = (0..draws.below(4))
                .map(|_| NAMES[draws.below(4)])
                .collect::<Vec<_>>();
            let entries = names
                .into_iter()
                .map(|name| (name.to_owned(), anything(draws, depth + 2)));
            Value::Object(entries.collect())
        }
    }
}

/// An expression of jq.
pub(super) fn expression(draws: &mut Draws, depth: usize) -> String {
    if depth == 0 || one_in(draws, 5) {
        return leaf(draws);
    }
    let mut inner = || expression(draws, depth - 1);
    let (one, two, three) = (inner(), inner(), inner());
    match draws.below(26) {
        0..=3 => {
            let operator = pick(
                draws,
                &[
                    "+", "+", "+", "-", "*", "/", "%", "==", "!=", "<", "and", "or",
                ],
            );
            format!("({one} {operator} {two})")
        }
        4 | 5 => format!("({one} // {two})"),
        6 | 7 => format!("(if {one} then {two} else {three} end)"),
        8 => format!("(if {} then {two} end)", condition(draws)),
        9 => format!("(if {} then {two} else {three} end)", condition(draws)),
        10 | 11 => format!("({one} | {two})"),
        12 => format!("({one}, {two})"),
        13 => format!("[{one}]"),
        14 => format!("[{one}, {two}]"),
        15 => format!("{{a: {one}, \"b\": {two}, $x}}"),
        16 => format!("{{({one}): {two}, c: 1}}"),
        17 => format!("map({one})"),
        18 => format!("select({})", condition(draws)),
        19 => format!("\"t \\({one}) \\({two})\""),
        20 => format!("(try {one} catch {two})"),
        21 => format!("({one} as $y | [$y, {two}])"),
        22 => format!("({one} | {})", function(draws)),
        23 => format!("([.[]? | {one}] | {})", function(draws)),
        24 => format!(
            "({one}){}",
            pick(draws, &[".a", ".b?", "[0]", "[-1]", "[]", "[]?", "[$x]?"])
        ),
        _ => format!("(- {one})"),
    }
}

fn condition(draws: &mut Draws) -> String {
    let path = pick(draws, &[".a", ".b", ".a.b", ".", ".id", "$x"]);
    let test = pick(
        draws,
        &[
            "",
            " == null",
            " != null",
            " == \"cat\"",
            " != 3",
            " | not",
            " == true",
        ],
    );
    let one = format!("{path}{test}");
    match draws.below(4) {
        0 => format!("({one}) and (.b != null)"),
        1 => format!("({one}) or .a"),
        2 => format!("({one} | not)"),
        _ => one,
    }
}

fn function(draws: &mut Draws) -> &'static str {
    pick(
        draws,
        &[
            "length",
            "not",
            "tostring",
            "tojson",
            "type",
            "keys",
            "values",
            "strings",
            "arrays",
            "objects",
            "nulls",
            "add",
            "first",
            "last",
            "ascii_upcase",
            "has(\"a\")",
            "join(\",\")",
            "startswith(\"a\")",
            "empty",
            "explode",
            "sort",
            "@uri \"u/\\(.)\"",
            "reverse",
            "to_entries",
        ],
    )
}

fn leaf(draws: &mut Draws) -> String {
    pick(
        draws,
        &[
            ".",
            ".a",
            ".b",
            ".c",
            ".id",
            ".a.b",
            ".a.a",
            ".b.id",
            ".a[0]",
            ".[0]",
            ".[-1]",
            ".a?",
            ".[]",
            ".a[]",
            ".[]?",
            ".\"b\"",
            ".a[1].b",
            "$x",
            "$x.a",
            "$x",
            "1",
            "-1",
            "2.5",
            "300",
            "\"t\"",
            "\"a\"",
            "null",
            "true",
            "false",
            "[]",
            "{}",
            "9007199254740993",
            "0",
        ],
    )
    .to_owned()
}

/// The term of an expression.
pub(super) struct Made<'a>(pub(super) Term<&'a str>);

pub(super) fn expression_made(source: &Source) -> Made<'_> {
    Made(parse(source).expect("it compiles"))
}
