use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::claims::{Claims, claimed, loose};
use super::fit::{Fit, fits};
use super::{Array, EXACT, Field, Kind, Number, Object, Shape, Text, Type, Whole};
use crate::limit;

/// How values and a schema come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `jsonschema` has let them through, which does not look at `format`.
    Checked,
    /// A Rust type has written them that the schema was derived from: nothing is there that the schema does not name.
    Written,
    /// A Rust type reads them that the schema was derived from: its integers have their bounds.
    Taken,
}

/// The values that a schema (draft 2020-12) lets through.
pub(crate) fn read(schema: &Value, origin: Origin) -> Type {
    let dialect = schema.get("$schema").and_then(Value::as_str);
    let known = "https://json-schema.org/draft/2020-12/schema";
    let is_known = dialect.is_none_or(|dialect| dialect.trim_end_matches('#') == known);
    let mut reader = Reader {
        root: schema,
        origin,
        open: Vec::new(),
        left: limit::TYPE_PARTS,
    };
    if is_known && schema.get("$id").is_none() {
        reader.schema(schema)
    } else {
        claimed(Type::Any, schema, "$schema")
    }
}

struct Reader<'a> {
    root: &'a Value,
    origin: Origin,
    /// The references that are being followed.
    open: Vec<&'a str>,
    /// Schemas that may still be read.
    left: usize,
}

/// What says nothing about values.
const NOTES: [&str; 18] = [
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$schema",
    "$comment",
    "$defs",
    "definitions",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "$anchor",
    "$dynamicAnchor",
    "$vocabulary",
    "nullable",
];

/// What each kind is told by, beside the keywords of combination.
const OF_NUMBER: [&str; 5] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];
const OF_TEXT: [&str; 3] = ["minLength", "maxLength", "pattern"];
const OF_ARRAY: [&str; 8] = [
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
];
const OF_OBJECT: [&str; 7] = [
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
];

impl<'a> Reader<'a> {
    fn schema(&mut self, schema: &'a Value) -> Type {
        let Some(left) = self.left.checked_sub(1) else {
            return claimed(Type::Any, schema, "");
        };
        self.left = left;
        match schema {
            Value::Bool(true) => Type::Any,
            Value::Bool(false) => Type::never(),
            Value::Object(keywords) => self.keywords(schema, keywords),
            _ => claimed(Type::Any, schema, ""),
        }
    }

    fn keywords(&mut self, schema: &'a Value, keywords: &'a Map<String, Value>) -> Type {
        let mut of = self.kinds(keywords);
        for (keyword, value) in keywords {
            of = match (keyword.as_str(), value) {
                ("$ref", Value::String(to)) => of.and(&self.reference(schema, to)),
                ("const", value) => of.and(&self.constants(std::slice::from_ref(value))),
                ("enum", Value::Array(values)) => of.and(&self.constants(values)),
                ("allOf", Value::Array(all)) => all
                    .iter()
                    .fold(of, |of, schema| of.and(&self.schema(schema))),
                ("anyOf", Value::Array(any)) => of.and(&self.any(any)),
                ("oneOf", Value::Array(one)) => of.and(&self.one(value, one)),
                ("type" | "format", _) => of,
                (known, _) if is_note(known) || is_of_kind(known) => of,
                (unknown, value) => claimed(of, value, unknown),
            };
        }
        of
    }

    /// What `type` and the keywords of single kinds say.
    fn kinds(&mut self, keywords: &'a Map<String, Value>) -> Type {
        let names: Option<Vec<&str>> = match keywords.get("type") {
            None => None,
            Some(Value::String(name)) => Some(vec![name]),
            Some(Value::Array(names)) => Some(names.iter().filter_map(Value::as_str).collect()),
            Some(other) => return claimed(Type::Any, other, "type"),
        };
        let says_nothing = names.is_none()
            && !keywords.keys().any(|keyword| is_of_kind(keyword))
            && !(keywords.contains_key("format") && self.origin != Origin::Checked);
        if says_nothing {
            return Type::Any;
        }
        let has = |name: &str| names.as_ref().is_none_or(|names| names.contains(&name));
        let mut shapes = Vec::new();
        if has("null") {
            shapes.push(Kind::Null.into());
        }
        if has("boolean") {
            shapes.push(Kind::Bool(None).into());
        }
        let is_integer = names.is_some() && has("integer") && !has("number");
        if is_integer || has("number") {
            shapes.extend(self.number(keywords, is_integer));
        }
        if has("string") {
            shapes.extend(self.text(keywords));
        }
        if has("array") {
            shapes.extend(self.array(keywords));
        }
        if has("object") {
            shapes.extend(self.object(keywords));
        }
        super::join::shapes(shapes)
    }

    fn number(&self, keywords: &Map<String, Value>, is_integer: bool) -> Option<Shape> {
        let mut claims = Claims::of(keywords, &["multipleOf"]);
        let mut number = Number {
            whole: match (is_integer, self.origin) {
                (false, _) => Whole::No,
                (true, Origin::Checked) => Whole::Value,
                (true, Origin::Written | Origin::Taken) => Whole::Written,
            },
            ..Number::any()
        };
        for (keyword, is_least, is_open) in [
            ("minimum", true, false),
            ("exclusiveMinimum", true, true),
            ("maximum", false, false),
            ("exclusiveMaximum", false, true),
        ] {
            let Some(value) = keywords.get(keyword) else {
                continue;
            };
            let Some(bound) = value.as_f64().filter(|bound| bound.abs() < EXACT) else {
                claims.add(keyword, value);
                continue;
            };
            let mut side = Number::any();
            if is_least {
                (side.least, side.open.0) = (bound, is_open);
            } else {
                (side.most, side.open.1) = (bound, is_open);
            }
            number = super::meet::numbers(&number, &side)?;
        }
        if let Some(format) = keywords.get("format").and_then(Value::as_str)
            && self.origin != Origin::Checked
        {
            match range(format) {
                Some(range) if is_integer => number = super::meet::numbers(&number, &range)?,
                _ if matches!(format, "double" | "float") => {}
                _ => claims.add("format", &Value::from(format)),
            }
        }
        Some(claims.around(Kind::Number(number.normal()?)))
    }

    fn text(&self, keywords: &Map<String, Value>) -> Option<Shape> {
        let mut claims = Claims::of(keywords, &["pattern"]);
        let len = claims.span(keywords, "minLength", "maxLength");
        if let Some(format) = keywords.get("format")
            && self.origin != Origin::Checked
        {
            claims.add("format", format);
        }
        if let Some(encoding) = keywords.get("contentEncoding")
            && self.origin != Origin::Checked
        {
            claims.add("contentEncoding", encoding);
        }
        let text = Text { len, values: None };
        (!len.is_empty()).then(|| claims.around(Kind::Text(text)))
    }

    fn array(&mut self, keywords: &'a Map<String, Value>) -> Option<Shape> {
        let mut claims = Claims::of(
            keywords,
            &["uniqueItems", "contains", "minContains", "maxContains"],
        );
        let len = claims.span(keywords, "minItems", "maxItems");
        let first = match keywords.get("prefixItems") {
            Some(Value::Array(first)) => first.iter().map(|schema| self.schema(schema)).collect(),
            Some(_) | None => Arc::from([]),
        };
        let rest = match keywords.get("items") {
            Some(schema) => self.schema(schema),
            None => Type::Any,
        };
        let array = Array { len, first, rest };
        Some(claims.around(Kind::Array(array.normal()?)))
    }

    fn object(&mut self, keywords: &'a Map<String, Value>) -> Option<Shape> {
        let claims = Claims::of(
            keywords,
            &[
                "patternProperties",
                "propertyNames",
                "minProperties",
                "maxProperties",
            ],
        );
        let mut fields: BTreeMap<Arc<str>, Field> = BTreeMap::new();
        let properties = keywords.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            let field = Field {
                of: self.schema(schema),
                is_required: false,
            };
            fields.insert(name.as_str().into(), field);
        }
        let rest = match keywords.get("additionalProperties") {
            // What a pattern matches is no additional property.
            _ if keywords.contains_key("patternProperties") => Type::Any,
            Some(schema) => self.schema(schema),
            None if self.origin == Origin::Written && !fields.is_empty() => Type::never(),
            None => Type::Any,
        };
        let required = keywords.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            let field = fields.entry(name.into()).or_insert_with(|| Field {
                of: rest.clone(),
                is_required: true,
            });
            field.is_required = true;
        }
        let object = Object {
            fields: Arc::new(fields),
            rest,
        };
        Some(claims.around(Kind::Object(object.normal()?)))
    }

    fn constants(&self, values: &[Value]) -> Type {
        let is_exact = values.iter().all(is_exact);
        let of = Type::one_of(values.iter().map(|value| match self.origin {
            Origin::Checked => loose(&Type::of(value)),
            Origin::Written | Origin::Taken => Type::of(value),
        }));
        match is_exact {
            true => of,
            false => claimed(of, &Value::from(values), "enum"),
        }
    }

    fn any(&mut self, any: &'a [Value]) -> Type {
        let types: Vec<Type> = any.iter().map(|schema| self.schema(schema)).collect();
        Type::one_of(types)
    }

    /// Exactly one: the same as any where no value is of two.
    fn one(&mut self, keyword: &Value, one: &'a [Value]) -> Type {
        let types: Vec<Type> = one.iter().map(|schema| self.schema(schema)).collect();
        let apart = types.iter().enumerate().all(|(place, of)| {
            let mut others = types[..place].iter();
            others.all(|other| fits(of, other) == Fit::No || fits(other, of) == Fit::No)
        });
        let of = Type::one_of(types);
        match apart {
            true => of,
            false => claimed(of, keyword, "oneOf"),
        }
    }

    fn reference(&mut self, schema: &'a Value, to: &'a str) -> Type {
        let target = to
            .strip_prefix('#')
            .and_then(|pointer| self.root.pointer(pointer));
        let rounds = self.open.iter().filter(|open| **open == to).count();
        match target {
            Some(target) if rounds < limit::TYPE_ROUNDS && self.open.len() < limit::TYPE_DEPTH => {
                self.open.push(to);
                let of = self.schema(target);
                self.open.pop();
                of
            }
            // Equal words may mean something else elsewhere: the whole document is the claim.
            Some(_) => {
                let whole = self.root.to_string();
                let hash = crate::contract::fnv1a(whole.as_bytes());
                claimed(
                    Type::Any,
                    &Value::from(format!("{to} of {hash:016x}")),
                    "$ref",
                )
            }
            None => claimed(Type::Any, schema, "$ref"),
        }
    }
}

fn is_note(keyword: &str) -> bool {
    NOTES.contains(&keyword) || keyword.starts_with("x-")
}

fn is_of_kind(keyword: &str) -> bool {
    OF_NUMBER.contains(&keyword)
        || OF_TEXT.contains(&keyword)
        || OF_ARRAY.contains(&keyword)
        || OF_OBJECT.contains(&keyword)
}

/// The integers of a Rust type, by the name that schemars gives it.
fn range(format: &str) -> Option<Number> {
    let (is_signed, bits) = match format {
        "int" => (true, 64),
        "uint" => (false, 64),
        _ => match format.strip_prefix("uint") {
            Some(bits) => (false, bits.parse().ok()?),
            None => (true, format.strip_prefix("int")?.parse().ok()?),
        },
    };
    if !matches!(bits, 8 | 16 | 32 | 64) {
        return None;
    }
    let span = f64::from(bits - i32::from(is_signed)).exp2();
    Some(Number {
        least: if is_signed { -span } else { 0.0 },
        most: span,
        open: (false, true),
        whole: Whole::Written,
        is_wild: false,
    })
}

/// Whether every number in it is one that a float holds.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.is_f64() || number.as_f64().is_some_and(|n| n.abs() < EXACT)
        }
        Value::Array(values) => values.iter().all(is_exact),
        Value::Object(entries) => entries.values().all(is_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}
